"""Golden numbers: computed independently from the paper, in float64 or 50 digits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from brownout_jacobian.formulas import jacobian, objective, regularised_logits, weight_matrix
from brownout_jacobian.norms import jacobian_norm
from brownout_jacobian.sylvester import SylvesterCorrection

GAMMAS = ["0.01", "0.1", "0.5", "0.9", "0.99"]
INVERTIBLE = ["K2_H32", "K2_H512", "K3_H32", "K10_H32", "K101_H512", "K309_H512"]
SIZES = ["K2_H32", "K2_H512", "K3_H32", "K10_H32", "K101_H32", "K101_H512", "K309_H512"]
ARRAYS = np.load(Path(__file__).parents[2] / "golden" / "jacobian_arrays.npz")


def close(actual, expected):
    np.testing.assert_allclose(np.asarray(actual), np.asarray(expected), rtol=1e-9, atol=1e-12)


def weight(modality, size):
    """The head's W, or the triangle L of W = L Q: only W Wᵀ matters."""
    return ARRAYS[name] if (name := f"W{modality}_{size}") in ARRAYS else ARRAYS[f"L{modality}_{size}"]


def softmax(z):
    return torch.as_tensor(z).softmax(-1)


@pytest.mark.parametrize("gamma", ["0.5", "0.01"])
def test_worked_example_of_the_paper(golden, predict, gamma):
    case = golden("jacobian", f"worked_example_gamma{gamma}")
    z, W = (torch.as_tensor(case["inputs"][name]) for name in "zW")
    out = case["outputs"]
    uniform = np.full(3, 1 / 3)
    close(softmax(z), out["p0"])
    close(jacobian(softmax(z)), out["J0"])
    close(weight_matrix(softmax(z), W, float(gamma)), out["Wx"])
    close(regularised_logits(z, softmax(z), W, float(gamma)), out["z_prime"])
    for iterations, expected in out["p_after_t_iterations"].items():
        close(predict([W], [z], uniform, gamma=float(gamma), t_max=int(iterations)), expected)
    printed = {"0.5": [0.270, 0.096, 0.635], "0.01": [0.391, 0.219, 0.390]}[gamma]
    assert predict([W], [z], uniform, gamma=float(gamma)).round(3).tolist() == printed


@pytest.mark.parametrize("gamma", ["0.5", "0.01"])
def test_worked_example_to_fifty_digits_and_not_its_near_misses(golden, predict, gamma):
    z = golden("jacobian", "worked_example_mp50")["inputs"]["z"]
    p = predict([np.eye(3)], [z], np.full(3, 1 / 3), gamma=float(gamma))
    exact = [float(digits) for digits in golden("jacobian", "worked_example_mp50")["outputs"][gamma]]
    np.testing.assert_allclose(p, exact, rtol=1e-14)
    for wrong in golden("jacobian", "worked_example_wrong_variants")["outputs"][gamma].values():
        assert np.abs(p - wrong).max() > 1e-4


@pytest.mark.parametrize("gamma", GAMMAS)
@pytest.mark.parametrize("size", SIZES)
def test_two_modalities(golden, predict, size, gamma):
    case = golden("jacobian", f"random_{size}")
    zA, zB, freq = (case["inputs"][name] for name in ("zA", "zB", "freq"))
    expected, heads = case["outputs"][gamma], [weight("A", size), weight("B", size)]
    close(predict(heads, [zA, zB], freq, gamma=float(gamma), modalities="m0"), expected["p_prime"])
    close(predict(heads, [zA, zB], freq, gamma=float(gamma)), expected["p_prime_both_modalities"])
    close(predict(heads, [zA, zB], freq, gamma=1), case["outputs"]["p0"])
    p = torch.as_tensor(case["outputs"]["p0"])
    close(regularised_logits(torch.as_tensor(zA), p, torch.as_tensor(heads[0]), float(gamma)), expected["zA_prime"])


@pytest.mark.parametrize("gamma", GAMMAS)
@pytest.mark.parametrize("size", SIZES)
def test_two_modalities_in_float32(golden, predict, size, gamma):
    case = golden("jacobian", f"random_{size}")
    logits = [np.float32(case["inputs"][name]) for name in ("zA", "zB")]
    heads, freq = [np.float32(weight(name, size)) for name in "AB"], case["inputs"]["freq"]
    for modalities, name in (("m0", "p_prime"), ("all", "p_prime_both_modalities")):
        p = predict(heads, logits, freq, gamma=float(gamma), modalities=modalities)
        assert p.dtype == np.float32
        np.testing.assert_allclose(p, case["outputs"][gamma][name], rtol=1e-5)


@pytest.mark.parametrize("gamma", GAMMAS)
@pytest.mark.parametrize("size", INVERTIBLE)
def test_two_modalities_by_the_sylvester_solver(golden, predict, size, gamma):
    case = golden("jacobian", f"random_{size}")
    zA, zB, freq = (case["inputs"][name] for name in ("zA", "zB", "freq"))
    heads, options = [weight("A", size), weight("B", size)], {"gamma": float(gamma), "solver": "sylvester"}
    close(predict(heads, [zA, zB], freq, **options, modalities="m0"), case["outputs"][gamma]["p_prime"])
    close(predict(heads, [zA, zB], freq, **options), case["outputs"][gamma]["p_prime_both_modalities"])


@pytest.mark.parametrize("gamma", GAMMAS)
@pytest.mark.parametrize("size", SIZES)
def test_weight_matrix(golden, size, gamma):
    case = golden("jacobian", f"random_{size}")
    expected, p, W = case["outputs"][gamma], torch.as_tensor(case["outputs"]["p0"]), torch.as_tensor(weight("A", size))
    Wa = weight_matrix(p, W, float(gamma))
    close(Wa.norm(), expected["Wa_fro"])
    close(Wa.trace(), expected["Wa_trace"])
    close((jacobian(p) @ Wa @ W).norm(), expected["JWaWA_fro"])
    close(jacobian_norm(p, W, float(gamma)), expected["JWaWA_fro"])
    full = expected.get("Wa", ARRAYS.get(f"Wa_{size}_g{gamma}"))
    if full is not None:
        close(Wa, full)


@pytest.mark.parametrize("gamma", ["0.1", "0.9"])
def test_weight_matrix_of_309_classes(golden, gamma):
    shipped = Path(__file__).parents[4] / "shared" / "golden" / "jacobian_arrays.npz"
    if not shipped.is_file():
        pytest.skip("the full arrays of the golden numbers are not at hand: ../shared/golden/jacobian_arrays.npz")
    arrays, p = np.load(shipped), torch.as_tensor(golden("jacobian", "random_K309_H512")["outputs"]["p0"])
    Wa = weight_matrix(p, torch.as_tensor(arrays["WA_K309_H512"]), float(gamma))
    close(Wa, arrays[f"Wa_K309_H512_g{gamma}"])


def test_dense_kronecker_solution(golden):
    case = golden("jacobian", "kron_crosscheck")
    p, W = (torch.as_tensor(case["inputs"][name]) for name in "pW")
    repeated, eye = p.expand(3, 3), torch.eye(3, dtype=p.dtype)
    by_sylvester = (eye + SylvesterCorrection(W, case["hyper"]["gamma"])(eye, repeated)).T
    for expected in case["outputs"].values():
        close(weight_matrix(p, W, case["hyper"]["gamma"]), expected)
        close(by_sylvester, expected)


@pytest.mark.parametrize("gamma", GAMMAS)
@pytest.mark.parametrize("power", ["M-1", 1])
def test_three_modalities(golden, predict, power, gamma):
    case = golden("jacobian", "three_modality_K10")
    key = {"M-1": "freq^(M-1): conditional independence", 1: "freq^1: literal copy of eq (2)"}[power]
    weights, logits = ([case["inputs"][f"{name}{i}"] for i in range(3)] for name in "Wz")
    chosen = {"only_modality_0": "m0", "modalities_0_and_1": ["m0", "m1"], "all": "all"}
    for name, expected in case["outputs"][key][gamma].items():
        options = {"gamma": float(gamma), "power": power, "modalities": chosen[name]}
        close(predict(weights, logits, case["inputs"]["freq"], **options), expected)


def test_smallest_eigenvalues_of_appendix_a5(golden):
    case = golden("jacobian", "A5_lambda_min")
    J = jacobian(softmax(case["inputs"]["z"]))
    for kappa, pairs in case["outputs"].items():
        for (i, j), expected in pairs.items():
            e = torch.zeros(3, dtype=J.dtype)
            e[int(i)], e[int(j)] = 1, -1
            ee = torch.outer(e, e)
            matrix = 2 * ee + float(kappa) * (ee @ J @ J + J @ J @ ee)
            np.testing.assert_allclose(torch.linalg.eigvalsh(matrix)[0], expected, rtol=1e-6, atol=1e-14)


def test_raw_logits_with_their_offset_matter(golden, predict):
    case = golden("jacobian", "logit_offset_sensitivity")
    zA, zB, W, freq, c = (case["inputs"][name] for name in ("zA", "zB", "W", "freq", "c"))
    out, options = case["outputs"], {"gamma": 0.1, "modalities": "m0"}
    raw = predict([W, W], [zA, zB], freq, **options)
    close(raw, out["p_raw"])
    close(predict([W, W], [zA + c, zB], freq, **options), out["p_with_zA_plus_c"])
    close(predict([W, W], [torch.tensor(zA).log_softmax(-1), zB], freq, **options), out["p_with_log_softmax(zA)"])
    assert np.abs(raw - out["p_with_zA_plus_c"]).max() > 1e-6
    Wa = weight_matrix(softmax(zA + zB - np.log(freq)), torch.tensor(W), 0.1)
    close(Wa.sum(0), out["colsum_1TWa"])
    close(Wa.sum(1), out["rowsum_Wa1"])


@pytest.mark.parametrize("gamma", GAMMAS)
def test_two_classes_of_one_modality_keep_their_order(golden, predict, gamma):
    case = golden("jacobian", "binary_unimodal")
    z, W = case["inputs"]["z"], case["inputs"]["W"]
    expected = case["outputs"][gamma]
    Wx = weight_matrix(softmax(z), torch.tensor(W), float(gamma))
    close(Wx, expected["Wx"])
    close(Wx[0, 0] + Wx[1, 1] - Wx[0, 1] - Wx[1, 0], expected["rho1+rho4-rho2-rho3"])
    p = predict([W], [z], [0.5, 0.5], gamma=float(gamma))
    close(p, expected["p_prime"])
    assert p.argmax() == z.argmax()


def test_eq_8_takes_the_inverse_and_not_the_transpose(golden, predict):
    case = golden("jacobian", "inverse_vs_transpose")
    z, W, out = case["inputs"]["z"], case["inputs"]["W"], case["outputs"]
    p = predict([W], [z], np.full(3, 1 / 3), gamma=0.1)
    close(p, out["p_B_inverse"])
    np.testing.assert_allclose(p, out["p_direct_minimisation(about 1e-8)"], atol=1e-7)
    assert np.abs(p - out["p_B_transpose(wrong)"]).max() > 0.01
    Wa = weight_matrix(softmax(z), torch.tensor(W), 0.1)
    nudged = Wa + 1e-3 * torch.eye(3, dtype=Wa.dtype)
    assert objective(Wa, softmax(z), torch.tensor(W), 0.1) < objective(nudged, softmax(z), torch.tensor(W), 0.1)
