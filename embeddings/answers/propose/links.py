"""`kg review propose`: candidates become review items, and open items are kept true."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from embeddings.answers.chances import Basis, Chances
from embeddings.answers.explain import Explainer
from embeddings.answers.propose.evidence import evidence
from embeddings.answers.propose.search import Candidates, Search, figures_at, search
from embeddings.answers.scored_entities import ScoredEntities, open_scored
from embeddings.data.artifact import Artifact
from embeddings.evaluation.questions import CELLS
from embeddings.publish.live_artifact import artifact_of
from embeddings.publish.published import published_run
from kg_platform.curation.experience import learn
from kg_platform.curation.overtaken import supersede
from kg_platform.curation.review import decided_facts
from kg_platform.graph.client import Graph
from kg_platform.ledger.review_rows import Candidate, Proposed, ReviewRow, Triple
from kg_platform.platform import Platform
from kg_platform.progress import Progress


@dataclass(frozen=True)
class Proposal:
    """What a run proposed: items that are `new`, `updated` open ones, and `superseded` ones, whose
    fact is in the graph by now or whose end is gone. `asked` of `possible` queries were asked.

    Of links: what their probabilities are of (`basis`), the smallest that was kept, and on how many
    decisions they were corrected.
    """

    run_id: str
    new: int
    updated: int
    superseded: int
    asked: int
    possible: int
    basis: Basis | None = None
    at_least: float | None = None
    decisions: int = 0

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
    chances = Chances.of(artifact)
    fresh: dict[tuple[str, str, str], Candidate] = {}
    for done, link in enumerate(found.links, 1):
        fact = space.ids[link.head], names[link.relation], space.ids[link.tail]
        why = evidence(graph, explainer, space.scorer, space.places, fact) | {"run": run_id}
        fresh[fact] = _candidate(chances, fact, link.probability, link.score, why)
        report("explanations", done, len(found.links))
    superseded = supersede(graph, reviews, "link")
    others = [row for rows in reviews.open_pages("link") for row in rows if row.ends not in fresh]
    again = _scored_again(graph, artifact, space, decided, others)
    first, second = reviews.propose(run_id, fresh.values()), reviews.propose(run_id, again)
    made = Proposed(*(a + b for a, b in zip(_counts(first), _counts(second), strict=True)))
    learnt = learn(reviews)
    return Proposal(
        run_id,
        made.new,
        made.updated,
        superseded,
        found.asked,
        found.possible,
        chances.basis if chances else None,
        found.at_least,
        learnt.decisions,
    )


def _candidate(
    chances: Chances | None, fact: Triple, chance: float | None, score: float, why: dict[str, Any]
) -> Candidate:
    bound = chance if chances is not None and chances.basis == "shown" else None
    return Candidate("link", *fact, chance, score, why, bound)


def _scored_again(
    graph: Graph,
    artifact: Artifact,
    space: ScoredEntities,
    decided: set[Triple],
    rows: list[ReviewRow],
) -> list[Candidate]:
    """Open items with the figures of this run; those it cannot score stay as they are."""
    relations, places = artifact.relation_types, space.places
    number = {name: position for position, name in enumerate(relations)}
    known = [
        row for row in rows if row.head in places and row.tail in places and row.relation in number
    ]
    if not known:
        return []
    wanted = sorted({number[row.relation] for row in known})
    world = Candidates.read(graph, places, relations, wanted, decided)
    asked = np.array([(places[r.head], number[r.relation]) for r in known], np.int64)
    tails = np.array([places[r.tail] for r in known], np.int64)
    size = max(1, CELLS // len(places))
    parts = [slice(start, start + size) for start in range(0, len(known), size)]
    figures = np.concatenate(
        [figures_at(space.scorer, world, asked[part], tails[part]) for part in parts]
    )
    chances = Chances.of(artifact)
    found = None if chances is None else chances.probabilities(asked[:, 1], figures)
    again = []
    for place, row in enumerate(known):
        score = float(figures[place, 0])
        if np.isfinite(score):
            chance = None if found is None else float(found[place])
            again.append(_candidate(chances, row.ends, chance, score, row.explanation))
    return again


def _counts(made: Proposed) -> tuple[int, int, int]:
    return made.new, made.updated, made.decided
