"""Golden numbers: the released functions as run, and the paper's formulas computed independently."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from brownout_qmf.blank import blanked
from brownout_qmf.formulas import energy, fusion_weight
from brownout_qmf.gaussian import gaussian, legacy_pattern, noisy_pixels, standard_deviation
from brownout_qmf.history import History
from brownout_qmf.metrics import term_cov, term_l, weight_loss_correlation
from brownout_qmf.ranking import pair_losses, rank_loss
from brownout_qmf.salt import salted_pixels
from brownout_qmf.theory import pearson, theorem1_terms
from brownout_registry import Modality, Stored

STEPS = range(5)
FUSIONS = [
    ("text_image_fusion_dfTrue_f64", "released-text-image", {}),
    ("rgbd_fusion_f64", "released-rgbd", {}),
    ("text_image_fusion_dfTrue_f32", "released-text-image", {}),
    ("text_image_fusion_dfFalse_f32", "released-text-image", {"dynamic": False}),
    ("text_image_fusion_dfFalse_f32", "late-fusion", {}),
]


def close(actual, expected, rtol=1e-9):
    np.testing.assert_allclose(np.asarray(actual), np.asarray(expected), rtol=rtol, atol=rtol / 1000)


@pytest.mark.parametrize(("case", "variant", "options"), FUSIONS)
def test_fused_logits_and_their_gradients(golden, identity, case, variant, options):
    found = golden("qmf", case)
    rtol = 1e-9 if case.endswith("64") else 1e-5
    names = [key.removesuffix("_logits") for key in found["inputs"] if key != "G"]
    leaves = {name: torch.tensor(found["inputs"][f"{name}_logits"], requires_grad=True) for name in names}
    G = torch.tensor(found["inputs"]["G"])
    prediction = identity(names, G.dtype, variant, **options)(leaves, torch.ones(8, 2, dtype=torch.bool))
    (prediction.logits * G).sum().backward()
    close(prediction.logits.detach(), found["outputs"]["fused"], rtol)
    for column, name in enumerate(names):
        conf = found["outputs"][f"{name}_conf"][:, 0]
        close(prediction.terms["certain"][:, column].detach(), conf, rtol)
        close(prediction.weights[name].detach(), np.full(8, 0.5) if "False" in case else conf, rtol)
        close(prediction.unimodal[name].detach(), found["inputs"][f"{name}_logits"], rtol)
        close(leaves[name].grad, found["outputs"][f"grad_{name}_of_sum(fused*G)"], rtol)


def test_large_logits_stay_finite_where_the_released_code_overflows(golden, identity):
    found = golden("qmf", "text_image_overflow_f32")
    logits = torch.tensor(found["inputs"]["logits"])
    assert not np.isfinite(found["outputs"]["conf"]).any()
    assert not np.isfinite(found["outputs"]["fused"]).any()
    assert logits.exp().sum(-1).log().isinf().all()
    prediction = identity(["m"], torch.float32)({"m": logits}, torch.tensor([[True]]))
    close(prediction.weights["m"].detach(), [10.0], 1e-6)
    close(prediction.logits.detach(), 10 * logits, 1e-6)


@pytest.mark.parametrize("temperature", ["0.5", "1.0", "2.0", "10.0"])
def test_energy_at_any_temperature(golden, identity, temperature):
    case = golden("qmf", "energy_temperature")
    f, expected = torch.tensor(case["inputs"]["logits"]), case["outputs"][temperature]
    u = energy(f, float(temperature))
    close(u, expected["energy"])
    close(fusion_weight(u, -0.1, 0.0), expected["w_code_scale"])
    fusion = identity(["m"], temperature=float(temperature))
    close(fusion({"m": f[None]}, torch.tensor([[True]])).weights["m"].detach(), [expected["w_code_scale"]])


def test_three_regularisers_of_one_batch(golden):
    case = golden("qmf", "rank_loss_sign_variants")
    w, kappa = (torch.tensor(case["inputs"][name]) for name in ("w", "kappa"))
    out = case["outputs"]
    close(rank_loss(w, kappa, "official-slack"), out["y=-t (QMF code)"])
    close(rank_loss(w, kappa, "official-slack"), out["mean max(0,t dw - m)"])
    close(rank_loss(w, kappa, "crl-margin"), out["mean max(0,t dw + m)"])
    close(rank_loss(w, kappa, "paper-eq16"), out["paper eq16 mean"])
    close(rank_loss(-w, kappa, "crl-margin"), out["mean max(0,-t dw + m)"])
    close(rank_loss(-w, kappa, "crl-margin"), out["y=+t (CRL code: high value -> high confidence)"])


def played(golden, average, normalise, update):
    """Of each of the five batches: history, rows, weights, kappa of the batch, and what is expected."""
    history = History(1, average, normalise)
    for expected in golden("qmf", "history_and_rank_loss")["outputs"]["steps"]:
        rows, losses = torch.tensor(expected["idx"]), torch.tensor(expected["per_sample_loss"])
        history.reserve(10, losses)
        before = history.kappa(0, rows)
        history.add(0, rows, losses, 10)
        kappa = history.kappa(0, rows) if update == "before" else before
        yield history, torch.tensor(expected["conf"], requires_grad=True), kappa, expected


def test_history_and_regularisers_in_the_order_of_the_text_image_code(golden):
    for history, w, kappa, expected in played(golden, "sum", True, "before"):
        close(history.total[0], expected["cumulative_after"])
        close(kappa, expected["kappa_norm_batch"])
        difference = kappa - kappa.roll(-1)
        close(difference.sign(), expected["target"], 1e-5)
        close(difference.abs(), expected["margin"], 1e-5)
        close(pair_losses(w, kappa, "official-slack").detach(), expected["closed_form_per_pair"])
        close(rank_loss(w, kappa, "official-slack").detach(), expected["closed_form_mean"])
        close(pair_losses(w, kappa, "paper-eq16").detach(), expected["paper_eq16_per_pair_with_norm_kappa"])
        close(rank_loss(w, kappa, "paper-eq16").detach(), expected["paper_eq16_mean"])
        close(rank_loss(w, kappa, "crl-margin").detach(), expected["crl_form_mean"])
        loss = rank_loss(w, kappa, "official-slack")
        loss.backward()
        close(loss.detach(), expected["rank_loss_text_image(update_first)"], 1e-5)
        close(w.grad, expected["grad_conf_text_image"])


def test_history_and_regulariser_in_the_order_of_the_rgbd_code(golden):
    for batch, (_, w, kappa, expected) in enumerate(played(golden, "sum", True, "after")):
        loss = rank_loss(w, kappa, "official-slack")
        loss.backward()
        close(w.grad, expected["grad_conf_rgbd"])
        released = float(expected["rank_loss_rgbd(rank_first)"])
        assert np.isnan(released) == (batch == 0)
        close(loss.detach(), 0 if batch == 0 else released, 1e-5)


def test_regulariser_of_the_paper_with_its_own_history(golden):
    for _, w, kappa, expected in played(golden, "mean", False, "before"):
        close(rank_loss(w, kappa).detach(), expected["paper_eq16_mean_with_raw_mean_kappa"])


GAUSSIAN = [
    ("HEAD_text_image eps=5 (scale=50)", 5, "10-eps", "variance"),
    ("old_text_image eps=5 (amplitude=50)", 5, "10-eps", "amplitude"),
    ("HEAD_text_image eps=10", 10, "10-eps", "variance"),
    ("rgbd_test eps=5 (scale=5)", 5, "eps", "variance"),
]


@pytest.mark.parametrize(("case", "eps", "scale", "name"), GAUSSIAN)
def test_gaussian_noise_as_released(golden, noise_for, case, eps, scale, name):
    found = golden("qmf", f"gaussian_noise {case}")
    image, out = found["inputs"]["image"], found["outputs"]
    std = standard_deviation(eps, scale)
    assert std == found["hyper"][name]
    pixels, e = torch.tensor(image, dtype=torch.float64).permute(2, 0, 1), legacy_pattern(1, 12, 10)
    noisy = pixels + std * e
    close(noisy[:, 0].clamp_max(255).T, out["pre_cast_first_row"])
    assert (noisy < 0).sum() == out["n_negative_before_cast"]
    wrapped, clipped = (noisy_pixels(pixels, e, std, overflow) for overflow in ("wrap", "clip"))
    assert np.array_equal(wrapped.permute(1, 2, 0).numpy().astype(np.uint8), out["noisy"])
    assert np.array_equal(clipped.permute(1, 2, 0).numpy().astype(np.uint8), out["clipped_reference"])
    modality = Modality("photo", "image", (3, 12, 10), range=(0.0, 1.0))
    released = {"shared_channels": True, "fixed_pattern": True, "scale": scale, "overflow": "wrap"}
    both = (pixels.float() / 255).expand(2, 3, 12, 10)
    for _ in range(1 + out["second_call_identical"]):
        for picture in gaussian(modality, (eps,), **released)(both, 1, noise_for([0, 1])):
            assert np.array_equal((255 * picture).round().permute(1, 2, 0).numpy(), out["noisy"])


def test_salt_and_pepper_as_released(golden):
    found = golden("qmf", "salt_pepper")
    image, out = torch.tensor(found["inputs"]["image"]).permute(2, 0, 1), found["outputs"]
    drawn = np.random.RandomState(found["inputs"]["numpy_seed"]).random_sample((12, 10, 1))
    u = torch.from_numpy(drawn).permute(2, 0, 1)
    salted = salted_pixels(image.double(), u, found["hyper"]["density"], 0, 255)
    assert np.array_equal(salted.permute(1, 2, 0).numpy(), out["noisy"])
    mask = salted_pixels(torch.full((1, 12, 10), 2.0), u, found["hyper"]["density"], 0, 1)
    assert np.array_equal(mask[0].numpy(), out["mask(0 pepper,1 salt,2 keep)"])


@pytest.mark.parametrize("eps", ["0.0", "5.0", "10.0"])
def test_blank_words_as_released(golden, eps):
    """The released code draws u, blanks a sample if u > 1/2, and keeps a word if its own u is below 1 - eps / 10."""
    found = golden("qmf", "text_noise")
    generator = np.random.RandomState(found["inputs"]["numpy_seed"])
    ids = {"_": 2, **{f"w{k}": 10 + k for k in range(10)}}
    text = " ".join(f"w{k}" for k in range(10))
    for expected in found["outputs"]["token_ids_per_sample"][eps]:
        hit = generator.random_sample() > found["hyper"]["p_sample"]
        noisy = blanked(text, 1 - generator.random_sample(10), float(eps) / 10) if hit else text
        assert [0, *(ids[word] for word in noisy.split())] == expected.tolist()


def stored_of(w, loss):
    """Two classes, label 0: logits of which the cross-entropy is the loss."""
    logits = {f"m{i}": np.stack([-np.log(np.expm1(each)), np.zeros_like(each)], 1) for i, each in enumerate(loss)}
    size = w.shape[1]
    return Stored(
        np.arange(size), np.zeros(size, int), logits["m0"], np.ones((size, 2), bool), ("m0", "m1"),
        unimodal=logits, weights={f"m{i}": each for i, each in enumerate(w)},
    )  # fmt: skip


def test_correlation(golden):
    case = golden("qmf", "pearson")
    w, loss, out = case["inputs"]["w"], case["inputs"]["loss"], case["outputs"]
    r = [pearson(*each) for each in zip(w, loss, strict=True)]
    close(r, [out["r_modality0"], out["r_modality1"]])
    close(r, out["scipy"])
    close(np.abs(r).mean(), out["abs_r_mean"])
    stored = stored_of(w, loss)
    close([weight_loss_correlation(stored, modality=name) for name in stored.modalities], r)
    close(weight_loss_correlation(stored), -out["abs_r_mean"])


def test_terms_of_theorem_1(golden):
    case = golden("qmf", "theorem1_terms")
    w, loss, R, out = (*(case["inputs"][name] for name in ("w", "loss", "rademacher")), case["outputs"])
    terms = theorem1_terms(w, loss, rademacher=R, delta=case["hyper"]["delta"])
    sample = theorem1_terms(w, loss, rademacher=R, kind="sample")
    close([*terms], [out[name] for name in ("term_L", "term_C", "term_Cov_population", "confidence_term")])
    close(sample.term_cov, out["term_Cov_sample"])
    close(terms.term_l + terms.term_cov, out["E_wl"])
    assert abs(terms.term_l + terms.term_cov - out["E_wl"] - out["identity_check_L+Cov_pop-E_wl"]) < 1e-12
    stored = stored_of(w, loss)
    close(term_l(stored), out["term_L"])
    close(term_cov(stored), out["term_Cov_population"])
    close(term_cov(stored, covariance="sample"), out["term_Cov_sample"])
