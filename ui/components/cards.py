"""Entities as clickable cards, lines or chips: a small component of our own (`cards/`)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

import streamlit as st

from kg_platform.browse.entities import EntityRow
from ui import navigation, resources
from ui.components.served import served
from ui.language import say

_component = served("cards", html="<ul></ul>")
_TEXT = 240  # characters of a description that a line gets: more than any screen shows


class Card(NamedTuple):
    """An entity, a grey line under its name, and a number in its corner."""

    entity: EntityRow
    note: str = ""
    score: str = ""


def cards(
    items: Iterable[Card],
    key: str,
    shape: Literal["cards", "strip", "chips", "rows", "narrow"] = "cards",
    name: str = "",
    page: str = "entity",
) -> None:
    """Show the entities; a click opens the entity's page, or another that takes an entity as `id`.
    `key` is unique on the page, `name` says what the list is of."""
    size = resources.SMALL if shape in ("chips", "rows", "narrow") else resources.CARD
    shown = [
        {
            "id": entity.id,
            "label": entity.label,
            "note": note,
            "text": " ".join(entity.description[:_TEXT].split()) if shape == "rows" else "",
            "score": score,
            "image": resources.thumbnail(entity.picture, size),
            "href": navigation.address(page, id=entity.id),
        }
        for entity, note, score in items
    ]

    _component(key=key, data={"shape": shape, "name": name, "items": shown})


def samples(key: str, count: int = 14, page: str = "entity") -> None:
    """A few entities to begin with, those with pictures first; nothing in an empty graph."""
    found = resources.find("", None, 400)
    pictured = [row for row in found if row.picture] or found
    # Spread over the ids, so that it is not one corner of the alphabet.
    some = pictured[:: max(1, len(pictured) // count)][:count]
    if some:
        st.header(say("Begin here"), anchor=False)
        cards([Card(row) for row in some], key=key, shape="chips", page=page)
