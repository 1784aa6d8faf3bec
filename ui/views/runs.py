"""What was done, what is going on, and what is planned. `?run=` names a run, `?show=` a side of it,
`?with=` another one that it is compared with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from kg_platform.browse.world_drift import moved_sentence, world_drift_noted
from kg_platform.errors import KgError, MigrationError
from kg_platform.ledger.rows import RunRow
from kg_platform.runs.compare import change, compared
from kg_platform.runs.figures import HEADLINES, figure, flattened, seconds
from kg_platform.runs.held_out import of_run
from ui import resources
from ui.language import say
from ui.sentences import told
from ui.widgets import (
    address,
    curves,
    drift_report,
    gate_report,
    going_live,
    run_log,
    schedules,
    tables,
    tensorboard,
    text,
)
from ui.widgets.run_words import headlines, in_a_line, status_called

LATEST = 100
REJECTIONS = 200
IN_A_LINE = 4
COLOURS = {
    "succeeded": "green",
    "running": "blue",
    "interrupted": "orange",
    "failed": "red",
}
SIDES = ("Result", "Gate", "Drift", "Log", "Settings", "Compare")
PATHS = ("log", "artifact", "tensorboard", "folder", "path")  # of a machine: no page says them
ALL_KINDS = "All kinds"


def when(moment: str | None) -> str:
    return "" if not moment else moment[:19].replace("T", " ")


def status_column() -> Any:
    return st.column_config.MultiselectColumn(
        say("Status"),
        options=list(map(status_called, COLOURS)),
        color=list(COLOURS.values()),
        width=120,
    )


def duration_column() -> Any:
    return st.column_config.NumberColumn(say("Seconds"), format="%.1f", width=75)


def look_at(run_id: str) -> None:
    st.query_params["run"] = run_id


def listing(runs: list[RunRow]) -> None:
    """The table of runs; one that is clicked stands in the address."""
    tables.choice(
        {
            "id": [r.id for r in runs],
            "kind": [r.kind for r in runs],
            "status": [status_called(r.status) for r in runs],
            "started": [when(r.started_at) for r in runs],
            "by": [str(r.record.get("by", "")) for r in runs],
            "seconds": [seconds(r.started_at, r.finished_at) for r in runs],
            "about": [in_a_line(r) for r in runs],
        },
        [r.id for r in runs],
        key="runs_list",
        on_choice=look_at,
        height=min(320, 36 * (len(runs) + 1) + 3),
        column_config={
            "id": st.column_config.TextColumn(say("Run"), width=170),
            "kind": st.column_config.TextColumn(say("Kind"), width=70),
            "status": status_column(),
            "started": st.column_config.TextColumn(say("Started (UTC)"), width=150),
            "by": st.column_config.TextColumn(say("By"), width=110),
            "seconds": duration_column(),
            "about": st.column_config.TextColumn(say("Result")),
        },
        alt=say("Runs; choose one to see more"),
    )


def summary(values: Mapping[str, Any]) -> str:
    """The first figures of a step in one line; the texts where there are no figures."""
    flat = flattened(values)
    figures = {name: v for name, v in flat.items() if isinstance(v, int | float)}
    texts = {name: v for name, v in flat.items() if isinstance(v, str) and name not in PATHS}
    shown = list((figures or texts).items())[:IN_A_LINE]
    return ", ".join(f"{name} {figure(value)}" for name, value in shown)


def public(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Names and values without places on a machine."""
    home = str(resources.settings().home)
    return [
        (name, (tables.words(value) or "-").replace(home, "KG_HOME"))
        for name, value in flattened(values).items()
        if name.rpartition(".")[2] not in PATHS
    ]


def result(run: RunRow) -> None:
    first = headlines(run)
    if first:
        tiles = st.grid(len(first), min_column_width=130)
        for name, value in first:
            with tiles.cell(), st.container(border=True):
                text.figure(name, value)
    if (said := of_run(run)) is not None:
        text.hint(told(said))
    if run.kind in ("embed", "reproduce", "tune"):
        with text.errors():
            curves.draw({run.id: curves.of_run(run.id)}, "runs_curve_")
    if run.steps:
        with st.container(border=True):
            steps(run)
    rest = {k: v for k, v in flattened(run.metrics).items() if k not in HEADLINES}
    if rest:
        with st.expander(say("More figures"), key="runs_more"):
            text.facts(public(rest))
    rejected(run.id)


def steps(run: RunRow) -> None:
    st.subheader(say("Steps"), anchor=False)
    tables.show(
        {
            "step": [s.name for s in run.steps],
            "status": [status_called(s.status) for s in run.steps],
            "seconds": [seconds(s.started_at, s.finished_at) for s in run.steps],
            "details": [summary(s.details) for s in run.steps],
        },
        key="runs_steps",
        column_config={
            "step": st.column_config.TextColumn(say("Step"), width=140),
            "status": status_column(),
            "seconds": duration_column(),
            "details": st.column_config.TextColumn(say("Details")),
        },
        height="content",
    )


def rejected(run_id: str) -> None:
    rows, count = resources.rejections(run_id, REJECTIONS)
    if not count:
        return
    with st.container(border=True):
        st.subheader(say("Rejected rows"), anchor=False)
        shown, command = f"{count:,}", f"kg rejections {run_id}"
        if count > len(rows):
            text.note(
                say("{count}, the first {shown} shown. {command} prints them all.",
                    count=shown, shown=f"{len(rows):,}", command=command)
            )  # fmt: skip
        else:
            text.note(say("{count}. {command} prints them.", count=shown, command=command))
        tables.answer(
            tables.rejected(),
            [[r.source, r.line, r.field, told(r.reason), r.value] for r in rows],
            key="runs_rejections",
        )


def gate(run: RunRow) -> None:
    report = next((s.details for s in reversed(run.steps) if s.name == "gate" and s.details), None)
    if report is None:
        text.hint(
            say("The gate was not asked of this run. It is when a run is published; "
                "`kg gate RUN` asks it now.")
        )  # fmt: skip
        return
    gate_report.show(report)


def compare(run: RunRow, runs: list[RunRow]) -> None:
    others = [one.id for one in runs if one.id != run.id and one.kind == run.kind]
    named = st.query_params.get("with")
    if named and named not in others and named != run.id:
        others.append(named)
    if not others:
        text.hint(say("There is no other run of this kind to compare with."))
        return
    chosen = st.selectbox(
        say("Compare with"), others, index=others.index(named) if named in others else 0,
        key=f"runs_with_{run.id}", width=320,
    )  # fmt: skip
    st.query_params["with"] = chosen
    other = resources.ledger().run(chosen)
    with text.errors():
        curves.draw({each: curves.of_run(each) for each in (run.id, chosen)}, "runs_both_")
    found = compared(other, run)
    titles = {
        "metrics": say("Figures"),
        "settings": say("Settings"),
        "seconds": say("Seconds of steps"),
        "record": say("Surroundings"),
    }
    if not any(found.values()):
        text.hint(say("The two runs do not differ."))
    for group, title in titles.items():
        rows = [
            [name, _word(theirs), _word(ours), change(theirs, ours)]
            for name, (theirs, ours) in found[group].items()
            if name.rpartition(".")[2] not in PATHS
        ]
        if rows:
            text.heading(title, f"{len(rows):,}")
            tables.answer([say("Name"), chosen, run.id, say("Change")], rows, f"runs_diff_{group}")


def _word(value: Any) -> str:
    return "" if value is None else figure(value)


def drift(run: RunRow) -> None:
    noted = world_drift_noted(resources.graph())
    if noted:
        text.note(told(moved_sentence(noted)))
    drift_report.section(run.id)


def details(run: RunRow, runs: list[RunRow]) -> None:
    by = f" · {run.record['by']}" if run.record.get("by") else ""
    st.header(run.id, anchor=False, divider=False)
    text.note(f"{run.kind} · {status_called(run.status)} · {when(run.started_at)} UTC{by}")
    if run.error:
        text.alert(run.error)
    with text.errors():
        going_live.buttons(run)
    learnt = run.kind == "embed"
    sides = [one for one in SIDES if learnt or one not in ("Gate", "Drift")]
    asked = st.query_params.get("show", SIDES[0])
    side = st.segmented_control(
        say("What is shown"), sides, default=asked if asked in sides else sides[0],
        required=True, format_func=say, key=f"runs_side_{learnt}", label_visibility="collapsed",
    )  # fmt: skip
    st.query_params["show"] = side
    if side != "Compare":
        st.query_params.pop("with", None)
    match side:
        case "Gate":
            gate(run)
        case "Drift":
            drift(run)
        case "Log":
            run_log.show(run.id, run.status == "running")
        case "Settings":
            text.facts(public(run.settings))
            text.heading(say("What it ran on"))
            text.facts(public(run.record))
            if learnt:
                tensorboard.link(run.id)
        case "Compare":
            compare(run, runs)
        case _:
            result(run)


@st.fragment(run_every="2s")
def going_on(ids: tuple[str, ...]) -> None:
    """Runs that go on now: their step, their curves, how long they have been at it."""
    with text.errors():
        ledger = resources.ledger()
        for run in map(ledger.run, ids):
            if run.status != "running":
                st.rerun()  # it has ended: the whole page says how
            progress(run)


def progress(run: RunRow) -> None:
    with st.container(border=True):
        step = next((s for s in reversed(run.steps) if s.status == "running"), None)
        text.heading(f"{run.kind} {run.id}", step.name if step else say("running …"))
        rows = resources.ledger().get_cursor(run.id, "rows")
        if rows and rows.isdecimal():
            text.note(say("{count} rows written", count=f"{int(rows):,}"))
        last = run_log.tail(resources.settings().runs_dir / run.id / "log.txt", 2_000)
        lines = last.strip().splitlines()
        if lines:
            text.note(lines[-1].replace(str(resources.settings().home), "KG_HOME"))
        if run.kind == "embed":
            curves.draw({run.id: curves.of_run(run.id)}, f"runs_now_{run.id}_")


def latest() -> list[RunRow]:
    try:
        return resources.ledger().runs(limit=LATEST)
    except MigrationError:  # no command has written to this platform yet
        return []


st.title(say("Runs"))
going_live.dialog()
going_live.started()
runs = latest()
now = tuple(run.id for run in runs if run.status == "running")
if now:
    going_on(now)
schedules.section()
if runs:
    kinds = sorted({run.kind for run in runs})
    if len(kinds) > 1:
        address.begin("kind", "runs_kind", [ALL_KINDS, *kinds], ALL_KINDS)
        kind = st.selectbox(
            say("Kind"), [ALL_KINDS, *kinds], format_func=say, key="runs_kind", width=220
        )
        address.keep("kind", kind, ALL_KINDS)
        shown = [run for run in runs if kind in (ALL_KINDS, run.kind)] or runs
    else:
        shown = runs
    listing(shown)
    # Maps are made behind each embedding run: what somebody comes to look at is that one.
    first = next((run for run in shown if run.kind != "map"), shown[0])
    named = st.query_params.get("run") or first.id
    try:
        known = {run.id: run for run in runs}
        details(known.get(named) or resources.ledger().run(named), runs)
    except KgError as error:
        text.alert(str(error))
else:
    text.hint(say("Nothing was done yet. `kg ingest FOLDER` is where it begins."))
