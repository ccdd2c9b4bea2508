"""Demands on datasets: which samples they hold, whenever and wherever they are built."""

from __future__ import annotations

import atexit
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from hashlib import blake2b
from multiprocessing import get_context

import torch

from brownout.conformance.demands import demand
from brownout.conformance.demands.dataset_facts import build
from brownout.conformance.kit import Subject
from brownout_registry import SPLITS, Dataset


def ids_stable(subject: Subject) -> None:
    """Built twice in this process."""
    one, other = build(subject), build(subject)
    for name in SPLITS:
        ids = one.splits[name].ids
        demand(ids.dtype == torch.int64 and ids.ndim == 1, f"ids of {name} are {ids.dtype} {tuple(ids.shape)}")
        demand(torch.equal(ids, other.splits[name].ids), f"a second build has other ids in {name}")
        targets = torch.equal(one.splits[name].targets, other.splits[name].targets)
        demand(targets, f"a second build has other targets in {name}")


def splits_disjoint(subject: Subject) -> None:
    """By ids."""
    dataset, seen = build(subject), dict[int, str]()
    for name, split in dataset.splits.items():
        ids = split.ids.tolist()
        demand(len(set(ids)) == len(ids), f"{name} holds an id twice")
        for sample in ids:
            demand(sample not in seen, f"sample {sample} is in {seen.get(sample)} and in {name}")
        seen |= dict.fromkeys(ids, name)


def fingerprint_stable(subject: Subject) -> None:
    """Built twice in this process."""
    one, other = build(subject).fingerprint, build(subject).fingerprint
    demand(bool(one), "the fingerprint is empty: hash inputs, targets, ids and splits")
    demand(one == other, f"a second build has fingerprint {other!r}, the first {one!r}")


def same_in_another_process(subject: Subject) -> None:
    """As it decides what stored results are compared with."""
    here = identity(build(subject))
    there = _elsewhere(tuple(sys.path)).submit(_identity, subject).result()
    demand(there == here, f"fingerprint and ids are {there} in a fresh process, {here} in this one")


@cache
def _elsewhere(path: tuple[str, ...]) -> ProcessPoolExecutor:
    """A fresh interpreter, started once: importing torch takes seconds."""
    pool = ProcessPoolExecutor(1, get_context("spawn"))
    atexit.register(pool.shutdown)
    return pool


def _identity(subject: Subject) -> str:
    return identity(build(subject))


def identity(dataset: Dataset) -> str:
    """Fingerprint, and a hash of the ids of all splits.

    Example:
        >>> identity(Subject("dataset", "two-moons").build()) == identity(Subject("dataset", "two-moons").build())
        True
    """
    digest = blake2b(digest_size=8)
    for name in SPLITS:
        digest.update(dataset.splits[name].ids.numpy().tobytes())
    return f"{dataset.fingerprint} {digest.hexdigest()}"
