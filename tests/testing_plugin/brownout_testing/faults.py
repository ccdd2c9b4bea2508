"""Everything that a component can do wrong."""

from __future__ import annotations

import os
import time

import torch
from torch import Tensor


def spoil(fault: str, output: Tensor) -> Tensor:
    """Do wrong what is asked for with an output ``[B, ...]``."""
    if fault == "raises":
        raise RuntimeError("spoilt on purpose,\nin two lines")
    if fault == "dies":
        os._exit(7)
    if fault == "sleeps":
        time.sleep(0.05)
    spoilt = {"nan": output * torch.nan, "shape": output[:, :1], "type": "no tensor"}
    if fault == "random":
        return output + torch.randn_like(output)
    if fault == "flips":
        return output.flip(1)
    return spoilt.get(fault, output)  # type: ignore[return-value]
