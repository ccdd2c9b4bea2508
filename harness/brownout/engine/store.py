"""The cache: arrays and weights addressed by the hash of everything they depend on.

An entry is its data file and a commit file ``KEY.json`` with the data's digest. Data is written to
a temporary name, renamed, and committed last, so an entry is whole or not there. `Store.verify`
drops an entry whose data does not match its digest.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load as decode
from safetensors.torch import save as encode
from torch import Tensor

from brownout.engine.files import digest, digest_of, replacing, sweep, write_atomically


@dataclass(frozen=True)
class Store:
    """Entries in a folder that any number of processes may share."""

    folder: Path

    def has(self, key: str) -> bool:
        """Whether the entry was committed."""
        return self._commit_file(key).is_file()

    def verify(self, key: str) -> bool:
        """Whether the entry is there and unharmed; a harmed one is dropped."""
        try:
            facts = self.facts(key)
            if digest_of(self.folder / facts["file"]) == facts["digest"]:
                return True
        except (OSError, ValueError, KeyError, TypeError):
            pass
        self._commit_file(key).unlink(missing_ok=True)
        return False

    def sweep(self) -> None:
        """Remove what killed processes left half-written; others may be writing, so only what is a day old."""
        sweep(self.folder, older_than=86_400)

    def facts(self, key: str) -> dict[str, Any]:
        """What was committed with the entry."""
        facts: dict[str, Any] = json.loads(self._commit_file(key).read_text())
        return facts

    def save_weights(self, key: str, tensors: Mapping[str, Tensor], **facts: Any) -> None:
        """Store named tensors as safetensors."""
        separate = partial(torch.clone, memory_format=torch.contiguous_format)  # tied weights share their memory
        content = encode({name: separate(tensor.detach().cpu()) for name, tensor in tensors.items()})
        self.folder.mkdir(parents=True, exist_ok=True)
        name = f"{key}.safetensors"
        with replacing(self.folder / name) as temporary:
            temporary.write_bytes(content)
        self.commit(key, name, digest(content), facts)

    def load_weights(self, key: str) -> dict[str, Tensor]:
        """The named tensors."""
        tensors: dict[str, Tensor] = decode((self.folder / f"{key}.safetensors").read_bytes())
        return tensors

    def writer(self, key: str, shape: tuple[int, ...]) -> ArrayWriter:
        """A float32 array to be written row by row; it becomes an entry when it is committed."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return ArrayWriter(self, key, shape)

    def load_array(self, key: str) -> np.ndarray:
        """The array, memory-mapped and read-only."""
        array: np.ndarray = np.load(self.folder / f"{key}.npy", mmap_mode="r", allow_pickle=False)
        return array

    def rows(self, key: str, rows: slice | Tensor) -> Tensor:
        """Some rows of an array, in memory."""
        index = rows if isinstance(rows, slice) else rows.numpy()
        return torch.from_numpy(np.array(self.load_array(key)[index]))

    def commit(self, key: str, name: str, digest: str, facts: Mapping[str, Any]) -> None:
        """Make a data file that lies in its place an entry."""
        write_atomically(self._commit_file(key), json.dumps({"file": name, "digest": digest, **facts}))

    def _commit_file(self, key: str) -> Path:
        return self.folder / f"{key}.json"


class ArrayWriter:
    """Writes a float32 array of known shape in consecutive pieces of rows, hashing as it goes.

    Plain writes, not a memory map: a full disk is then an error that can be told, not a killed process.
    """

    def __init__(self, store: Store, key: str, shape: tuple[int, ...]) -> None:
        self.store, self.key, self.name = store, key, f"{key}.npy"
        self.temporary = store.folder / f".{self.name}.{os.getpid()}.tmp"
        self.digest = hashlib.blake2b(digest_size=16)
        self.left = math.prod(shape)
        self.stream = self.temporary.open("wb")
        header = io.BytesIO()
        facts = {"descr": "<f4", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(header, facts)
        self._write(header.getvalue())

    def append(self, rows: Tensor) -> None:
        """The next rows."""
        content = rows.detach().to("cpu", torch.float32).contiguous().numpy()
        self.left -= content.size
        self._write(content.tobytes())

    def commit(self, **facts: Any) -> None:
        """All rows are written: make it an entry."""
        assert self.left == 0, f"{self.left} values of {self.key} were never written"
        self.stream.close()
        self.temporary.replace(self.store.folder / self.name)
        self.store.commit(self.key, self.name, self.digest.hexdigest(), facts)

    def abort(self) -> None:
        """Leave nothing behind."""
        self.stream.close()
        self.temporary.unlink(missing_ok=True)

    def _write(self, content: bytes) -> None:
        self.digest.update(content)
        self.stream.write(content)
