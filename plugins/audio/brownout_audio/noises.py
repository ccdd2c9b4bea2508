"""Synthetic noise at a signal-to-noise ratio."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import pad

from brownout_audio.checks import DECIBELS, check_levels, where
from brownout_audio.waves import at_steps, finished, real, root_mean_square, signal, width
from brownout_registry import Modality, Noise, Padded, Perturbation, check_option


def white_noise(modality: Modality, levels: Sequence[float]) -> Perturbation:
    r"""White noise, n ~ N(0, 1) at each step, at a signal-to-noise ratio.

    As all noises of this plugin it is scaled to the ratio exactly, by powers over the sample's own real steps:

    .. math:: y = x + 10^{-\mathrm{SNR} / 20} \frac{\mathrm{rms}(x)}{\mathrm{rms}(n)} n .

    The ratio is that before y is clipped to the modality's range. A silent sample has no ratio and stays silent.

    Args:
        modality: of kind audio.
        levels: signal-to-noise ratios of severities 1, 2, ..., dB.

    Returns:
        ``perturb(waves, severity, noise)`` on `brownout_registry.Padded`; the draws are those of every severity.

    Raises:
        UsageError: a level outside [-100, 200] dB.

    Example:
        >>> class Ones:
        ...     def normal(self, label, shape=()):
        ...         return torch.ones(1, *shape)
        >>> perturb = white_noise(Modality("voice", "audio", (3,)), (20.0,))
        >>> perturb(Padded(torch.tensor([[0.5, -0.5, 0.0]]), torch.tensor([2])), 1, Ones()).values
        tensor([[ 0.5500, -0.4500,  0.0000]])
    """
    check_levels("white-noise", modality, levels, *DECIBELS)

    def perturb(inputs: Padded, severity: int, noise: Noise) -> Padded:
        draws = at_steps(noise.normal("white", (width(modality),)), inputs.values)
        return mixed(inputs, draws, levels[severity - 1], modality)

    return perturb


def speckle_noise(modality: Modality, levels: Sequence[float]) -> Perturbation:
    """Multiplicative noise, n = x e with e ~ N(0, 1), at a signal-to-noise ratio; see `white_noise`.

    Args:
        modality: of kind audio.
        levels: signal-to-noise ratios of severities 1, 2, ..., dB.

    Returns:
        ``perturb(waves, severity, noise)`` on `brownout_registry.Padded`.

    Raises:
        UsageError: a level outside [-100, 200] dB.

    Example:
        >>> class Ones:
        ...     def normal(self, label, shape=()):
        ...         return torch.ones(1, *shape)
        >>> perturb = speckle_noise(Modality("voice", "audio", (3,)), (20.0,))
        >>> perturb(Padded(torch.tensor([[0.5, -0.1, 0.0]]), torch.tensor([3])), 1, Ones()).values
        tensor([[ 0.5500, -0.1100,  0.0000]])
    """
    check_levels("audio-speckle-noise", modality, levels, *DECIBELS)

    def perturb(inputs: Padded, severity: int, noise: Noise) -> Padded:
        draws = at_steps(noise.normal("speckle", (width(modality),)), inputs.values)
        return mixed(inputs, signal(inputs) * draws, levels[severity - 1], modality)

    return perturb


def impulse_noise(modality: Modality, levels: Sequence[float], *, share: float = 0.05) -> Perturbation:
    """Clicks of equal height and random sign at a share of the steps, at a signal-to-noise ratio; see `white_noise`.

    Every step is hit with probability ``share`` on its own, and at least one is. Steps that are not hit keep their
    value.

    Args:
        modality: of kind audio.
        levels: signal-to-noise ratios of severities 1, 2, ..., dB.
        share: of the steps that are hit, above 0.

    Returns:
        ``perturb(waves, severity, noise)`` on `brownout_registry.Padded`; the same steps are hit at every severity.

    Raises:
        UsageError: a level outside [-100, 200] dB, or a share outside (0, 1].

    Example:
        >>> class Rising:
        ...     def uniform(self, label, shape=()):
        ...         return torch.linspace(0, 0.9, *shape)[None]
        >>> perturb = impulse_noise(Modality("voice", "audio", (4,)), (20.0,))
        >>> perturb(Padded(torch.full((1, 4), 0.5), torch.tensor([4])), 1, Rising()).values
        tensor([[0.6000, 0.5000, 0.5000, 0.5000]])
    """
    name = "audio-impulse-noise"
    check_levels(name, modality, levels, *DECIBELS)
    check_option(0 < share <= 1, where(name, modality), "share", share, "a share in (0, 1]")

    def perturb(inputs: Padded, severity: int, noise: Noise) -> Padded:
        draws = at_steps(noise.uniform("hit", (width(modality),)), inputs.values).masked_fill(~real(inputs), 2.0)
        hit = (draws < share) | (draws == pad(draws, (0, 1), value=2.0).amin(1, keepdim=True))
        positive = at_steps(noise.uniform("sign", (width(modality),)), inputs.values) < 0.5
        clicks = hit * torch.where(positive, 1.0, -1.0)
        return mixed(inputs, clicks, levels[severity - 1], modality)

    return perturb


def mixed(waves: Padded, noise: Tensor, decibels: float, modality: Modality) -> Padded:
    """Signal and ``noise`` ``[B, T]`` at this ratio, see `white_noise`; what the noise holds at padding is left out."""
    values = signal(waves)
    noise = torch.where(real(waves), noise.to(values), 0)
    wanted, loudness = root_mean_square(values, waves) * 10 ** (-decibels / 20), root_mean_square(noise, waves)
    scale = torch.where(loudness > 0, wanted / loudness, 0)
    return finished(waves, values + scale * noise, modality)
