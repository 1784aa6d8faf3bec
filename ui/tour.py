"""A walk of two minutes through the demo world: a box above the page says what to look at there."""

from __future__ import annotations

from typing import NamedTuple

import streamlit as st

from ingest.sources.demo.world import SOURCE
from kg_platform.errors import KgError
from ui import navigation, resources
from ui.language import say
from ui.widgets import text

_STOP = "tour_stop"
EXAMPLE = "NOR"  # an entity of the demo world with a picture, many relations and vectors


class TourStop(NamedTuple):
    page: str
    query: dict[str, str]
    words: str


def stops() -> list[TourStop]:
    here = {"id": EXAMPLE}
    return [
        TourStop("overview", {}, say(
            "What is in the graph, how much of it has vectors, and what needs somebody's attention."
        )),
        TourStop("browse", {"browse_q": "island monarchy"}, say(
            "One box finds names, ids and texts. Narrow what it found by type, or by what it has."
        )),
        TourStop("entity", here, say(
            "All that is known of one country: flag, facts with where they are from, and what is "
            "most alike by relations, text and picture."
        )),
        TourStop("graph", here, say(
            "Its neighbourhood, drawn. Open a node for its own neighbours; colour by what you ask."
        )),
        TourStop("map", {}, say(
            "Every vector as a point: what is near is alike. Draw around some to see who they are."
        )),
        TourStop("similar", {}, say(
            "Ask what is like an entity, words, a picture, a sound or a film, and why."
        )),
        TourStop("review", {}, say(
            "What the model thinks is missing. Nothing becomes a fact before somebody accepts it."
        )),
        TourStop("query", {}, say(
            "Cypher that only reads, over facts and vectors together. That was the tour."
        )),
    ]  # fmt: skip


def offer() -> None:
    """A button that begins the tour, where the demo world is."""
    if _STOP in st.session_state or not _is_demo():
        return
    st.button(
        say("A tour of two minutes"),
        icon=":material/tour:",
        key="tour_begin",
        on_click=_to,
        args=(0,),
        type="tertiary",
    )


def show() -> None:
    """The stop somebody is at; nothing when nobody is on the tour."""
    if (at := st.session_state.get(_STOP)) is None:
        return
    all_stops = stops()
    with st.container(border=True, key="tour"):
        text.lead(all_stops[at].words)
        with st.container(horizontal=True, vertical_alignment="center"):
            last = at == len(all_stops) - 1
            if at:
                st.button(say("Back"), key="tour_back", on_click=_to, args=(at - 1,))
            if not last:
                st.button(
                    say("Next"), key="tour_next", type="primary", on_click=_to, args=(at + 1,)
                )
            st.button(say("End the tour"), key="tour_end", on_click=_end, type="tertiary")
            text.note(say("Stop {number} of {count}", number=at + 1, count=len(all_stops)))


def _to(at: int) -> None:
    st.session_state[_STOP] = at
    stop = stops()[at]
    navigation.go(stop.page, **stop.query)


def _end() -> None:
    st.session_state.pop(_STOP)


@st.cache_data(ttl=resources.COUNTS, show_spinner=False)
def _is_demo() -> bool:
    try:
        return resources.entity(EXAMPLE).source == SOURCE
    except KgError:
        return False
