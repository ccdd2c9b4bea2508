"""MMTM between the stages of one ResNet for each image-like modality."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from brownout_blocks import log_prior
from brownout_mmtm.backbone import Backbone
from brownout_mmtm.decide import average, check
from brownout_mmtm.networks import WHERE
from brownout_mmtm.transfer import MMTM, scaled, squeezed
from brownout_registry import Modality, Prediction, Task, check_option

STAGES = (1, 2, 3, 4)


class MMTMResNet(nn.Module):
    """ResNets that gate each other's channels on the way; the mean of their logits (Joze et al., 2020).

    Transfer modules follow the stages 2, 3 and 4 and the decision is the mean of the unimodal logits, as for MMTM
    among the baselines of QMF (Zhang et al., 2023). Trained with the cross-entropy of that mean.

    A ResNet computes only the samples that have its modality, so that absent ones touch no batch statistics; fewer
    than two of them in a training batch are normalised with the running statistics.

    Args:
        task: what is predicted.
        modalities: image-like, of any sizes from 32 pixels and any numbers of channels.
        model: name of a ResNet in timm.
        pretrained: weights from the model hub, for every modality.
        weights: file of weights for every modality, see `brownout_mmtm.backbone.Backbone`.
        size: side in pixels that every modality is resized to; None keeps its own.
        after: stages, 1 to 4, that a transfer module follows; none at all is late fusion.
        ratio: see `brownout_mmtm.transfer.MMTM`.
        gate_factor: see `brownout_mmtm.transfer.MMTM`; 1 as released.

    Raises:
        UsageError: a modality that is not image-like or too small, no ResNet, weights that are out of reach or do not
            fit, an option out of its range, or dense prediction.

    Example:
        >>> rgb, depth = Modality("rgb", "image", (3, 40, 40)), Modality("depth", "depth", (1, 32, 32))
        >>> task = Task(("a", "b"), (0.5, 0.5))
        >>> fusion = MMTMResNet(task, {"rgb": rgb, "depth": depth}, model="test_resnet").eval()
        >>> sources = {"rgb": torch.rand(1, 3, 40, 40), "depth": torch.rand(1, 1, 32, 32)}
        >>> fusion(sources, torch.tensor([[True, False]])).logits.shape
        torch.Size([1, 2])
    """

    prior: Tensor

    def __init__(
        self,
        task: Task,
        modalities: Mapping[str, Modality],
        *,
        model: str = "resnet18",
        pretrained: bool = False,
        weights: str | None = None,
        size: int | None = None,
        after: Sequence[int] = (2, 3, 4),
        ratio: float = 4.0,
        gate_factor: float = 2.0,
    ) -> None:
        super().__init__()
        check("mmtm-resnet", task, ratio, gate_factor)
        _check(pretrained, weights, after)
        self.names = tuple(modalities)
        backbones = {name: Backbone(each, model, pretrained, weights, size) for name, each in modalities.items()}
        widths = {name: backbone.widths for name, backbone in backbones.items()}
        self.backbones = nn.ModuleList(backbones.values())
        self.transfers = nn.ModuleDict(
            {
                str(stage): MMTM(
                    {name: each[stage - 1] for name, each in widths.items()}, ratio=ratio, gate_factor=gate_factor
                )
                for stage in after
            }
        )
        self.heads = nn.ModuleList(nn.Linear(each[-1], len(task.classes)) for each in widths.values())
        self.register_buffer("prior", log_prior(task), persistent=False)

    def forward(self, sources: Mapping[str, Tensor], present: Tensor) -> Prediction:
        """Logits ``[B, K]``, unimodal logits ``[B, K]`` and embedding ``[B, D]``."""
        there = dict(zip(self.names, present.unbind(dim=1), strict=True))
        backbones: dict[str, Backbone] = dict(zip(self.names, self.backbones, strict=True))  # type: ignore[arg-type]
        for name, backbone in backbones.items():
            backbone.train(self.training and int(there[name].sum()) > 1)
        maps = {name: backbone.stem(sources[name][there[name]]) for name, backbone in backbones.items()}
        for stage in STAGES:
            maps = {name: backbone.stage(stage, maps[name]) for name, backbone in backbones.items()}
            maps = self._transferred(stage, maps, present)
        pooled = {name: _spread(backbone.pool(maps[name]), there[name]) for name, backbone in backbones.items()}
        logits = {name: head(pooled[name]) for name, head in zip(self.names, self.heads, strict=True)}
        prediction = average(logits, present, self.prior)
        prediction.embedding = torch.cat(list(pooled.values()), dim=1)
        return prediction

    def _transferred(self, stage: int, maps: dict[str, Tensor], present: Tensor) -> dict[str, Tensor]:
        """Maps of the samples that have each modality, ``[n, C, h, w]``, gated if a module follows the stage."""
        if str(stage) not in self.transfers:
            return maps
        module: MMTM = self.transfers[str(stage)]  # type: ignore[assignment]
        there = dict(zip(self.names, present.unbind(dim=1), strict=True))
        gates = module.gates({name: _spread(squeezed(each), there[name]) for name, each in maps.items()}, present)
        return {name: scaled(each, gates[name][there[name]]) for name, each in maps.items()}


def _spread(values: Tensor, there: Tensor) -> Tensor:
    """``[n, C]`` of the samples that are there, as ``[B, C]`` with zeros for the others."""
    everywhere = values.new_zeros(len(there), values.shape[1])
    everywhere[there] = values
    return everywhere


def _check(pretrained: bool, weights: str | None, after: Sequence[int]) -> None:
    check_option(not (pretrained and weights), WHERE, "weights", weights, "null where 'pretrained' is true")
    fits = set(after) <= set(STAGES) and len(set(after)) == len(after)
    check_option(fits, WHERE, "after", after, "a list of different stages from 1 to 4")
