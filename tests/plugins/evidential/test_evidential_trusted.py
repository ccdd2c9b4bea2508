"""TMC and ETMC beyond their golden numbers."""

from __future__ import annotations

import pytest
import torch


@pytest.mark.parametrize("evidence", ["softplus", "relu", "exp"])
@pytest.mark.parametrize("name", ["tmc", "etmc"])
def test_an_absent_modality_is_exactly_neutral(name, evidence, build, batch, representations):
    sources, present, _ = batch(3)
    fusion = build(name, 3, evidence=evidence)
    prediction = fusion(sources, present)
    for column, modality in enumerate(sources):
        absent = ~present[:, column]
        assert not prediction.unimodal[modality][absent].any()
        assert not prediction.weights[modality][absent].any()
    empty = ~present.any(1)
    assert empty.any()
    assert (prediction.uncertainty[empty] == 1).all()
    assert not prediction.logits[empty].any()
    if name == "tmc":
        pair = build("tmc", 2, evidence=evidence)
        pair.load_state_dict({key: value for key, value in fusion.state_dict().items() if ".2." not in key})
        two = pair({name: sources[name] for name in representations(2)}, present[:, :2])
        without = ~present[:, 2]
        assert torch.equal(two.logits[without], prediction.logits[without])
        alone = present[:, 0] & ~present[:, 1:].any(1)
        assert torch.equal(prediction.logits[alone], prediction.unimodal["m.0"][alone])


@pytest.mark.parametrize("name", ["tmc", "etmc"])
def test_the_loss_counts_what_is_present_and_the_fused_opinion(name, build, batch, step):
    sources, present, target = batch(3, size=8)
    fusion = build(name, 3, annealing_epochs=4)
    prediction = fusion(sources, present)
    losses = []
    for row in range(8):
        one = fusion({name: z[[row]] for name, z in sources.items()}, present[[row]])
        opinions = [one.unimodal[m] for m, there in zip(sources, present[row], strict=True) if there]
        if name == "etmc" and opinions:
            pooled = torch.cat([z.reshape(-1) for z in pooled_rows(fusion, sources, present, row)])
            opinions.append(torch.nn.functional.softplus(fusion.pseudo(pooled[None])).log1p())
        losses.append(sum(by_hand(each.exp()[0], target[row], 0.5) for each in (*opinions, one.logits)))
    torch.testing.assert_close(fusion.loss(prediction, target, step(1)), torch.stack(losses).mean(), rtol=1e-4, atol=0)


def pooled_rows(fusion, sources, present, row):
    for column, (name, z) in enumerate(sources.items()):
        kind, one = fusion.representations[name].kind, z[row] * present[row, column]
        yield one.mean(dim=(1, 2)) if kind == "map" else one.mean(dim=0) if kind == "sequence" else one


def by_hand(alpha, label, weight):
    wrong = torch.where(torch.arange(len(alpha)) == label, 1.0, alpha)
    uniform = torch.distributions.Dirichlet(torch.ones_like(alpha))
    divergence = torch.distributions.kl_divergence(torch.distributions.Dirichlet(wrong), uniform)
    return alpha.sum().digamma() - alpha[label].digamma() + weight * divergence


def test_overwhelming_evidence_of_many_modalities_stays_finite(build, batch, step):
    sources, _, target = batch(6)
    for evidence in ("softplus", "relu", "exp"):
        fusion = build("etmc", 6, evidence=evidence)
        huge = {name: (z * 1e8).requires_grad_() for name, z in sources.items()}
        prediction = fusion(huge, torch.ones(70, 6, dtype=torch.bool))
        loss = fusion.loss(prediction, target, step(99))
        loss.backward()
        assert all(each.isfinite().all() for each in (loss, prediction.logits, prediction.uncertainty))
        assert all(parameter.grad.isfinite().all() for parameter in fusion.parameters())


@pytest.mark.parametrize("name", ["tmc", "etmc"])
def test_variant_has_no_divergence_in_its_first_epoch(name, build, batch, step):
    sources, present, target = batch(2)
    published, released = build(name, 2), build(name, 2, variant="released-rgbd")
    prediction = published(sources, present)

    def losses(fusion, epochs):
        return [fusion.loss(prediction, target, step(epoch)).item() for epoch in epochs]

    first, fifth, last, later = losses(released, (0, 5, 10, 90))
    assert first < fifth < last == later
    assert fifth == pytest.approx((first + last) / 2)
    assert losses(published, (0, 24, 49, 90)) == pytest.approx(
        [first + share * (last - first) for share in (1 / 50, 0.5, 1, 1)]
    )
