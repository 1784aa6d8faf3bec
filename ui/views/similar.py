"""What is alike: to an entity, to a text, to a picture, a sound or a film."""

from __future__ import annotations

import streamlit as st

from kg_platform.modality import AUDIO, VIDEO, Modality
from ui import resources
from ui.components import cards
from ui.widgets import entity_picker, neighbours
from ui.widgets import text as plain

st.title("Similar")
source = st.segmented_control(
    "Similar to",
    ["An entity", "A text", "A picture", "A sound", "A film"],
    default="An entity",
    required=True,
    key="similar_source",
    label_visibility="collapsed",
)


def how_many() -> int:
    return st.selectbox("How many", [10, 20, 50], key="similar_count", width=110)


def to_entity() -> list[cards.Card]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = entity_picker.entity_picker("similar")
        if not chosen:
            return []
        page = resources.entity(chosen)
        ways = [way for way in neighbours.WAYS if neighbours.has_vector(page, way)]
        if not ways:
            plain.hint("This entity has no vectors yet. Type `kg embed` to make them.")
            return []
        way = st.selectbox(
            "Compare by",
            ways,
            format_func=neighbours.WAYS.__getitem__,
            key="similar_way",
            width=150,
        )
        count = how_many()
    return neighbours.nearest(chosen, count, way)


def to_text() -> list[cards.Card]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text = st.text_input(
            "Text",
            key="similar_text",
            placeholder="Words, or a sentence: island monarchy",
            icon=":material/notes:",
        )
        count = how_many()
    return neighbours.nearest_to_text(text.strip(), count) if text.strip() else []


def to_picture() -> list[cards.Card]:
    left, middle, right = st.columns([5, 1.4, 1])
    file = left.file_uploader("Picture", key="similar_picture")
    if file is None:
        return []
    picture = resources.picture(file.getvalue())
    with right:
        count = how_many()
    with middle.container(border=True):
        shown = picture.copy()
        shown.thumbnail((resources.CARD, resources.CARD))
        st.image(shown, width="stretch", alt="The picture you chose")
    return neighbours.nearest_to_picture(picture, count)


def to_recording(modality: Modality) -> list[cards.Card]:
    """A sound or a film that is uploaded; it plays beside what is like it."""
    left, right = st.columns([6.4, 1])
    file = left.file_uploader(modality.title, key=f"similar_{modality.name}")
    if file is None:
        return []
    with right:
        count = how_many()
    data = file.getvalue()
    found = neighbours.nearest_to_recording(modality, data, count)
    if modality is AUDIO:
        st.audio(data)
    else:
        st.video(data, width=360)
    return found


found: list[cards.Card] = []
with plain.errors():
    match source:
        case "An entity":
            found = to_entity()
        case "A text":
            found = to_text()
        case "A picture":
            found = to_picture()
        case "A sound":
            found = to_recording(AUDIO)
        case _:
            found = to_recording(VIDEO)
if found:
    cards.cards(found, key="similar_found")
