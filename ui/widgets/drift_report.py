"""What moved between a run and another: asked when somebody wants it, as it reads all vectors."""

from __future__ import annotations

from typing import Any

import streamlit as st

from kg_platform.browse.entities import current_run, types_of
from kg_platform.errors import KgError
from ui import resources
from ui.language import say
from ui.widgets import tables, text

SAMPLE = 2_000
MOVED = 20


@st.cache_data(max_entries=20, show_spinner=False)
def _measured(before: str, after: str) -> dict[str, Any]:
    from embeddings.data.artifact import open_artifact
    from embeddings.publish.drift import compare
    from embeddings.publish.drift_report import report

    folder, graph = resources.settings().artifacts_dir, resources.graph()
    one, two = (open_artifact(folder / run) for run in (before, after))
    found = compare(one, two, SAMPLE)
    asked = [found.shared[i] for i in found.sampled]
    return report(found, one, two, types_of(graph, asked), MOVED)


def section(run_id: str) -> None:
    """Choose a run that has its vectors here; figures, bars by type and reason, who moved most."""
    folder = resources.settings().artifacts_dir
    there = sorted((one.name for one in folder.glob("*") if one.is_dir()), reverse=True)
    others = [name for name in there if name != run_id and not name.startswith(".")]
    if run_id not in there or not others:
        text.hint(
            say("Drift is between two runs whose vectors are kept on this machine; there is only "
                "one, or those of this run are gone.")
        )  # fmt: skip
        return
    live = current_run(resources.graph())
    first = str(live["id"]) if live and live["id"] in others else others[0]
    other = st.selectbox(
        say("Beside the run"), others, index=others.index(first), key="runs_drift_with", width=320
    )
    before, after = sorted((run_id, other))
    try:
        with st.spinner(say("Reading both runs' vectors …")):
            said = _measured(before, after)
    except KgError as error:
        text.alert(str(error).replace(str(resources.settings().home), "KG_HOME"))
        return
    _show(said)


def _show(said: dict[str, Any]) -> None:
    cosine = said["cosine"]
    figures = [
        (say("in both"), f"{said['shared']:,}"),
        (say("only before"), f"{said['gone']:,}"),
        (say("only after"), f"{said['new']:,}"),
        (say("neighbours that stayed"), f"{said['overlap']:.0%}"),
        (say("cosine"), "-" if cosine is None else f"{cosine:.3f}"),
    ]
    tiles = st.grid(len(figures), min_column_width=120)
    for name, value in figures:
        with tiles.cell(), st.container(border=True):
            text.figure(name, value)
    for title, groups in ((say("By type"), said["types"]), (say("By change"), said["reasons"])):
        if groups:
            text.heading(title)
            _bars(groups)
    if said["moved"]:
        text.heading(say("Moved most"), f"{len(said['moved']):,}")
        tables.answer(
            [say("Entity"), say("Type"), say("neighbours that stayed"), say("cosine"),
             say("changed")],
            [
                [one["id"], one["type"], f"{one['overlap']:.0%}", one["cosine"],
                 ", ".join(one["changed"] or ())]
                for one in said["moved"]
            ],
            key="runs_moved",
        )  # fmt: skip


def _bars(groups: list[dict[str, Any]]) -> None:
    tables.show(
        {
            "name": [one["name"] for one in groups],
            "entities": [one["entities"] for one in groups],
            "overlap": [one["overlap"] for one in groups],
        },
        height="content",
        column_config={
            "name": st.column_config.TextColumn(say("Name"), width=200),
            "entities": st.column_config.NumberColumn(say("Entities"), width=90),
            "overlap": st.column_config.ProgressColumn(
                say("neighbours that stayed"), format="percent", min_value=0, max_value=1
            ),
        },
    )
