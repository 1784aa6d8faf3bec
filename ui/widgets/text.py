"""Graph text on the page, shown and never rendered.

Streamlit reads markdown in titles, metrics, captions, alerts and most labels, and markdown can
colour, link and load pictures from elsewhere. Labels, descriptions and error sentences hold text
from the graph, so they go through here: escaped, inside an element of our own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path

import streamlit as st

from kg_platform.errors import KgError, Unavailable
from ui.sentences import told

STYLE = Path(__file__).with_name("style.css")
_AWAY = "text_away"


def use_style() -> None:
    """Put the stylesheet of the elements below on the page; once a run."""
    st.html(STYLE)


def title(text: str) -> None:
    st.html(f'<h1 class="kg-title">{escape(text)}</h1>')


def lead(text: str) -> None:
    """A paragraph in reading size."""
    st.html(f'<div class="kg-lead">{escape(text)}</div>')


def paragraphs(text: str) -> None:
    """What a document says, from one blank line to the next; nothing in it is markup."""
    parts = (part.strip() for part in text.split("\n\n"))
    shown = "".join(f"<p>{escape(part)}</p>" for part in parts if part)
    st.html(f'<div class="kg-document">{shown}</div>')


def note(text: str) -> None:
    """A small grey line."""
    st.html(f'<div class="kg-note">{escape(text)}</div>')


def code(text: str) -> None:
    """A line of code."""
    st.html(f'<code class="kg-code">{escape(text)}</code>')


def busy(text: str) -> None:
    """Something goes on, and since when."""
    st.html(f'<div class="kg-busy" role="status"><i></i>{escape(text)}</div>')


def heading(text: str, count: str = "") -> None:
    """A small heading with a grey addition."""
    st.html(f'<div class="kg-heading"><b>{escape(text)}</b><span>{escape(count)}</span></div>')


def figure(name: str, value: str) -> None:
    """A number and what it is; `st.metric` reads its label as markdown."""
    st.html(f'<div class="kg-figure"><span>{escape(name)}</span><b>{escape(value)}</b></div>')


def figures(rows: Iterable[tuple[str, str, str]]) -> None:
    """Numbers to begin with: of each what it is, the number, and a small line that explains it."""
    cells = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}<small>{escape(note)}</small></dd></div>"
        for name, value, note in rows
    )
    st.html(f'<dl class="kg-figures">{cells}</dl>')


def tags(
    *, strong: Iterable[str] = (), mono: Iterable[str] = (), light: Iterable[str] = ()
) -> None:
    """Short words in pills, in one row."""
    kinds = (("strong", strong), ("mono", mono), ("", light))
    spans = [f'<span class="kg-tag {kind}">{escape(t)}</span>' for kind, ts in kinds for t in ts]
    if spans:
        st.html(f'<div class="kg-tags">{"".join(spans)}</div>')


def facts(rows: Iterable[tuple[str, str]]) -> None:
    """Names and values, long ones wrapped."""
    cells = "".join(
        f"<dt>{escape(name).replace('_', '_<wbr>')}</dt><dd>{escape(value)}</dd>"
        for name, value in rows
    )
    if cells:
        st.html(f'<dl class="kg-facts">{cells}</dl>')


def alert(sentence: str) -> None:
    """Something went wrong, in one sentence, said or ready-made; `commands` stand out."""
    st.html(f'<div class="kg-alert" role="alert">{_with_code(told(sentence))}</div>')


def hint(sentence: str) -> None:
    """There is nothing here yet, and what to do about it."""
    st.html(f'<div class="kg-alert quiet">{_with_code(sentence)}</div>')


@contextmanager
def errors() -> Iterator[None]:
    """A part of a page: an error of ours becomes its sentence, and the page goes on."""
    try:
        yield
    except KgError as error:
        alert(str(error))
        if isinstance(error, Unavailable):
            st.session_state[_AWAY] = True


def was_away() -> bool:
    """Whether a part of this page needed what is away; once."""
    return bool(st.session_state.pop(_AWAY, False))


def unmarked(text: str) -> str:
    """For a label that Streamlit reads as markdown: the same text, none of it markup. What would be
    a directive, a picture or a link is escaped; a `command` stays one of no meaning."""
    return re.sub(r"([\\`*_{}\[\]()#+\-.!~|<>$:@/&^=])", r"\\\1", text.replace("\n", " "))


def _with_code(sentence: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(sentence))
