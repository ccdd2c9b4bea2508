"""Square: its blocks, its schedule, and what it reaches."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from brownout_attacks.blocks import as_image, as_input, share, side, windows
from brownout_attacks.bumps import bump
from brownout_attacks.patterns import BUMPS
from brownout_attacks.plugin import brownout_attacks
from brownout_registry import bind_options


@pytest.mark.parametrize("shape", [(9,), (8, 3), (2, 6, 5), (2, 2, 6, 5)])
def test_blocks_see_every_input_as_channels_over_places(shape):
    x = torch.rand(4, *shape)
    assert torch.equal(as_input(as_image(x), x), x)
    assert as_image(x).ndim == 4
    if len(shape) == 2:
        assert torch.equal(as_image(x)[:, 1, 0], x[:, :, 1])


def test_square_s_share_is_halved_as_in_the_released_code():
    halved = [i for i in range(1, 10_001) if share(0.8, i, 10_000) < share(0.8, i - 1, 10_000)]
    assert halved == [11, 51, 201, 501, 1001, 2001, 4001, 6001, 8001]


def shares(build, attacked, monkeypatch, *variant, **options):
    """The share of each query that a short search asks for."""
    asked = []
    monkeypatch.setattr("brownout_attacks.square.share", lambda p, i, whole: asked.append(share(p, i, whole)) or 0.1)
    build("square", *variant, **options)(attacked)
    return asked


def test_square_s_schedule_is_stretched_to_its_queries_or_not(build, scene, monkeypatch):
    attacked = scene(["vector"], 1e-6, size=20)
    short = shares(build, attacked, monkeypatch, queries=100)
    assert short[0] == 0.2  # its second query stands for the 200th of 10,000
    assert short[-1] == 0.8 / 2**9
    whole = shares(build, attacked, monkeypatch, queries=100, rescaled=False)
    assert whole[:10] == [*[0.8] * 9, 0.4]
    assert whole[-1] == 0.2


@pytest.mark.parametrize("name", ["square", "square-l2"])
def test_autoattack_s_square_has_its_share_and_its_schedule(name):
    card = next(card for card in brownout_attacks() if card.name == name)
    assert bind_options(card, {}, "autoattack-2020") == {"queries": 5000, "p": 0.8, "rescaled": False}


def rooms(*sizes):
    """Heights and widths of some samples."""
    height, width = torch.tensor(sizes).T
    return height, width


def test_windows_have_their_size_wherever_they_are():
    image = torch.zeros(500, 1, 7, 9)
    corners = torch.rand(500, 2)
    mask = windows(corners, rooms(*[(3, 3)] * 500), rooms(*[(7, 9)] * 500), image)
    assert (mask.sum((1, 2, 3)) == 9).all()
    assert mask.any(0).all()


def test_windows_keep_to_the_room_of_their_sample():
    within, size = rooms((1, 9), (1, 4), (1, 1), (1, 0)), rooms((1, 2), (1, 3), (1, 1), (0, 0))
    for corner in (0.0, 0.4, 0.999):
        mask = windows(torch.full((4, 2), corner), size, within, torch.zeros(4, 1, 1, 9))[:, 0, 0]
        assert mask.sum(1).tolist() == [2, 3, 1, 0]
        assert not (mask & (torch.arange(9) >= within[1][:, None])).any()


def test_sides_are_shares_of_each_sample_s_room():
    assert side(1.0, rooms((7, 9)))[0].tolist() == [7]
    assert side(0.5, rooms((1, 40), (1, 7), (1, 1)))[1].tolist() == [20, 4, 1]


@pytest.mark.parametrize("p", [0.8, 0.1, 0.01, 0.0001])
def test_a_bump_s_side_is_odd_and_at_least_3_unless_the_input_is_smaller(p):
    height, width = side(p, rooms((32, 32), (9, 40), (1, 500), (1, 5)), smallest=3)
    assert (height % 2 == 1).all()
    assert (width % 2 == 1).all()
    assert (width >= 3).all()
    assert side(p, rooms((2, 9), (1, 2), (1, 1), (1, 0)), smallest=3)[1].tolist() == [2, 2, 1, 0]


def test_square_l2_never_moves_a_single_pixel(build, scene, monkeypatch):
    """A block of one pixel is a sign without a middle, and nearly nothing is left for it to move."""
    seen = []
    change = BUMPS.change
    monkeypatch.setattr(
        "brownout_attacks.square.BUMPS",
        replace(BUMPS, change=lambda *given: seen.append(int(given[4][1].min())) or change(*given)),
    )
    build("square-l2", queries=60)(scene(["image"], 1e-4, size=20))
    assert len(seen) == 58
    assert set(seen) == {3}


@pytest.mark.parametrize("size", [(1, 1), (1, 2), (1, 7), (2, 2), (3, 3), (5, 5), (8, 8)])
def test_a_bump_has_length_one_and_two_signs(size):
    block = bump(*size)
    assert block.shape == size
    torch.testing.assert_close(block.norm(), torch.tensor(1.0, dtype=torch.float64))
    assert size[1] == 1 or (block > 0).any()
    assert (block < 0).any()


@pytest.mark.parametrize("kind", ["image", "vector", "sequence", "audio"])
def test_square_moves_every_entry_by_the_whole_budget_and_uses_the_whole_length(build, scene, kind):
    attacked = scene([kind], 1e-4, size=20, bounds=None, seed=4)  # too small to fool anybody
    right = attacked.logits(attacked.inputs).argmax(1) == attacked.targets
    for name in ("square", "square-l2"):
        delta = (build(name, queries=40)(attacked)[kind] - attacked.inputs[kind]).flatten(1)
        moved = delta[right & delta.any(1)]
        assert len(moved) > 3
        if name == "square":
            torch.testing.assert_close(moved.abs(), torch.full_like(moved, 1e-4))
        else:
            torch.testing.assert_close(moved.norm(dim=1), torch.full((len(moved),), 1e-4, dtype=torch.float64))
        assert not delta[~right].any()


@pytest.mark.parametrize(("name", "kind", "budget"), [("square", "image", 0.06), ("square-l2", "vector", 0.5)])
def test_square_comes_near_the_best_that_is_possible(build, scene, name, kind, budget):
    attacked = scene([kind], budget, linear=True, size=200, bounds=None, seed=6)
    best = build(f"pgd{name[6:]}", loss="margin")(attacked)
    found = build(name, queries=600)(attacked)
    clean, white, black = (
        int((attacked.logits(each).argmax(1) != attacked.targets).sum()) for each in (attacked.inputs, best, found)
    )
    assert white > clean + 20
    assert black - clean > 0.7 * (white - clean)


def test_square_stops_asking_for_what_is_fooled_and_asks_no_more_than_it_may(build, scene):
    attacked, asked = scene(["vector"], 0.5, size=40, seed=7), []

    def logits(inputs, rows=None):
        asked.append(len(inputs["vector"]))
        return attacked.logits(inputs, rows)

    build("square", queries=30)(replace(attacked, logits=logits))
    assert len(asked) <= 30
    assert asked == sorted(asked, reverse=True)
    assert asked[-1] < asked[0]
