"""Media as a row of small pictures, one of which is chosen: a component of our own (`gallery/`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import streamlit as st

from ui.components.served import served

_component = served("gallery", html="<section></section>")


class SmallPicture(NamedTuple):
    """A small picture as a data address, what it is called, its caption, and a mark in its
    corner."""

    image: str | None
    title: str
    caption: str = ""
    mark: str = ""


def gallery(
    items: Sequence[SmallPicture],
    chosen: int,
    key: str,
    name: str,
    on_choose: Callable[[int], None],
) -> None:
    """Show them; `on_choose` gets the place of the one that was pressed."""

    def pressed() -> None:
        place = st.session_state[key].chosen
        if isinstance(place, int) and 0 <= place < len(items):
            on_choose(place)

    _component(
        key=key,
        data={
            "name": name,
            "items": [
                {**one._asdict(), "at": at, "chosen": at == chosen} for at, one in enumerate(items)
            ],
        },
        on_chosen_change=pressed,
    )
