"""What this plugin registers; importing it imports no torch."""

from __future__ import annotations

from brownout_registry import REQUIRED, EncoderCard, Option, PerturbationCard, hookimpl
from brownout_text.papers import BOJANOWSKI, WOLF
from brownout_text.perturbations import CARDS


@hookimpl
def brownout_encoders() -> list[EncoderCard]:
    """Transformers and hashed character n-grams."""
    return [
        EncoderCard(
            name="transformers",
            target="brownout_text.transformer:TransformerEncoder",
            summary="Any text encoder of transformers, pooled to a vector",
            paper=WOLF,
            takes=("text",),
            options=(
                Option(
                    "model",
                    REQUIRED,
                    "local folder, package:name/folder inside an installed package, or hub name",
                    path=True,
                ),
                Option("pretrained", True, "take the weights; without, build from the configuration", (True, False)),
                Option("pooling", "mean", "mean over the tokens, or the state of the first one", ("mean", "cls")),
                Option("max_length", 128, "tokens after which a text is cut"),
            ),
        ),
        EncoderCard(
            name="char-ngrams",
            target="brownout_text.char_ngrams:CharNgrams",
            summary="Mean of trained embeddings of hashed character n-grams, for any script",
            paper=BOJANOWSKI,
            takes=("text",),
            options=(
                Option("shortest", 1, "characters of the shortest n-grams"),
                Option("longest", 4, "characters of the longest n-grams"),
                Option("buckets", 2**14, "trained vectors, shared by n-grams whose hashes collide"),
                Option("dimension", 64, "length of these vectors"),
            ),
        ),
    ]


@hookimpl
def brownout_perturbations() -> list[PerturbationCard]:
    """Characters and words that go, change or come."""
    return CARDS
