"""Each check of encoders catches an encoder that violates it, and passes one that does not."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from brownout.conformance.encoders import CHECKS
from brownout.conformance.samples import numbers
from brownout_registry import EncoderCard, Padded, Representation

WIDTH = 4


class Sound(nn.Module):
    """A linear layer on the mean over real steps, or on the vector; centred by prepare."""

    def __init__(self, modality):
        super().__init__()
        self.representation = Representation("vector", (WIDTH,))
        self.layer = nn.Linear(modality.shape[-1], WIDTH)
        self.register_buffer("mean", torch.zeros(modality.shape[-1]))

    def pooled(self, inputs):
        if not isinstance(inputs, Padded):
            return inputs
        real = (torch.arange(inputs.values.shape[1]) < inputs.lengths[:, None])[..., None]
        return torch.where(real, inputs.values, 0).sum(1) / inputs.lengths[:, None]

    def prepare(self, inputs):
        self.mean.copy_(self.pooled(inputs).mean(0))

    def forward(self, inputs):
        return self.layer(self.pooled(inputs) - self.mean)


class WrongShape(Sound):
    def forward(self, inputs):
        return super().forward(inputs)[:, :2]


class Double(Sound):
    def forward(self, inputs):
        return super().forward(inputs).double()


class NoRepresentation(Sound):
    def __init__(self, modality):
        super().__init__(modality)
        del self.representation


class BadRepresentation(Sound):
    def __init__(self, modality):
        super().__init__(modality)
        self.representation = Representation("map", (WIDTH,))


class TwelveOnly(Sound):
    """Cannot take another width, and does not say so in time."""

    def forward(self, inputs):
        return super().forward(inputs) + 0 * self.pooled(inputs)[:, [11]]


class LogOfInput(Sound):
    def forward(self, inputs):
        return super().forward(inputs) + torch.log(self.pooled(inputs).abs()).mean(1, keepdim=True)


class DividesByDeviation(Sound):
    def prepare(self, inputs):
        super().prepare(inputs)
        self.mean.div_(self.pooled(inputs).std(0))


class InPlace(Sound):
    def forward(self, inputs):
        numbers(inputs).mul_(0.5)
        return super().forward(inputs)


class PreparesInPlace(Sound):
    def prepare(self, inputs):
        super().prepare(inputs)
        numbers(inputs).sub_(1)


class CentresTheBatch(Sound):
    def forward(self, inputs):
        out = super().forward(inputs)
        return out - out.mean(0)


class Squeezes(Sound):
    def forward(self, inputs):
        return super().forward(inputs).squeeze()


class SeesPadding(Sound):
    def pooled(self, inputs):
        return inputs.values.mean(1)


class Noisy(Sound):
    def forward(self, inputs):
        return super().forward(inputs) + torch.rand(1)


class OwnGenerator(Sound):
    def __init__(self, modality):
        super().__init__(modality)
        with torch.no_grad():
            self.layer.bias.copy_(torch.rand(WIDTH, generator=torch.Generator().manual_seed(id(self) % 2**31)))


class PlainStatistics(Sound):
    def __init__(self, modality):
        super().__init__(modality)
        self.centre = 0.0

    def prepare(self, inputs):
        self.centre = float(self.pooled(inputs).mean()) + 1

    def forward(self, inputs):
        return super().forward(inputs) + self.centre


class Detached(Sound):
    def __init__(self, modality):
        super().__init__(modality)
        self.unused = nn.Linear(2, 2)


VIOLATORS = [
    ("gives-what-it-declares", WrongShape, "gave shape (4, 2), declares (4, 4)"),
    ("gives-what-it-declares", Double, "gave torch.float64"),
    ("gives-what-it-declares", NoRepresentation, "'representation' is None"),
    ("gives-what-it-declares", BadRepresentation, "no valid representation"),
    ("takes-or-refuses-a-shape", TwelveOnly, "IndexError"),
    ("finite-on-extremes", LogOfInput, "on constant 0"),
    ("finite-on-extremes", DividesByDeviation, "after prepare on constant inputs"),
    ("input-untouched", InPlace, "a call changed its inputs"),
    ("input-untouched", PreparesInPlace, "prepare changed its inputs"),
    ("batch-does-not-matter", CentresTheBatch, "differ from those in a batch"),
    ("batch-of-one", Squeezes, "sample 0 alone differs"),
    ("padding-is-not-seen", SeesPadding, "behind `lengths`"),
    ("deterministic", Noisy, "two calls in evaluation differ"),
    ("deterministic", OwnGenerator, "built under the same seed differ"),
    ("weights-round-trip", PlainStatistics, "statistics of prepare belong into buffers"),
    ("gradients-reach-parameters", Detached, "no gradient reaches parameter 'unused.weight'"),
]


@pytest.mark.parametrize(("check", "violator", "why"), VIOLATORS, ids=lambda each: getattr(each, "__name__", each))
def test_a_violator_is_caught(check, violator, why, caught):
    takes = ("sequence",) if violator is SeesPadding else ("vector",)
    assert why in caught(check, EncoderCard, violator, takes=takes)


def test_an_encoder_that_holds_all_passes_all(register, failed):
    assert failed(register(EncoderCard, Sound, takes=("vector", "sequence"))) == {}


def test_what_a_violator_raises_is_told_with_its_kind(caught):
    class Fails(Sound):
        def forward(self, inputs):
            raise ValueError("no")

    for check in ("gives-what-it-declares", "batch-of-one", "deterministic", "weights-round-trip"):
        assert caught(check, EncoderCard, Fails, takes=("vector",)) == "for vector: ValueError: no"
    where = "for vector, constant 0: ValueError: no"
    assert caught("finite-on-extremes", EncoderCard, Fails, takes=("vector",)) == where
    where = "for vector of shape (12,): ValueError: no"
    assert caught("takes-or-refuses-a-shape", EncoderCard, Fails, takes=("vector",)) == where


def test_a_card_without_a_summary_and_one_that_imports_torch_are_caught(caught):
    assert "summary" in caught("card-complete", EncoderCard, Sound, takes=("vector",), summary="")
    assert "imports torch" in caught("import-without-torch", EncoderCard, Sound, takes=("vector",), plugin="torch")


def test_every_check_has_a_violator():
    shared = {"card-complete", "import-without-torch"}
    assert {check.name for check in CHECKS} == {name for name, *_ in VIOLATORS} | shared
