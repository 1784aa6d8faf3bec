"""A long list in pages, with buttons to go on and back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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

    def turn(to: int) -> None:
        st.session_state[key] = to

    if last:
        with st.container(horizontal=True, vertical_alignment="center"):
            _turn("left", f"{key}_left", number == 0, turn, number - 1)
            _turn("right", f"{key}_right", number == last, turn, number + 1)
            plain.note(
                say(
                    "{first} to {last} of {all}",
                    first=f"{number * size + 1:,}",
                    last=f"{min(len(items), (number + 1) * size):,}",
                    all=f"{len(items):,}",
                )
            )
    return items[number * size : (number + 1) * size]


def pages(number: int, last: int, go_to: Callable[[int], None], key: str) -> None:
    """Where we are of pages from 1 to `last` that are read one by one, and ways to the others;
    nothing, where there is no other."""
    if last < 2:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        _turn("left", f"{key}_back", number <= 1, go_to, number - 1)
        typed = f"{key}_page_{number}"
        st.number_input(
            say("Page"),
            1,
            last,
            min(number, last),
            key=typed,
            width=130,
            label_visibility="collapsed",
            on_change=lambda: go_to(st.session_state[typed]),
        )
        plain.note(say("of {pages} pages", pages=f"{last:,}"))
        _turn("right", f"{key}_next", number >= last, go_to, number + 1)


def _turn(
    side: Literal["left", "right"],
    key: str,
    disabled: bool,
    go_to: Callable[[int], None],
    to: int,
) -> None:
    st.button(
        say("Back") if side == "left" else say("Next"),
        icon=f":material/chevron_{side}:",
        icon_position=side,
        key=key,
        disabled=disabled,
        on_click=go_to,
        args=(to,),
    )
