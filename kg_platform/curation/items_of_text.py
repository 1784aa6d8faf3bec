"""Review items of what a text states: where it says so, and who would be new.

explanation = {
  head_label, tail_label, run,
  stated: [{sentence, document, place, model, by, score, page?, line?, offset, entity?, run}],
  new: {id: {label, labels}}     the ends that nobody has yet
}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kg_platform.ledger.review_rows import ReviewRow

MOST_PLACES = 5  # of one fact that are kept, the surest first


def new_ends(row: ReviewRow) -> dict[str, dict[str, Any]]:
    """The ends that accepting the item makes: id -> label, labels."""
    return dict(row.explanation.get("new") or {})


def places(explanation: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Where texts state it, the surest first."""
    return list(explanation.get("stated") or ())


def stated_in(row: ReviewRow) -> dict[str, Any]:
    """What an accepted fact keeps of the sentence that states it."""
    for one in places(row.explanation):
        return {
            "sentence": one["sentence"],
            "document": one["document"],
            "place": one["place"],
            "model": one["model"],
            "score": one["score"],
        }
    return {}


def with_places(
    explanation: Mapping[str, Any], others: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """The explanation with further places; one sentence counts once, wherever the run is from."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for one in (*places(explanation), *others):
        key = one["document"], one["sentence"], one.get("entity"), one["model"]
        found.setdefault(key, dict(one))
    best = sorted(found.values(), key=lambda one: -one["score"])[:MOST_PLACES]
    return {**explanation, "stated": best}
