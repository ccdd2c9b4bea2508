"""A key of code that no distribution holds: what was typed into a notebook or a script.

It is made of what will run (byte code, constants, and all that the code names: functions, classes, numbers,
tensors), so that neither an edited cell nor an edited file that was not loaded again is answered from an old cache.
Where something has no content that can be told, the key is a new one each time.
"""

from __future__ import annotations

import functools
import hashlib
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import BuiltinFunctionType, CodeType, FunctionType, GetSetDescriptorType, MemberDescriptorType, ModuleType
from typing import Any
from uuid import uuid4

import numpy as np
import torch

PLAIN = (bool, int, float, complex, str, bytes, range, slice, Path, torch.dtype, torch.device, type(None), type(...))
NAMED = (type, ModuleType, FunctionType)
SLOTS = (GetSetDescriptorType, MemberDescriptorType)
STANDARD = (sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"))


def code_key(content: Any) -> str:
    """Hash of a function, a class or a module with its weights, and of everything of one's own that it uses.

    Example:
        >>> width = 2
        >>> first = code_key(lambda x: x * width)
        >>> first == code_key(lambda x: x * width), first == code_key(lambda x: x + width)
        (True, False)
        >>> code_key(each for each in "ab") == code_key(each for each in "ab")
        False
    """
    digest = hashlib.blake2b(digest_size=16)
    try:
        for text in _Walk().tell(content):
            digest.update(f"{len(text)} {text}".encode())
    except Exception:  # noqa: BLE001  objects may answer to anything in any way; what cannot be told is always new
        return uuid4().hex
    return digest.hexdigest()


@dataclass
class _Walk:
    """Tells the content of anything as a sequence of texts; what is met again is told by its number."""

    met: dict[int, tuple[int, Any]] = field(default_factory=dict)

    def tell(self, content: Any) -> Iterator[str]:
        if isinstance(content, PLAIN):
            yield f"{type(content).__name__} {content!r}"
        elif id(content) in self.met:
            yield f"again {self.met[id(content)][0]}"
        else:
            if not isinstance(content, tuple | frozenset | CodeType):  # equal constants may be one object or two
                self.met[id(content)] = (len(self.met), content)  # held, so that nothing else gets its id
            yield type(content).__qualname__
            yield from self._value(content)

    def _value(self, content: Any) -> Iterator[str]:
        if isinstance(content, torch.Tensor):
            raw = content.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy()
            yield f"{content.dtype} {tuple(content.shape)} {content.requires_grad} {_hash(raw)}"
        elif isinstance(content, np.ndarray) and content.dtype != object:
            yield f"{content.dtype} {content.shape} {_hash(content)}"
        elif isinstance(content, Mapping):
            yield from self._all(part for pair in content.items() for part in pair)
        elif isinstance(content, list | tuple):
            yield from self._all(content)
        elif isinstance(content, set | frozenset):
            yield from self._all(sorted(content, key=repr))
        else:
            yield from self._code(content)

    def _code(self, content: Any) -> Iterator[str]:
        if isinstance(content, BuiltinFunctionType) or (isinstance(content, NAMED) and _of_a_library(content)):
            yield f"{_module(content)} {getattr(content, '__qualname__', '')}"
        elif isinstance(content, CodeType):
            arguments = content.co_varnames[: content.co_argcount + content.co_kwonlyargcount]
            yield f"{content.co_code.hex()} {content.co_names} {arguments}"
            yield from self._all(content.co_consts)
        elif isinstance(content, FunctionType):
            yield from self._function(content)
        elif isinstance(content, type):
            yield from self._all([content.__qualname__, content.__bases__, _members(content)])
        elif isinstance(content, ModuleType):
            own = {name: each for name, each in vars(content).items() if not name.startswith("__")}
            yield from self._all([content.__name__, own])
        else:
            yield from self._instance(content)

    def _function(self, function: FunctionType) -> Iterator[str]:
        names = sorted(set(_names(function.__code__)) & function.__globals__.keys())
        used = {name: function.__globals__[name] for name in names}
        cells = [_cell(cell) for cell in function.__closure__ or ()]
        yield from self._all([function.__code__, function.__defaults__, function.__kwdefaults__, cells, used])

    def _instance(self, content: Any) -> Iterator[str]:
        if isinstance(content, property):
            yield from self._all([content.fget, content.fset])
        elif isinstance(content, functools.partial):
            yield from self._all([content.func, content.args, content.keywords])
        elif hasattr(content, "__func__"):  # static, class and bound methods
            yield from self._all([content.__func__, getattr(content, "__self__", None)])
        elif hasattr(content, "__wrapped__"):
            yield from self.tell(content.__wrapped__)
        elif isinstance(content, torch.nn.Module):
            yield from self._all([type(content), vars(content)])
        else:
            yield from self._all(_reduced(content))

    def _all(self, parts: Iterable[Any]) -> Iterator[str]:
        for part in parts:
            yield from self.tell(part)


def _reduced(content: Any) -> list[Any]:
    """What a pickle of an object would hold; what has none is new each time."""
    try:
        parts: Any = content.__reduce_ex__(4)
    except Exception:  # noqa: BLE001  objects may refuse in any way
        return [uuid4().hex]
    if isinstance(parts, str):
        return [_module(type(content)), parts]
    return [type(content), *parts[:3], *(list(each) for each in parts[3:5] if each is not None)]


def _hash(array: np.ndarray) -> str:
    return hashlib.blake2b(array.tobytes(), digest_size=16).hexdigest()


def _members(kind: type) -> dict[str, Any]:
    """What a class defines: its functions, and data that Python did not put there."""
    told = {name: each for name, each in vars(kind).items() if not isinstance(each, SLOTS) and name != "_abc_impl"}
    return {name: each for name, each in told.items() if not name.startswith("__") or isinstance(each, FunctionType)}


def _names(code: CodeType) -> Iterator[str]:
    """The names that code uses, those of functions within it included."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _cell(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # the name is not bound yet
        return None


def _module(content: Any) -> str:
    return content.__name__ if isinstance(content, ModuleType) else str(content.__module__)


def _of_a_library(content: Any) -> bool:
    """Whether it comes with Python or was installed: then its name stands for it, and its version is in other keys."""
    root = _module(content).partition(".")[0]
    file = getattr(sys.modules.get(root), "__file__", None)
    if root == "__main__" or file is None:
        return root in sys.builtin_module_names
    folder = Path(file).parent.parent if Path(file).name.startswith("__init__.") else Path(file).parent
    return file.startswith(STANDARD) or _is_filled_by_an_installer(folder)


@functools.cache
def _is_filled_by_an_installer(folder: Path) -> bool:
    return any(folder.glob("*.dist-info"))
