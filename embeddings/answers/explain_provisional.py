"""Explanations of predictions about entities with provisional vectors.

Such a vector is not fused from parts: a fit moved it to where its facts want it. So nothing can be
left out of it, and its score has no shares; of a trained entity at the other end both can be said
of what is left out.
"""

from __future__ import annotations

import torch

from embeddings.answers.explanation import SIDES, Explanation, LeftOut
from embeddings.data.triples import Ints
from embeddings.models.ensemble import Ensemble
from embeddings.models.network import Network
from embeddings.models.scorer import Scorer


@torch.no_grad()
def explain_new(
    scorer: Scorer,
    one: Network | Ensemble | None,
    relation: int,
    rows: tuple[int, int],
    trained: int,
    known: Ints,
    sides: tuple[str, str] = SIDES,
) -> Explanation:
    """Explain the score of (row 0, relation) -> row 1 among the scorer's entities.

    The first `trained` rows are those of training; `one` is the network of the end that is among
    them, None where neither is. The rows `known` are other true answers. O((1 + M) N D).
    """
    asked, answer = rows
    heads, numbers = torch.tensor([asked]), torch.tensor([relation])
    rivals = torch.ones(len(scorer.entities), dtype=torch.bool)
    rivals[torch.from_numpy(known)] = False
    rivals[answer] = False

    def outcome(scores: torch.Tensor, own: torch.Tensor) -> tuple[float, float]:
        others = scores[rivals]
        ties = int((others == own).sum())
        return float(own), 1 + int((others > own).sum()) + ties / 2

    scores = scorer.all(heads, numbers)[0]
    score, rank = outcome(scores, scores[answer])
    left_out = []
    names = () if one is None else ("structure", *one.names)
    for part, name in enumerate(names):
        assert one is not None
        there = one.there_is()
        keep = torch.ones_like(there)
        keep[:, part] = False
        if not (there[0, part] and (there & keep)[0].any()):
            continue
        if asked < trained:
            head = one.heads(torch.tensor([0]), numbers, keep=keep)
            query = scorer.formula.query(head, scorer.relations[numbers])
            without = scorer.formula.scores(query, scorer.entities)[0]
            left_out.append(LeftOut(name, sides[0], *outcome(without, without[answer])))
        else:
            own = scorer.formula.pairs(
                scorer.queries(heads, numbers), one.entities(torch.tensor([0]), keep)
            )
            left_out.append(LeftOut(name, sides[1], *outcome(scores, own[0])))
    return Explanation(score, rank, int(rivals.sum()) + 1, tuple(left_out), (), True)
