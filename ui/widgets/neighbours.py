"""Which entities are alike, as cards. The vectors compared are those that publishing wrote."""

from __future__ import annotations

from typing import Any

import streamlit as st

from embeddings.answers import similar
from embeddings.publish.published import with_encoder
from kg_platform.browse.entities import EntityPage
from ui import resources
from ui.components import cards

# vector property -> what a person calls it
WAYS = {
    "embedding": "Everything",
    "structure_embedding": "Relations",
    "text_embedding": "Text",
    "image_embedding": "Picture",
}


def has_vector(page: EntityPage, way: str) -> bool:
    return way in page.vectors


@st.cache_data(ttl=resources.FRESH, show_spinner=False)
def nearest(entity_id: str, k: int, by: str) -> list[cards.Card]:
    return _cards(similar.similar_to_entity(resources.graph(), entity_id, k, by=by))


@st.cache_data(ttl=resources.FRESH, show_spinner=False)
def nearest_to_text(text: str, k: int) -> list[cards.Card]:
    graph, device = resources.graph(), resources.settings().device
    found = with_encoder(
        graph,
        "text",
        lambda name: resources.text_encoder(name, device),
        lambda encoder: similar.similar_to_text(graph, text, k, encoder),
    )
    return _cards(found)


def nearest_to_picture(picture: Any, k: int) -> list[cards.Card]:
    graph, device = resources.graph(), resources.settings().device
    found = with_encoder(
        graph,
        "image",
        lambda name: resources.image_encoder(name, device),
        lambda encoder: similar.similar_to_picture(graph, picture, k, encoder),
    )
    return _cards(found)


def _cards(found: list[similar.Neighbour]) -> list[cards.Card]:
    rows = resources.rows(tuple(neighbour.id for neighbour in found))
    return [
        cards.Card(rows[neighbour.id], neighbour.type or "", f"{neighbour.score:.2f}")
        for neighbour in found
        if neighbour.id in rows
    ]
