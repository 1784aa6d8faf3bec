"""What was loaded: versions of sources, what differs between two, and taking one back."""

from __future__ import annotations

from typing import Any

import streamlit as st

from ingest.versions.compare import SourceDiff
from ingest.versions.history import Version
from ingest.versions.undone import Undone
from kg_platform.errors import KgError
from ui import resources
from ui.language import named, say
from ui.people import acting
from ui.widgets import tables, text

LATEST = 50
DIFFERENCES = 200
# What a comparison counts, and what taking a load back would do.
DIFFER = {
    "entity added": "Entities: added",
    "entity changed": "Entities: changed",
    "entity retired": "Entities: retired",
    "relation added": "Relations: added",
    "relation changed": "Relations: changed",
    "relation retired": "Relations: retired",
}
GO_BACK = {
    "entities removed": "Entities would go",
    "entities returned": "Entities would come back",
    "entities restored": "Entities as before",
    "relations removed": "Relations would go",
    "relations returned": "Relations would come back",
    "relations restored": "Relations as before",
}
WHAT = {"added": "added", "changed": "changed", "retired": "retired"}
ALL_SOURCES = ""  # beside the names of sources, none of which is empty


def versions() -> None:
    """The latest loads; one that is chosen can be compared with the one before, and taken back."""
    with text.errors():
        found = resources.kg().history(limit=LATEST)
        if not found:
            return
        text.heading(say("History"))
        sources = list(dict.fromkeys(one.source for one in found))
        if len(sources) > 1:
            wanted = st.selectbox(
                say("Source"),
                [ALL_SOURCES, *sources],
                format_func=lambda one: say("All sources") if one == ALL_SOURCES else one,
                key="versions_source",
            )
            if wanted != ALL_SOURCES:
                found = resources.kg().history(wanted, LATEST)
        _table(found)
        by_run = {one.run: one for one in found}
        chosen = st.selectbox(
            say("Look at a load"),
            list(by_run),
            index=None,
            format_func=lambda run: _called(by_run[run]),
            placeholder=say("what it changed, and how to take it back"),
            key="versions_run",
        )
        if chosen is not None:
            _details(found, by_run[chosen])


def _called(one: Version) -> str:
    return f"{one.run} · {one.source} · {_what(one)}"


def _table(found: list[Version]) -> None:
    tables.show(
        {
            "run": [one.run for one in found],
            "when": [one.started_at[:16].replace("T", " ") for one in found],
            "source": [one.source for one in found],
            "what": [_what(one) for one in found],
            "new": [one.new for one in found],
            "changed": [one.changed for one in found],
            "unchanged": [one.unchanged for one in found],
            "retired": [one.retired for one in found],
            "rejected": [one.rejected for one in found],
        },
        key="versions_list",
        column_config={
            "run": st.column_config.TextColumn(say("Run"), width=160),
            "when": st.column_config.TextColumn(say("When (UTC)"), width=130),
            "source": st.column_config.TextColumn(say("Source")),
            "what": st.column_config.TextColumn(say("What"), width=130),
            **{
                name: st.column_config.NumberColumn(shown, format="localized", width=72)
                for name, shown in (
                    ("new", say("New")),
                    ("changed", say("Changed")),
                    ("unchanged", say("Unchanged")),
                    ("retired", say("Retired")),
                    ("rejected", say("Rejected")),
                )
            },
        },
        alt=say("Loads of sources, the newest first"),
    )


def _what(one: Version) -> str:
    if one.undone:
        return say("{kind}, undone", kind=one.kind)
    return one.kind if one.status == "succeeded" else f"{one.kind}, {one.status}"


def _details(found: list[Version], chosen: Version) -> None:
    earlier = _before(found, chosen)
    with st.container(border=True):
        text.heading(chosen.run, f"{chosen.source} · {_what(chosen)}")
        if chosen.undoes:
            text.note(say("It took {run} back.", run=chosen.undoes))
        if chosen.undone:
            text.note(
                say(
                    "It was taken back by {run}; take that back to have it again.",
                    run=chosen.undone,
                )
            )
        with st.container(horizontal=True):
            compared = earlier is not None and st.button(
                say("What changed"), icon=":material/difference:", key="versions_compare"
            )
            looked = not chosen.undone and st.button(
                say("Take back …"), icon=":material/undo:", key="versions_undo"
            )
        if compared and earlier is not None:
            st.session_state.versions_compared = (chosen.run, earlier.run)
            st.session_state.pop("versions_plan", None)
        if looked:
            st.session_state.pop("versions_compared", None)
            with st.spinner(say("Looking at what it changed …")):
                plan = resources.kg().undo(chosen.run, dry_run=True)
            st.session_state.versions_plan = (chosen.run, plan)
        shown = st.session_state.get("versions_compared")
        if shown and shown[0] == chosen.run:
            _compared(resources.kg().compare(shown[1], shown[0], DIFFERENCES))
        planned = st.session_state.get("versions_plan")
        if planned and planned[0] == chosen.run:
            _plan(planned[1])


def _before(found: list[Version], chosen: Version) -> Version | None:
    """The load of the same source that came before."""
    after = found[found.index(chosen) + 1 :]
    return next((one for one in after if one.source == chosen.source), None)


def _compared(found: SourceDiff) -> None:
    if not found.count:
        text.note(say("Nothing differs from {run}.", run=found.first))
        return
    counts = [
        (named(DIFFER, f"{kind} {what}"), f"{count:,}")
        for kind, some in found.counts.items()
        for what, count in some.items()
        if count
    ]
    text.facts(counts)
    rows: list[list[Any]] = []
    for one in found.differences:
        name = one.id if one.type is None else f"{one.id} {one.type} {one.tail}"
        changes = list(one.properties.items()) or [("", (None, None))]
        what, kind = said_what(one.what), say("relation") if one.type else say("entity")
        rows += [[what, kind, name, key, old, new] for key, (old, new) in changes]
    names = [say("What"), say("Kind"), say("Id"), say("Property"), say("Was"), say("Is")]
    tables.answer(names, rows, key="versions_differences")


def said_what(what: str) -> str:
    """What happened to a thing of a load, in the reader's words."""
    return named(WHAT, what)


def _plan(plan: Undone) -> None:
    figures = plan.as_dict()
    counts = [
        (named(GO_BACK, f"{kind} {name}"), f"{figures[name][kind]:,}")
        for name in ("removed", "returned", "restored")
        for kind in figures[name]
        if figures[name][kind]
    ]
    text.facts(counts or [(say("Nothing is left of it"), "")])
    partial = bool(plan.partly or plan.left)
    if partial:
        text.alert(
            say(
                "{count} of its things were changed by others since. They stay, or go back in "
                "part.",
                count=f"{plan.partly + plan.left:,}",
            )
        )
        part, whole = say("in part"), say("whole")
        tables.answer(
            [say("What"), say("Why"), say("Stays")],
            [[one.what, one.why, part if one.partly else whole] for one in plan.in_the_way],
            key="versions_in_the_way",
        )
    label = say("Take back the rest") if partial else say("Take back")
    if st.button(label, type="primary", icon=":material/undo:", key="versions_confirm"):
        try:
            by = acting("operator")
            with st.spinner(say("Taking it back …")), resources.ledger().acting_as(by):
                done = resources.kg().undo(plan.undone, partial=partial)
        except KgError as error:
            text.alert(str(error))
            return
        st.session_state.pop("versions_plan", None)
        resources.forget()
        st.toast(say("Taken back by {run}.", run=done.run))
        st.rerun()
