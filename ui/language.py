"""The explorer's own words in the reader's language.

English stands in the code, where it is said; `ui/languages/LANGUAGE/PAGE.toml` give what it is in
another language, a line a sentence. Text from the graph and sentences of errors are shown as they
are.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

import streamlit as st

FOLDER = Path(__file__).with_name("languages")
LANGUAGES = {"en": "English", "zh": "中文"}
_KEY, _CHOSEN = "lang", "language"


@cache
def catalogue(language: str) -> dict[str, str]:
    """English -> this language, of all its files."""
    found: dict[str, str] = {}
    for file in sorted((FOLDER / language).glob("*.toml")):
        found |= tomllib.loads(file.read_text(encoding="utf-8"))
    return found


def language() -> str:
    """What was chosen or `?lang=` says, else what the browser asks for, or English."""
    if (asked := st.query_params.get(_KEY)) in LANGUAGES:
        st.session_state[_CHOSEN] = asked  # addresses of other pages do not say it again
    if _CHOSEN in st.session_state:
        return str(st.session_state[_CHOSEN])
    asked = (st.context.locale or "en").split("-")[0].lower()
    return asked if asked in LANGUAGES else "en"


def say(english: str, **values: object) -> str:
    """This text in the reader's language, its `{names}` filled in by `values`.

    `english` is written where it is said, as one literal: a test holds the catalogues against the
    code. Options of a widget that are named by variables are said by `format_func=say`, and stand
    in a catalogue too.
    """
    text = catalogue(language()).get(english, english)
    return text.format(**values) if values else text


def choose() -> None:
    """The choice of a language, for the rest of the visit."""

    def chosen() -> None:
        st.session_state[_CHOSEN] = st.session_state.frame_language
        st.query_params.pop(_KEY, None)

    st.selectbox(
        "Language / 语言",
        list(LANGUAGES),
        list(LANGUAGES).index(language()),
        format_func=LANGUAGES.__getitem__,
        key="frame_language",
        on_change=chosen,
        label_visibility="collapsed",
    )
