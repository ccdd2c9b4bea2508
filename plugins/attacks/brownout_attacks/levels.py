"""The default budgets of severities 1 to 5, in attack units (see `brownout_registry.Attacked`).

RobustBench measures images at 8/255 (L-infinity) and 0.5 (L2); both are among the levels. For what is measured in
standard deviations (vectors, sequences, representations), for audio and for text there is no such standard, nor for
the one entry that FGSM moves in L1: up to the whole range of a pixel.
"""

from __future__ import annotations

from collections.abc import Mapping

_PIXELS = (1 / 255, 2 / 255, 4 / 255, 8 / 255, 16 / 255)
_LENGTHS = (0.25, 0.5, 1.0, 2.0, 4.0)
LINF: Mapping[str, tuple[float, ...]] = {
    "image": _PIXELS,
    "spectrogram": _PIXELS,
    "depth": _PIXELS,
    "audio": (0.001, 0.003, 0.01, 0.03, 0.1),
    "*": (0.05, 0.1, 0.2, 0.4, 0.8),
}
L1: Mapping[str, tuple[float, ...]] = {"*": (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0)}
L2: Mapping[str, tuple[float, ...]] = {"audio": (0.1, 0.3, 1.0, 3.0, 10.0), "*": _LENGTHS}
WORDS: Mapping[str, tuple[float, ...]] = {"text": (0.1, 0.2, 0.3, 0.4, 0.5)}
