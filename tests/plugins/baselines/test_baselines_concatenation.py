"""Concatenation of representations."""

from __future__ import annotations

import pytest
import torch

from brownout_baselines.concatenation import Concatenation
from brownout_registry import Representation, Task, UsageError

TASK = Task(("a", "b", "c"), (0.2, 0.3, 0.5))
REPRESENTATIONS = {
    "audio": Representation("vector", (4,)),
    "video": Representation("map", (3, 2, 5)),
    "text": Representation("sequence", (6, 2)),
}


def batch(size=7):
    random = torch.Generator().manual_seed(0)
    sources = {name: torch.randn(size, *each.shape, generator=random) for name, each in REPRESENTATIONS.items()}
    present = torch.rand(size, 3, generator=random) < 0.5
    present[0] = False
    return sources, present


def test_absent_representations_are_zero_and_their_content_goes_nowhere():
    sources, present = batch()
    fusion = Concatenation(TASK, REPRESENTATIONS)
    zeroed = {name: present[:, i].reshape(-1, *[1] * (z.dim() - 1)) * z for i, (name, z) in enumerate(sources.items())}
    spoilt = {name: z.clone() for name, z in sources.items()}
    for column, z in enumerate(spoilt.values()):
        z[~present[:, column]] = torch.nan
    logits = fusion(spoilt, present).logits
    assert torch.equal(logits, fusion(zeroed, torch.ones_like(present)).logits)
    logits.square().sum().backward()
    assert all(parameter.grad.isfinite().all() for parameter in fusion.parameters())


def test_pools_maps_over_positions_and_sequences_over_steps():
    sources, _ = batch()
    fusion = Concatenation(TASK, REPRESENTATIONS, hidden=[])
    pooled = torch.cat([sources["audio"], sources["video"].mean((2, 3)), sources["text"].mean(1)], dim=1)
    prediction = fusion(sources, torch.ones(7, 3, dtype=torch.bool))
    torch.testing.assert_close(prediction.embedding, pooled)
    torch.testing.assert_close(prediction.logits, fusion.head[-1](pooled))


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_linear_head_gives_unimodal_logits_that_sum_to_its_logits(count):
    sources, present = batch()
    chosen = dict(list(REPRESENTATIONS.items())[:count])
    fusion = Concatenation(TASK, chosen, hidden=[])
    prediction = fusion(sources, present[:, :count])
    torch.testing.assert_close(sum(prediction.unimodal.values()), prediction.logits)
    W, b = fusion.head[-1].weight, fusion.head[-1].bias
    there = present[:, 0]
    expected = sources["audio"][there] @ W[:, :4].T + b / count
    torch.testing.assert_close(prediction.unimodal["audio"][there], expected)
    torch.testing.assert_close(prediction.unimodal["audio"][~there], (b / count).expand(int((~there).sum()), 3))
    prediction.unimodal["audio"].sum().backward()
    assert W.grad[:, :4].any()
    assert not W.grad[:, 4:].any()


def test_hidden_layers_mix_modalities_so_that_there_are_no_unimodal_logits():
    assert not Concatenation(TASK, REPRESENTATIONS)(*batch()).unimodal


def test_learns_a_parity_that_needs_both_modalities():
    torch.manual_seed(0)
    left, right = torch.randint(0, 2, (2, 64, 1)).float()
    sources, present = {"left": left, "right": right}, torch.ones(64, 2, dtype=torch.bool)
    representations = {name: Representation("vector", (1,)) for name in sources}
    fusion = Concatenation(Task(("0", "1"), (0.5, 0.5)), representations, hidden=[16])
    optimiser = torch.optim.Adam(fusion.parameters(), lr=0.05)
    target = (left + right).squeeze(1).remainder(2).long()
    for _ in range(100):
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(fusion(sources, present).logits, target).backward()
        optimiser.step()
    assert torch.equal(fusion(sources, present).logits.argmax(-1), target)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hidden": [0]}, r"option 'hidden' is \[0\], expected a list of positive integers"),
        ({"hidden": 64}, "option 'hidden' is 64"),
        ({"dropout": 1.0}, "option 'dropout' is 1.0"),
        ({"dropout": "half"}, "option 'dropout' is 'half'"),
    ],
)
def test_mistakes_are_answered(options, message):
    with pytest.raises(UsageError, match=message):
        Concatenation(TASK, REPRESENTATIONS, **options)
