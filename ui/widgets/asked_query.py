"""The query a person writes and runs on the page Query: for a visit, and in its address,
`/query?q=TEXT&p.NAME=VALUE`, or `/query?saved=NAME&p.NAME=VALUE`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

import streamlit as st

from kg_platform.browse.parameters import values
from kg_platform.browse.read_only import named_parameters
from kg_platform.browse.running import RunningQuery
from kg_platform.errors import BadInput, KgError
from kg_platform.ledger.query_history import AskedQuery
from kg_platform.ledger.saved_queries import SavedQuery
from ui import people, resources
from ui.language import say
from ui.widgets import query_history

# Seconds until a page is drawn without the answer, and between two looks for it after that.
AT_ONCE, LOOK = 0.25, 0.4
# An address may be longer than some programs take.
LONGEST_ADDRESS = 4_000
_PARAMETER = "p."
_FIELD = "query_field_"

_log = logging.getLogger("ui")


def text() -> str:
    return str(st.session_state.get("query_text", ""))


def version() -> int:
    """Counts what was put in beside the editor, which takes it then."""
    return int(st.session_state.get("query_version", 0))


def given() -> dict[str, str]:
    """Values of the query's $parameters, as they are typed."""
    known: dict[str, str] = st.session_state.get("query_given", {})
    return {name: known.get(name, "") for name in named_parameters(text())}


def saved() -> str | None:
    """The name of the saved query that this is, unchanged."""
    name: str | None = st.session_state.get("query_saved")
    return name


def opened() -> str | None:
    """The name of the saved query that this began as; it may be changed by now."""
    name: str | None = st.session_state.get("query_opened")
    return name


def keeps(name: str, note: str) -> None:
    """What is in the editor is saved under this name now."""
    st.session_state.update(query_saved=name, query_opened=name, query_form=(name, note))


def begin_form() -> None:
    """Before the form that saves is drawn: its fields are lost while another page is looked at."""
    name, note = st.session_state.get("query_form", ("", ""))
    st.session_state.setdefault("query_save_name", name)
    st.session_state.setdefault("query_save_note", note)


def _fill_form(name: str, note: str) -> None:
    st.session_state.update(query_form=(name, note), query_save_name=name, query_save_note=note)


def put(
    text: str, given: Mapping[str, str] | None = None, *, saved: str | None = None, run: bool
) -> None:
    """Put a query into the editor, in the place of what is there; the form that saves it begins
    empty."""
    for name in named_parameters(text):
        st.session_state.pop(_FIELD + name, None)
    st.session_state.update(
        query_text=text,
        query_given=dict(given or {}),
        query_saved=saved,
        query_opened=saved,
        query_version=version() + 1,
        query_now=run,
    )
    _fill_form("", "")


def put_saved(query: SavedQuery, given: Mapping[str, str] | None = None, *, run: bool) -> None:
    """Put a saved query into the editor; it runs when each parameter has a value."""
    merged = {**query.given, **(given or {})}
    whole = all(merged.get(name, "").strip() for name in named_parameters(query.text))
    put(query.text, merged, saved=query.name, run=run and whole)
    if people.may("curator") and query.owner == people.acting("curator"):
        _fill_form(query.name, query.note)


def write(text: str, run: bool) -> None:
    """What is typed in the editor; for its callback."""
    if text != st.session_state.get("query_text"):
        st.session_state.update(query_text=text, query_saved=None)
    if run:
        st.session_state.query_now = True


def fields() -> None:
    """A field for each $parameter."""
    names = list(given())
    if not names:
        return
    with st.container(horizontal=True):
        for name in names:
            key = _FIELD + name
            st.session_state.setdefault(key, given()[name])
            # As code: names are a person's text, which is no markdown.
            typed = st.text_input(
                f"`${name.replace('`', '')}`",
                key=key,
                width=220,
                placeholder=say("a text, number or list"),
            )
            st.session_state.setdefault("query_given", {})[name] = typed


def take_address() -> None:
    """Put in what the address says, once.

    Raises:
        NotFound: no query is saved under that name.
    """
    asked = _address()
    if not asked or asked == st.session_state.get("query_address"):
        return
    st.session_state.query_address = asked
    typed = {n.removeprefix(_PARAMETER): v for n, v in asked.items() if n.startswith(_PARAMETER)}
    if "saved" in asked:
        put_saved(resources.kg().saved_query(asked["saved"]), typed, run=True)
    elif "q" in asked:
        # Only put in: whoever follows a link has not asked for it to run.
        put(asked["q"], typed, run=False)


def start() -> None:
    """Run the query beside the page; the one before is stopped."""
    stop()
    st.session_state.pop("query_error", None)
    st.session_state.pop("query_done", None)
    typed = given()
    if empty := [name for name, value in typed.items() if not value.strip()]:
        st.session_state.query_error = say(
            "Give a value for {name} first.", name=", ".join(f"${name}" for name in empty)
        )
        return
    try:
        asked = values(typed)
        st.session_state.query_running = RunningQuery(
            resources.graph(), text(), resources.settings(), asked, _keeper(typed)
        )
    except BadInput as error:
        st.session_state.query_error = str(error)
        return
    _tell_address(typed)


def stop() -> None:
    """End the query that runs, if one does."""
    if (query := running()) is not None:
        query.stop()


def running() -> RunningQuery | None:
    """The query that runs. One that has ended is the one that is shown."""
    query: RunningQuery | None = st.session_state.get("query_running")
    if query is None:
        return None
    if query.is_done(0):
        st.session_state.query_done = st.session_state.pop("query_running")
        st.session_state.query_page = 0
        return None
    return query


def _keeper(typed: Mapping[str, str]) -> Callable[[RunningQuery], None]:
    keep_one = query_history.keeper()

    def keep(query: RunningQuery) -> None:
        error = query.error() or ""
        rows = None if error else len(query.result().table.rows)
        try:
            keep_one(AskedQuery(query.text, typed, query.seconds, rows, error))
        except KgError as failure:  # the answer is worth more than that it was kept
            _log.warning("A query could not be kept in the history: %s", failure)

    return keep


def _address() -> dict[str, str]:
    names = [n for n in st.query_params if n in ("q", "saved") or n.startswith(_PARAMETER)]
    return {name: st.query_params[name] for name in sorted(names)}


def _tell_address(typed: Mapping[str, str]) -> None:
    name = saved()
    told = {"saved": name} if name is not None else {"q": text()}
    told |= {_PARAMETER + n: v for n, v in typed.items()}
    if sum(map(len, told.values())) > LONGEST_ADDRESS:
        told = {}
    others = {n: v for n, v in st.query_params.items() if n not in _address()}
    st.query_params.from_dict(others | told)
    st.session_state.query_address = _address()
