"""Golden numbers: what the released functions gave on these inputs."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from brownout_blocks import evidence, vacuity
from brownout_evidential.dynamics import MultimodalDynamics
from brownout_evidential.losses import kl_weight, opinion_loss, uniform_kl
from brownout_evidential.opinions import belief, dempster
from brownout_evidential.trusted import etmc, tmc
from brownout_registry import Representation, Task


def close(actual, expected, rtol=1e-9):
    actual = actual.detach() if isinstance(actual, torch.Tensor) else actual
    np.testing.assert_allclose(np.asarray(actual), np.asarray(expected), rtol=rtol, atol=1e-12)


def task(classes):
    return Task(tuple(map(str, range(classes))), (1 / classes,) * classes)


def passing_logits(factory, views, **options):
    """A fusion whose classifiers hand their input on, so that the representations are the logits."""
    classes = views[0].shape[1]
    names = {f"m{i}": Representation("vector", (classes,)) for i in range(len(views))}
    fusion = factory(task(classes), names, **options)
    fusion.classifiers = nn.ModuleList(nn.Identity() for _ in views)
    sources = dict(zip(names, map(torch.as_tensor, views), strict=True))
    return fusion, sources, torch.ones(len(views[0]), len(views), dtype=torch.bool)


@pytest.mark.parametrize("case", ["tmc_K3_V2", "tmc_K3_V3", "tmc_K10_V2", "tmc_K101_V3"])
class TestTmc:
    def test_opinions(self, golden, case):
        case = golden("tmc_etmc", case)
        out, e = case["outputs"], evidence(torch.as_tensor(case["inputs"]["logits"]))
        fused = dempster(e.transpose(0, 1))
        close(e + 1, out["alpha_views"])
        close(vacuity(e), out["u_views"])
        close(fused, out["evidence_fused"])
        close(fused + 1, out["alpha_fused"])
        close(vacuity(fused), out["u_fused"])
        close(belief(fused), out["belief_fused"])
        if "alpha_fused_order_2_1_0" in out:
            close(dempster(e.flip(0).transpose(0, 1)) + 1, out["alpha_fused_order_2_1_0"])

    def test_fusion_and_loss(self, golden, case, step):
        case = golden("tmc_etmc", case)
        out, target = case["outputs"], torch.as_tensor(case["inputs"]["label"])
        fusion, sources, present = passing_logits(tmc, case["inputs"]["logits"])
        prediction = fusion(sources, present)
        close(prediction.logits.softmax(-1), out["prob_fused"])
        close(prediction.uncertainty, out["u_fused"])
        close(torch.stack([1 - weight for weight in prediction.weights.values()]), out["u_views"])
        close(torch.stack(list(prediction.unimodal.values())).exp(), out["alpha_views"])
        steps = [name for name in out if name.startswith("loss_global_step")]
        assert len(steps) == 6
        for name in steps:
            epoch, expected = int(name.removeprefix("loss_global_step")), out[name]
            from_zero, *_ = passing_logits(tmc, case["inputs"]["logits"], annealing_start=0)
            close(from_zero.loss(prediction, target, step(epoch)), expected["total_mean"], rtol=1e-5)
            if epoch:
                close(fusion.loss(prediction, target, step(epoch - 1)), expected["total_mean"], rtol=1e-5)
            for row, of_row in enumerate(expected["per_sample_sum"]):
                one = fusion({name: each[[row]] for name, each in sources.items()}, present[[row]])
                close(from_zero.loss(one, target[[row]], step(epoch)), of_row, rtol=1e-5)
            fused = opinion_loss(prediction.terms["fused"], target, kl_weight(epoch, 50, 0))
            close(fused.mean(), expected["mean_fused_only"], rtol=1e-5)

    def test_float32_agrees(self, golden, case, step):
        case = golden("tmc_etmc", case)
        out, target = case["outputs"], torch.as_tensor(case["inputs"]["label"])
        fusion, sources, present = passing_logits(tmc, case["inputs"]["logits"].astype(np.float32))
        prediction = fusion(sources, present)
        assert prediction.logits.dtype == prediction.uncertainty.dtype == torch.float32
        close(prediction.logits.softmax(-1), out["prob_fused"], rtol=1e-5)
        loss = fusion.loss(prediction, target, step(49))
        assert loss.dtype == torch.float32
        close(loss, out["loss_global_step50"]["total_mean"], rtol=1e-5)


def test_etmc(golden, step):
    case = golden("tmc_etmc", "etmc")
    given, out = case["inputs"], case["outputs"]
    views = [given["depth_logits"], given["rgb_logits"]]
    fusion, sources, present = passing_logits(etmc, views, annealing_epochs=10, annealing_start=0)

    class Pseudo(nn.Module):
        def forward(self, concatenated):
            close(concatenated, np.concatenate(views, axis=1))
            return torch.as_tensor(given["pseudo_logits"])

    fusion.pseudo = Pseudo()
    prediction = fusion(sources, present)
    close(prediction.logits.exp(), out["fused_alpha"])
    close(prediction.unimodal["m0"].exp(), out["depth_alpha"])
    close(prediction.unimodal["m1"].exp(), out["rgb_alpha"])
    close(prediction.terms["evidence"][:, 2] + 1, out["pseudo_alpha"])
    for epoch in (0, 5, 10, 20):
        loss = fusion.loss(prediction, torch.as_tensor(given["label"]), step(epoch))
        close(loss, out[f"loss_epoch{epoch}"], rtol=1e-5)


def test_divergence_and_both_risks(golden):
    case = golden("tmc_etmc", "kl_and_mse")
    alpha, target = (torch.as_tensor(case["inputs"][name]) for name in ("alpha", "label"))
    weight = kl_weight(1, 2, 0)
    close(uniform_kl(alpha), case["outputs"]["KL"], rtol=1e-5)
    close(opinion_loss(alpha - 1, target, weight), case["outputs"]["ce_step1_ann2"], rtol=1e-5)
    close(opinion_loss(alpha - 1, target, weight, "squared-error"), case["outputs"]["mse_step1_ann2"], rtol=1e-5)


def test_vacuous_view(golden):
    case = golden("tmc_etmc", "vacuous_view")
    alpha = torch.stack([torch.as_tensor(case["inputs"][name]) for name in ("alpha0", "alpha1")], dim=1)
    assert (dempster(alpha - 1) + 1).tolist() == case["outputs"]["fused"].tolist()


PARTS = {"FeatureInforEncoder": "gate", "FeatureEncoder": "encoder.0"}
PARTS |= {"TCPClassifierLayer": "classifier", "TCPConfidenceLayer": "confidence"}


def own_name(theirs):
    part, view, _, _, kind = theirs.split(".")
    return f"head.{kind}" if part == "MMClasifier" else f"branches.{view}.{PARTS[part]}.{kind}"


@pytest.mark.parametrize("case", ["forward_2view_f64", "forward_2view_f32", "forward_3view_f32"])
def test_multimodal_dynamics(golden, case, step):
    case = golden("md_mmdynamics", case)
    given, out = case["inputs"], case["outputs"]
    rtol = 1e-9 if case["id"].endswith("f64") else 1e-5
    parameters = {own_name(name): torch.as_tensor(value) for name, value in given["parameters"].items()}
    representations = {f"m{i}": Representation("vector", x.shape[1:]) for i, x in enumerate(given["X"])}
    classes = len(parameters["head.bias"])
    fusion = MultimodalDynamics(task(classes), representations, hidden=case["hyper"]["hidden_dim"][0], dropout=0.0)
    fusion.to(parameters["head.bias"].dtype).load_state_dict(parameters)

    def near(actual, expected):
        np.testing.assert_allclose(actual.detach().numpy(), expected, rtol=rtol, atol=1e-12 if rtol < 1e-8 else 1e-7)

    sources = {name: torch.as_tensor(x) for name, x in zip(representations, given["X"], strict=True)}
    prediction = fusion(sources, torch.ones(len(given["label"]), len(sources), dtype=torch.bool))
    near(prediction.logits, out["mm_logits"])
    near(fusion.eval()(sources, torch.ones(4, len(sources), dtype=torch.bool)).logits, out["infer_logits"])
    target, features = torch.as_tensor(given["label"]), []
    for i, (name, x) in enumerate(sources.items()):
        expected, estimate = out["components"][f"view{i}"], fusion.branches[i](x)
        near(estimate.gate, expected["gate"])
        near(estimate.hidden, expected["hidden"])
        near(prediction.unimodal[name], expected["tcp_logits"])
        near(prediction.weights[name][:, None], expected["tcp_confidence"])
        near(prediction.unimodal[name].softmax(-1).gather(1, target[:, None])[:, 0], expected["p_true"])
        near(prediction.terms["gate"][:, i].mean(), expected["L_sparse(mean gate)"])
        features.append(expected["hidden"] * expected["tcp_confidence"])
    near(prediction.embedding, np.concatenate(features, axis=1))
    loss = fusion.loss(prediction, target, step(0))
    near(loss, out["loss"])
    loss.backward()
    gradients = {name: parameter.grad for name, parameter in fusion.named_parameters()}
    assert gradients.keys() == {own_name(name) for name in out["grad"]}
    for name, expected in out["grad"].items():
        near(gradients[own_name(name)], expected)


@pytest.mark.parametrize("term", ["gate", "confidence", "unimodal"])
def test_each_term_of_multimodal_dynamics_on_its_own(golden, term, step):
    case = golden("md_mmdynamics", "forward_2view_f64")
    given, out = case["inputs"], case["outputs"]
    weights = {f"{each}_weight": float(each == term) for each in ("gate", "confidence", "unimodal")}
    representations = {f"m{i}": Representation("vector", x.shape[1:]) for i, x in enumerate(given["X"])}
    fusion = MultimodalDynamics(task(3), representations, hidden=6, dropout=0.0, **weights).double()
    fusion.load_state_dict({own_name(name): torch.as_tensor(value) for name, value in given["parameters"].items()})
    prediction = fusion(
        {name: torch.as_tensor(x) for name, x in zip(representations, given["X"], strict=True)},
        torch.ones(4, 2, dtype=torch.bool),
    )
    key = {"gate": "L_sparse(mean gate)", "confidence": "L_conf(mse)", "unimodal": "L_ce"}[term]
    expected = out["components"]["mm_ce"] + sum(out["components"][f"view{i}"][key] for i in range(2))
    close(fusion.loss(prediction, torch.as_tensor(given["label"]), step(0)), expected)
