"""What recipes do with the inputs of a batch, whatever their kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from brownout_blocks import values_of, with_values
from brownout_registry import Batch, Inputs, Padded, UsageError, unknown


def room(inputs: Inputs, there: Tensor) -> Tensor:
    """Where numbers may change: in the rows that are there, and in front of a sample's end.

    Args:
        inputs: of B samples, no text.
        there: bool ``[B]``.

    Returns:
        bool, of the shape of the values or one that is broadcast to it.

    Example:
        >>> room(Padded(torch.ones(2, 3), torch.tensor([2, 3])), torch.tensor([True, False]))
        tensor([[ True,  True, False],
                [False, False, False]])
    """
    values = values_of(inputs)
    mask = there.reshape(-1, *[1] * (values.ndim - 1))
    if not isinstance(inputs, Padded):
        return mask
    steps = torch.arange(values.shape[1], device=values.device)
    return mask & (steps < inputs.lengths[:, None]).reshape(*values.shape[:2], *[1] * (values.ndim - 2))


def rooms(batch: Batch, names: Sequence[str]) -> dict[str, Tensor]:
    """`room` of some modalities of a batch.

    Example:
        >>> batch = Batch({"sound": torch.ones(2, 1)}, torch.tensor([0, 1]), torch.tensor([[True], [False]]))
        >>> rooms(batch, ["sound"])["sound"].tolist()
        [[True], [False]]
    """
    there = dict(zip(batch.inputs, batch.present.unbind(1), strict=True))
    return {name: room(batch.inputs[name], there[name]) for name in names}


def replaced(batch: Batch, values: Mapping[str, Tensor]) -> dict[str, Inputs]:
    """The batch's inputs with other numbers in some of them.

    Example:
        >>> batch = Batch({"sound": torch.ones(1, 1), "text": ["a"]}, torch.tensor([0]), torch.ones(1, 2).bool())
        >>> replaced(batch, {"sound": torch.zeros(1, 1)})
        {'sound': tensor([[0.]]), 'text': ['a']}
    """
    return batch.inputs | {name: with_values(batch.inputs[name], each) for name, each in values.items()}


def changeable(recipe: str, batch: Batch, modalities: str | Sequence[str]) -> list[str]:
    """The modalities that a recipe is to change, of those whose inputs are numbers.

    Args:
        recipe: its name, for messages.
        batch: whose inputs are meant.
        modalities: ``all`` (text is skipped), a name, or a list of names.

    Raises:
        UsageError: a name that is not in the batch or is text, or nothing is left.

    Example:
        >>> batch = Batch({"text": ["a"], "sound": torch.ones(1, 2)}, torch.tensor([0]), torch.ones(1, 2).bool())
        >>> changeable("adversarial", batch, "all")
        ['sound']
    """
    if modalities == "all":
        found = [name for name, inputs in batch.inputs.items() if not isinstance(inputs, list)]
        if not found:
            raise UsageError(f"recipe {recipe!r} adds numbers to inputs, but {_quoted(batch)} is text; {BY_MODALITY}")
        return found
    names = [modalities] if isinstance(modalities, str) else list(modalities)
    where = f"recipe {recipe!r}, option 'modalities'"
    for name in names:
        if name not in batch.inputs:
            raise UsageError(f"{where}: {unknown('modality', name, batch.inputs)}; {BY_MODALITY}")
        if isinstance(batch.inputs[name], list):
            raise UsageError(f"{where}: {name!r} is text, to which no numbers can be added; {BACKBONE}")
    return names


BACKBONE = "leave it out, or put its encoder on a backbone and its features are changed instead"
BY_MODALITY = "unimodal classifiers can have a recipe each, see training.recipes"


def _quoted(batch: Batch) -> str:
    return ", ".join(map(repr, batch.inputs))
