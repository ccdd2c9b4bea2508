"""The transfer module: golden numbers, and what an absent modality cannot do."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from brownout_mmtm.transfer import MMTM

SHAPES = {"map": (4, 3, 2), "sequence": (3, 5), "vector": (6,)}


def features(size=5, dtype=torch.float32):
    random = torch.Generator().manual_seed(0)
    return {name: torch.randn(size, *shape, generator=random, dtype=dtype) for name, shape in SHAPES.items()}


def module(**options):
    torch.manual_seed(0)
    return MMTM({name: shape[0] for name, shape in SHAPES.items()}, **options)


def test_golden_released_module(golden):
    case = golden("mmtm", "mmtm_gate")
    given = {name: torch.from_numpy(value) for name, value in case["inputs"].items()}
    mmtm = MMTM({"visual": 4, "skeleton": 3}, ratio=case["hyper"]["ratio"], gate_factor=1.0).double()
    assert mmtm.squeeze.out_features == case["hyper"]["dim_out"]
    mmtm.load_state_dict(
        {
            "squeeze.weight": given["W_squeeze"],
            "squeeze.bias": given["b_squeeze"],
            "excite.0.weight": given["W_v"],
            "excite.0.bias": given["b_v"],
            "excite.1.weight": given["W_s"],
            "excite.1.bias": given["b_s"],
        }
    )
    with torch.no_grad():
        out = mmtm({"visual": given["visual"], "skeleton": given["skeleton"]})
    for name, values in out.items():
        np.testing.assert_allclose(values.numpy(), case["outputs"][f"{name}_out"], rtol=1e-9)


def test_the_paper_doubles_the_released_gates():
    inputs = features()
    paper, released = module(), module(gate_factor=1.0)
    for name, values in paper(inputs).items():
        torch.testing.assert_close(values, 2 * released(inputs)[name])


def test_gates_are_constant_over_positions_and_depend_on_every_modality():
    inputs, mmtm = features(), module()
    out = mmtm(inputs)
    gate = out["map"] / inputs["map"]
    torch.testing.assert_close(gate, gate[:, :, :1, :1].expand_as(gate))
    for other in ("sequence", "vector"):
        changed = mmtm({**inputs, other: inputs[other] + 1})
        assert (changed["map"] - out["map"]).abs().amax() > 1e-4


@pytest.mark.parametrize("content", [torch.nan, torch.inf, -1e4])
def test_what_an_absent_modality_holds_reaches_nothing(content):
    inputs, mmtm = features(), module()
    present = torch.tensor([[True, True, True], [False, True, True], [True, False, False], [False] * 3, [True] * 3])
    spoilt = {name: values.clone() for name, values in inputs.items()}
    for column, values in enumerate(spoilt.values()):
        values[~present[:, column]] = content
        values.requires_grad_()
    out, expected = mmtm(spoilt, present), mmtm(inputs, present)
    for column, name in enumerate(SHAPES):
        assert torch.equal(out[name], expected[name])
        assert not out[name][~present[:, column]].any()
    sum(values.square().sum() for values in out.values()).backward()
    assert all(parameter.grad.isfinite().all() for parameter in mmtm.parameters())
    for column, values in enumerate(spoilt.values()):
        assert values.grad.isfinite().all()
        assert not values.grad[~present[:, column]].any()


def test_an_absent_modality_is_squeezed_to_zero():
    inputs, mmtm = features(), module()
    present = torch.tensor([[True, False, True]] * 5)
    zeroed = {**inputs, "sequence": torch.zeros_like(inputs["sequence"])}
    torch.testing.assert_close(mmtm(inputs, present)["map"], mmtm(zeroed)["map"])


@pytest.mark.parametrize(("channels", "joint"), [({"a": 6}, 3), ({"a": 128, "b": 128}, 128), ({"a": 1}, 1)])
def test_the_joint_layer_has_the_released_size_and_at_least_one_unit(channels, joint):
    mmtm = MMTM(channels)
    assert mmtm.squeeze.out_features == joint
    out = mmtm({name: torch.ones(1, width) for name, width in channels.items()})
    assert {name: values.shape[1] for name, values in out.items()} == channels
