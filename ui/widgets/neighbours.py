"""Which entities are alike, and why. The vectors compared are those that publishing wrote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from embeddings.answers.similar import SimilarAnswer
from embeddings.answers.two_runs import TwoRuns, two_runs
from embeddings.answers.why_similar import WhySimilar
from kg_platform.browse.entities import EntityPage, EntityRow
from kg_platform.modality import MODALITIES
from ui import resources
from ui.components import cards
from ui.language import say

# vector property -> what a person calls it
WAYS = {
    "embedding": "Everything",
    "structure_embedding": "Relations",
    **{one.vector: one.title for one in MODALITIES},
}
# Answers to contents may be as old as the vectors; those of the graph a moment.
MANY = 200


def names() -> dict[str, str]:
    """What the ways to compare are called, by what a program calls them."""
    return {
        "embedding": say("Everything"),
        "structure": say("Relations"),
        "text": say("Text"),
        "image": say("Picture"),
        "audio": say("Sound"),
        "video": say("Film"),
    }


def way_called(way: str) -> str:
    """What a vector property is called."""
    return names().get(way.removesuffix("_embedding"), way)


def has_vector(page: EntityPage, way: str) -> bool:
    return way in page.vectors


@st.cache_data(ttl=resources.FRESH, show_spinner=False)
def nearest(entity_id: str, k: int, by: str) -> list[cards.Card]:
    # An id, not a label: what stands in the page's address is one.
    found = resources.kg().similar(EntityRow(entity_id, entity_id), k=k, by=by)
    rows = resources.rows(tuple(neighbour.id for neighbour in found))
    return [
        cards.Card(rows[neighbour.id], neighbour.type or "", f"{neighbour.score:.2f}")
        for neighbour in found
        if neighbour.id in rows
    ]


@st.cache_data(ttl=resources.FRESH, max_entries=MANY, show_spinner=False)
def alike(
    like: Sequence[str],
    unlike: Sequence[str],
    text: str | None,
    weights: Mapping[str, float],
    type: str | None,
    where: Mapping[str, str],
    k: int,
    files: Mapping[str, bytes],
) -> SimilarAnswer:
    """The answer to all that a page asks; `files` are contents by the names of their modalities."""
    return resources.kg().alike(
        [EntityRow(one, one) for one in like],
        unlike=[EntityRow(one, one) for one in unlike],
        text=text,
        image=files.get("image"),
        audio=files.get("audio"),
        video=files.get("video"),
        weights=weights,
        type=type,
        where=where,
        k=k,
    )


@st.cache_data(ttl=resources.COUNTS, max_entries=MANY, show_spinner=False)
def why(one: str, other: str) -> WhySimilar:
    return resources.kg().why(one, other)


@st.cache_data(ttl=resources.COUNTS, max_entries=MANY, show_spinner=False)
def of_two_runs(entity_id: str, runs: tuple[str, str], by: str, k: int) -> TwoRuns:
    return two_runs(resources.settings().artifacts_dir, entity_id, runs, by, k)
