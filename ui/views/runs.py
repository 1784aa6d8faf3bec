"""What was done: ingests, embeddings, publications, from the ledger, and what is planned. `?run=`
names a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from kg_platform.errors import MigrationError
from kg_platform.ledger.rows import RunRow
from kg_platform.runs.figures import HEADLINES, flattened, headlines, in_a_line, seconds
from ui import resources
from ui.widgets import schedules, tables, text

LATEST = 100
REJECTIONS = 200
IN_A_LINE = 4
COLOURS = {
    "succeeded": "green",
    "running": "blue",
    "interrupted": "orange",
    "failed": "red",
}


def when(moment: str | None) -> str:
    return "" if not moment else moment[:19].replace("T", " ")


def status_column() -> Any:
    return st.column_config.MultiselectColumn(
        "Status", options=list(COLOURS), color=list(COLOURS.values()), width=120
    )


def duration_column() -> Any:
    return st.column_config.NumberColumn("Seconds", format="%.1f", width=75)


def listing(runs: list[RunRow]) -> str | None:
    """The table of runs; the id of the one that was clicked, if any."""
    chosen = tables.choice(
        {
            "id": [r.id for r in runs],
            "kind": [r.kind for r in runs],
            "status": [r.status for r in runs],
            "started": [when(r.started_at) for r in runs],
            "seconds": [seconds(r.started_at, r.finished_at) for r in runs],
            "about": [in_a_line(r) for r in runs],
        },
        key="runs_list",
        column_config={
            "id": st.column_config.TextColumn("Run", width=170),
            "kind": st.column_config.TextColumn("Kind", width=70),
            "status": status_column(),
            "started": st.column_config.TextColumn("Started (UTC)", width=150),
            "seconds": duration_column(),
            "about": st.column_config.TextColumn("Result"),
        },
        alt="Runs; choose one to see more",
    )
    return None if chosen is None else runs[chosen].id


def summary(values: Mapping[str, Any]) -> str:
    """The first figures of a step in one line; the texts where there are no figures."""
    flat = flattened(values)
    figures = {name: v for name, v in flat.items() if isinstance(v, int | float)}
    texts = {name: v for name, v in flat.items() if isinstance(v, str)}
    shown = list((figures or texts).items())[:IN_A_LINE]
    return ", ".join(f"{name} {tables.cell(value)}" for name, value in shown)


def details(run: RunRow) -> None:
    text.heading(run.id, f"{run.kind} · {run.status}")
    if run.error:
        text.alert(run.error)
    metrics = flattened(run.metrics)
    first = headlines(run)
    if first:
        tiles = st.grid(len(first), min_column_width=130)
        for name, value in first:
            with tiles.cell(), st.container(border=True):
                text.figure(name, value)
    if run.steps:
        with st.container(border=True):
            steps(run)
    left, right = st.columns(2, gap="medium")
    rest = {k: v for k, v in metrics.items() if k not in HEADLINES}
    if rest:
        with left, st.container(border=True):
            st.subheader("More figures", anchor=False)
            text.facts([(name, tables.cell(value)) for name, value in rest.items()])
    with right if rest else left, st.container(border=True):
        st.subheader("Settings", anchor=False)
        text.facts([(n, tables.cell(v) or "-") for n, v in flattened(run.settings).items()])
    rejected(run.id)


def steps(run: RunRow) -> None:
    st.subheader("Steps", anchor=False)
    tables.show(
        {
            "step": [s.name for s in run.steps],
            "status": [s.status for s in run.steps],
            "seconds": [seconds(s.started_at, s.finished_at) for s in run.steps],
            "details": [summary(s.details) for s in run.steps],
        },
        key="runs_steps",
        column_config={
            "step": st.column_config.TextColumn("Step", width=140),
            "status": status_column(),
            "seconds": duration_column(),
            "details": st.column_config.TextColumn("Details"),
        },
        height="content",
    )


def rejected(run_id: str) -> None:
    rows, count = resources.rejections(run_id, REJECTIONS)
    if not count:
        return
    with st.container(border=True):
        st.subheader("Rejected rows", anchor=False)
        shown = f"{count:,}" if count <= len(rows) else f"{count:,}, the first {len(rows)} shown"
        text.note(f"{shown}. kg rejections {run_id} prints them all.")
        tables.answer(
            ["source", "line", "field", "reason", "value"],
            [[r.source, r.line, r.field, r.reason, r.value] for r in rows],
            key="runs_rejections",
        )


st.title("Runs")
schedules.section()
try:
    runs = resources.ledger().runs(limit=LATEST)
except MigrationError:  # no command has written to this platform yet
    runs = []
if runs:
    chosen = listing(runs)
    if chosen:
        st.query_params["run"] = chosen
    named = chosen or st.query_params.get("run") or runs[0].id
    with text.errors():
        known = {run.id: run for run in runs}
        details(known.get(named) or resources.ledger().run(named))
else:
    text.hint("Nothing was done yet. `kg ingest FOLDER` is where it begins.")
