"""Where a relation is from, in words: who states it, or who accepted it and why.

The words are from the graph and from documents, and hostile: show them, never render them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kg_platform.cypher.reviewing import SOURCE as REVIEW


def origin(properties: Mapping[str, Any]) -> str:
    """One line; "" where the relation says nothing of it.

    >>> origin({"source": "demo"}), origin({"source": "b", "sources": ["a", "b"]})
    ('demo', 'a, b')
    """
    if not is_accepted(properties):
        return short_origin(properties)
    by, item = properties.get("accepted_by"), properties["review"]
    if sentence := properties.get("sentence"):
        where = f"{properties.get('place') or properties.get('document')}"
        score = properties.get("score")
        scored = f" with score {score:.2f}" if isinstance(score, float) else ""
        model = properties.get("model")
        return f"“{sentence}” ({where}), read by {model}{scored}, accepted by {by} (item {item})"
    return f"proposed by run {properties.get('run')}, accepted by {by} (item {item})"


def is_accepted(properties: Mapping[str, Any]) -> bool:
    """Whether a person accepted it, and no source states it."""
    return properties.get("source") == REVIEW and "review" in properties


def short_origin(properties: Mapping[str, Any]) -> str:
    """The sources that state it, or the number of the review item."""
    if is_accepted(properties):
        return f"review item {properties['review']}"
    return ", ".join(map(str, properties.get("sources") or [properties.get("source") or ""]))
