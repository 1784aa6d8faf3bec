"""The map of vectors: a component of our own (map_view/), fed by columns of bare bytes.

One component in four roles. Each column is an element of its own, and so is what the map says of
itself, so that what the browser has is not sent again when something else changes; the map's own
element has the selection alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from embeddings.answers.maps.shown import packed
from ui.components.served import served

_component = served("map_view")

# What is asked of a point: label, type, id, picture (None: not asked for)
Name = tuple[str, str, str, str | None]


def about(data: Mapping[str, Any]) -> None:
    """What the map is: its columns, which of them come in `parts`, its legend, its words."""
    _component(key="map_about", data={"role": "about", **data}, height=1)


def columns(numbers: Mapping[str, NDArray[np.uint8] | NDArray[np.uint16]]) -> None:
    """Have the browser hold these numbers, by these names."""
    for name, values in numbers.items():
        _component(key=f"map_column_{name}", data=packed(name, values), height=1)


def names(
    map_name: str,
    answer: Callable[[Sequence[int], bool], Mapping[int, Name]],
) -> None:
    """Answers what points are called, and how they look, when the browser asks. A fragment: the
    page around it is not run again."""

    @st.fragment
    def answering() -> None:
        question = st.session_state.pop("map_asked", None)
        found: Mapping[int, Name] = {}
        if question and question["map"] == map_name:
            wanted = [int(point) for point in question["points"]]
            found = answer(wanted, bool(question["pictures"]))

        def asked() -> None:
            st.session_state["map_asked"] = st.session_state["map_names"].asked

        _component(
            key="map_names",
            data={
                "role": "names",
                "map": map_name,
                "names": {str(point): list(name) for point, name in found.items()},
            },
            on_asked_change=asked,
            height=1,
        )

    answering()


def view(
    select: Mapping[str, Any],
    on_selected: Callable[[dict[str, Any]], None],
    on_opened: Callable[[int], None],
) -> None:
    """The map that `about` tells of, with this selection. `on_selected` is given what was selected,
    `on_opened` the point that was opened."""
    key = "map_view"

    def selected() -> None:
        on_selected(dict(st.session_state[key].selected))

    def opened() -> None:
        on_opened(int(st.session_state[key].opened))

    _component(
        key=key,
        data={"role": "view", "select": select},
        on_selected_change=selected,
        on_opened_change=opened,
    )
