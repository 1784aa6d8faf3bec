"""Curves of trainings: loss and validation MRR by epoch, of one run or of two over each other."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import streamlit as st

from embeddings.answers.curves import Curve, stamp
from ui import resources
from ui.language import say

SHOWN = ("valid/mrr", "train/loss")


@st.cache_data(max_entries=200, show_spinner=False)
def _read(run_id: str, files: tuple[tuple[str, int], ...]) -> dict[str, Curve]:
    from embeddings.answers.curves import curves as read

    return read(resources.settings().runs_dir / run_id)


def of_run(run_id: str) -> dict[str, Curve]:
    """What a run has logged so far; read again only where more was."""
    folder: Path = resources.settings().runs_dir / run_id
    files = stamp(folder)
    return _read(run_id, files) if files else {}


def draw(runs: Mapping[str, Mapping[str, Curve]], key: str) -> bool:
    """Charts beside each other, a line a run; whether there was anything to draw."""
    names = [name for name in SHOWN if any(len(of.get(name, ())) > 1 for of in runs.values())]
    if not names:
        return False
    titles = {"valid/mrr": say("Validation MRR"), "train/loss": say("Training loss")}
    columns = st.columns(len(names), gap="medium")
    for column, name in zip(columns, names, strict=True):
        with column.container(border=True):
            st.markdown(f"**{titles[name]}**")
            _chart({run: of.get(name, []) for run, of in runs.items()}, titles[name], key + name)
    return True


def _chart(lines: Mapping[str, Curve], title: str, key: str) -> None:
    ink = "#c9d5d2" if st.context.theme.type == "dark" else "#41524e"
    values = [
        {"run": run, "epoch": epoch, "figure": value}
        for run, curve in lines.items()
        for epoch, value in curve
    ]
    axis = {"labelColor": ink, "titleColor": ink, "labelFontSize": 12, "titleFontSize": 12}
    colour = {
        "field": "run",
        "type": "nominal",
        "scale": {"range": ["#14a394", "#e8833a"]},
        "legend": {"orient": "bottom", "title": None, "labelColor": ink}
        if len(lines) > 1
        else None,
    }
    st.vega_lite_chart(
        {
            "data": {"values": values},
            "height": 210,
            "mark": {"type": "line", "point": len(values) < 60, "strokeWidth": 2},
            "encoding": {
                "x": {
                    "field": "epoch",
                    "type": "quantitative",
                    "title": say("Epoch"),
                    "axis": {**axis, "tickMinStep": 1, "format": "d", "grid": False},
                },
                "y": {
                    "field": "figure",
                    "type": "quantitative",
                    "title": None,
                    "scale": {"zero": False},
                    "axis": axis,
                },
                "color": colour,
                "tooltip": [
                    {"field": "run", "type": "nominal"},
                    {"field": "epoch", "type": "quantitative"},
                    {"field": "figure", "type": "quantitative", "format": ".4f"},
                ],
            },
        },
        alt=say("{figure} by epoch", figure=title),
        key=key,
    )
