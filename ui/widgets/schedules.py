"""Schedules on the runs' page: when each runs next, how it went last; added, paused, run now."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import streamlit as st

from embeddings.jobs import planned
from embeddings.jobs.embed_options import words
from kg_platform.errors import KgError, MigrationError
from kg_platform.scheduling.view import Shown, shown
from ui import people, resources
from ui.language import named, say
from ui.sentences import told
from ui.widgets import going_live, tables, text

SAID = "schedules_said"
JOBS = ("Train and publish", "Train quickly and publish", "Only vectors of what is new")
JOB_OF: dict[str, dict[str, Any]] = {
    JOBS[0]: {},
    JOBS[1]: {"preset": "fast"},
    JOBS[2]: {"new_only": True},
}

STATES = {"paused": "paused", "due": "due", "waiting": "waiting"}
ENDS = {
    "succeeded": "succeeded",
    "failed": "failed",
    "interrupted": "interrupted",
    "refused": "refused",
    "skipped": "skipped",
}


def section() -> None:
    """A table of the schedules, and what an operator does with them.

    Raises:
        LedgerError: the ledger does not answer.
    """
    try:
        rows, lease = resources.schedules().all(), resources.schedules().lease()
    except MigrationError:  # no command of this version has written to this platform yet
        return
    may = people.may("operator")
    if not rows and not may:
        return
    now = datetime.now(UTC)
    views = [shown(row, lease, now, words) for row in rows]
    with st.expander(
        f"{say('Schedules')} ({len(views)})", icon=":material/schedule:", expanded=bool(views),
        key="runs_schedules_box",
    ):  # fmt: skip
        if (said := st.session_state.pop(SAID, None)) is not None:
            text.alert(said)
        if views:
            _table(views)
        else:
            text.note(say("Nothing is planned. What is planned here, `kg scheduler` runs."))
        if may:
            with st.container(horizontal=True, vertical_alignment="bottom"):
                _acts(views)
        elif views:
            text.note(say("This takes the role operator."))


def _table(views: list[Shown]) -> None:
    tables.show(
        {
            "name": [v.name for v in views],
            "state": [told(named(STATES, v.state)) for v in views],
            "next": [v.next_local for v in views],
            "last": [ended(v.last) for v in views],
            "note": [told(v.note) for v in views],
            "when": [v.when for v in views],
            "runs": [runs_what(v) for v in views],
        },
        key="runs_schedules",
        column_config={
            "name": st.column_config.TextColumn(say("Schedule"), width=110),
            "state": st.column_config.TextColumn(say("State"), width=150),
            "next": st.column_config.TextColumn(say("Next time"), width=150),
            "last": st.column_config.TextColumn(say("Last"), width=200),
            "note": st.column_config.TextColumn(say("About the last")),
            "when": st.column_config.TextColumn(say("Cron")),
            "runs": st.column_config.TextColumn(say("Runs what")),
        },
        height="content",
    )


def ended(last: str) -> str:
    """How it ended last, and when."""
    status, space, when = last.partition(" ")
    return named(ENDS, status) + space + when


def runs_what(one: Shown) -> str:
    if not one.only_if:
        return one.runs
    return say("{command}, if {condition}", command=one.runs, condition=one.only_if)


def _acts(views: list[Shown]) -> None:
    if views:
        paused = {v.name: v.state == "paused" for v in views}
        name = st.selectbox(say("Schedule"), list(paused), key="schedules_name", width=220)
        if paused[name]:
            _button(say("Resume"), "play_arrow", "resume", partial(_resume, name))
        else:
            _button(say("Pause"), "pause", "pause", partial(_pause, name))
        _button(say("Run now"), "bolt", "now", partial(_run_now, name))
        with st.popover(say("Remove …"), icon=":material/delete:"):
            text.note(say("What it ran stays; it does not run again."))
            _button(say("Remove {name}", name=name), "delete", "remove", partial(_remove, name))
    with st.popover(say("Add a schedule …"), icon=":material/add:"):
        _form()


def _button(label: str, icon: str, key: str, act: Callable[[], None]) -> None:
    st.button(label, icon=f":material/{icon}:", key=f"schedules_{key}", on_click=_do, args=(act,))


def _do(act: Callable[[], None]) -> None:
    """A button's callback: under whose name, and what to say where it cannot be."""
    try:
        with resources.ledger().acting_as(people.acting("operator")):
            act()
    except KgError as error:
        st.session_state[SAID] = str(error)


def _pause(name: str) -> None:
    resources.schedules().pause(name)


def _resume(name: str) -> None:
    resources.schedules().resume(name, datetime.now(UTC))


def _remove(name: str) -> None:
    resources.schedules().remove(name)


def _run_now(name: str) -> None:
    going_live.start(["schedule", "run-now", name])


def _form() -> None:
    with st.form("schedules_add", border=False, clear_on_submit=False):
        name = st.text_input(say("Name"), key="schedules_new_name")
        cron = st.text_input(
            say("When: minute, hour, day, month, weekday"), value="0 3 * * *", key="schedules_cron"
        )
        zone = st.text_input(say("Time zone"), value="UTC", key="schedules_zone")
        job = st.selectbox(say("What"), JOBS, format_func=say, key="schedules_job")
        changed = st.text_input(
            say("Only if so much changed (1%, or 500)"), key="schedules_changed"
        )
        if st.form_submit_button(say("Add"), type="primary"):
            _do(partial(_add, name.strip(), cron, zone.strip(), job, changed.strip() or None))
            st.rerun()


def _add(name: str, cron: str, zone: str, job: str, changed: str | None) -> None:
    with st.spinner(say("Looking whether this can be …")):
        planned.add(resources.kg().platform, name, cron, zone, JOB_OF[job], changed)
