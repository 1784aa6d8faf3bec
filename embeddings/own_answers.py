"""Whether features have made entities the best answers to their own questions.

Nothing is as similar to a text as itself. Where texts teach more than facts do, the best answer to
(h, r, ?) may become h, for most h: on WN18RR validation MRR fell from 0.45 to 0.23 that way. Facts
that are learnt first prevent it (`feature_delay`), but cost what texts give elsewhere; so it is
looked for and said.
"""

from __future__ import annotations

import numpy as np

from embeddings.dataset import Ints, with_inverses
from embeddings.models import Scorer

SAMPLE = 500  # questions, evenly over the triples' both directions
BLOCK = 50  # of them scored at a time
LEAST = 100  # fewer say nothing
MANY = 0.25


def own_answers(scorer: Scorer, triples: Ints) -> float:
    """The share of questions (h, r, ?) of the triples (n, 3), in both directions, that h itself
    answers best without being the answer. O(SAMPLE * N * D)."""
    both = with_inverses(triples, scorer.relation_count)
    both = both[both[:, 0] != both[:, 2]]
    if not len(both):
        return 0.0
    chosen = both[np.unique(np.linspace(0, len(both) - 1, SAMPLE).astype(np.int64))]
    parts = np.array_split(chosen, -(-len(chosen) // BLOCK))
    best = [scorer.score_tails(part[:, 0], part[:, 1]).argmax(1) for part in parts]
    return float((np.concatenate(best) == chosen[:, 0]).mean())


def warning(scorer: Scorer, triples: Ints) -> list[str]:
    """What to do about it, in one sentence, if it is so."""
    if 2 * len(triples) < LEAST:
        return []
    share = own_answers(scorer, triples)
    if share < MANY:
        return []
    return [
        f"Entities are the best answer to {share:.0%} of their own questions, for nothing is as "
        "similar to a text or picture as itself; train again with --set feature_delay=3, so that "
        "facts are learnt first."
    ]
