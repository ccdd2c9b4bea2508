"""Dense prediction: data with a label for every pixel, and a fusion of maps."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from brownout_registry import Dataset, Modality, Prediction, Representation, Split, Task
from brownout_testing.data import KINDS, uniform

SIDE = 6
IGNORE = 255


def scenes(*, train: int, validation: int, test: int, seed: int) -> Dataset:
    """Two modalities, ``image`` and ``depth``, of 6 x 6 pixels; about a tenth of the pixels has no label."""
    chosen: tuple[Modality, ...] = (KINDS["image"], KINDS["depth"])
    splits, first = {}, 0
    for name, size in (("train", train), ("validation", validation), ("test", test)):
        splits[name] = _split(torch.arange(first, first + size), seed)
        first += size
    task = Task(("ground", "thing"), (0.5, 0.5), kind="dense", ignore_label=IGNORE)
    return Dataset(chosen, task, splits, f"scenes-{train}-{validation}-{test}-{seed}")


def _split(ids: Tensor, seed: int) -> Split:
    def pixels(rows: Tensor, stream: int) -> Tensor:
        return uniform(ids[rows], SIDE * SIDE, seed + stream).float().reshape(-1, SIDE, SIDE)

    rows = torch.arange(len(ids))
    labels = (pixels(rows, 1) > 0.5).long()
    targets = torch.where(pixels(rows, 2) > 0.9, IGNORE, labels)

    def read(name: str, rows: Tensor) -> Tensor:
        noise = pixels(rows, 3 if name == "image" else 4)
        return (0.5 * labels[rows] + 0.5 * noise)[:, None]

    return Split(ids, targets, torch.ones(len(ids), 2, dtype=torch.bool), read)


class DenseSum(nn.Module):
    """Logits ``[B, K, H, W]``: the sum of each present map's own."""

    def __init__(self, task: Task, representations: Mapping[str, Representation]) -> None:
        super().__init__()
        classes = len(task.classes)
        self.maps = nn.ModuleDict({name: nn.Conv2d(r.shape[0], classes, 1) for name, r in representations.items()})

    def forward(self, sources: Mapping[str, Tensor], present: Tensor) -> Prediction:
        """The sum over what is present."""
        each = [torch.where(present[:, v, None, None, None], m(sources[n]), 0.0) for v, (n, m) in self._numbered()]
        return Prediction(torch.stack(each).sum(0))

    def _numbered(self) -> list[tuple[int, tuple[str, nn.Module]]]:
        return list(enumerate(self.maps.items()))
