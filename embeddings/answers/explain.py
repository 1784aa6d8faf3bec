"""Which modality moved a prediction: what becomes of it when one is left out, and what each adds.

Leaving out goes through the fusion's own mask: the part gets the treatment that a missing one gets
in training, and what remains is fused anew. Shares split the score itself: where an interaction is
a product it is linear in the head and in the tail, both of which are sums of parts, so

    f(h, r, t) = sum over parts a of h, b of t of f(a, r, b)

exactly. The two may disagree, and both are right: a part that adds little may be hard to replace.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from embeddings.answers import predict
from embeddings.answers.explanation import SIDES, Explained, Explanation, LeftOut, Share
from embeddings.answers.scored_entities import ScoredEntities, open_scored
from embeddings.data.triples import Ints
from embeddings.models.ensemble import Ensemble
from embeddings.models.from_artifact import rebuild
from embeddings.models.network import Network
from kg_platform.browse.entities import EntityRow
from kg_platform.errors import NotFound
from kg_platform.graph.client import Graph

if TYPE_CHECKING:
    from embeddings.data.artifact import Artifact


class Explainer:
    """Explains predictions of the published artifact. It holds the fused vectors in memory."""

    def __init__(
        self, artifact: Artifact, graph: Graph, space: ScoredEntities | None = None
    ) -> None:
        """`space` is the artifact's, if somebody has it already."""
        self._artifact, self._graph = artifact, graph
        self._space = open_scored(artifact, graph) if space is None else space

    def fact(self, head: str, relation: str, tail: str, heads: bool = False) -> Explanation:
        """Explain why `tail` is (not) predicted for (head, relation, ?).

        With `heads`: why `head` is for (?, relation, tail), which the inverse relation answers.

        Raises:
            NotFound: the model does not know an end or the relation.
        """
        types = self._artifact.relation_types
        if relation not in types:
            raise NotFound(predict.unknown_relation(relation, types))
        asked, answer = (tail, head) if heads else (head, tail)
        known = predict.known_ends(self._graph, asked, relation, heads)
        places = self._space.places
        for end in (asked, answer):
            if end not in places:
                raise NotFound(predict.not_embedded(end))
        number = types.index(relation) + (len(types) if heads else 0)
        others = np.array([places[one] for one in known if one in places], dtype=np.int64)
        sides = ("tail", "head") if heads else ("head", "tail")
        rows, trained = (places[asked], places[answer]), self._space.trained
        scorer, there = self._space.scorer, [row for row in rows if row < trained]
        if len(there) == 2:
            pair = rebuild(self._artifact, there)
            return explain(pair, number, scorer.entities, rows, others, sides)
        from embeddings.answers.explain_provisional import explain_new

        one = rebuild(self._artifact, there) if there else None
        return explain_new(scorer, one, number, rows, trained, others, sides)


def explain_fact(
    artifact: Artifact,
    graph: Graph,
    head: EntityRow,
    relation: str,
    tail: EntityRow,
    heads: bool = False,
) -> Explained:
    """Explain one fact, whether the graph has it or not; `heads` as in `Explainer.fact`.

    Raises:
        NotFound: the model does not know an end or the relation.
    """
    found = Explainer(artifact, graph).fact(head.id, relation, tail.id, heads)
    return Explained(head, relation, tail, found)


def explain_predictions(
    artifact: Artifact,
    graph: Graph,
    entity: EntityRow,
    relation: str,
    heads: bool = False,
    type: str | None = None,
    k: int = 5,
) -> list[Explained]:
    """Explain the `k` likeliest facts of (entity, relation, ?) that the graph does not have; with
    `heads`, of (?, relation, entity).

    Raises:
        NotFound: the model does not know the entity or the relation.
    """
    space = open_scored(artifact, graph)
    ask = predict.predict_heads if heads else predict.predict_tails
    predictions = ask(artifact, graph, entity.id, relation, k, type, space)
    explainer = Explainer(artifact, graph, space)
    pairs = [(one, entity) if heads else (entity, one) for one in predictions]
    return [
        Explained(h, relation, t, explainer.fact(h.id, relation, t.id, heads)) for h, t in pairs
    ]


@torch.no_grad()
def explain(
    pair: Network | Ensemble,
    relation: int,
    entities: Tensor,
    rows: tuple[int, int],
    known: Ints,
    sides: tuple[str, str] = SIDES,
) -> Explanation:
    """Explain the score of (pair's entity 0, relation) -> pair's entity 1.

    `entities` (N, D) are the candidates, the pair is two of them, `rows`; the rows `known` are
    other true answers. `sides` names the pair's entities. What the relation adds to loops counts,
    but is no part's share. O((1 + M) N D).
    """
    names = ("structure", *pair.names)
    asked, answer = rows
    there = pair.there_is()
    asking = [_query(pair, relation, None)]
    answers = [entities[answer]]
    tried: list[tuple[str, str, int, int]] = []  # part, side, position in asking, in answers
    for part, name in enumerate(names):
        keep = torch.ones_like(there)
        keep[:, part] = False
        can = there[:, part] & (there & keep).any(1)
        at = [0, 0]
        if can[0]:
            asking.append(_query(pair, relation, keep))
            at[0] = len(asking) - 1
            tried.append((name, sides[0], at[0], 0))
        if can[1]:
            answers.append(pair.entities(torch.tensor([1]), keep)[0])
            at[1] = len(answers) - 1
            tried.append((name, sides[1], 0, at[1]))
        if can.all():
            tried.append((name, "both", at[0], at[1]))
    queries = torch.stack(asking)
    scores = pair.formula.scores(queries, entities)
    loop = pair.loops[relation]
    scores[:, asked] += loop
    rivals = torch.ones(len(entities), dtype=torch.bool)
    rivals[torch.from_numpy(known)] = False
    rivals[answer] = False

    def outcome(query: int, which: int) -> tuple[float, float]:
        row = scores[query]
        own = row[answer]
        if which:
            own = pair.formula.pairs(queries[query], answers[which])
            own = own + loop if asked == answer else own
        others = row[rivals]
        ties = int((others == own).sum())
        return float(own), 1 + int((others > own).sum()) + ties / 2

    score, rank = outcome(0, 0)
    left_out = tuple(LeftOut(name, side, *outcome(q, a)) for name, side, q, a in tried)
    shares = _shares(pair, relation, sides) if pair.formula.product else ()
    return Explanation(score, rank, int(rivals.sum()) + 1, left_out, shares)


def _query(pair: Network | Ensemble, relation: int, keep: Tensor | None) -> Tensor:
    number = torch.tensor([relation])
    head = pair.heads(torch.tensor([0]), number, keep=keep)
    return pair.formula.query(head, pair.relations[number])[0]


def _shares(pair: Network | Ensemble, relation: int, sides: tuple[str, str]) -> tuple[Share, ...]:
    names, there = ("structure", *pair.names), pair.there_is()
    asking, answering = pair.parts(asking=True)[0], pair.parts()[1]
    gates = pair.gates()
    if gates is not None:
        asking = asking * gates[relation, :, None]
    queries = pair.formula.query(asking, pair.relations[relation].expand(len(asking), -1))
    values = queries @ answering.T
    shares = []
    for a, b in np.ndindex(*values.shape):
        # A missing part adds nothing, unless a learnt vector stands in its place.
        if asking[a].any() and answering[b].any():
            ends = tuple(
                name if there[row, column] else f"no {name}"
                for row, (column, name) in enumerate(((a, names[a]), (b, names[b])))
            )
            by_side = dict(zip(sides, ends, strict=True))
            shares.append(Share(by_side["head"], by_side["tail"], float(values[a, b])))
    return tuple(shares)
