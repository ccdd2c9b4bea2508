"""From what stands side by side to a distribution: the three ways of Table 4 (Wei et al., 2024)."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor, nn

from brownout_dmrnet.options import Probabilistic, SigmaHead


class Gaussian(NamedTuple):
    """N(mu, sigma^2), ``[B, C]`` or ``[B, C, H, W]`` each."""

    mu: Tensor
    log_variance: Tensor


class ProbabilisticHead(nn.Module):
    r"""Eq. 5 and 6: $\mu = f_\mu(z)$ and $\ln \sigma = f_\sigma(z)$.

    Args:
        f_mu: for the mean.
        f_sigma: for the spread, a second module of the same kind.
        sigma_head: whether ``f_sigma`` predicts ln sigma (eq. 6) or ln sigma^2 (the released code).

    Example:
        >>> import torch
        >>> head = ProbabilisticHead(nn.Identity(), nn.Identity(), "log-sigma")
        >>> head(torch.tensor([[0.5]])).log_variance
        tensor([[1.]])
    """

    def __init__(self, f_mu: nn.Module, f_sigma: nn.Module, sigma_head: SigmaHead) -> None:
        super().__init__()
        self.f_mu, self.f_sigma = f_mu, f_sigma
        self.factor = 2 if sigma_head == "log-sigma" else 1

    def forward(self, z: Tensor) -> Gaussian:
        """The distribution of each sample's representation."""
        return Gaussian(self.f_mu(z), self.factor * self.f_sigma(z))


class AttentivePooling(nn.Module):
    """A fully connected layer on the average of a map, plus one on its average weighted by attention.

    The weight of a position is the softmax, over all positions, of two 1 x 1 convolutions with tanh between them.

    Args:
        width: C.

    Example:
        >>> import torch
        >>> AttentivePooling(4)(torch.zeros(2, 4, 3, 3)).shape
        torch.Size([2, 4])
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        between = max(1, width // 2)
        self.attention = nn.Sequential(nn.Conv2d(width, between, 1), nn.Tanh(), nn.Conv2d(between, 1, 1))
        self.average, self.attended = nn.Linear(width, width), nn.Linear(width, width)

    def forward(self, z: Tensor) -> Tensor:
        """``[B, C, H, W]`` to ``[B, C]``."""
        weights = self.attention(z).flatten(2).softmax(dim=2)
        seen = (z.flatten(2) * weights).sum(dim=2)
        pooled: Tensor = self.average(z.mean(dim=(2, 3))) + self.attended(seen)
        return pooled


def build_head(way: Probabilistic, maps: bool, width: int, sigma_head: SigmaHead) -> ProbabilisticHead | None:
    """One of the ways of Table 4.

    Args:
        way: ``dmr``: "a simple 1x1 convolution with the batch norm" for mean and spread of the feature map, or on
            vectors a linear layer with batch norm, as in the released audio-visual code; ``pe``: "the vanilla method
            that estimates the distribution for the feature vector via a fully connected layer", read as one linear
            layer each on the pooled vector, without batch norm, which is not mentioned; ``pcme``: "further
            introduces attention modules to aggregate the information from the feature map to estimate the
            distribution for the feature vector", read as ``pe`` plus, for mean and spread each, an attention module
            over the positions (`AttentivePooling`), without the layer norm and length normalisation that PCME's own
            paper has for retrieval and this one does not mention; ``none``: no distribution.
        maps: whether it gets maps.
        width: C, before and after.
        sigma_head: see `ProbabilisticHead`.

    Example:
        >>> build_head("dmr", True, 8, "log-sigma").f_mu[0], build_head("pe", False, 8, "log-sigma").f_mu
        (Conv2d(8, 8, kernel_size=(1, 1), stride=(1, 1)), Linear(in_features=8, out_features=8, bias=True))
    """
    if way == "none":
        return None
    return ProbabilisticHead(_estimator(way, maps, width), _estimator(way, maps, width), sigma_head)


def _estimator(way: Probabilistic, maps: bool, width: int) -> nn.Module:
    if way == "pe":
        return nn.Linear(width, width)
    if way == "pcme":
        return AttentivePooling(width)
    if maps:
        return nn.Sequential(nn.Conv2d(width, width, 1), nn.BatchNorm2d(width))
    return nn.Sequential(nn.Linear(width, width), nn.BatchNorm1d(width))
