"""What the parts of the review page call things, in the reader's language."""

from __future__ import annotations

from kg_platform.browse.entities import EntityRow
from kg_platform.curation.review_text import percent
from kg_platform.ledger.review_rows import ReviewRow, Sort
from ui.language import named, say

KINDS = {
    None: "Everything",
    "link": "Proposed facts",
    "stated": "Facts of texts",
    "duplicate": "Duplicates and matches",
}
KIND_OF_ONE = {"link": "Proposed fact", "stated": "Fact of a text", "duplicate": "Maybe one"}
STATUSES = {
    "open": "Undecided",
    "accepted": "Accepted",
    "rejected": "Rejected",
    "superseded": "Overtaken",
}
SORTS: dict[Sort, str] = {
    "likeliest": "Likeliest first",
    "teaches": "What teaches most",
    "newest": "Newest first",
}


def kind_name(kind: str | None) -> str:
    return named(KINDS, kind)


def kind_of_one(kind: str) -> str:
    return named(KIND_OF_ONE, kind)


def status_name(status: str) -> str:
    return named(STATUSES, status)


def sort_name(sort: Sort) -> str:
    return named(SORTS, sort)


def chance(row: ReviewRow) -> str:
    """The probability in few characters, or the score where there is none."""
    return f"{row.score:.2f}" if row.probability is None else percent(row.probability)


def verb(row: ReviewRow) -> str:
    return f"→ {row.relation} →" if row.is_fact else say("may be the same as")


def ends(row: ReviewRow, entities: dict[str, EntityRow]) -> tuple[EntityRow, EntityRow]:
    """The two entities; by what the item kept of them where they are not in the graph."""
    said = row.explanation
    return (
        entities.get(row.head) or EntityRow(row.head, said.get("head_label", row.head)),
        entities.get(row.tail) or EntityRow(row.tail, said.get("tail_label", row.tail)),
    )
