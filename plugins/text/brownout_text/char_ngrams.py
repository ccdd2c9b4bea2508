"""Bags of hashed character n-grams."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import pad_sequence

from brownout_registry import Modality, Representation, UsageError

FNV_OFFSET = np.uint64(0xCBF29CE484222325)
FNV_PRIME = np.uint64(0x100000001B3)


class CharNgrams(nn.Module):
    r"""The mean embedding of a text's character n-grams, each hashed to one of ``buckets`` trained vectors.

    .. math:: z = \frac{1}{|G|} \sum_{g \in G} E_{h(g) \bmod \mathrm{buckets}}

    as in fastText (Bojanowski et al. 2017, section 3.2), but with n-grams of the whole text, spaces included,
    instead of single words. G are all n-grams of ``shortest`` to ``longest`` Unicode characters of the
    lower-cased text (``str.lower``), repeated ones counted; h is 64-bit FNV-1a over code points, folded to 32
    bits, which is the same everywhere and for ever. A text shorter than ``shortest`` gives zeros.

    Shapes: B strings of any script and length to the vector ``[B, dimension]``.

    For attacks, `embed` and `encode_embedded` are the two halves of the encoder, below and above the embeddings of
    single n-grams; the second one is differentiable in its embeddings.

    Args:
        modality: of kind text.
        shortest: characters of the shortest n-grams.
        longest: characters of the longest n-grams.
        buckets: trained vectors, shared by n-grams whose hashes collide.
        dimension: length of these vectors.

    Example:
        >>> encoder = CharNgrams(Modality("caption", "text", ()), dimension=8)
        >>> encoder(["Grinning face", "にっこり", ""]).shape, encoder.representation.shape
        (torch.Size([3, 8]), (8,))

    Raises:
        UsageError: an option out of range.
    """

    def __init__(
        self,
        modality: Modality,
        *,
        shortest: int = 1,
        longest: int = 4,
        buckets: int = 2**14,
        dimension: int = 64,
    ) -> None:
        super().__init__()
        where = f"encoder 'char-ngrams': modality {modality.name!r}"
        if not 1 <= shortest <= longest:
            raise UsageError(f"{where}: shortest {shortest}, longest {longest}; expected 1 <= shortest <= longest")
        if min(buckets, dimension) < 1:
            raise UsageError(f"{where}: buckets {buckets}, dimension {dimension}; expected positive numbers")
        self.shortest, self.longest, self.buckets = shortest, longest, buckets
        self.representation = Representation("vector", (dimension,))
        self.embedding = nn.EmbeddingBag(buckets, dimension, mode="mean")

    def forward(self, inputs: list[str]) -> Tensor:
        """Mean embeddings ``[B, dimension]``."""
        indices, counts = self._indices(inputs)
        return self.embedding(indices, counts.cumsum(0) - counts)  # type: ignore[no-any-return]

    def embed(self, texts: list[str]) -> Tensor:
        """The embedding of each n-gram, zero behind a text's last one, ``[B, T, dimension]``.

        T is the number of n-grams of the text that has most of them, and 1 where no text has any.
        """
        indices, counts = self._indices(texts)
        parts = functional.embedding(indices, self.embedding.weight).split(counts.tolist())
        return functional.pad(pad_sequence(list(parts), batch_first=True), (0, 0, 0, int(not counts.any())))

    def encode_embedded(self, embedded: Tensor, texts: list[str]) -> Tensor:
        """Mean of these embeddings over each text's n-grams, ``[B, dimension]``.

        Args:
            embedded: ``[B, T, dimension]``, of at least as many n-grams as any of these texts has; what it holds
                behind a text's end reaches nothing.
            texts: how many n-grams are real.
        """
        _, counts = self._indices(texts)
        real = torch.arange(embedded.shape[1], device=embedded.device) < counts[:, None]
        return torch.where(real[:, :, None], embedded, 0.0).sum(1) / counts.clamp_min(1)[:, None]

    def _indices(self, texts: list[str]) -> tuple[Tensor, Tensor]:
        """Bucket of each n-gram, text by text, and int64 ``[B]``, how many each text has."""
        hashes, counts = hash_ngrams(texts, self.shortest, self.longest)
        device = self.embedding.weight.device
        return torch.from_numpy((hashes % self.buckets).astype(np.int64)).to(device), torch.from_numpy(counts).to(
            device
        )


def hash_ngrams(texts: list[str], shortest: int, longest: int) -> tuple[np.ndarray, np.ndarray]:
    """Hash every character n-gram of the lower-cased texts, all texts at once.

    Returns:
        uint64 hashes below 2³², text by text; int64 ``[B]``, how many belong to each text.

    Example:
        >>> hashes, counts = hash_ngrams(["Hi!", "hi", ""], shortest=2, longest=3)
        >>> counts
        array([3, 1, 0])
        >>> bool(hashes[0] == hashes[3])
        True
    """
    lowered = [text.lower() for text in texts]
    lengths = np.array([len(text) for text in lowered], dtype=np.int64)
    codes = np.frombuffer("".join(lowered).encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.uint64)
    left = np.repeat(np.cumsum(lengths), lengths) - np.arange(len(codes))  # characters from here to the text's end
    orders = np.arange(shortest, longest + 1)
    hashes = _rolling_fnv(codes, longest)[:, shortest - 1 :]
    counts = np.maximum(lengths[:, None] - orders + 1, 0).sum(axis=1)
    return hashes[left[:, None] >= orders], counts


def _rolling_fnv(codes: np.ndarray, longest: int) -> np.ndarray:
    """Column n - 1 holds the hash of the n characters that start in that row."""
    padded = np.concatenate([codes, np.zeros(longest, dtype=np.uint64)])
    state = np.full(len(codes), FNV_OFFSET)
    columns = []
    for n in range(longest):
        state = (state ^ padded[n : n + len(codes)]) * FNV_PRIME
        columns.append((state >> np.uint64(32)) ^ (state & np.uint64(0xFFFFFFFF)))
    return np.stack(columns, axis=1)
