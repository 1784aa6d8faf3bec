"""How much facts of the graph surprise the model that was trained on it.

Of entities drawn at random, how many would it sooner put in the place of an end? A fact is asked
for both ends, and the better answer counts: a hub has many right answers, so that no single one
ranks well among them, while it is asked for easily from the other end.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from kg_platform.ledger.review_rows import Triple

if TYPE_CHECKING:
    from embeddings.answers.scored_entities import ScoredEntities

DRAWN = 2_000  # rivals of an end; where there are no more entities, all of them
SEED = 0
AT_ONCE = 256


@torch.no_grad()
def surprise(
    space: ScoredEntities, relations: Sequence[str], facts: Iterable[Triple]
) -> dict[Triple, float]:
    """Of these facts (head, relation, tail), 0 where the model would name their ends first, to 1
    where it would name them last. Those it does not know an end or the relation of are left out.

    `relations` are the artifact's, in its order. O(facts * drawn * D).
    """
    number = {name: position for position, name in enumerate(relations)}
    places, scorer = space.places, space.scorer
    known = [
        fact
        for fact in dict.fromkeys(facts)
        if fact[0] in places and fact[2] in places and fact[1] in number
    ]
    if not known:
        return {}
    draw = np.random.default_rng(SEED)
    rows = np.sort(draw.permutation(len(space.ids))[:DRAWN])
    rivals = scorer.entities[torch.from_numpy(rows)]
    count = scorer.relation_count

    def likelier(asked: Tensor, relation: Tensor, answer: Tensor) -> Tensor:
        queries = scorer.queries(asked, relation)
        scores = scorer.formula.scores(queries, rivals)
        own = scorer.formula.pairs(queries, scorer.entities[answer])[:, None]
        # The answer itself may have been drawn, and is no rival of its own.
        mine = torch.from_numpy(rows)[None, :] == answer[:, None]
        before = ((scores > own) & ~mine).sum(1) + ((scores == own) & ~mine).sum(1) / 2
        return before / (~mine).sum(1).clamp(min=1)

    found: dict[Triple, float] = {}
    for start in range(0, len(known), AT_ONCE):
        some = known[start : start + AT_ONCE]
        head, relation, tail = torch.tensor(
            [(places[h], number[r], places[t]) for h, r, t in some]
        ).unbind(1)
        least = torch.minimum(
            likelier(head, relation, tail), likelier(tail, relation + count, head)
        )
        found |= dict(zip(some, map(float, least), strict=True))
    return found
