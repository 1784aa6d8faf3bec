"""The vectors of a run as points on a plane: neighbours lie near each other. `?modality=`,
`?colour=`, `?run=`, `?cluster=`, `?lasso=`, `?find=` and `?from=` are its state."""

from __future__ import annotations

import uuid
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from embeddings.answers.maps import shown
from embeddings.answers.maps.stored import StoredMap
from kg_platform.errors import ArtifactError, BadInput, NotFound
from ui import language, navigation, resources
from ui.components import cards, vector_map
from ui.language import named, say
from ui.widgets import map_choice, map_reading, pager, tables, text
from ui.widgets.map_choice import MapChoice

PAGE = 30
GRAPH = 300  # entities that are drawn as a graph
SELECTION = "map_selection"


def name_of(run: str, vectors: str) -> str:
    return f"{run}/{vectors}"


# ---- what is selected: how, and which points of which map


def select(how: str, mask: NDArray[np.bool_] | None, choice: MapChoice, **more: Any) -> None:
    """Remember a selection; what made it tells the browser how to make it too."""
    st.session_state[SELECTION] = {
        "id": more.pop("id", uuid.uuid4().hex),
        "how": how,
        "mask": mask,
        "run": choice.run,
        "vectors": choice.vectors,
        **more,
    }
    st.session_state["map_page"] = 0


def selection(choice: MapChoice, found: StoredMap, wanted: dict[str, str]) -> dict[str, Any]:
    """The selection on the map that is shown: of the address, or the one that was made on this map
    or on another one, by its entities."""
    if wanted.keys() & {"cluster", "lasso", "ids"}:
        _of_address(choice, found, wanted)
    kept: dict[str, Any] = st.session_state.get(SELECTION) or {"id": "none", "how": "none"}
    if kept["how"] == "none" or kept["mask"] is None:
        return kept
    if (kept["run"], kept["vectors"]) != (choice.run, choice.vectors):
        try:
            before = map_reading.reading(kept["run"], kept["vectors"]).map
            names = map_reading.ids(kept["run"])
        except (NotFound, ArtifactError):  # its run was pruned
            select("none", None, choice)
            return selection(choice, found, {})
        place = map_reading.reading(choice.run, choice.vectors).point_of
        chosen = [names[row] for row in before.rows[kept["mask"]].tolist()]
        mask = np.zeros(found.count, bool)
        mask[[place[each] for each in chosen if each in place]] = True
        select("bits", mask, choice, bits=shown.written_bits(mask))
        kept = st.session_state[SELECTION]
    return kept


def _of_address(choice: MapChoice, found: StoredMap, wanted: dict[str, str]) -> None:
    if "lasso" in wanted:
        corners = shown.read_lasso(wanted["lasso"])
        points = map_reading.reading(choice.run, choice.vectors).coordinates
        select("lasso", shown.inside(points, corners), choice, lasso=wanted["lasso"])
        return
    if "ids" in wanted:
        place = map_reading.reading(choice.run, choice.vectors).point_of
        mask = np.zeros(found.count, bool)
        mask[[place[each] for each in st.query_params.get_all("ids") if each in place]] = True
        if not mask.any():
            text.hint(say("None of these entities is on this map."))
            return
        select("bits", mask, choice, bits=shown.written_bits(mask))
        return
    number = wanted["cluster"]
    if not number.isdecimal() or len(number) > 9 or int(number) >= len(found.names["cluster"]):
        text.hint(
            say(
                "There is no cluster {number} on this map; choose one in the legend.",
                number=repr(number[:20]),
            )
        )
        return
    code = int(number)
    select("entry", found.codes["cluster"] == code, choice, **_entry("cluster", code, code, choice))


def _entry(colour: str, first: int, last: int, choice: MapChoice) -> dict[str, Any]:
    column = f"{name_of(choice.run, choice.vectors)}/{colour}"
    return {"column": column, "first": first, "last": last}


def selected_there(choice: MapChoice, found: StoredMap, said: dict[str, Any]) -> None:
    """The browser selected."""
    if said["map"] != name_of(choice.run, choice.vectors):
        return
    if said["how"] == "none" or not said["bits"]:
        select("none", None, choice, id=said["id"])
        return
    more = {key: said[key] for key in ("column", "first", "last", "lasso") if key in said}
    try:
        mask = shown.read_bits(said["bits"], found.count)
    except BadInput:
        return
    select(said["how"], mask, choice, id=said["id"], **more)


# ---- the page


def page() -> None:
    maps = map_reading.kept_maps()
    if not maps:
        text.hint(
            say(
                "There is no map yet. `kg embed` makes the maps of its run; `kg map` makes those "
                "of the run that is published."
            )
        )
        return
    wanted = map_choice.asked()
    choice = map_choice.choose(maps, map_reading.live(), map_reading.colours, wanted)
    found = map_reading.reading(choice.run, choice.vectors).map
    kept = selection(choice, found, wanted)
    draw(choice, found, kept)
    about(found)
    chosen(choice, found, kept)
    cluster = None
    if kept["how"] == "entry" and kept["column"].endswith("/cluster"):
        cluster = str(kept["first"]) if kept["first"] == kept["last"] else None
    title = {name: name for name in map_choice.VECTORS.values()}
    map_choice.write(
        {
            "modality": title[choice.vectors.removesuffix("_embedding")],
            "colour": choice.colour,
            "run": choice.run,
            "from": choice.other,
            "cluster": cluster,
            "lasso": kept.get("lasso"),
            "find": choice.find,
        }
    )


def draw(choice: MapChoice, found: StoredMap, kept: dict[str, Any]) -> None:
    name, lang = name_of(choice.run, choice.vectors), language.language()
    colour = map_reading.colouring(choice.run, choice.vectors, choice.colour, lang)
    sent: dict[str, Any] = {
        f"{name}/xy": map_reading.reading(choice.run, choice.vectors).coordinates
    }
    sent[f"{name}/{choice.colour}"] = colour.codes
    if kept["how"] == "entry" and kept["column"] not in sent:
        kind = kept["column"].rpartition("/")[2]
        sent[kept["column"]] = map_reading.colouring(choice.run, choice.vectors, kind, lang).codes
    before = f"{name}/from/{choice.other}" if choice.other else None
    if before and choice.other:
        sent[before] = map_reading.elsewhere(choice.run, choice.other, choice.vectors)
    slide = _slide(choice, name, sent)
    lit: list[int] = []
    there = 0
    if choice.find.strip():
        lit, there = map_reading.lit(choice.run, choice.vectors, choice.find.strip())
    number = f"{found.count:,}"
    vector_map.view(
        {
            "map": name,
            "columns": {"points": f"{name}/xy"},
            "colour": {
                "column": f"{name}/{choice.colour}",
                "title": named(_TITLES, choice.colour),
                "measure": colour.measure,
                "legend": [
                    {"label": e.label[:120], "first": e.first, "last": e.last, "count": e.count}
                    for e in colour.legend
                ],
            },
            "before": before,
            "slide": slide,
            "clusters": map_reading.reading(choice.run, choice.vectors).cluster_names,
            "lit": {"points": lit},
            "select": {k: v for k, v in kept.items() if k not in ("mask", "run", "vectors")},
            "words": words(),
            "numbers": {"points": number},
            "language": lang,
        },
        on_selected=lambda said: selected_there(choice, found, said),
        on_opened=lambda point: open_point(choice, found, point),
    )
    with st.container(gap=None):
        vector_map.columns(sent)
        vector_map.names(name, answer)
    if choice.find.strip():
        text.note(
            say("{lit} of {found} that were found are on this map.", lit=len(lit), found=there)
        )


def _slide(choice: MapChoice, name: str, sent: dict[str, Any]) -> str | None:
    """The column of where the points were in the run that was shown before, to move from there."""
    last = st.session_state.get("map_shown")
    st.session_state["map_shown"] = (choice.run, choice.vectors)
    if last and last[0] != choice.run and last[1] == choice.vectors:
        st.session_state["map_slide"] = (choice.run, last[0])
    run, other = st.session_state.get("map_slide", (None, None))
    if run != choice.run or other not in map_reading.kept_maps():
        return None
    column = f"{name}/from/{other}"
    sent[column] = map_reading.elsewhere(choice.run, other, choice.vectors)
    return column


def answer(name: str, points: Any, pictures: bool) -> dict[int, vector_map.Name]:
    run, _, vectors = name.partition("/")
    return map_reading.named(run, vectors, points, pictures)


def open_point(choice: MapChoice, found: StoredMap, point: int) -> None:
    if 0 <= point < found.count:
        navigation.open_entity(map_reading.ids(choice.run)[found.rows[point]])


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


def about(found: StoredMap) -> None:
    """How the map was made, in a line."""
    said = [named(_METHODS, found.method), say("run {run}", run=found.run)]
    moved = found.about.get("moved")
    if found.about.get("laid_over"):
        said.append(say("laid over run {run}", run=found.about["laid_over"]))
    if moved is not None:
        said.append(
            say("half of the points moved less than {share}", share=f"{max(moved[0], 0.001):.1%}")
        )
    text.note(" · ".join(said))


def chosen(choice: MapChoice, found: StoredMap, kept: dict[str, Any]) -> None:
    """What is selected, as a table or a gallery, page by page, and its way into the graph."""
    mask = kept.get("mask")
    if mask is None or kept["how"] == "none":
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
    names = map_reading.ids(choice.run)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text.heading(say("{count} selected", count=f"{len(points):,}"), _summary(found, points))
        look = st.segmented_control(
            say("Look"),
            ["Table", "Gallery"],
            default="Table",
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
            ids = [names[row] for row in found.rows[points].tolist()]
            navigation.go("graph", **{"with": ids})
            st.rerun()
    list_, below = st.container(), st.container()
    with below:
        places = pager.part(range(len(points)), PAGE, "map_page")
    some = [names[row] for row in found.rows[points[list(places)]].tolist()]
    there = resources.rows(tuple(some))
    rows = [there[id] for id in some if id in there]
    with list_:
        if not rows:
            text.hint(say("These entities are not in the graph any more."))
        elif look == "Table":
            tables.entity_list(rows, key="map_table")
        else:
            cards.cards([cards.Card(row, row.type or "") for row in rows], key="map_cards")


def _summary(found: StoredMap, points: NDArray[np.int64]) -> str:
    """The most frequent types of a selection."""
    codes = found.codes["type"][points]
    counts = np.bincount(codes[codes >= 0], minlength=1)
    most = [i for i in np.argsort(-counts)[:3].tolist() if counts[i]]
    return " · ".join(f"{found.names['type'][i]} {counts[i]:,}" for i in most)


_TITLES = {name: title for title, name in map_choice.COLOURS.items()}
_METHODS = {
    "umap": "UMAP",
    "tsne": "t-SNE",
    "pca": "Two main axes (PCA)",
}

st.title(say("Map"))
with text.errors():
    page()
