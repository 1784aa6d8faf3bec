"""What the features of a new entity say of its vector, before any fact is looked at.

**Neighbours.** The trained entities with the most similar texts and pictures, as a mixture

    p = sum over the k nearest u of w_u E_u,    w = softmax over them of similarity / temperature

where similarity is the mean cosine over the modalities that both have. Entities without a fact
to another trained one are left out: nothing but being wrong for others has made their vectors.

**Tower.** Where training hid the structure of some entities (`structure_dropout`), the fusion has
learnt to make vectors of features alone, and the prior is the mean of both. Without that it has
not, and its vectors are not used.

Both are means of what many entities are, and means are short; where scores are products, a vector
that is too short is never found. So they are stretched by one factor, measured on trained entities
that are treated as new.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import embedding_bag

from embeddings.data.artifact import Artifact
from embeddings.data.feature_matrix import Features
from embeddings.data.triples import Ints
from embeddings.models.ensemble import Ensemble
from embeddings.models.from_artifact import as_published, rebuild, strangers
from embeddings.models.modalities import check_finite
from embeddings.models.network import Network
from embeddings.models.scorer import Scorer
from embeddings.refresh.fold_in import FitOptions

SAMPLE = 500  # trained entities that are treated as new, to measure lengths
CHUNK = 16_384  # trained entities whose features are in memory at a time
KEPT = 1 << 27  # numbers, half a GiB
BLOCK = 256  # new entities compared with them at a time

Part = tuple[Tensor, Tensor]  # a modality of n entities: unit rows (n, d), and (n,) who has it


@dataclass(frozen=True)
class Prior:
    """`vectors` (n, D); where heads have vectors of their own, what these are the sum of,
    `components` (n, K, D), see `Scorer`; `has` (n,): whose features said something."""

    vectors: Tensor
    components: Tensor | None
    has: Tensor

    def times(self, factor: float) -> Prior:
        parts = None if self.components is None else self.components * factor
        return Prior(self.vectors * factor, parts, self.has)

    def times_over(self, count: int) -> Prior:
        """One prior, so many times."""
        parts = None if self.components is None else self.components.expand(count, -1, -1)
        return Prior(self.vectors.expand(count, -1), parts, self.has.expand(count))

    def mean(self, other: Prior) -> Prior:
        both = Prior(self.vectors + other.vectors, None, self.has & other.has)
        if self.components is not None and other.components is not None:
            both = Prior(both.vectors, self.components + other.components, both.has)
        return both.times(0.5)

    def or_else(self, other: Prior) -> Prior:
        """The rows of `other` where features said nothing; who has any stays."""
        vectors, parts = torch.where(self.has[:, None], self.vectors, other.vectors), None
        if self.components is not None and other.components is not None:
            parts = torch.where(self.has[:, None, None], self.components, other.components)
        return Prior(vectors, parts, self.has | other.has)


def priors(
    artifact: Artifact,
    scorer: Scorer,
    features: Mapping[str, Features],
    count: int,
    trained: Ints,
    options: FitOptions,
) -> Prior:
    """The priors of `count` new entities with these features; `trained` (T, 3) are trained facts.

    An entity none of whose modalities a trained entity has gets the mean of all trained vectors.
    O(n N d) for the neighbours; memory holds the features of `CHUNK` trained entities.

    Raises:
        BadInput: a feature is not finite.
    """
    return Priors(artifact, scorer, trained, options)(features, count)


class Priors:
    """Makes priors from an artifact. What is measured on trained entities is measured once; with
    `keep`, their features stay in memory if they are no more than `KEPT` numbers."""

    def __init__(
        self,
        artifact: Artifact,
        scorer: Scorer,
        trained: Ints,
        options: FitOptions,
        keep: bool = False,
    ) -> None:
        self._artifact, self._scorer, self._options, self._keep = artifact, scorer, options, keep
        self._known = np.unique(trained[:, [0, 2]])
        at = np.unique(np.linspace(0, len(self._known) - 1, SAMPLE).astype(np.int64))
        self._sample = self._known[at] if len(self._known) else self._known
        self._kept: dict[tuple[str, ...], list[tuple[Tensor, Sequence[Part]]]] = {}
        self._factors: dict[tuple[str, ...], tuple[float, float, float]] = {}
        self._weights = artifact.weights() if keep else None
        self._average = _average(scorer)

    def __call__(
        self,
        features: Mapping[str, Features],
        count: int,
        published: Mapping[str, Features] | None = None,
    ) -> Prior:
        """The priors of `count` entities with these features, which are `published` as the
        artifact's vectors are (`as_published`), where that is known already."""
        artifact = self._artifact
        names = tuple(name for name in artifact.manifest["encoders"] if name in features)
        average = self._average.times_over(count)
        if not names or not len(self._known):
            return average
        seen = as_published(artifact, features, count) if published is None else published
        found = self._neighbours(names, [_part(seen[name]) for name in names], [-1] * count)
        neighbours, tower, both = self._factors_of(names)
        if self._tower:
            made = towers(strangers(artifact, features, count, self._weights))
            # Where both point elsewhere their mean is shorter than either.
            found = found.times(neighbours).mean(made.times(tower)).times(both)
        else:
            found = found.times(neighbours)
        return found.or_else(average)

    @property
    def _tower(self) -> bool:
        return bool(self._artifact.manifest["options"].get("structure_dropout"))

    def _neighbours(
        self, names: tuple[str, ...], asked: Sequence[Part], without: Sequence[int]
    ) -> Prior:
        near = nearest(asked, self._chunks(names), self._options.neighbours, torch.tensor(without))
        return _neighbours(self._scorer, *near, self._options.temperature)

    def _factors_of(self, names: tuple[str, ...]) -> tuple[float, float, float]:
        """By how much to stretch neighbours, towers and the mean of both, from these modalities."""
        if names not in self._factors:
            self._factors[names] = self._measured(names)
        return self._factors[names]

    def _measured(self, names: tuple[str, ...]) -> tuple[float, float, float]:
        if not self._scorer.formula.product:  # distances have no length to be found by
            return 1.0, 1.0, 1.0
        goal = self._scorer.entities[torch.from_numpy(self._known)]

        def factor(prior: Prior) -> float:
            return stretch(prior.vectors[prior.has], goal, self._options.length)

        asked = [_trained_part(self._artifact, name, self._sample) for name in names]
        like = self._neighbours(names, asked, self._sample.tolist())
        first = factor(like)
        if not self._tower:
            return first, 1.0, 1.0
        tower = towers(rebuild(self._artifact, self._sample.tolist()))
        second = factor(tower)
        return first, second, factor(like.times(first).mean(tower.times(second)))

    def _chunks(self, names: tuple[str, ...]) -> Iterable[tuple[Tensor, Sequence[Part]]]:
        """The features of trained entities that can be neighbours."""
        if names in self._kept:
            return self._kept[names]
        read = _chunks(self._artifact, names, self._known)
        width = sum(self._artifact.dimension(f"{name}_embedding") for name in names)
        if not self._keep or width * len(self._known) > KEPT:
            return read
        self._kept[names] = list(read)
        return self._kept[names]


def towers(network: Network | Ensemble) -> Prior:
    """What a network makes of the features of its entities alone."""
    keep = network.there_is().clone()
    keep[:, 0] = False
    return Prior(network.entities(keep=keep), network.components(keep=keep), keep.any(1))


def stretch(vectors: Tensor, trained: Tensor, share: float) -> float:
    """By how much to multiply `vectors` (k, D), so that their mean length is `share` of that of
    `trained` (N, D). One factor for all keeps what lengths tell."""
    length = torch.linalg.vector_norm(vectors, dim=1).mean() if len(vectors) else torch.zeros(())
    if not length > 0:
        return 1.0
    return float(share * torch.linalg.vector_norm(trained, dim=1).mean() / length)


def nearest(
    new: Sequence[Part], chunks: Iterable[tuple[Tensor, Sequence[Part]]], k: int, without: Tensor
) -> tuple[Tensor, Tensor]:
    """The `k` most similar trained entities: (n, k) rows and similarities, -inf where none is.

    `new` are the modalities of n entities; `chunks` yield the rows (m,) of trained entities and the
    same modalities of them. `without` (n,) is a row that each may not have, -1 for none.
    """
    rows = torch.zeros((len(without), k), dtype=torch.int64)
    best = torch.full((len(without), k), -torch.inf)
    for numbers, old in chunks:
        for start in range(0, len(without), BLOCK):
            cut = slice(start, start + BLOCK)
            alike = similarities([(each[cut], has[cut]) for each, has in new], old)
            alike = alike.masked_fill(numbers == without[cut, None], -torch.inf)
            here = alike.topk(min(k, len(numbers)), 1)
            best[cut], order = torch.cat([best[cut], here.values], 1).topk(k, 1)
            rows[cut] = torch.cat([rows[cut], numbers[here.indices]], 1).gather(1, order)
    return rows, best


def similarities(new: Sequence[Part], old: Sequence[Part]) -> Tensor:
    """(n, m): the mean cosine over the modalities that both have, -inf where there is none."""
    total = shared = torch.zeros(len(new[0][1]), len(old[0][1]))
    for (mine, has), (theirs, have) in zip(new, old, strict=True):
        both = (has[:, None] & have).float()
        total, shared = total + mine @ theirs.T * both, shared + both
    return torch.where(shared > 0, total / shared.clamp(min=1), -torch.inf)


def mixture(vectors: Tensor, rows: Tensor, alike: Tensor, temperature: float) -> Tensor:
    """Rows (n, k) of `vectors` (N, ...) weighed by softmax(alike / temperature): (n, ...); zero
    where all of `alike` (n, k) are -inf."""
    weights = torch.softmax(alike / temperature, 1).nan_to_num(0.0)
    flat = embedding_bag(rows, vectors.flatten(1), per_sample_weights=weights, mode="sum")
    return flat.view(-1, *vectors.shape[1:])


def _neighbours(scorer: Scorer, rows: Tensor, alike: Tensor, temperature: float) -> Prior:
    parts = None
    if scorer.components is not None:
        parts = mixture(scorer.components, rows, alike, temperature)
    vectors = mixture(scorer.entities, rows, alike, temperature)
    return Prior(vectors, parts, torch.isfinite(alike).any(1))


def _average(scorer: Scorer) -> Prior:
    """The mean of all trained vectors, once."""
    parts = None if scorer.components is None else scorer.components.mean(0, keepdim=True)
    return Prior(scorer.entities.mean(0, keepdim=True), parts, torch.zeros(1, dtype=torch.bool))


def _chunks(
    artifact: Artifact, names: Sequence[str], known: Ints
) -> Iterator[tuple[Tensor, Sequence[Part]]]:
    """The sorted rows `known` and their modalities, a chunk at a time."""
    for rows in np.split(known, np.searchsorted(known, range(CHUNK, artifact.entities, CHUNK))):
        if len(rows):
            yield torch.from_numpy(rows), [_trained_part(artifact, name, rows) for name in names]


def _trained_part(artifact: Artifact, name: str, rows: Ints) -> Part:
    """A modality of trained entities, by sorted rows."""
    column, first, last = f"{name}_embedding", int(rows[0]), int(rows[-1]) + 1
    if last - first <= CHUNK:
        matrix = artifact.rows(column, first, last)[rows - first]
    else:  # a sample from all over
        matrix = np.concatenate([artifact.rows(column, row, row + 1) for row in rows.tolist()])
    return torch.from_numpy(matrix), torch.from_numpy(artifact.present(column)[rows])


def _part(features: Features) -> Part:
    matrix, present = torch.from_numpy(features.matrix), torch.from_numpy(features.present)
    check_finite(features, matrix[present])
    return matrix, present
