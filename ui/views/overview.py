"""What is in the graph at a glance: counts, coverage, what is live, and what needs attention."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from embeddings.data.curves import curves
from kg_platform.browse.attention import Concern
from kg_platform.browse.coverage import EMBEDDING, WAYS, Coverage, coverage
from kg_platform.browse.facets import Census, Sought
from kg_platform.browse.status import Status
from kg_platform.cypher.finding import STALE
from kg_platform.errors import MigrationError
from kg_platform.ledger.rows import RunRow
from ui import resources
from ui.components import cards
from ui.components.tallies import Covered, Tally, tallies
from ui.language import say
from ui.sentences import told
from ui.widgets import text
from ui.widgets.gate_report import check_called
from ui.widgets.neighbours import way_called
from ui.widgets.run_words import in_a_line, status_called

TYPES = 12  # more kinds than this are summed up in a last line
CONCERNS = 8
RUNS = 6
ICONS = {
    "succeeded": ":material/check_circle:",
    "running": ":material/progress_activity:",
    "failed": ":material/error:",
    "interrupted": ":material/pause_circle:",
}


def counted(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """The most frequent first, and one line for the rest, which has no name."""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    rest = ranked[TYPES:]
    return ranked[:TYPES] + ([("", sum(count for _, count in rest))] if rest else [])


def tiles(census: Census, relations: int, media: int, run: Mapping[str, Any] | None) -> None:
    all_ = coverage(census).get("", {}).get(EMBEDDING, Coverage())
    share = "100%" if all_.have >= all_.can > 0 else f"{int(100 * all_.share)}%"
    mrr = run.get("mrr") if run else None
    stale = census.total(Sought(states=(STALE,)))
    of = say("of {count} that can", count=f"{all_.can:,}")
    text.figures(
        [
            (say("Entities"), f"{census.entities:,}", ""),
            (say("Relations"), f"{relations:,}", ""),
            (say("Media"), f"{media:,}", ""),
            (say("With a vector"), share if run else "–", of if run else ""),
            (say("Stale"), f"{stale:,}" if run else "–", say("changed since") if stale else ""),
            (
                say("MRR"),
                f"{mrr:.3f}" if isinstance(mrr, float) else "–",
                say("of facts held out") if isinstance(mrr, float) else "",
            ),
        ]
    )


def sentence(one: Concern) -> tuple[str, str]:
    """What is said of it, and its icon."""
    count = f"{one.count:,}"
    said = {
        "no vectors": say("No vectors are published yet: type `kg embed`"),
        "half-way": say("The publish of run {run} stands half-way", run=one.name),
        "refused": say("The gate did not let run {run} go live", run=one.name),
        "failed": say(
            "The last run of {kind} did not end well: {run}", kind=one.kind, run=one.name
        ),
        "schedule fails": say("Schedule {name} failed {count} times", name=one.name, count=count),
        "stream silent": say(
            "Nobody follows stream {name}; {count} behind", name=one.name, count=count
        ),
        "stream behind": say(
            "Stream {name} is {count} messages behind", name=one.name, count=count
        ),
        "rejected": say(
            "{count} rows of the last ingest of {source} were rejected",
            count=count,
            source=one.name,
        ),
        "media failed": say("{count} media could not be had", count=count),
        "open reviews": say("{count} proposals wait for a decision", count=count),
        "stale": say("{count} vectors are of what entities said before", count=count),
        "without a vector": say("{count} entities wait for a vector", count=count),
    }[one.what]
    urgent = one.what in ("half-way", "refused", "failed", "schedule fails", "stream silent")
    return said, ":material/error:" if urgent else ":material/arrow_circle_right:"


def attention(found: list[Concern]) -> None:
    if not found:
        text.note(say("✓ Nothing needs attention."))
        return
    with st.container(border=True):
        st.header(say("Needs attention"), anchor=False)
        with st.container(gap=None):
            for one in found[:CONCERNS]:
                said, icon = sentence(one)
                st.page_link(
                    f"views/{one.page}.py",
                    label=text.unmarked(said),
                    icon=icon,
                    query_params=dict(one.query),
                )


def types(census: Census) -> None:
    st.header(say("Entities by type"), anchor=False)
    counts = census.facet("types", Sought())
    if set(counts) == {""}:
        text.note(say("No entity has a type."))
        return
    covered = coverage(census)
    ways = [way for way in WAYS if way in covered.get("", {})]
    if not any(covered[""][way].have for way in ways):
        ways = []  # nothing is published: a table of zeros says nothing
    named = {name or say("no type"): (name, count) for name, count in counts.items()}
    rows = []
    for label, count in counted({name: count for name, (_, count) in named.items()}):
        if not label:
            rows.append(
                Tally(say("{count} more", count=len(named) - TYPES), count, [None] * len(ways))
            )
            continue
        type = named[label][0]
        of = covered.get(type, {}) if type else {}
        cells = [_covered(of.get(way)) for way in ways]
        rows.append(Tally(label, count, cells, "browse", (("browse_type", type),)))
    tallies(
        rows,
        "overview_types",
        say("Entities by type, and how many of those that can have a vector do"),
        [way_called(way) for way in ways],
    )


def _covered(of: Coverage | None) -> Covered | None:
    return None if of is None else Covered(of.have, of.can)


def relations_by_type(counts: Mapping[str, int]) -> None:
    st.header(say("Relations by type"), anchor=False)
    if not counts:
        text.note(say("No relations."))
        return
    rows = [
        Tally(name or say("{count} more", count=len(counts) - TYPES), count)
        for name, count in counted(counts)
    ]
    tallies(rows, "overview_relations", say("Relations by type, and how many there are of each"))


def live(run: Mapping[str, Any], status: Status) -> None:
    st.header(say("The live run"), anchor=False)
    st.page_link(
        "views/runs.py",
        label=text.unmarked(str(run["id"])),
        icon=":material/rocket_launch:",
        query_params={"run": str(run["id"])},
    )
    rows = [
        (say("Model"), f"{run.get('model', '')}, {run.get('dimension', '')}"),
        (say("Published"), f"{str(run.get('published_at', ''))[:16].replace('T', ' ')} UTC"),
    ]
    if gate := run.get("gate"):
        said = {
            "passed": say("passed"),
            "forced": say("overridden by {who}", who=run.get("forced_who")),
        }
        rows.append((say("Gate"), said.get(str(gate), str(gate))))
    for name, key in (("Hits@1", "hits_at_1"), ("Hits@10", "hits_at_10")):
        if isinstance(run.get(key), float):
            rows.append((name, f"{run[key]:.0%}"))
    rows.append((say("Vectors"), freshness(status)))
    text.facts(rows)
    checks(str(run["id"]))
    learnt(str(run["id"]))


def freshness(found: Status) -> str:
    """How far the vectors are behind the graph, in a line."""
    counts = {
        say("{count} stale", count=f"{found.stale:,}"): found.stale,
        say("{count} without a vector", count=f"{found.without_vector:,}"): found.without_vector,
        say("{count} provisional", count=f"{found.provisional:,}"): found.provisional,
        say("{count} of an earlier run", count=f"{found.earlier:,}"): found.earlier,
    }
    return ", ".join(said for said, count in counts.items() if count) or say(
        "all of the graph as it is"
    )


def checks(run_id: str) -> None:
    """What the gate looked at, if this ledger has the run."""
    with text.errors():
        row = resources.run_or_none(run_id)
        gate = next((step for step in row.steps if step.name == "gate"), None) if row else None
        found = gate.details.get("checks") if gate else None
        if not found:
            return
        marks = {True: "✓", False: "✗", None: "–"}
        with st.expander(say("What the gate looked at"), key="overview_gate"):
            text.facts(
                (
                    f"{marks.get(one.get('passed'), '–')} {check_called(str(one.get('name')))}",
                    told(str(one.get("said", ""))),
                )
                for one in found
            )


def learnt(run_id: str) -> None:
    """Loss and validation by epoch."""
    found = curves(resources.settings().artifacts_dir / run_id)
    if found is None or len(found.epochs) < 2:
        return
    names = {"loss": say("Loss"), "valid_mrr": say("Validation MRR")}
    dark = st.context.theme.type == "dark"
    ink = "#c9d5d2" if dark else "#41524e"
    axis = {"labelColor": ink, "titleColor": ink, "grid": False, "tickCount": 4}
    colours = ["#2dd4bf", "#fb923c"] if dark else ["#0f766e", "#c2410c"]
    layers = [
        {
            "mark": {
                "type": "line",
                "point": {"size": 22, "color": colours[place]},
                "color": colours[place],
            },
            "encoding": {
                "y": {
                    "field": key,
                    "type": "quantitative",
                    "scale": {"zero": False},
                    "axis": {**axis, "title": title, "titleColor": colours[place]},
                }
            },
        }
        for place, (key, title) in enumerate(names.items())
        if any(key in epoch for epoch in found.epochs)
    ]
    st.vega_lite_chart(
        {
            "data": {"values": list(found.epochs)},
            "height": 170,
            "encoding": {
                "x": {
                    "field": "epoch",
                    "type": "quantitative",
                    "axis": {**axis, "title": say("Epoch"), "tickMinStep": 1, "format": "d"},
                },
                "tooltip": [
                    {"field": key, "type": "quantitative", "format": ".4~g"}
                    for key in ("epoch", *names)
                ],
            },
            "layer": layers,
            "resolve": {"scale": {"y": "independent"}},
        },
        alt=say("Lines: loss and validation MRR by epoch"),
    )


def done(runs: list[RunRow]) -> None:
    st.header(say("Last runs"), anchor=False)
    if not runs:
        text.note(say("Nothing was done yet."))
    for run in runs[:RUNS]:
        when = run.started_at[:16].replace("T", " ")
        about = in_a_line(run)
        with st.container(gap=None):
            st.page_link(
                "views/runs.py",
                label=text.unmarked(f"{run.kind} · {when}"),
                icon=ICONS.get(run.status, ":material/help:"),
                query_params={"run": run.id},
            )
            text.note(" · ".join(filter(None, (status_called(run.status), about))))


def latest_runs() -> list[RunRow]:
    try:
        return resources.ledger().runs(limit=RUNS)
    except MigrationError:  # no command has written to this platform yet
        return []


def streams() -> None:
    found = resources.streams()
    if not found:
        return
    with st.container(border=True):
        st.header(say("Streams"), anchor=False)
        for stream in found:
            text.note(told(stream.sentence(stream.source)))


st.title(say("Overview"))
with st.spinner(say("Counting …"), show_time=False):
    census = resources.census()
if census.entities:
    relations, run = resources.relations(), resources.current_run()
    tiles(census, sum(relations.values()), resources.media_count(), run)
    if run is None:
        text.hint(
            say("No embeddings are published yet. Type `kg embed` to train and publish them.")
        )
    status = resources.status()
    with text.errors():
        attention(resources.concerns())
    left, right = st.columns([1.7, 1], gap="medium")
    with left, st.container(border=True):
        types(census)
    with left, st.container(border=True):
        relations_by_type(relations)
    with right:
        if run is not None:
            with st.container(border=True):
                live(run, status)
        with text.errors():
            streams()
        with st.container(border=True), text.errors():
            done(latest_runs())
    with text.errors():
        cards.samples("overview_samples")
else:
    text.hint(
        say(
            "The graph is empty. Bring data on the page Ingest, or type `kg ingest FOLDER`; or "
            "`kg demo` for a small world to look around in."
        )
    )
