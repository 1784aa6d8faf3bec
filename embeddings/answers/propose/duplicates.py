"""Likely duplicates as review items: pairs that are near in vectors, judged by what both say."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from embeddings.answers.propose.links import Proposal
from embeddings.answers.propose.search import Search
from embeddings.publish import vector_indexes
from embeddings.publish.published import Run, of_one_run, published_run, staged_name
from kg_platform.curation.likeness import likeness
from kg_platform.curation.overtaken import supersede
from kg_platform.cypher import reviewing as cypher
from kg_platform.cypher import vectors
from kg_platform.cypher.statement import Statement
from kg_platform.errors import NotFound
from kg_platform.graph.client import Graph, Rows
from kg_platform.ledger.review_rows import Candidate
from kg_platform.platform import Platform
from kg_platform.progress import Progress

NEAREST = 10  # neighbours of an entity that are looked at, by each of the vectors
BATCH = 500
WAYS = ("embedding", "text_embedding")


def propose_duplicates(platform: Platform, what: Search, report: Progress) -> Proposal:
    """Propose pairs of entities of one type that may be one; `what.at_least` is the least score.

    At most `what.queries` entities are asked for their neighbours, drawn where there are more.

    Raises:
        NotFound: nothing is published, or the entity has no vector.
    """
    graph, reviews = platform.graph, platform.ledger.reviews
    run_id = str(published_run(graph)["id"])
    ids = [row["id"] for row in of_one_run(graph, lambda run: _embedded(graph, run))]
    possible = len(ids)
    if what.entity is not None:
        if what.entity not in set(ids):
            raise NotFound(f"{what.entity} has no vector yet; `kg embed --new-only` makes one.")
        ids, possible = [what.entity], 1
    elif possible > what.queries:
        chosen = np.random.default_rng(what.seed).choice(possible, what.queries, replace=False)
        ids = [ids[i] for i in np.sort(chosen)]
    decided = reviews.ends("duplicate", ["rejected", "accepted"])
    found: list[Candidate] = []
    seen: set[tuple[str, str]] = set()
    for start in range(0, len(ids), BATCH):
        part = ids[start : start + BATCH]
        near = of_one_run(graph, lambda run, part=part: _pairs(graph, run, part))  # type: ignore[misc]
        for row in near:
            pair = min(row["one"], row["other"]), max(row["one"], row["other"])
            if pair in seen or (pair[0], "", pair[1]) in decided or not _one_type(row):
                continue
            seen.add(pair)
            judged = likeness(row)
            if judged.score >= (what.at_least or 0):
                labels = {row["one"]: row["one_label"], row["other"]: row["other_label"]}
                why = {
                    "head_label": labels[pair[0]],
                    "tail_label": labels[pair[1]],
                    "grounds": judged.grounds,
                    "run": run_id,
                }
                found.append(Candidate("duplicate", pair[0], "", pair[1], None, judged.score, why))
        found = sorted(found, key=lambda one: (-one.score, one.ends))[: what.top]
        report("neighbours", min(start + BATCH, len(ids)), len(ids))
    superseded = supersede(graph, reviews, "duplicate")
    made = reviews.propose(run_id, found)
    return Proposal(run_id, made.new, made.updated, superseded, len(ids), possible)


def _embedded(graph: Graph, run: Run | None) -> Rows:
    return graph.read(Statement(cypher.WITH_VECTORS, {"property": staged_name(run, "embedding")}))


def _pairs(graph: Graph, run: Run | None, ids: Sequence[str]) -> Rows:
    """What the graph says of these entities and their neighbours, a pair a row."""
    pairs: set[tuple[str, str]] = set()
    places = {way: staged_name(run, way) for way in WAYS}
    for place in places.values():
        if vector_indexes.dimension_of(graph, place) is None:
            continue
        parameters = {
            "property": place,
            "index": vectors.INDEX_OF[place],
            "k": NEAREST + 1,
            "ids": list(ids),
        }
        rows = graph.read(Statement(cypher.NEAREST_TO_EACH, parameters))
        pairs |= {(min(r["one"], r["other"]), max(r["one"], r["other"])) for r in rows}
    given = {
        "rows": [list(pair) for pair in sorted(pairs)],
        "fused": places["embedding"],
        "text": places["text_embedding"],
    }
    rows = graph.read(Statement(cypher.PAIRS, given))
    if graph.vocabulary.prefix:  # what is ours there says nothing of its own
        for row in rows:
            own = graph.vocabulary.owners(key for key, _, _ in row["both"])
            row["both"] = [same for same in row["both"] if same[0] in own]
    return rows


def _one_type(row: dict[str, list[str]]) -> bool:
    """Whether the two have the same type, or one has none."""
    one, other = (set(row[f"{name}_labels"]) - {"Entity"} for name in ("one", "other"))
    return not one or not other or one == other
