"""The explorer's own words in the reader's language.

English stands in the code, where it is said; `ui/languages/LANGUAGE/PAGE.toml` give what it is in
another language, a line a sentence. Sentences of errors come ready-made: `ui/sentences.py`. Text
from the graph is shown as it is.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

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
    code. Options of a widget are said by `format_func=say`; what a table calls them by `named`.
    """
    text = catalogue(language()).get(english, english)
    return text.format(**values) if values else text


def named(table: Mapping[Any, str], key: object) -> str:
    """What a table of English texts calls `key`, in the reader's language; a key that it does not
    have is said as it is. The same test looks for the texts of each table in the catalogues."""
    english = table.get(key, str(key))
    return catalogue(language()).get(english, english)


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
