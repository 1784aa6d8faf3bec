"""What speaks for a review item, as lines of text: for the command line and the explorer alike.

The text is from the graph, and hostile: show it, never render it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kg_platform.curation.items_of_text import new_ends, places
from kg_platform.ledger.review_rows import ReviewRow


def grounds(row: ReviewRow) -> list[tuple[str, str]]:
    """(what, words) of an item's explanation, one a ground."""
    said = row.explanation
    lines = [("why", str(said["sentence"]))] if said.get("sentence") else []
    lines += _stated(row)
    lines += [("path", path_text(path)) for path in said.get("paths", ())]
    lines += _alike("head like", said.get("similar_heads", ()), row.relation, tail=False)
    lines += _alike("tail like", said.get("similar_tails", ()), row.relation, tail=True)
    lines += [(str(name), str(words)) for name, words in said.get("grounds", ())]
    return lines


def _stated(row: ReviewRow) -> list[tuple[str, str]]:
    """Of what texts state: each sentence, where it stands, and who read it."""
    lines = [
        ("new", f"{about['label']} ({', '.join(about['labels']) or 'no type'}) is made with it")
        for about in new_ends(row).values()
    ]
    for one in places(row.explanation):
        lines.append(("sentence", str(one["sentence"])))
        lines.append(("place", str(one["place"])))
        lines.append(("read by", f"{one['model']}, score {one['score']:.2f}: {one['by']}"))
    return lines


def percent(probability: float) -> str:
    """Never "100%": nothing that waits for a person is certain."""
    return "over 99%" if probability > 0.99 else f"{probability:.0%}"


def path_text(path: Mapping[str, Any]) -> str:
    """A path as arrows between labels."""
    nodes: Sequence[Mapping[str, Any]] = path["nodes"]
    text = str(nodes[0]["label"])
    for step, before, after in zip(path["steps"], nodes, nodes[1:], strict=False):
        out = step["from"] == before["id"]
        text += f" -{step['type']}-> " if out else f" <-{step['type']}- "
        text += str(after["label"])
    return text


def _alike(
    what: str, rows: Sequence[Mapping[str, Any]], relation: str, tail: bool
) -> list[tuple[str, str]]:
    said = "is a known tail of the head" if tail else f"has {relation} to the same tail"
    return [(what, f"{one['label']} (cosine {one['cosine']:.2f}) {said}") for one in rows]
