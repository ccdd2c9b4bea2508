"""From the methods of a suite to what is fitted on one dataset with one seed."""

from __future__ import annotations

from dataclasses import replace

from pydantic import ValidationError

from brownout.engine.components import Component, bind
from brownout.engine.faults import located
from brownout.engine.specs import DatasetSpec, EncoderSpec, FitSpec, Loop, MethodSpec
from brownout.suite.chosen import check_words
from brownout.suite.schema import EncoderUse, Method, Suite, Training
from brownout_registry import Dataset, FusionCard, UsageError, unknown


def method_with(suite: Suite, place: int, spec: DatasetSpec, dataset: Dataset, seed: int) -> MethodSpec:
    """The suite's method at a place, on a dataset, trained with a seed.

    Raises:
        UsageError: what the method says does not fit its fusion or the dataset; the message says where.
    """
    method = suite.methods[place]
    with located(f"methods[{place}] ({method.name})"):
        fusion = bind("fusion", method.fusion, method.options, method.variant)
        card = fusion.card
        assert isinstance(card, FusionCard)
        training = _training(suite.training, method)
        _check_means(suite, card)
        return _method(suite, method, spec, dataset, fusion, card, training, seed)


def _method(
    suite: Suite,
    method: Method,
    spec: DatasetSpec,
    dataset: Dataset,
    fusion: Component,
    card: FusionCard,
    training: Training,
    seed: int,
) -> MethodSpec:
    recipes = _recipes(training, method, card, dataset)
    loop = Loop(**training.model_dump(exclude={"seeds", "recipe", "options", "variant", "recipes"}))
    encoders = () if card.level == "input" else _encoders(suite, method, dataset)
    if card.level != "decision":
        if card.level == "input" and not card.trained:
            loop = replace(loop, epochs=0)  # a model that is evaluated as it is
        own = FitSpec(spec, encoders, fusion, recipes[""], loop, seed)
        return MethodSpec(method.name, spec, card.level, fusion, seed, own)
    unimodal = tuple(FitSpec(spec, (each,), None, recipes[each.modality], loop, seed) for each in encoders)
    trained = FitSpec(spec, (), fusion, recipes[""], loop, seed, unimodal) if card.trained else None
    return MethodSpec(method.name, spec, card.level, fusion, seed, trained, unimodal)


def _recipes(training: Training, method: Method, card: FusionCard, dataset: Dataset) -> dict[str, Component]:
    """The recipe of each modality's unimodal classifier, and under "" that of everything else."""
    names = {each.name: each.kind for each in dataset.modalities}
    if "recipes" in method.training and card.level != "decision":
        raise UsageError(
            f"training.recipes: fusion {card.name!r} is fitted together with its encoders, under one recipe; "
            "recipes by modality are for fusions of unimodal classifiers"
        )
    check_words(training.recipes, names, "training.recipes")
    with located("training"):
        found = {"": bind("training", training.recipe, training.options, training.variant)}
        for name, kind in names.items():
            use = training.recipes.get(name, training.recipes.get(kind))
            found[name] = bind("training", use.use, use.options, use.variant) if use else found[""]
        return found


def _training(suite: Training, method: Method) -> Training:
    if "seeds" in method.training:
        raise UsageError("training.seeds: all methods share the suite's seeds, so that they can be paired")
    for key in method.training:
        if key not in Training.model_fields:
            raise UsageError(f"training: {unknown('key', key, Training.model_fields)}")
    given = {**suite.model_dump(), **method.training}
    if "recipe" in method.training:  # the suite's options belong to the suite's recipe
        given |= {key: method.training.get(key, default) for key, default in (("options", {}), ("variant", None))}
    try:
        return Training.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        raise UsageError(f"training.{'.'.join(map(str, first['loc']))}: {first['msg']}") from None


def _check_means(suite: Suite, card: FusionCard) -> None:
    if suite.protocol.missing.means == "token" and card.missing != "token":
        raise UsageError("protocol.missing.means is 'token', but this fusion has no token of its own; use 'absent'")


def _encoders(suite: Suite, method: Method, dataset: Dataset) -> tuple[EncoderSpec, ...]:
    """The encoder of each modality: the method's by name, the suite's by name, or the suite's by kind."""
    check_words(method.encoders, [each.name for each in dataset.modalities], "encoders")
    specs = []
    for each in dataset.modalities:
        choices = [method.encoders, suite.encoders]
        found = [group[key] for group in choices for key in (each.name, each.kind) if key in group]
        if not found:
            raise UsageError(f"encoders: modality {each.name!r} ({each.kind}) has none; add encoders.{each.name}")
        specs.append(_encoder(each.name, found[0]))
    return tuple(specs)


def _encoder(modality: str, use: EncoderUse) -> EncoderSpec:
    with located(f"encoders.{modality}"):
        backbone = bind("encoder", use.backbone.use, use.backbone.options) if use.backbone else None
        return EncoderSpec(modality, backbone, bind("encoder", use.use, use.options) if use.use else None)
