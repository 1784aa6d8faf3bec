"""`kg review propose`: candidates become review items, and open items are kept true."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch

from embeddings.answers.explain import Explainer
from embeddings.answers.propose.evidence import evidence
from embeddings.answers.propose.search import Search, search
from embeddings.answers.scored_entities import ScoredEntities, open_scored
from embeddings.evaluation.calibration import Calibrator
from embeddings.publish.live_artifact import artifact_of
from embeddings.publish.published import published_run
from kg_platform.curation.overtaken import supersede
from kg_platform.curation.review import decided_facts
from kg_platform.ledger.review_rows import Candidate, Proposed, ReviewRow
from kg_platform.platform import Platform
from kg_platform.progress import Progress


@dataclass(frozen=True)
class Proposal:
    """What a run proposed: items that are `new`, `updated` open ones, and `superseded` ones, whose
    fact is in the graph by now or whose end is gone. `asked` of `possible` queries were asked."""

    run_id: str
    new: int
    updated: int
    superseded: int
    asked: int
    possible: int

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def propose_links(platform: Platform, what: Search, report: Progress) -> Proposal:
    """Propose the likeliest missing links of the published run.

    Raises:
        NotFound: nothing is published, its artifact is not here, or the model does not know the
            entity or the relation.
        BadInput: the run has no probabilities, and some were asked for.
    """
    graph, reviews = platform.graph, platform.ledger.reviews
    run = published_run(graph)
    artifact, run_id = artifact_of(run, platform.settings.artifacts_dir), str(run["id"])
    space = open_scored(artifact, graph)
    decided = decided_facts(graph, reviews, "rejected", "accepted")
    found = search(graph, artifact, space.scorer, space.places, what, decided, report)
    names, explainer = artifact.relation_types, Explainer(artifact, graph, space)
    fresh: dict[tuple[str, str, str], Candidate] = {}
    for done, link in enumerate(found.links, 1):
        fact = space.ids[link.head], names[link.relation], space.ids[link.tail]
        why = evidence(graph, explainer, space.scorer, space.places, fact) | {"run": run_id}
        fresh[fact] = Candidate("link", *fact, link.probability, link.score, why)
        report("explanations", done, len(found.links))
    superseded = supersede(graph, reviews, "link")
    others = [row for rows in reviews.open_pages("link") for row in rows if row.ends not in fresh]
    again = _scored_again(space, names, artifact.manifest.get("calibration"), others)
    first, second = reviews.propose(run_id, fresh.values()), reviews.propose(run_id, again)
    made = Proposed(*(a + b for a, b in zip(_counts(first), _counts(second), strict=True)))
    return Proposal(run_id, made.new, made.updated, superseded, found.asked, found.possible)


def _scored_again(
    space: ScoredEntities,
    relations: list[str],
    fitted: Mapping[str, Any] | None,
    rows: list[ReviewRow],
) -> list[Candidate]:
    """Open items with the figures of this run; those it cannot score stay as they are."""
    number = {name: position for position, name in enumerate(relations)}
    places = space.places
    known = [
        row for row in rows if row.head in places and row.tail in places and row.relation in number
    ]
    if not known:
        return []
    triples = [(places[r.head], number[r.relation], places[r.tail]) for r in known]
    with torch.no_grad():
        scores = space.scorer.pairs(torch.tensor(triples)).numpy()
    chances: list[float | None] = [None] * len(known)
    if fitted is not None:
        chances = list(map(float, Calibrator.from_dict(fitted).probabilities(np.asarray(scores))))
    return [
        Candidate("link", *row.ends, chance, float(score), row.explanation)
        for row, chance, score in zip(known, chances, scores, strict=True)
    ]


def _counts(made: Proposed) -> tuple[int, int, int]:
    return made.new, made.updated, made.decided
