"""Emoji: a picture and its name, embedded in this package."""

from __future__ import annotations

from importlib.resources import as_file, files

import numpy as np

from brownout_datasets.columns import Dense, Texts
from brownout_datasets.holdout import hold_out
from brownout_datasets.in_memory import from_columns
from brownout_registry import SPLITS, Dataset, Modality

CITATION = """@misc{twemoji,
  title = {Twemoji},
  author = {{Twitter, Inc and other contributors}},
  howpublished = {https://github.com/twitter/twemoji, from emoji-datasource-twitter 16.0.0},
  note = {Graphics licensed under CC BY 4.0}
}"""


def emoji(validation: float = 0.1, seed: int = 0) -> Dataset:
    """1636 Twemoji pictures (64 × 64, RGB on white) with their names, in eight Unicode categories.

    Train and test are the set's own; validation is held out of train by category, gender variants of one name and
    emoji of one picture together. A sample's id is its row in the embedded file.

    Args:
        validation: share of the training samples held out.
        seed: of the validation split.

    Example:
        >>> import torch
        >>> data = emoji()
        >>> data.splits["train"].read("text", torch.tensor([0]))
        ['grinning face; grinning']
        >>> [len(split) for split in data.splits.values()]
        [1104, 123, 409]

    Raises:
        UsageError: a share out of range.
    """
    with as_file(files(__package__) / "emoji.npz") as path, np.load(path, allow_pickle=False) as stored:
        images, targets = stored["image"].transpose(0, 3, 1, 2), stored["label"].astype(np.int64)
        texts = [text.decode() for text in stored["text"]]
        assignment = np.where(stored["split"] == 0, SPLITS.index("train"), SPLITS.index("test"))
        classes, groups = [str(name) for name in stored["classes"]], stored["group"]
    train = np.flatnonzero(assignment == SPLITS.index("train"))
    assignment[train] = hold_out(groups[train], targets[train], {"validation": validation}, seed)
    return from_columns(
        {
            Modality("image", "image", (3, 64, 64), range=(0.0, 1.0)): Dense(images, divisor=255),
            Modality("text", "text", ()): Texts(texts),
        },
        targets,
        classes,
        assignment,
        licence="CC BY 4.0 (Twemoji graphics)",
        citation=CITATION,
    )
