"""The encoder that writes down what it sees."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from brownout_registry import Inputs, Modality, Padded, Representation
from brownout_testing.faults import spoil

WORDS = 10


class Probe(nn.Module):
    """One linear layer (a convolution for maps) with tanh.

    With ``BROWNOUT_TESTING_LOG=FILE`` every batch in evaluation mode becomes a line
    ``{"label": ..., "rows": [hash of each row's content]}``.
    """

    def __init__(
        self, modality: Modality, *, width: int, gives: str, label: str | None, fault: str, after: int
    ) -> None:
        super().__init__()
        self.label, self.fault, self.after, self.gives = label or modality.name, fault, after, gives
        self.layer = _layer(modality, width, gives)
        shapes = {"map": (width, *modality.shape[1:]), "sequence": (*modality.shape[:1], width), "vector": (width,)}
        self.representation = Representation(gives, shapes[gives])  # type: ignore[arg-type]
        self.calls = 0

    def forward(self, inputs: Inputs) -> Tensor:
        """Representations ``[B, *shape]``."""
        values = numbers(inputs)
        output: Tensor = torch.tanh(self.layer(values.flatten(1) if self.gives == "vector" else values))
        if self.training:
            return output
        self.calls += 1
        _log(self.label, inputs)
        return spoil(self.fault, output) if self.calls > self.after else output


def numbers(inputs: Any) -> Tensor:
    """Any input as a tensor; a text as the counts of its words w0 .. w9."""
    if isinstance(inputs, list):
        counts = [[float(text.split().count(f"w{word}")) for word in range(WORDS)] for text in inputs]
        return torch.tensor(counts)
    values: Tensor = inputs.values if isinstance(inputs, Padded) else inputs
    return values


def size_of(modality: Modality) -> int:
    """How many numbers `numbers` gives for one sample."""
    return torch.Size(modality.shape).numel() if modality.shape else WORDS


def _layer(modality: Modality, width: int, gives: str) -> nn.Module:
    if gives == "map":
        return nn.Conv2d(modality.shape[0], width, 3, padding=1)
    return nn.Linear(modality.shape[-1] if gives == "sequence" else size_of(modality), width)


def _log(label: str, inputs: Inputs) -> None:
    file = os.environ.get("BROWNOUT_TESTING_LOG")
    if file:
        with Path(file).open("a", encoding="utf-8") as stream:
            stream.write(json.dumps({"label": label, "rows": [_digest(row) for row in _rows(inputs)]}) + "\n")


def _rows(inputs: Any) -> list[bytes]:
    if isinstance(inputs, list):
        return [text.encode() for text in inputs]
    if isinstance(inputs, Padded):
        pairs = zip(_rows(inputs.values), inputs.lengths.tolist(), strict=True)
        return [content + str(length).encode() for content, length in pairs]
    return [row.contiguous().numpy().tobytes() for row in inputs]


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=8).hexdigest()
