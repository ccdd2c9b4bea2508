"""Npz files in a folder of the user's, opened without ever reading a pickle."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from brownout_registry import UsageError


def archive_path(dataset: str, folder: str, root: str | None, name: str, source: str) -> Path:
    """Where a file of a dataset lies that this package does not hold.

    Args:
        dataset: its name, for messages.
        folder: its folder in the folder of all data: ``$BROWNOUT_DATA``, without that variable ``../shared/data``.
        root: a folder in place of that one.
        name: of the file.
        source: where the original is to be had, for messages.

    Raises:
        UsageError: the file is not there.
    """
    path = (Path(root) if root is not None else Path(os.environ.get("BROWNOUT_DATA", "../shared/data")) / folder) / name
    if not path.is_file():
        raise UsageError(
            f"{dataset}: there is no file {str(path)!r}: set option 'root' to its folder, or the environment variable "
            f"BROWNOUT_DATA to the folder above that; the original: {source}"
        )
    return path


@contextmanager
def open_archive(component: str, path: Path) -> Iterator[Any]:
    """The arrays of an npz file by name, for as long as the context lasts.

    Args:
        component: the dataset's name, for messages.
        path: the file.

    Raises:
        UsageError: the file, or an array read within the context, is not there, cannot be read or is pickled.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            yield arrays
    except (OSError, EOFError, BadZipFile, zlib.error, AttributeError, TypeError) as error:
        raise UsageError(f"{component}: {path}: cannot be read as an npz file") from error
    except KeyError as error:
        raise UsageError(f"{component}: {path}: {error.args[0]}") from error
    except ValueError as error:
        message = f"{component}: {path}: holds pickled objects or is no npz file; pickles are never read"
        raise UsageError(message) from error
