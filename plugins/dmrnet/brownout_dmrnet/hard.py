"""Which combinations of modalities are hard: mined from the training variances, or named."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from brownout_dmrnet.formulas import combination_totals, hardest, mean_variances
from brownout_dmrnet.options import COMPONENT, Hard
from brownout_registry import UsageError, check_option, unknown


class HardCombinations(nn.Module):
    """The training variances d_j of eq. 10, epoch by epoch, and the set H that follows from them.

    Args:
        names: the V modalities; J = 2^V - 1 combinations are kept apart by their number j.
        hard: ``mined``: those with the largest d_j in the epoch before (eq. 10; none in the first epoch);
            ``weakest``: the single modality whose variance over all epochs before ``from_epoch`` is the largest,
            from then on (the released audio-visual code); ``incomplete``: all but the complete one (the released
            segmentation code); or a list of combinations, see `named_combinations`.
        count: size of H for ``mined``.
        from_epoch: first epoch in which H is used.
        kept: of how many epochs the variances are kept; of more, the latest.

    Example:
        >>> found = HardCombinations(["audio", "video"], "mined", count=1, from_epoch=0, kept=10)
        >>> for epoch in (0, 1):
        ...     found.observe(epoch, torch.tensor([1.0, 5.0, 2.0]), torch.tensor([1, 2, 3]))
        >>> found.hard, found.contains(torch.tensor([0, 1, 2, 3]))
        (tensor([False,  True, False]), tensor([False, False,  True, False]))
    """

    hard: Tensor
    sums: Tensor
    counts: Tensor
    epochs: Tensor

    def __init__(self, names: Sequence[str], hard: Hard, *, count: int, from_epoch: int, kept: int) -> None:
        super().__init__()
        J = 2 ** len(names) - 1
        self.rule = hard if isinstance(hard, str) else "named"
        self.count, self.from_epoch, self.kept = count, from_epoch, kept
        self.singles = [2**k - 1 for k in range(len(names))]
        self.register_buffer("hard", named_combinations(hard, names))
        self.register_buffer("sums", torch.zeros(kept, J))
        self.register_buffer("counts", torch.zeros(kept, J))
        self.register_buffer("epochs", torch.full((kept,), -1))

    @torch.no_grad()
    def observe(self, epoch: int, variance: Tensor, j: Tensor) -> None:
        """Add a batch: mean variance ``[B]`` and combination ``[B]`` of each sample; a new epoch renews H."""
        row = epoch % self.kept
        if int(self.epochs[row]) != epoch:
            self._renew(epoch)
            self.sums[row], self.counts[row], self.epochs[row] = 0, 0, epoch
        sums, counts = combination_totals(variance, j, self.hard.numel())
        self.sums[row] += sums.to(self.sums)
        self.counts[row] += counts.to(self.counts)

    def contains(self, j: Tensor) -> Tensor:
        """Whether combinations, int64 ``[B]``, are in H; 0 (nothing present) never is."""
        return (j > 0) & self.hard[(j - 1).clamp_min(0)]

    def mean(self, first: int, last: int) -> Tensor:
        """d_j over the samples of these epochs, both included, as far as they are kept: ``[J]``, NaN where none."""
        rows = (self.epochs >= max(first, 0)) & (self.epochs <= last)
        return mean_variances(self.sums[rows].sum(dim=0), self.counts[rows].sum(dim=0))

    def history(self) -> tuple[list[int], Tensor]:
        """The epochs that are kept, in order, and d_j in each of them, ``[epochs, J]``."""
        rows = self.epochs.argsort()
        rows = rows[self.epochs[rows] >= 0]
        return self.epochs[rows].tolist(), mean_variances(self.sums[rows], self.counts[rows])

    def _renew(self, epoch: int) -> None:
        if self.rule == "mined":
            self.hard.copy_(hardest(self.mean(epoch - 1, epoch - 1), self.count))
        elif self.rule == "weakest" and epoch <= self.from_epoch:
            d = torch.full_like(self.sums[0], torch.nan)
            d[self.singles] = self.mean(0, epoch - 1)[self.singles]
            self.hard.copy_(hardest(d, 1))


def named_combinations(hard: Hard, names: Sequence[str]) -> Tensor:
    """The set H that does not depend on training, bool ``[2^V - 1]``; empty for ``mined`` and ``weakest``.

    Args:
        hard: ``incomplete``, or a list of combinations, each a list of modalities by name or by position from 0.
            Positions make a list that fits any dataset: a combination with one that is not there does not occur.
        names: the V modalities.

    Raises:
        UsageError: not such a list, or an unknown name.

    Example:
        >>> named_combinations([["audio"], [0, 1], [2]], ["audio", "video"])
        tensor([ True, False,  True])
    """
    found = torch.zeros(2 ** len(names) - 1, dtype=torch.bool)
    if hard == "incomplete":
        found[:-1] = True
    if hard in ("incomplete", "mined", "weakest"):
        return found
    for combination in _listed(hard):
        positions = {_position(each, names) for each in combination}
        if max(positions) < len(names):
            found[sum(2**k for k in positions) - 1] = True
    return found


def _listed(hard: Hard) -> list[Sequence[str | int]]:
    expected = "'mined', 'weakest', 'incomplete' or a list of combinations, each a list of names or positions from 0"
    listed = isinstance(hard, list | tuple) and all(isinstance(each, list | tuple) and each for each in hard)
    check_option(listed and bool(hard), COMPONENT, "hard", hard, expected)
    members = [member for each in hard for member in each]
    ok = all(isinstance(each, str) or (type(each) is int and each >= 0) for each in members)
    check_option(ok, COMPONENT, "hard", hard, expected)
    return [each for each in hard if not isinstance(each, str)]


def _position(member: str | int, names: Sequence[str]) -> int:
    if isinstance(member, int):
        return member
    if member not in names:
        raise UsageError(f"{COMPONENT}, option 'hard': {unknown('modality', member, names)}")
    return list(names).index(member)
