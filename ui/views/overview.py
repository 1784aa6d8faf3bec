"""What is in the graph, at a glance."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from kg_platform.browse.entities import Overview
from kg_platform.browse.status import Status
from ui import resources
from ui.components import cards
from ui.widgets import text

BARS = 12  # more kinds than this are summed up in a last bar


def bars(counts: Mapping[str, int], rest: str) -> None:
    """Horizontal bars with their counts, the most frequent first."""
    ranked = sorted(counts.items(), key=lambda item: -item[1])
    shown = ranked[:BARS]
    if len(ranked) > BARS:
        shown.append((f"{len(ranked) - BARS} more {rest}", sum(n for _, n in ranked[BARS:])))
    ink = "#c9d5d2" if st.context.theme.type == "dark" else "#41524e"
    name = {"field": "name", "type": "nominal", "sort": None, "title": None}
    count = {
        "field": "count",
        "type": "quantitative",
        "axis": None,
        "scale": {"domain": [0, shown[0][1] * 1.22]},
    }
    st.vega_lite_chart(
        {
            "data": {"values": [{"name": name, "count": count} for name, count in shown]},
            # What is around the bars takes its part: of one bar alone it would leave a line.
            "height": 30 * len(shown) + 24,
            "encoding": {
                "y": {
                    **name,
                    "axis": {
                        "title": None,
                        "labelLimit": 170,
                        "labelPadding": 8,
                        "labelFontSize": 13,
                        "labelColor": ink,
                    },
                },
                "x": count,
                "tooltip": [
                    {"field": "name", "title": rest},
                    {"field": "count", "type": "quantitative", "format": ","},
                ],
            },
            "layer": [
                {"mark": {"type": "bar", "cornerRadiusEnd": 4, "height": {"band": 0.66}}},
                {
                    "mark": {
                        "type": "text",
                        "align": "left",
                        "dx": 6,
                        "fontSize": 13,
                        "color": ink,
                    },
                    "encoding": {"text": {"field": "count", "type": "quantitative", "format": ","}},
                },
            ],
        },
        alt=f"Bars: {rest} and how many there are of each",
    )


def tiles(seen: Overview) -> None:
    run = seen.current_run
    mrr = run.get("mrr") if run else None
    row = st.grid(5, min_column_width=150)
    row.metric("Entities", seen.entities, format="localized", border=True)
    row.metric("Relations", seen.relations, format="localized", border=True)
    row.metric("Media", seen.media, format="localized", border=True)
    row.metric("Embedded", f"{seen.embedded / seen.entities:.0%}", border=True)
    row.metric("MRR", f"{mrr:.3f}" if isinstance(mrr, float) else "-", border=True)
    if run is None:
        text.hint("No embeddings are published yet. Type `kg embed` to train and publish them.")
        return
    said = [str(run.get("model", "")), f"{run.get('dimension')} dimensions"]
    if run.get("published_at"):
        said.append(f"published {str(run['published_at'])[:16].replace('T', ' ')} UTC")
    text.note(f"Embedding run {run['id']}: " + ", ".join(said))
    freshness(resources.status())


def freshness(found: Status) -> None:
    """How far the vectors are behind the graph, in a line."""
    counts = {
        "stale": found.stale,
        "without a vector": found.without_vector,
        "provisional": found.provisional,
        "of an earlier run": found.earlier,
    }
    said = [f"{count:,} {name}" for name, count in counts.items() if count]
    if found.half_way:
        said.append(f"the publish of run {found.half_way} stands half-way")
    text.note("Vectors: " + (", ".join(said) or "all of the graph as it is"))
    for stream in resources.streams():
        text.note(f"Stream {stream.sentence(stream.source)}")


def charts(seen: Overview) -> None:
    left, right = st.columns(2, gap="medium")
    with left.container(border=True, height="stretch"):
        st.subheader("Entities by type", anchor=False)
        if seen.by_type:
            bars(seen.by_type, "types")
        else:
            text.note("No entity has a type.")
    with right.container(border=True, height="stretch"):
        st.subheader("Relations by type", anchor=False)
        if seen.by_relation:
            bars(seen.by_relation, "relations")
        else:
            text.note("No relations.")


st.title("Overview")
seen = resources.overview()
if seen.entities:
    tiles(seen)
    charts(seen)
    with text.errors():
        cards.samples("overview_samples")
else:
    text.hint(
        "The graph is empty. Bring data on the page Ingest, or type `kg ingest FOLDER`; "
        "or `kg demo` for a small world to look around in."
    )
