"""Missing links: the likeliest facts that the graph does not have yet, by the trained model."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from embeddings.answers.chances import Basis, Chances
from embeddings.answers.scored_entities import ScoredEntities, open_scored
from embeddings.data.triples import Ints
from embeddings.evaluation.questions import figures_of, log_sum_exp
from kg_platform.browse import entities
from kg_platform.browse.entities import EntityRow
from kg_platform.cypher import vectors as cypher
from kg_platform.cypher.statement import Statement
from kg_platform.errors import BadInput, NotFound
from kg_platform.graph.client import Graph

if TYPE_CHECKING:
    from embeddings.data.artifact import Artifact

PAGE = 256


@dataclass(frozen=True)
class Prediction:
    """A candidate for the open end of a fact; a higher score is likelier.

    `probability` is of what is shown (`evaluation/shown.py`), or, where `basis` says so, at even
    odds (`evaluation/calibration.py`); None where the run had no facts to fit it on.
    """

    id: str
    label: str
    type: str | None
    score: float
    probability: float | None = None
    basis: Basis | None = None


def predict_tails(
    artifact: Artifact,
    graph: Graph,
    head: str,
    relation: str,
    k: int = 10,
    type: str | None = None,
    space: ScoredEntities | None = None,
) -> list[Prediction]:
    """The `k` likeliest tails of (head, relation, ?) that are not yet facts in the graph.

    `type` keeps candidates with that label; `space` is the artifact's, if somebody has it already.
    Raises:
        NotFound: the model does not know the head or the relation.
    """
    return _predict(artifact, graph, head, relation, k, type, space, heads=False)


def predict_heads(
    artifact: Artifact,
    graph: Graph,
    tail: str,
    relation: str,
    k: int = 10,
    type: str | None = None,
    space: ScoredEntities | None = None,
) -> list[Prediction]:
    """The `k` likeliest heads of (?, relation, tail) that are not yet facts in the graph."""
    return _predict(artifact, graph, tail, relation, k, type, space, heads=True)


def _predict(
    artifact: Artifact,
    graph: Graph,
    entity: str,
    relation: str,
    k: int,
    type: str | None,
    space: ScoredEntities | None,
    heads: bool,
) -> list[Prediction]:
    if k < 1:
        raise BadInput(f"Ask for at least 1 prediction, not {k}.")
    relations = artifact.relation_types
    if relation not in relations:
        raise NotFound(unknown_relation(relation, relations))
    space = open_scored(artifact, graph) if space is None else space
    ids, scorer, number = space.ids, space.scorer, relations.index(relation)
    if entity not in space.places:
        there_is = entities.resolve(graph, entity)  # says so when there is no such entity at all
        raise NotFound(not_embedded(there_is.id))
    position = space.places[entity]
    scores = (
        scorer.score_heads([number], [position])
        if heads
        else scorer.score_tails([position], [number])
    )[0]
    known = known_ends(graph, entity, relation, heads)
    rows: list[EntityRow] = []
    for page in _best_first(scores):
        there = entities.rows(graph, [ids[i] for i in page])
        for i in page:
            row = there.get(ids[i])  # an entity may have been deleted since
            if row is None or row.id in known or row.id == entity:
                continue
            if type is None or row.type == type:
                rows.append(row)
        if len(rows) >= k:
            break
    rows = rows[:k]
    at = np.array([space.places[row.id] for row in rows], np.int64)
    asked = number + heads * len(relations)
    taken = [space.places[one] for one in known if one in space.places]
    found, basis = _chances(Chances.of(artifact), asked, scores, position, taken, at)
    return [
        Prediction(row.id, row.label, row.type, float(scores[i]), chance, basis)
        for row, i, chance in zip(rows, at, found, strict=True)
    ]


def known_ends(graph: Graph, entity: str, relation: str, heads: bool) -> set[str]:
    """The tails that the graph has for (entity, relation, ?), or the heads of (?, relation, it)."""
    statement = cypher.KNOWN_HEADS if heads else cypher.KNOWN_TAILS
    rows = graph.read(Statement(statement, {"id": entity, "relation": relation}))
    return {row["id"] for row in rows}


def not_embedded(entity: str) -> str:
    """What to say of an entity that is in the graph and not in the artifact."""
    return (
        f"{entity} was not in the graph when it was embedded; run `kg embed --new-only` for a "
        "provisional vector, or `kg embed` again."
    )


def _chances(
    chances: Chances | None,
    relation: int,
    scores: NDArray[np.float32],
    itself: int,
    known: Sequence[int],
    shown: Ints,
) -> tuple[Sequence[float | None], Basis | None]:
    """Of one question (N,) scores -> the chances of some of its answers, and what they are of. No
    answers are the entity that is asked about, `itself`, and the `known` facts of the graph."""
    if chances is None or not len(shown):
        return [None] * len(shown), None
    mass, free = log_sum_exp(scores[None]), scores[None].copy()
    free[0, [itself, *known]] = -np.inf
    figures = figures_of(free, mass, np.array([len(known)]), shown[None])[0]
    kinds = np.full(len(shown), relation)
    return chances.probabilities(kinds, figures).tolist(), chances.basis


def _best_first(scores: NDArray[np.float32]) -> Iterator[list[int]]:
    order = np.argsort(-scores, kind="stable")
    for start in range(0, len(order), PAGE):
        yield order[start : start + PAGE].tolist()


def unknown_relation(relation: str, relations: Sequence[str]) -> str:
    """What to say of a relation that the model does not know, with those that are spelled alike."""
    # People type `language` for LANGUAGE.
    close = [name for name in relations if name.lower() == relation.lower()]
    close = close or difflib.get_close_matches(relation, relations, n=3)
    known = ", ".join(relations[:20]) + (", …" if len(relations) > 20 else "")
    hint = f"did you mean {' or '.join(close)}?" if close else f"there are {known}."
    return f"The model knows no relation {relation!r}; {hint}"
