"""The components that violate the kit, installed as an installer leaves them."""

from __future__ import annotations

import importlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from brownout_registry import catalogue

VIOLATORS = Path(__file__).parent / "violators"
METADATA = "Metadata-Version: 2.1\nName: brownout-violating\nVersion: 1.0\n"
POINTS = "[brownout]\nviolating = violating_plugin\nviolating-heavily = violating_heavily\n"


@pytest.fixture(scope="session")
def violating_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the violators' modules, metadata and entry points."""
    site = tmp_path_factory.mktemp("violating")
    for each in VIOLATORS.glob("*.py"):
        shutil.copy(each, site)
    metadata = site / "brownout_violating-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(METADATA)
    (metadata / "entry_points.txt").write_text(POINTS)
    return site


@pytest.fixture(scope="module")
def violators(violating_site: Path) -> Iterator[Path]:
    """The violators are installed, here and in processes started from here; torch computes in one thread."""
    import torch

    threads = torch.get_num_threads()
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(violating_site))
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(violating_site), os.environ.get("PYTHONPATH")])))
        importlib.invalidate_caches()
        catalogue.cache_clear()
        torch.set_num_threads(1)
        yield violating_site
        torch.set_num_threads(threads)
    importlib.invalidate_caches()
    catalogue.cache_clear()
