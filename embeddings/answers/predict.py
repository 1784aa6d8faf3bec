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
from embeddings.evaluation.questions import figures_of, log_sum_exp
from kg_platform.browse import entities
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
    asked = _Asked(Chances.of(artifact), scores, number + heads * len(relations))
    asked.leave_out(position, [space.places[one] for one in known if one in space.places])
    found: list[Prediction] = []
    for page in _best_first(scores):
        there = entities.rows(graph, [ids[i] for i in page])
        for i in page:
            row = there.get(ids[i])  # an entity may have been deleted since
            if row is None or row.id in known or row.id == entity:
                continue
            if type is not None and row.type != type:
                continue
            found.append(
                Prediction(row.id, row.label, row.type, float(scores[i]), *asked.chance(i))
            )
            if len(found) == k:
                return found
    return found


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


class _Asked:
    """One question: (N,) scores of its answers, and the chance of each."""

    def __init__(self, chances: Chances | None, scores: NDArray[np.float32], kind: int) -> None:
        self._chances, self._kind = chances, np.array([kind])
        self._scores, self._mass = scores[None].copy(), log_sum_exp(scores[None])
        self._answers = np.zeros(1, np.int64)

    def leave_out(self, itself: int, known: Sequence[int]) -> None:
        """These are no answers: the entity that is asked about, and facts of the graph."""
        self._scores[0, [itself, *known]] = -np.inf
        self._answers[:] = len(known)

    def chance(self, answer: int) -> tuple[float | None, Basis | None]:
        if self._chances is None:
            return None, None
        figures = figures_of(self._scores, self._mass, self._answers, np.array([answer]))
        return float(self._chances.probabilities(self._kind, figures)[0]), self._chances.basis


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
