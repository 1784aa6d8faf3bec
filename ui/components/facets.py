"""Facets with their counts, as lists of real buttons: a component of our own (`facets/`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import streamlit as st

from ui.components.served import served
from ui.language import say

_component = served("facets", html="<section></section>")
MOST = 200  # values of a facet that are sent; those with fewer entities are found by words


class Facet(NamedTuple):
    """What it is called, how many entities have each value, which are chosen, and what the values
    are called."""

    name: str
    title: str
    counts: Mapping[str, int]
    chosen: tuple[str, ...]
    called: Callable[[str], str]


def facets(
    groups: list[Facet],
    key: str,
    on_toggle: Callable[[str, str], None],
    on_clear: Callable[[], None],
) -> None:
    """Show them. `on_toggle` gets the name of a facet and the value that was pressed."""

    def toggled() -> None:
        pressed = st.session_state[key].toggled
        if pressed:
            on_toggle(str(pressed["facet"]), str(pressed["value"]))

    _component(
        key=key,
        data={
            "groups": [
                {"name": one.name, "title": one.title, "values": _values(one)} for one in groups
            ],
            "chosen": sum(len(one.chosen) for one in groups),
            "words": {
                "title": say("Filters"),
                "clear": say("Clear all"),
                "more": say("More"),
                "fewer": say("Fewer"),
            },
        },
        on_toggled_change=toggled,
        on_cleared_change=on_clear,
    )


def _values(facet: Facet) -> list[dict[str, object]]:
    first = list(facet.counts)[:MOST]
    shown = [*first, *(value for value in facet.chosen if value not in first)]
    return [
        {
            "value": value,
            "label": facet.called(value),
            "count": facet.counts.get(value, 0),
            "shown": f"{facet.counts.get(value, 0):,}",
            "chosen": value in facet.chosen,
        }
        for value in shown
    ]
