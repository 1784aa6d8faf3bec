"""The vectors of a run as points on a plane: neighbours lie near each other. `?modality=`,
`?colour=`, `?run=`, `?cluster=`, `?lasso=`, `?find=` and `?from=` are its state."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from embeddings.answers.maps.stored import StoredMap
from kg_platform.errors import KgError
from ui import language, navigation, resources
from ui.components import cards, vector_map
from ui.language import named, say
from ui.widgets import pager, text
from ui.widgets.map import choice as choices
from ui.widgets.map import reading, selection
from ui.widgets.map.choice import MapChoice
from ui.widgets.map.reading import MapReading

PAGE = 30
SOON = 2.0  # seconds between two looks while entities wait to be placed
GRAPH = 300  # entities that are drawn as a graph


def page() -> None:
    maps = reading.kept_maps()
    if not maps:
        text.hint(
            say(
                "There is no map yet. `kg embed` makes the maps of its run; `kg map` makes those "
                "of the run that is published."
            )
        )
        return
    wanted = choices.asked()
    choice = choices.choose(maps, reading.live(), reading.colours, wanted)
    with st.spinner(say("Reading the map …")):
        on = reading.reading(choice.run, choice.vectors)
    selection.select_address(on, wanted, st.query_params.get_all("ids"))
    lit: list[int] = []
    if choice.find.strip():
        lit, there = reading.lit(on, choice.find.strip())
        text.note(
            say("{lit} of {found} that were found are on this map.", lit=len(lit), found=there)
        )
    place = st.container()
    with st.container(gap=None):  # beside the map, but sent before what is selected is read
        tell(choice, on, lit)
    with place:
        explore(choice, on)
    look_again(choice, on)


@st.fragment
def explore(choice: MapChoice, on: MapReading) -> None:
    """The map and what is selected. A selection runs this again, and not the page."""
    if navigation.is_asked():
        st.rerun()
    with text.errors():
        kept = selection.current(on)
        vector_map.view(
            selection.told(kept),
            on_selected=lambda said: selection.selected_there(on, said),
            on_opened=lambda point: open_point(on, point),
        )
        about(on)
        chosen(on, kept)
        title = {name: name for name in choices.VECTORS.values()}
        choices.write(
            {
                "modality": title[choice.vectors.removesuffix("_embedding")],
                "colour": choice.colour,
                "run": choice.run,
                "from": choice.other,
                "cluster": selection.cluster(kept),
                "lasso": kept.get("lasso"),
                "find": choice.find,
            }
        )


def look_again(choice: MapChoice, on: MapReading) -> None:
    """Beside the page: whether others came onto the map, or left it; while some wait to be placed,
    the next of them are."""

    @st.fragment(run_every=SOON if on.waiting else resources.COUNTS)
    def look() -> None:
        drawn = on.name, on.waiting
        if st.session_state.get("map_drawn") != drawn:
            st.session_state["map_drawn"] = drawn
            return  # the page itself is just drawn
        with suppress(KgError):  # what is away is looked for the next time
            now = reading.reading(choice.run, choice.vectors)
            if (now.name, now.waiting) != drawn:
                st.rerun()

    look()


def tell(choice: MapChoice, on: MapReading, lit: list[int]) -> None:
    """What the browser has to know of the map: its columns, colours and words."""
    lang = language.language()
    colour = reading.colouring(on, choice.colour, lang)
    columns: dict[str, reading.Column] = {"xy": on.coordinates, choice.colour: colour.codes}
    kept = selection.current(on)
    if kept["how"] == "entry":
        kind = kept["column"].rpartition("/")[2]
        columns[kind] = reading.colouring(on, kind, lang).codes
    before = f"from/{choice.other}" if choice.other else None
    if before and choice.other:
        columns[before] = reading.elsewhere(on, choice.other)
    slide = _slide(choice, on, columns)
    parts = {on.column(kind): on.parts(kind, values) for kind, values in columns.items()}
    vector_map.about(
        {
            "map": on.name,
            "parts": {name: list(each) for name, each in parts.items() if len(each) > 1},
            "columns": {"points": on.column("xy")},
            "colour": {
                "column": on.column(choice.colour),
                "title": named(_TITLES, choice.colour),
                "measure": colour.measure,
                "legend": [
                    {"label": e.label[:120], "first": e.first, "last": e.last, "count": e.count}
                    for e in colour.legend
                ],
            },
            "before": on.column(before) if before else None,
            "slide": on.column(slide) if slide else None,
            "clusters": on.cluster_names,
            "lit": {"points": lit},
            "words": words(),
            "numbers": {"points": f"{on.map.count:,}"},
            "language": lang,
        }
    )
    vector_map.columns({name: part for each in parts.values() for name, part in each.items()})
    vector_map.names(on.name, lambda points, pictures: reading.named(on, points, pictures))


def _slide(choice: MapChoice, on: MapReading, columns: dict[str, reading.Column]) -> str | None:
    """The column of where the points were in the run that was shown before, to move from there."""
    last = st.session_state.get("map_shown")
    st.session_state["map_shown"] = (choice.run, choice.vectors)
    if last and last[0] != choice.run and last[1] == choice.vectors:
        st.session_state["map_slide"] = (choice.run, last[0])
    run, other = st.session_state.get("map_slide", (None, None))
    if run != choice.run or other not in reading.kept_maps():
        return None
    column = f"from/{other}"
    columns[column] = reading.elsewhere(on, other)
    return column


def open_point(on: MapReading, point: int) -> None:
    if 0 <= point < on.map.count:
        navigation.open_entity(on.ids[on.map.rows[point]])


def words() -> dict[str, str]:
    return {
        "label": say(
            "Map of {count} points. Arrow keys move it, plus and minus zoom, 0 shows all of it, "
            "Escape ends the selection.",
            count="{count}",
        ),
        "tools": say("Tools of the map"),
        "pan": say("Move the map"),
        "lasso": say("Select with a lasso (Shift adds, Alt takes away)"),
        "view": say("Select what is in view"),
        "closer": say("Closer"),
        "farther": say("Farther"),
        "whole": say("All of the map"),
        "none": say("End the selection"),
        "points": say("{count} points", count="{count}"),
        "selected": say("{count} selected", count="{count}"),
        "hide": say("Hide"),
        "show": say("Show"),
        "plain": say("No graphics acceleration (WebGL) here: drawn on a plain canvas."),
        "lost": say("The graphics card gave the picture up; it is being drawn again."),
    }


def about(on: MapReading) -> None:
    """How the map was made, in a line, and who is on it beside those of its run."""
    found = on.map
    said = [named(_METHODS, found.method), say("run {run}", run=found.run)]
    moved = found.about.get("moved")
    if found.about.get("laid_over"):
        said.append(say("laid over run {run}", run=found.about["laid_over"]))
    if moved is not None:
        said.append(
            say("half of the points moved less than {share}", share=f"{max(moved[0], 0.001):.1%}")
        )
    if on.arrived:
        said.append(
            say(
                "came later: {count}, each amid the 5 of the run that are nearest to it",
                count=f"{on.arrived:,}",
            )
        )
    if on.waiting:
        said.append(say("being placed: {count}", count=f"{on.waiting:,}"))
    if on.gone:
        said.append(say("gone from the graph, and from here: {count}", count=f"{on.gone:,}"))
    text.note(" · ".join(said))


def chosen(on: MapReading, kept: dict[str, Any]) -> None:
    """What is selected, as a list or a gallery, page by page, and its way into the graph."""
    mask = kept["mask"]
    if mask is None:
        text.hint(
            say(
                "Draw a lasso, or choose in the legend: what is selected is listed here. Come near "
                "to see names and pictures."
            )
        )
        return
    points = np.flatnonzero(mask)
    if not len(points):
        text.hint(say("Nothing of the selection is on this map."))
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text.heading(say("{count} selected", count=f"{len(points):,}"), _summary(on.map, points))
        look = st.segmented_control(
            say("Look"),
            ["List", "Gallery"],
            default="List",
            required=True,
            key="map_look",
            label_visibility="collapsed",
            format_func=say,
        )
        if st.button(
            say("As a graph"),
            icon=":material/hub:",
            key="map_graph",
            disabled=len(points) > GRAPH,
            help=say("Up to {count} entities are drawn as a graph.", count=GRAPH),
        ):
            ids = [on.ids[row] for row in on.map.rows[points].tolist()]
            there = resources.rows(tuple(ids))
            navigation.go("graph", **{"with": [id for id in ids if id in there]})
            st.rerun()
    list_, below = st.container(), st.container()
    with below:
        places = pager.part(range(len(points)), PAGE, selection.PAGE)
    some = [on.ids[row] for row in on.map.rows[points[list(places)]].tolist()]
    there = resources.rows(tuple(some))
    rows = [there[id] for id in some if id in there]
    with list_:
        if rows:
            cards.cards(
                [cards.Card(row, row.type or "") for row in rows],
                key="map_list" if look == "List" else "map_cards",
                shape="rows" if look == "List" else "cards",
                name=say("What is selected"),
            )
        if len(rows) < len(some):
            text.hint(
                say(
                    "{count} of these {shown} are not in the graph any more.",
                    count=len(some) - len(rows),
                    shown=len(some),
                )
            )


def _summary(found: StoredMap, points: NDArray[np.int64]) -> str:
    """The most frequent types of a selection."""
    codes = found.codes["type"][points]
    counts = np.bincount(codes[codes >= 0], minlength=1)
    most = [i for i in np.argsort(-counts)[:3].tolist() if counts[i]]
    return " · ".join(f"{found.names['type'][i]} {counts[i]:,}" for i in most)


_TITLES = {name: title for title, name in choices.COLOURS.items()}
_METHODS = {
    "umap": "UMAP",
    "tsne": "t-SNE",
    "pca": "Two main axes (PCA)",
}

st.title(say("Map"))
with text.errors():
    page()
