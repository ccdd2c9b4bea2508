"""Jacobian fusion against one Sylvester solve per sample, in the same process.

``pytest tests/benchmarks/test_bench_jacobian.py --benchmark-enable``; the ratio is ``speedup`` in ``extra_info``.
"""

from __future__ import annotations

from time import perf_counter

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.linalg import solve_sylvester
from torch import Tensor

from brownout_jacobian.solver import Correction

GAMMA, FEATURES, BATCH = 0.1, 512, 256
SCIPY_SAMPLES = {10: 256, 101: 32, 309: 3}


def by_sylvester(z: NDArray, p: NDArray, B: NDArray) -> NDArray:
    """Wa z of one sample as the paper prints it: A Wa + Wa B = B with A = (1/gamma - 1) J², B = (W Wᵀ)⁻¹."""
    J = np.outer(p, p) - np.diag(p)
    return solve_sylvester((1 / GAMMA - 1) * J @ J, B, B) @ z


def seconds_by_sylvester(z: Tensor, p: Tensor, W: Tensor, samples: int) -> float:
    """Per sample; the inverse, which depends on the head alone, is not counted."""
    B = np.linalg.inv((W @ W.T).numpy())
    start = perf_counter()
    for row in range(samples):
        by_sylvester(z[row].numpy(), p[row].numpy(), B)
    return (perf_counter() - start) / samples


@pytest.mark.parametrize("classes", [10, 101, 309])
def test_regularised_logits(benchmark, classes):
    benchmark.group = f"Jacobian fusion, K = {classes}, H = {FEATURES}, batch of {BATCH}"
    random = torch.Generator().manual_seed(0)
    W = torch.randn(classes, FEATURES, generator=random, dtype=torch.float64) / FEATURES**0.5
    z, other = torch.randn(2, BATCH, classes, generator=random, dtype=torch.float64)
    p = (z + other).softmax(-1)
    correction = Correction(W, GAMMA)
    ours = z + benchmark(correction, z, p)
    expected = by_sylvester(z[0].numpy(), p[0].numpy(), np.linalg.inv((W @ W.T).numpy()))
    np.testing.assert_allclose(ours[0], expected, rtol=1e-9, atol=1e-12)
    if benchmark.enabled:
        theirs = seconds_by_sylvester(z, p, W, SCIPY_SAMPLES[classes])
        mine = benchmark.stats.stats.median / BATCH
        benchmark.extra_info |= {
            "seconds_per_sample": mine,
            "scipy_seconds_per_sample": theirs,
            "speedup": theirs / mine,
        }
