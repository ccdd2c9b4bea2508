"""Random factors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from brownout_features.checks import check_kind, check_levels
from brownout_features.entries import Entries, each, replaced, values_of
from brownout_features.kinds import TABULAR
from brownout_registry import Modality, Noise, Perturbation, check_choice


def scaling(
    modality: Modality, levels: Sequence[float], *, per: Literal["column", "sample"] = "column"
) -> Perturbation:
    """Multiply each column by a factor of its own, ``x_td (1 + s e_d)`` with e_d ~ N(0, 1).

    Um et al. 2017 (scaling) and Iwana & Uchida 2021: a sensor that is worn or calibrated otherwise; factors are
    N(1, s²), s = .1 there. A factor may be negative where s is large. The factors' draws are those of every severity.

    Args:
        modality: a sequence, or a vector, whose columns are its entries.
        levels: standard deviations s of severities 1, 2, ...
        per: one factor for each ``column`` of a sample, or for the whole ``sample``.

    Returns:
        ``perturb(inputs, severity, noise)`` on ``[B, D]`` or `brownout_registry.Padded`.

    Raises:
        UsageError: a level outside [0, 1e6], or an unknown choice.

    Example:
        >>> import torch
        >>> from brownout_registry import Padded
        >>> class Rising:
        ...     def normal(self, label, shape=()):
        ...         return torch.tensor([[-1.0, 1.0]])
        >>> perturb = scaling(Modality("sensor", "sequence", (2, 2)), (0.5,))
        >>> perturb(Padded(torch.tensor([[[2.0, 2.0], [4.0, 4.0]]]), torch.tensor([2])), 1, Rising()).values
        tensor([[[1., 3.],
                 [2., 6.]]])
    """
    check_kind("scaling", modality, TABULAR)
    check_levels("scaling", modality, levels)
    check_choice(f"perturbation 'scaling' of {modality.name!r}", "per", per, ("column", "sample"))

    def perturb(inputs: Entries, severity: int, noise: Noise) -> Entries:
        values = values_of(inputs)
        factors = noise.normal("factors", values.shape[-1:] if per == "column" else ()).to(values)
        factors = each(factors, values) if per == "sample" else factors.unflatten(0, (-1, *(1,) * (values.dim() - 2)))
        return replaced(inputs, values * (1 + factors * levels[severity - 1]), modality.range)

    return perturb
