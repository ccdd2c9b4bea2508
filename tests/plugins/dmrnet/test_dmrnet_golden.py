"""Golden numbers: what the released code gave, and what the paper's formulas give."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from brownout_blocks import standard_normal_kl
from brownout_dmrnet.diversity import cosine_distance, gram_distance
from brownout_dmrnet.formulas import (
    combination_index,
    combination_totals,
    distribution_regulariser,
    hard_combination_loss,
    hardest,
    mean_variances,
)
from brownout_dmrnet.metrics import acer
from brownout_registry import Prediction, Representation, Stored

FACES = dict.fromkeys(("rgb", "depth", "ir"), Representation("map", (2, 2, 2)))
PAIR = dict.fromkeys("av", Representation("vector", (4,)))


def close(actual, expected):
    np.testing.assert_allclose(
        np.asarray(torch.as_tensor(actual).detach()), np.asarray(expected), rtol=1e-9, atol=1e-12
    )


def tensors(case):
    return {name: torch.as_tensor(each) for name, each in case["inputs"].items()}


def loaded(fusion, given):
    """The released audio-visual head with its weights."""
    fusion = fusion.double()
    with torch.no_grad():
        for layer, suffix in (
            (fusion.head and fusion.head.f_mu[0], "mu"),
            (fusion.head and fusion.head.f_sigma[0], "logvar"),
        ):
            if layer:
                layer.weight.copy_(given[f"W_{suffix}"])
                layer.bias.copy_(given[f"b_{suffix}"])
        fusion.classifier.weight.copy_(given["W_fc"])
        fusion.classifier.bias.copy_(given["b_fc"])
    return fusion


def test_probabilistic_head_of_the_released_audio_visual_code(golden, build, monkeypatch):
    case = golden("dmrnet", "prob_head_pme1_trainTrue")
    given, out = tensors(case), case["outputs"]
    fusion = loaded(build(PAIR, variant="released-audio-visual"), given)
    monkeypatch.setattr(torch, "randn_like", lambda _: given["eps"])
    prediction = fusion.train()({"a": given["a"], "v": given["v"]}, torch.ones(6, 2, dtype=torch.bool))
    mu, log_variance = prediction.terms["mu"], prediction.terms["log_variance"]
    close(mu, out["mu"])
    close((0.5 * log_variance).exp(), out["std"])
    close(prediction.logits, out["out"])
    close(prediction.uncertainty, (out["std"] ** 2).mean(1))
    close(distribution_regulariser(mu, log_variance), out["KL_regurize"])
    assert out["aux_equals_out"]
    assert fusion.f_r is None


def test_without_a_distribution_the_classifier_sees_what_stands_side_by_side(golden, build):
    case = golden("dmrnet", "prob_head_pme0_trainTrue")
    given = tensors(case)
    fusion = loaded(build(PAIR, probabilistic="none"), given)
    prediction = fusion.train()({"a": given["a"], "v": given["v"]}, torch.ones(6, 2, dtype=torch.bool))
    close(prediction.logits, case["outputs"]["out"])
    assert prediction.uncertainty is None


def test_reductions_of_the_divergence(golden):
    case = golden("dmrnet", "kl_variants")
    mu, log_variance = (torch.as_tensor(case["inputs"][name]) for name in ("mu", "logvar"))
    out = case["outputs"]
    close(standard_normal_kl(mu, log_variance), out["elementwise"])
    keys = {
        "sum": "classification_code: sum over C,H,W, mean over batch",
        "sum-channels": "segmentation_code: sum over C, mean over batch,H,W",
        "mean": "mean over everything",
    }
    for reduction, key in keys.items():
        close(distribution_regulariser(mu, log_variance, reduction), out[key])


@pytest.fixture
def face_loss(golden, build, step):
    """``face_loss(epoch, **options)`` of the released face code's variant on the golden batch."""
    given = tensors(golden("dmrnet", "hcr_face"))
    terms = {"mu": given["mu"], "log_variance": 2 * given["std"].log(), "present": given["p(RGB,Depth,IR)"].bool()}

    def run(epoch, **options):
        fusion = build(FACES, variant="released-face", classes=2, **options).double()
        loss = fusion.loss(Prediction(given["out"], terms=terms), given["label"], step(epoch, 14))
        return loss, fusion

    return run


def test_training_loss_of_the_released_face_code(golden, face_loss):
    out = golden("dmrnet", "hcr_face")["outputs"]
    for epoch, expected in enumerate(out["loss_epochs_0_to_7"]):
        close(face_loss(epoch)[0], expected)
    close(face_loss(5)[0], out["predicted_epoch_le5"])
    close(face_loss(6)[0], out["predicted_epoch_gt5_as_run"])
    close(face_loss(6, hcr="sum-over-batch")[0], out["intended_epoch_gt5"])


def test_parts_of_the_released_face_loss(golden):
    case = golden("dmrnet", "hcr_face")
    given, out = tensors(case), case["outputs"]
    losses = functional.cross_entropy(given["out"], given["label"], reduction="none")
    close(losses, case["inputs"]["ce"])
    close(losses.mean(), out["mean_ce"])
    close(distribution_regulariser(given["mu"], 2 * given["std"].log()), out["KL"])
    hard = given["p(RGB,Depth,IR)"][:, 1] == 0
    rest = 0.001 * out["KL"] + out["mean_ce"]
    close(rest + 0.7 * hard_combination_loss(losses, hard, "as-released"), out["predicted_epoch_gt5_as_run"])
    close(6 * hard_combination_loss(losses, hard, "mean-over-hard"), 14 * hard_combination_loss(losses, hard))


def test_variances_are_accumulated_by_combination(golden, face_loss):
    out = golden("dmrnet", "hard_combination_ranking_paper")["outputs"]
    _, fusion = face_loss(3)
    epochs, d = fusion.combinations.history()
    assert epochs == [3]
    close(d[0, [j - 1 for j in out["j_index"]]], golden("dmrnet", "hcr_face")["outputs"]["get_std_per_combination"])


def test_ranking_of_the_combinations(golden):
    case = golden("dmrnet", "hard_combination_ranking_paper")
    present, std = torch.as_tensor(case["inputs"]["p"]).bool(), torch.as_tensor(case["inputs"]["std"])
    out = case["outputs"]
    order = torch.tensor(out["combinations_order"]).bool()
    assert combination_index(order).tolist() == out["j_index"]
    d = mean_variances(*combination_totals(std.square().mean(dim=(1, 2, 3)), combination_index(present), 7))
    d = d[torch.tensor(out["j_index"]) - 1]
    close(d, out["d"])
    assert d.argsort(descending=True).tolist() == out["ranking_desc(indices into combinations_order)"].tolist()
    hard = order[hardest(d, case["hyper"]["V"])].int().tolist()
    assert hard == out["hard_top3"]


def test_error_rates_of_the_released_face_code(golden):
    case = golden("dmrnet", "hcr_face")
    logits, targets = case["inputs"]["out"], case["inputs"]["label"]
    stored = Stored(np.arange(14), targets, logits, np.ones((14, 1), bool), ("face",))
    out = case["outputs"]
    assert acer(stored) == pytest.approx(out["ACER"], rel=1e-9)
    assert out["calc_accuracy_multi [acc, APCER_code, NPCER_code, ACER]"][3] == out["ACER"]
    live = Stored(np.arange(7), targets[targets == 1], logits[targets == 1], np.ones((7, 1), bool), ("face",))
    assert 1 - (live.logits.argmax(1) == 1).mean() == pytest.approx(out["APCER_code=FN/(live)"])


def test_channel_distances(golden):
    case = golden("dmrnet", "D_channel")
    F_m, F_n = (torch.as_tensor(case["inputs"][name])[None] for name in ("F_m", "F_n"))
    out = case["outputs"]
    close(gram_distance(F_m, F_m)[0], out["D_intra(m=n)"])
    close(gram_distance(F_m, F_n)[0], out["D_inter"])
    close(gram_distance(F_m, F_m).mean(), out["mean_intra"])
    close(gram_distance(F_m, F_n).mean(), out["mean_inter"])
    close(cosine_distance(F_m, F_m)[0], out["true_cosine_distance_intra"])
    close(cosine_distance(F_m, F_n)[0], out["true_cosine_distance_inter"])
