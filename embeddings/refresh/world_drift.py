"""How far the world has moved: how much worse the published model ranks the facts that arrived
since it was trained than the facts that were held out when it was.

drift = 1 - MRR of arrived facts / MRR of held-out facts, relation by relation, each weighed by how
many of its facts arrived, and at least 0. So a stream that brings more of a hard relation is no
drift; one that brings facts which contradict what was learnt is. Facts of entities or relations
that the model does not know cannot be ranked, and are counted beside it: `--when-changed` is about
those.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from embeddings.data.artifact import Artifact
from embeddings.data.dataset import Dataset, usable_triples
from embeddings.data.splits import short_keys
from embeddings.data.triples import Ints
from embeddings.evaluation.ranking import rankings
from embeddings.models.from_artifact import load_scorer
from embeddings.models.scorer import Scorer
from embeddings.publish.live_artifact import open_published
from embeddings.refresh.staleness import snapshot_for
from kg_platform.browse.entities import types_of
from kg_platform.cypher import drifting
from kg_platform.cypher.statement import Statement
from kg_platform.errors import NotFound
from kg_platform.platform import Platform

SAMPLE = (
    2_000  # facts that are ranked, of those that arrived and of those held out; two rankings each
)
LEAST = 30  # facts that arrived, below which nothing is said
FEW = 5  # held-out facts of a relation, below which the mean of all is taken for its own


@dataclass(frozen=True)
class PartDrift:
    """A relation's, or a type's part: facts that were ranked, their MRR, and what it was to be."""

    name: str
    facts: int
    mrr: float
    expected: float

    @property
    def drift(self) -> float:
        return max(0.0, 1 - self.mrr / self.expected) if self.expected else 0.0


@dataclass(frozen=True)
class WorldDrift:
    """Of the published `run`: facts that `arrived` since its training, of which `ranked` were
    ranked and `unknown` cannot be. `drift` is None where too few arrived; `margin` is one standard
    error of it. Parts come with the most drift first."""

    run: str
    arrived: int
    ranked: int
    unknown: int
    drift: float | None
    margin: float | None
    mrr: float | None
    expected: float | None
    relations: tuple[PartDrift, ...] = ()
    types: tuple[PartDrift, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        parts = {
            name: [asdict(one) | {"drift": one.drift} for one in getattr(self, name)]
            for name in ("relations", "types")
        }
        return asdict(self) | parts


class MadeBefore(NotFound):
    """An earlier version made the published run: the next one can be measured."""


def world_drift(platform: Platform, on_progress: Callable[[int], None] | None = None) -> WorldDrift:
    """Measure it, and note it on the run for `kg status`. O(S N D) for S sampled facts.

    `on_progress(n)` is told the rows of the graph that were read, and may raise.

    Raises:
        NotFound: nothing is published, its artifact is not on this machine, or it held nothing out.
        MadeBefore: it does not say what it was trained on.
    """
    artifact = open_published(platform.graph, platform.settings.artifacts_dir)
    held, trained = _held_out(artifact)
    folder = platform.settings.runs_dir / f"scan-{uuid4().hex[:8]}"
    try:
        snapshot = snapshot_for(platform, artifact, folder, on_progress)
        facts = usable_triples(snapshot, artifact.relation_types)
        ids = snapshot.entity_ids()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    names = artifact.entity_ids()
    place = {name: row for row, name in enumerate(names)}
    rows = np.array([place.get(name, -1) for name in ids], np.int64)
    facts[:, 0], facts[:, 2] = rows[facts[:, 0]], rows[facts[:, 2]]
    rankable = (facts >= 0).all(axis=1)
    known, unknown = facts[rankable], int((~rankable).sum())
    fresh = ~np.isin(short_keys(known, names, artifact.relation_types), trained)
    fresh &= ~np.isin(_cells(known, artifact), _cells(held, artifact))
    found = measured(
        lambda: load_scorer(artifact),
        Dataset(names, artifact.relation_types, known[~fresh], held, known[fresh]),
        artifact.folder.name,
        unknown,
        lambda some: types_of(platform.graph, some),
    )
    if found.drift is not None:
        given = {"run": found.run, "drift": found.drift, "facts": found.ranked}
        platform.graph.write(Statement(drifting.NOTE, given))
    return found


def measured(
    load: Callable[[], Scorer], dataset: Dataset, run: str, unknown: int, types: Any, seed: int = 0
) -> WorldDrift:
    """The drift of `dataset.test`, facts that arrived, from `dataset.valid`, facts held out when
    the scorer was trained, which is loaded if enough arrived. `types` gives the type of entities by
    id."""
    arrived = dataset.test
    if len(arrived) < LEAST or not len(dataset.valid):
        return WorldDrift(run, len(arrived), 0, unknown, None, None, None, None)
    scorer = load()
    draw = np.random.default_rng(seed)
    some, held = _some(arrived, draw), _some(dataset.valid, draw)
    reciprocal, before = _reciprocal(scorer, dataset, some), _reciprocal(scorer, dataset, held)
    expected = _expected(held[:, 1], before, dataset.relations)[some[:, 1]]
    mrr, should = float(reciprocal.mean()), float(expected.mean())
    ratio = mrr / should
    noise = np.hypot(
        reciprocal.std() / max(mrr, 1e-9) / np.sqrt(len(some)),
        before.std() / max(float(before.mean()), 1e-9) / np.sqrt(len(held)),
    )
    heads = [dataset.entity_ids[row] for row in some[:, 0]]
    kinds = types(list(dict.fromkeys(heads)))
    named = [dataset.relation_types[row] for row in some[:, 1]]
    return WorldDrift(
        run=run,
        arrived=len(arrived),
        ranked=len(some),
        unknown=unknown,
        drift=max(0.0, 1 - ratio),
        margin=float(ratio * noise),
        mrr=mrr,
        expected=should,
        relations=_parts(named, reciprocal, expected),
        types=_parts([kinds.get(one) or "(none)" for one in heads], reciprocal, expected),
    )


def _held_out(artifact: Artifact) -> tuple[Ints, NDArray[np.uint32]]:
    kept = artifact.continued()
    if kept is None or kept.trained is None:
        raise MadeBefore(
            f"Run {artifact.folder.name} does not say what it was trained on, as an earlier "
            "version made it; the next `kg embed` does."
        )
    held = np.concatenate([kept.valid, kept.test])
    if not len(held):
        raise NotFound(
            f"Run {artifact.folder.name} held no facts out, so there is nothing to measure drift "
            "against; train with facts held out."
        )
    return held, kept.trained


def _cells(triples: Ints, artifact: Artifact) -> Ints:
    """Each (n, 3) triple as one number."""
    many, width = artifact.entities, max(len(artifact.relation_types), 1)
    found: Ints = (triples[:, 0] * width + triples[:, 1]) * many + triples[:, 2]
    return found


def _some(triples: Ints, draw: np.random.Generator) -> Ints:
    if len(triples) <= SAMPLE:
        return triples
    return triples[draw.choice(len(triples), SAMPLE, replace=False)]


def _reciprocal(scorer: Scorer, dataset: Dataset, triples: Ints) -> NDArray[np.float64]:
    """(n,) the mean reciprocal rank of each fact's tail and head."""
    ranks = 1 / rankings(scorer, dataset, triples).ranks
    return (ranks[: len(triples)] + ranks[len(triples) :]) / 2


def _expected(relations: Ints, reciprocal: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """(R,) the MRR of each relation's held-out facts; of few, that of all."""
    many = np.bincount(relations, minlength=count)
    total = np.bincount(relations, weights=reciprocal, minlength=count)
    own = total / np.maximum(many, 1)
    return np.where(many >= FEW, own, reciprocal.mean())


def _parts(
    names: Sequence[str], reciprocal: NDArray[np.float64], expected: NDArray[np.float64]
) -> tuple[PartDrift, ...]:
    which, index = np.unique(np.array(names, object).astype(str), return_inverse=True)
    found = []
    for number, name in enumerate(which):
        mine = index == number
        mrr, should = float(reciprocal[mine].mean()), float(expected[mine].mean())
        found.append(PartDrift(str(name), int(mine.sum()), mrr, should))
    return tuple(sorted(found, key=lambda one: (-one.drift * one.facts, one.name)))
