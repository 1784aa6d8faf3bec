"""Which entities are alike, as cards. The vectors compared are those that publishing wrote."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st
from PIL.Image import Image

from embeddings.answers.similar import Neighbour
from kg_platform.browse.entities import EntityPage, EntityRow
from kg_platform.modality import AUDIO, MODALITIES, Modality
from ui import resources
from ui.components import cards
from ui.language import say

# vector property -> what a person calls it
WAYS = {
    "embedding": "Everything",
    "structure_embedding": "Relations",
    **{one.vector: one.title for one in MODALITIES},
}


def way_called(way: str) -> str:
    """What a vector property is called."""
    return {
        "embedding": say("Everything"),
        "structure_embedding": say("Relations"),
        "text_embedding": say("Text"),
        "image_embedding": say("Picture"),
        "audio_embedding": say("Sound"),
        "video_embedding": say("Film"),
    }.get(way, way)


def has_vector(page: EntityPage, way: str) -> bool:
    return way in page.vectors


@st.cache_data(ttl=resources.FRESH, show_spinner=False)
def nearest(entity_id: str, k: int, by: str) -> list[cards.Card]:
    # An id, not a label: what stands in the page's address is one.
    return _cards(resources.kg().similar(EntityRow(entity_id, entity_id), k=k, by=by))


@st.cache_data(ttl=resources.FRESH, show_spinner=False)
def _nearest_to_text(text: str, k: int) -> list[cards.Card]:
    return _cards(resources.kg().similar(text=text, k=k))


def nearest_to_text(text: str, k: int) -> list[cards.Card]:
    with st.spinner(say("Comparing texts …")):
        return _nearest_to_text(text, k)


def nearest_to_picture(picture: Image, k: int) -> list[cards.Card]:
    with st.spinner(say("Comparing pictures …")):
        return _cards(resources.kg().similar(image=picture, k=k))


def nearest_to_recording(modality: Modality, data: bytes, k: int) -> list[cards.Card]:
    with st.spinner(say("Comparing {items} …", items=modality.items)):
        if modality is AUDIO:
            return _cards(resources.kg().similar(audio=data, k=k))
        return _cards(resources.kg().similar(video=data, k=k))


def _cards(found: Iterable[Neighbour]) -> list[cards.Card]:
    rows = resources.rows(tuple(neighbour.id for neighbour in found))
    return [
        cards.Card(rows[neighbour.id], neighbour.type or "", f"{neighbour.score:.2f}")
        for neighbour in found
        if neighbour.id in rows
    ]
