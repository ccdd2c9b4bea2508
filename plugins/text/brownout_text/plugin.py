"""What this plugin registers; importing it imports no torch."""

from __future__ import annotations

from brownout_registry import REQUIRED, EncoderCard, Option, Paper, PerturbationCard, hookimpl

WOLF = Paper(
    title="Transformers: State-of-the-Art Natural Language Processing",
    year=2020,
    url="https://aclanthology.org/2020.emnlp-demos.6",
    bibtex="""@inproceedings{wolf2020transformers,
  title = {Transformers: State-of-the-Art Natural Language Processing},
  author = {Wolf, Thomas and Debut, Lysandre and Sanh, Victor and Chaumond, Julien and Delangue, Clement and others},
  booktitle = {Proceedings of the 2020 Conference on Empirical Methods in Natural Language Processing:
               System Demonstrations},
  pages = {38--45},
  year = {2020}
}""",
)
BOJANOWSKI = Paper(
    title="Enriching Word Vectors with Subword Information",
    year=2017,
    url="https://aclanthology.org/Q17-1010",
    bibtex="""@article{bojanowski2017enriching,
  title = {Enriching Word Vectors with Subword Information},
  author = {Bojanowski, Piotr and Grave, Edouard and Joulin, Armand and Mikolov, Tomas},
  journal = {Transactions of the Association for Computational Linguistics},
  volume = {5},
  pages = {135--146},
  year = {2017}
}""",
)
QMF = Paper(
    title="Provable Dynamic Fusion for Low-Quality Multimodal Data",
    year=2023,
    url="https://arxiv.org/abs/2306.02050",
    bibtex="""@inproceedings{zhang2023provable,
  title = {Provable Dynamic Fusion for Low-Quality Multimodal Data},
  author = {Zhang, Qingyang and Wu, Haitao and Zhang, Changqing and Hu, Qinghua and Fu, Huazhu
            and Zhou, Joey Tianyi and Peng, Xi},
  booktitle = {International Conference on Machine Learning},
  year = {2023}
}""",
)


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
                Option("model", REQUIRED, "local folder, package:name/folder inside an installed package, or hub name"),
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
    """Word masking."""
    return [
        PerturbationCard(
            name="word-masking",
            target="brownout_text.masking:word_masking",
            summary="Each word becomes a mask with the level's probability",
            paper=QMF,
            takes=("text",),
            default_for=("text",),
            parameter="probability that a word is masked",
            levels={"*": (0.1, 0.2, 0.3, 0.4, 0.5)},
            options=(Option("mask", "_", "what takes a word's place: '_', a tokeniser's '[MASK]', or '' for nothing"),),
        )
    ]
