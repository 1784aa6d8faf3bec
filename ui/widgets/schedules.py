"""Schedules on the runs' page: when each runs next, and how it went last."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from embeddings.jobs.embed_options import words
from kg_platform.errors import MigrationError
from kg_platform.scheduling.view import shown
from ui import resources
from ui.widgets import tables


def section() -> None:
    """A table of the schedules; nothing where there are none.

    Raises:
        LedgerError: the ledger does not answer.
    """
    try:
        rows, lease = resources.schedules().all(), resources.schedules().lease()
    except MigrationError:  # no command of this version has written to this platform yet
        return
    if not rows:
        return
    now = datetime.now(UTC)
    views = [shown(row, lease, now, words) for row in rows]
    with st.container(border=True):
        st.subheader("Schedules", anchor=False)
        tables.show(
            {
                "name": [v.name for v in views],
                "state": [v.state for v in views],
                "next": [v.next_local for v in views],
                "last": [v.last for v in views],
                "note": [v.note for v in views],
                "when": [v.when for v in views],
                "runs": [f"{v.runs}, if {v.only_if}" if v.only_if else v.runs for v in views],
            },
            key="runs_schedules",
            column_config={
                "name": st.column_config.TextColumn("Schedule", width=110),
                "state": st.column_config.TextColumn("State", width=150),
                "next": st.column_config.TextColumn("Next", width=150),
                "last": st.column_config.TextColumn("Last", width=200),
                "note": st.column_config.TextColumn("About the last"),
                "when": st.column_config.TextColumn("Cron"),
                "runs": st.column_config.TextColumn("Runs"),
            },
            height="content",
        )
