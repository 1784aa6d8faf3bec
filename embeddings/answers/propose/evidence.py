"""What speaks for a proposed link: short paths, similar entities, and which modality moved it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import torch

from embeddings.answers.explain import Explainer
from embeddings.answers.predict import known_ends
from embeddings.models.scorer import Scorer
from kg_platform.browse import entities
from kg_platform.cypher import reviewing as cypher
from kg_platform.cypher.statement import Statement
from kg_platform.graph.client import Graph
from kg_platform.ledger.review_rows import Triple

SIMILAR = 5


def evidence(
    graph: Graph,
    explainer: Explainer,
    scorer: Scorer,
    places: Mapping[str, int],
    fact: Triple,
) -> dict[str, Any]:
    """The explanation of a review item:

    `sentence`, `rank`, `entities`, `left_out`: which modality moved it (`explain.py`);
    `paths`: up to five ways of at most three facts between the ends, whatever their directions;
    `similar_heads`: entities most like the head that have the same relation to the same tail;
    `similar_tails`: what the head has by this relation already, most like the tail first.
    """
    head, relation, tail = fact
    found = explainer.fact(head, relation, tail)
    heads = _similar(scorer, places, head, known_ends(graph, tail, relation, heads=True))
    tails = _similar(scorer, places, tail, known_ends(graph, head, relation, heads=False))
    labels = entities.rows(graph, [head, tail, *heads, *tails])

    def label(one: str) -> str:
        return labels[one].label if one in labels else one

    return {
        "head_label": label(head),
        "tail_label": label(tail),
        "sentence": found.sentence,
        "rank": found.rank,
        "entities": found.entities,
        "left_out": [asdict(one) for one in found.left_out],
        "paths": graph.read(Statement(cypher.PATHS, {"head": head, "tail": tail})),
        "similar_heads": [{"id": i, "label": label(i), "cosine": c} for i, c in heads.items()],
        "similar_tails": [{"id": i, "label": label(i), "cosine": c} for i, c in tails.items()],
    }


def _similar(
    scorer: Scorer, places: Mapping[str, int], entity: str, others: set[str]
) -> dict[str, float]:
    """Those of `others` whose vectors are most like the entity's: id -> cosine, in order."""
    known = sorted(others & places.keys() - {entity})
    if not known:
        return {}
    rows = scorer.entities[[places[one] for one in known]]
    mine = scorer.entities[places[entity]]
    alike = torch.cosine_similarity(rows, mine[None], dim=1)
    best = alike.argsort(descending=True, stable=True)[:SIMILAR].tolist()
    return {known[i]: round(float(alike[i]), 4) for i in best}
