"""A long list in pages, with buttons to go on and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeVar

import streamlit as st

from ui.language import say
from ui.widgets import text as plain

T = TypeVar("T")


def part(items: Sequence[T], size: int, key: str) -> Sequence[T]:
    """The page of `items` that is looked at; its number is kept in the session under `key`. Above
    more than one page it draws where we are."""
    last = max(0, (len(items) - 1) // size)
    number = min(int(st.session_state.get(key, 0)), last)
    if last:
        with st.container(horizontal=True, vertical_alignment="center"):
            _turn(say("Back"), "left", key, number - 1, number == 0)
            _turn(say("Next"), "right", key, number + 1, number == last)
            plain.note(
                say(
                    "{first} to {last} of {all}",
                    first=f"{number * size + 1:,}",
                    last=f"{min(len(items), (number + 1) * size):,}",
                    all=f"{len(items):,}",
                )
            )
    return items[number * size : (number + 1) * size]


def _turn(name: str, side: Literal["left", "right"], key: str, to: int, disabled: bool) -> None:
    def turn() -> None:
        st.session_state[key] = to

    st.button(
        name,
        icon=f":material/chevron_{side}:",
        icon_position=side,
        key=f"{key}_{side}",
        disabled=disabled,
        on_click=turn,
    )
