"""Square: random search over blocks, without gradients."""

from __future__ import annotations

import torch
from torch import Tensor

from brownout_attacks.blocks import as_image, as_input, draws, room, share, side
from brownout_attacks.common import Tensors, chosen, fooled, inside, tensors_of
from brownout_attacks.losses import margin
from brownout_attacks.narrowing import narrowed
from brownout_attacks.patterns import BUMPS, FLAT, Pattern
from brownout_blocks import Norm
from brownout_registry import Attack, Attacked, above, check_choice, check_count, check_number


def square(*, queries: int = 1000, p: float = 0.8, rescaled: bool = True) -> Attack:
    r"""The Square attack in the L-infinity ball (Andriushchenko et al. 2020, algorithms 1 and 2): logits alone.

    It starts from vertical stripes of plus or minus the budget. A query sets one square block to plus or minus the
    budget, with a sign for each channel, and keeps it if the margin :math:`z_y - \max_{i \ne y} z_i` falls. The
    block covers a share p of the input, halved after 10, 50, 200, 500, 1000, 2000, 4000, 6000 and 8000 of 10,000
    queries (the released code's schedule), at the same parts of the way for any other number. A sample that is not
    given its label is left as it is, one that withstands gets the input of smallest margin seen.

    Beyond the paper: where there is one axis (a vector, an audio, a sequence whose D entries are channels), blocks
    are stretches along it, within the real steps of each sample, of which p is the share; of several modalities one
    changes in turn at each query.

    The variant ``autoattack-2020`` is the attack's part in AutoAttack: 5,000 queries, p = .8, and no rescaling.

    Args:
        queries: how often a sample's logits may be asked for, the clean input and the stripes included.
        p: share of the input that the first block covers.
        rescaled: whether the schedule is stretched from 10,000 to the number of queries, or halves after 10, 50, ...

    Returns:
        An attack, see `brownout_registry.Attack`.

    Raises:
        UsageError: an option out of its range.

    Example:
        >>> import numpy as np
        >>> from brownout_registry import Attacked
        >>> class Seeded:
        ...     def generators(self, label):
        ...         yield np.random.default_rng(0)
        >>> W = torch.tensor([[1.0, -1.0], [-1.0, 1.0]])
        >>> attacked = Attacked({"sound": torch.tensor([[0.2, 0.1]])}, {"sound": 0.1}, {"sound": None},
        ...                     torch.tensor([0]), lambda inputs, rows=None: inputs["sound"] @ W.T,
        ...                     {"sound": Seeded()})
        >>> square(queries=20)(attacked)
        {'sound': tensor([[0.1000, 0.2000]])}
    """
    return _square("square", "linf", queries, p, rescaled, FLAT)


def square_l2(*, queries: int = 1000, p: float = 0.1, rescaled: bool = True) -> Attack:
    r"""The Square attack in the L2 ball (Andriushchenko et al. 2020, algorithms 1 and 3): logits alone.

    It starts from a grid of 5 by 5 blocks, each a positive and a negative half that are highest in their middles
    (`brownout_attacks.bumps`). A query empties one block and puts its length, and what is left of the budget, into
    another one, along such a shape. Sides are odd and 3 at least, as a smaller block has no middle, or as long as
    the input; so are stretches, beyond the paper. For all else see `square`.

    Args:
        queries: how often a sample's logits may be asked for, the clean input and the grid included.
        p: share of the input that the first block covers.
        rescaled: see `square`.

    Raises:
        UsageError: an option out of its range.

    Example:
        >>> import numpy as np
        >>> from brownout_registry import Attacked
        >>> class Seeded:
        ...     def generators(self, label):
        ...         yield np.random.default_rng(0)
        >>> W = torch.tensor([[1.0, -1.0], [-1.0, 1.0]])
        >>> attacked = Attacked({"sound": torch.tensor([[0.2, 0.1]])}, {"sound": 0.1}, {"sound": None},
        ...                     torch.tensor([0]), lambda inputs, rows=None: inputs["sound"] @ W.T,
        ...                     {"sound": Seeded()})
        >>> moved = square_l2(queries=20)(attacked)["sound"]
        >>> bool((moved - attacked.inputs["sound"]).norm() <= 0.1), bool(moved[0, 0] < moved[0, 1])
        (True, True)
    """
    return _square("square-l2", "l2", queries, p, rescaled, BUMPS)


def _square(name: str, norm: Norm, queries: int, p: float, rescaled: bool, pattern: Pattern) -> Attack:
    where = f"attack {name!r}"
    check_count(where, "queries", queries)
    check_number(where, "p", p, "a share above 0 and up to 1", above(0), 1)
    check_choice(where, "rescaled", rescaled, (True, False))
    whole = queries if rescaled else 10_000

    def attack(attacked: Attacked) -> Tensors:
        tensors_of(name, attacked)
        with torch.no_grad():
            search = _Search(attacked, norm, pattern)
            for query in range(1, queries):
                if not len(search.rows):
                    break
                search.ask(search.start() if query == 1 else search.step(query, share(p, query, whole)))
            return search.result()

    return attack


class _Search:
    """Samples that withstand so far (``rows``, ``some``), what they are moved to, and the margin reached by that."""

    def __init__(self, attacked: Attacked, norm: Norm, pattern: Pattern) -> None:
        self.attacked, self.norm, self.pattern = attacked, norm, pattern
        self.found = {name: x.detach().clone() for name, x in attacked.inputs.items()}
        logits = attacked.logits(self.found)
        self.clean_gap = margin(logits, attacked.targets)
        self.rows = torch.arange(len(attacked), device=attacked.targets.device)
        self.some, self.moved, self.reached = attacked, dict(self.found), torch.full_like(self.clean_gap, -torch.inf)
        self.streams = {
            name: draws(attacked.noise[name], "queries", 5 + as_image(x).shape[1], x) for name, x in self.found.items()
        }
        self.keep(~fooled(logits, attacked.targets))

    def start(self) -> Tensors:
        """The pattern's start, in every modality."""
        moved = {}
        for name, x in self.some.inputs.items():
            generators = list(self.some.noise[name].generators("start"))
            within = room(x, self.some.lengths.get(name))
            moved[name] = self.pattern.start(x, self.some.budgets[name], generators, within)
        return inside(self.some, moved, self.norm)

    def step(self, query: int, p: float) -> Tensors:
        """Another block in the modality whose turn it is."""
        name = list(self.moved)[query % len(self.moved)]
        drawn, clean, moved = next(self.streams[name])[self.rows], self.some.inputs[name], self.moved[name]
        within = room(clean, self.some.lengths.get(name))
        size = side(p, within, self.pattern.smallest)
        budget = self.some.budgets[name]
        changed = self.pattern.change(as_image(clean), as_image(moved), budget, drawn, size, within)
        return self.moved | inside(self.some, {name: as_input(changed, moved)}, self.norm)

    def ask(self, proposal: Tensors) -> None:
        """One query for each row; the rows that it fools are done."""
        logits = self.some.logits(proposal)
        gap, won = margin(logits, self.some.targets), fooled(logits, self.some.targets)
        better = won | (gap > self.reached)
        self.moved, self.reached = chosen(better, proposal, self.moved), torch.where(better, gap, self.reached)
        self.settle(won)
        self.keep(~won)

    def settle(self, these: Tensor) -> None:
        """Write down what some of the rows are moved to."""
        for name, x in self.found.items():
            x[self.rows[these]] = self.moved[name][these]

    def keep(self, these: Tensor) -> None:
        """Go on with some of the rows."""
        if not these.all():
            self.rows, self.reached = self.rows[these], self.reached[these]
            self.moved = {name: x[these] for name, x in self.moved.items()}
            self.some = narrowed(self.attacked, self.rows)

    def result(self) -> Tensors:
        """What was found, and the clean input where nothing seen is worse."""
        self.settle(self.reached > self.clean_gap[self.rows])
        return self.found
