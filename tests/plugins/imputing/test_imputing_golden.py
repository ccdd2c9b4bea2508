"""Golden numbers: what the released functions gave on these inputs."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from brownout_imputing.features import impute
from brownout_imputing.moments import moments
from brownout_imputing.shaspec import ShaSpec
from brownout_registry import Representation, Task


def close(actual, expected, rtol=1e-9):
    atol = 1e-12 if rtol < 1e-8 else 1e-7
    np.testing.assert_allclose(actual.detach().numpy(), np.asarray(expected), rtol=rtol, atol=atol)


def hemis_inputs(case):
    values = torch.stack([torch.as_tensor(case["inputs"][name]) for name in ("x_rgb", "x_ir", "x_depth")], dim=1)
    return values, torch.as_tensor(case["inputs"]["p"]) == 1


def test_moments_over_what_is_available(golden):
    case = golden("hemis_lcr", "hemis_mean_var")
    mean, variance = moments(*hemis_inputs(case))
    close(mean, case["outputs"]["available_only_mean"])
    close(variance, case["outputs"]["available_only_population_var"])


def test_moments_over_all_slots(golden):
    case = golden("hemis_lcr", "hemis_mean_var")
    values, present = hemis_inputs(case)
    expected = case["outputs"]["SURF_MV_concat(mean,var)"]
    close(torch.cat(moments(values, present, "all-slots"), dim=1), expected, rtol=1e-5)
    close(torch.cat(moments(values.float(), present, "all-slots"), dim=1), expected, rtol=1e-5)
    _, available = moments(values, present)
    assert (np.abs(available.numpy() - expected[:, 2:]).max((1, 2, 3)) > 1e-3).tolist() == [False] * 3 + [True] * 3 + [
        False
    ]


def stub(phase):
    """The golden case's encoder of one channel into three, without bias."""
    linear = nn.Linear(1, 3, bias=False, dtype=torch.float64)
    linear.weight = nn.Parameter(torch.sin(1.7 * torch.arange(3, dtype=torch.float64) + phase)[:, None])
    return linear


def shaspec(case, representation, **options):
    """The fusion with the golden case's weights; each modality is one channel."""
    given = case["inputs"]
    names = {f"m{i}": representation for i in range(4)}
    fusion = ShaSpec(Task(("a", "b"), (0.5, 0.5)), names, width=3, **options).double()
    fusion.adapters = nn.ModuleList(nn.Identity() for _ in names)
    fusion.shared, fusion.specific = stub(0.1), nn.ModuleList(map(stub, (0.2, 0.3, 0.4, 0.5)))
    fusion.projection = nn.Linear(6, 3, bias=False, dtype=torch.float64)
    fusion.projection.weight = nn.Parameter(torch.as_tensor(given["conv_weight"]).reshape(3, 6))
    fusion.origin.weight = nn.Parameter(torch.as_tensor(given["dom_classifier"]["W"]))
    fusion.origin.bias = nn.Parameter(torch.as_tensor(given["dom_classifier"]["b"]))
    return fusion


@pytest.mark.parametrize("mode", ["0,1,2,3", "0", "1", "2,3", "0,2", "1,3"])
def test_shaspec_as_released(golden, loss, mode):
    case = golden("shaspec", "shaspec_official")
    out, image = case["outputs"][mode], torch.as_tensor(case["inputs"]["image"]).reshape(4, 2)
    present = torch.tensor([str(i) in mode.split(",") for i in range(4)])
    each_place = {"missing": "first-available", "beta": 0.0, "alpha": 1.0}
    fusion = shaspec(case, Representation("vector", (1,)), **each_place)
    places = fusion({f"m{i}": image[i][:, None] for i in range(4)}, present.expand(2, 4))
    close(places.embedding.T, out["fused_feature(1,4C,..)"].reshape(12, 2))
    close(places.terms["shared"].permute(1, 2, 0), out["shared"].reshape(4, 3, 2))
    target = torch.tensor([0, 1])
    without = torch.nn.functional.cross_entropy(places.logits, target)
    close(loss(fusion, places, target) - without, out["L_shared(L1 ring)"])

    pooled = shaspec(case, Representation("map", (1, 1, 2)), missing="first-available", beta=1.0, alpha=0.0)
    whole = pooled({f"m{i}": image[i].reshape(1, 1, 1, 2) for i in range(4)}, present[None])
    close(whole.terms["origin"][0], out["domain_logits"])
    without = torch.nn.functional.cross_entropy(whole.logits, target[:1])
    close(loss(pooled, whole, target[:1]) - without, out["L_spec(CE)"])


def test_shaspec_imputes_the_mean_and_not_as_the_classification_code_runs(golden):
    case = golden("shaspec", "shaspec_classification_padding")
    shared = torch.as_tensor(case["inputs"]["shared_scalar(m1,m2,m3)"])[:, :, None]
    present = torch.as_tensor(case["inputs"]["p"]) == 1
    filled = torch.where(present[:, :, None], shared, impute(shared, present)[:, None]).squeeze(2)
    close(filled, case["outputs"]["mean_of_available"], rtol=1e-5)
    wrong = np.abs(filled.numpy() - case["outputs"]["as_run"]).max(1) > 1e-5
    assert wrong.tolist() == [False, False, True, True, False, False, False]
