"""The multimodal transfer module."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn


class MMTM(nn.Module):
    r"""Channel gates that each modality gets from what all of them see (Joze et al., 2020, section 3).

    $$ s = [GAP(x_1); ...; GAP(x_M)], \quad e = ReLU(W s + b), \quad \tilde x_m = g \sigma(W_m e + b_m) \odot x_m $$

    ``GAP`` averages over all positions, g is the gate factor. An absent modality enters s as zeros and comes out as
    zeros; what it holds reaches nothing.

    Args:
        channels: C of each of the M >= 1 modalities, in the column order of ``present``.
        ratio: e has ``int(2 sum(C) / ratio)`` entries, at least one.
        gate_factor: g.

    Example:
        >>> _ = torch.manual_seed(0)
        >>> module = MMTM({"video": 4, "skeleton": 3})
        >>> gated = module({"video": torch.rand(2, 4, 6, 5), "skeleton": torch.rand(2, 3, 9)})
        >>> gated["video"].shape, gated["skeleton"].shape
        (torch.Size([2, 4, 6, 5]), torch.Size([2, 3, 9]))
    """

    def __init__(self, channels: Mapping[str, int], *, ratio: float = 4.0, gate_factor: float = 2.0) -> None:
        super().__init__()
        self.channels, self.gate_factor = dict(channels), gate_factor
        width = sum(channels.values())
        joint = max(1, int(2 * width / ratio))
        self.squeeze = nn.Linear(width, joint)
        self.excite = nn.ModuleList(nn.Linear(joint, each) for each in channels.values())

    def forward(self, features: Mapping[str, Tensor], present: Tensor | None = None) -> dict[str, Tensor]:
        """Rescale every modality's channels.

        Args:
            features: ``[B, C]`` or ``[B, C, ...]`` by modality; positions may differ between modalities.
            present: bool ``[B, M]``; None if all are there.

        Returns:
            What came in, gated; zero where absent.
        """
        if present is None:
            first = next(iter(features.values()))
            present = torch.ones(len(first), len(self.channels), dtype=torch.bool, device=first.device)
        there = {name: _blank(features[name], present[:, column]) for column, name in enumerate(self.channels)}
        gates = self.gates({name: squeezed(values) for name, values in there.items()}, present)
        return {name: scaled(values, gates[name]) for name, values in there.items()}

    def gates(self, means: Mapping[str, Tensor], present: Tensor) -> dict[str, Tensor]:
        """The gates ``[B, C]`` in (0, gate_factor), from each modality's channel means ``[B, C]``."""
        columns = [_blank(means[name], present[:, column]) for column, name in enumerate(self.channels)]
        e = self.squeeze(torch.cat(columns, dim=1)).relu()
        return {
            name: self.gate_factor * layer(e).sigmoid() for name, layer in zip(self.channels, self.excite, strict=True)
        }


def squeezed(features: Tensor) -> Tensor:
    """Means over all positions: ``[B, C, ...]`` to ``[B, C]``; a vector stays as it is.

    Example:
        >>> squeezed(torch.tensor([[[1.0, 3.0], [2.0, 6.0]]]))
        tensor([[2., 4.]])
    """
    return features.flatten(2).mean(dim=2) if features.ndim > 2 else features


def scaled(features: Tensor, gates: Tensor) -> Tensor:
    """Every channel of ``[B, C, ...]`` times its gate ``[B, C]``.

    Example:
        >>> scaled(torch.ones(1, 2, 3), torch.tensor([[0.5, 2.0]]))
        tensor([[[0.5000, 0.5000, 0.5000],
                 [2.0000, 2.0000, 2.0000]]])
    """
    return features * gates.reshape(*gates.shape, *[1] * (features.ndim - 2))


def _blank(values: Tensor, present: Tensor) -> Tensor:
    """Zeros where absent: replaced, not multiplied, so that even NaN goes nowhere."""
    return torch.where(present.reshape(-1, *[1] * (values.ndim - 1)), values, 0.0)
