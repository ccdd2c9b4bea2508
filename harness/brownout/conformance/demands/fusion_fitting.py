"""A fusion's weights: what fits them, that they can be kept, and that they learn from training data only."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from safetensors.torch import load, save
from torch import Tensor, nn

from brownout.conformance.demands.fusion_asking import fused, named, patterns
from brownout.conformance.demands.fusion_cases import Case, built, card_of
from brownout.conformance.demands.fusion_toys import SAMPLES, locked, toy
from brownout.conformance.demands.fusion_training import LEARNING_RATE, a_little, fitted, loss_of, trainable
from brownout.conformance.kit import NotApplicable, Subject, Violation
from brownout.conformance.samples import same

EPOCHS = (0, 1, 2, 7)


def deterministic(subject: Subject) -> None:
    """Built, fitted for a few steps and asked under the same seeds, it predicts the same bit by bit."""
    one, other = (_asked(_fitted_a_little(built(subject))) for _ in range(2))
    for name, values in one.items():
        if not same(values, other[name]):
            change = float((values - other[name]).abs().max())
            raise Violation(
                f"{name} differ by up to {change:.3g} between two fits under the same seed: draw from torch's global "
                "generator, which the engine seeds, and from nothing else"
            )


def gradients_reach_everything(subject: Subject) -> None:
    """The loss gives every fitted parameter a finite gradient that is not zero, at some pattern and epoch."""
    case = built(subject)
    left = dict(trainable(case))
    if card_of(subject).level == "decision" and not card_of(subject).trained:
        raise Violation(f"the card says that nothing is trained, but {', '.join(left)} would have to be fitted")
    optimiser = torch.optim.Adam(list(left.values()), lr=LEARNING_RATE)
    present = patterns(len(case.below))
    for epoch in EPOCHS:
        _descend(case, present[1:].repeat(3, 1), epoch, optimiser)
        left = {name: each for name, each in left.items() if not _reached(name, each)}
    if left:  # a token for nothing at all
        _descend(case, present, 0, optimiser)
        left = {name: each for name, each in left.items() if not _reached(name, each)}
    if left:
        raise Violation(
            f"no gradient reaches {', '.join(left)} over all missing patterns: use it, or make it a buffer or frozen"
        )


def weights_round_trip(subject: Subject) -> None:
    """What safetensors kept of a fitted fusion makes a fresh one predict the same bit by bit."""
    case = _fitted_a_little(built(subject))
    state = case.module.state_dict()
    if not state:
        raise NotApplicable("it has no weights")
    kept = load(save({name: each.detach().cpu().contiguous() for name, each in state.items()}))
    fresh = built(subject, start=2)
    fresh.module.load_state_dict(kept)
    before, after = _asked(case), _asked(fresh)
    for name, values in before.items():
        if not same(values, after[name]):
            change = float((values - after[name]).abs().max())
            raise Violation(
                f"after its weights were stored and loaded, {name} differ by up to {change:.3g}: what it predicts with "
                "must be a parameter or a persistent buffer"
            )


def learns(subject: Subject) -> None:
    """Fitted on classes that are easy to tell apart it is better than chance by three standard errors."""
    case = built(subject, (2, 3, 4, 1))
    fitted(case)
    rows = SAMPLES["test"]
    sources, targets = toy(case, rows, 300)
    right = fused(case, sources, torch.ones(rows, len(case.below), dtype=torch.bool)).logits.argmax(1) == targets
    chance = 1 / len(case.task.classes)
    needed = chance + 3 * (chance * (1 - chance) / rows) ** 0.5
    accuracy = float(right.float().mean())
    if accuracy < needed:
        raise Violation(
            f"its accuracy on an easy toy set is {accuracy:.2f}; chance is {chance:.2f}, {needed:.2f} is right"
        )


def no_test_data(subject: Subject) -> None:
    """Training leaves the inputs of the test split alone, and predicting changes neither parameters nor buffers."""
    case = built(subject, (2, 3, 4, 1))
    if isinstance(case.fusion, nn.Module) and list(case.module.parameters()):
        fitted(case, epochs=2, test=locked)
    before = {name: each.clone() for name, each in _tensors(case)}
    fused(case, case.sources(2 ** len(case.below)), patterns(len(case.below)))
    for name, each in _tensors(case):
        if name not in before or not same(before[name].nan_to_num(), each.nan_to_num()):
            raise Violation(f"predicting changes {name}: what is learned from test samples reaches later ones")


def _fitted_a_little(case: Case) -> Case:
    return a_little(case) if list(case.module.parameters()) else case


def _asked(case: Case) -> dict[str, Tensor]:
    present = patterns(len(case.below))[1:]
    return named(fused(case, case.sources(len(present)), present))


def _descend(case: Case, present: Tensor, epoch: int, optimiser: torch.optim.Optimizer) -> None:
    sources, targets = toy(case, len(present), epoch)
    optimiser.zero_grad()
    loss_of(case, sources, present, targets, epoch).backward()
    optimiser.step()


def _reached(name: str, parameter: nn.Parameter) -> bool:
    if parameter.grad is None:
        return False
    if not bool(torch.isfinite(parameter.grad).all()):
        raise Violation(f"the gradient of {name} is not finite")
    return bool(parameter.grad.any())


def _tensors(case: Case) -> Iterator[tuple[str, Tensor]]:
    if isinstance(case.fusion, nn.Module):
        yield from case.module.named_parameters()
        yield from case.module.named_buffers()
