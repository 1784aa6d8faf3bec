"""What of the vectors is on the map: run, vectors, colours; from the address, and back into it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from ui.language import say
from ui.widgets import text

# What a person reads -> what stands in an address and on the command line
VECTORS = {
    "Everything": "embedding",
    "Relations": "structure",
    "Texts": "text",
    "Pictures": "image",
    "Sounds": "audio",
    "Films": "video",
}
COLOURS = {
    "Type": "type",
    "Cluster": "cluster",
    "Source": "source",
    "Drift": "drift",
    "Error": "error",
    "State": "provisional",
}
# Parts of the page's address, and nobody else's.
PARTS = ("modality", "colour", "run", "from", "cluster", "lasso", "find", "ids")
_WRITTEN = "map_written"


@dataclass(frozen=True)
class MapChoice:
    """`vectors` as artifacts name them; `other`: the run that arrows come from."""

    run: str
    vectors: str
    colour: str
    other: str | None
    find: str


def property_of(name: str) -> str:
    return name if name == "embedding" else f"{name}_embedding"


def asked() -> dict[str, str]:
    """What the address says, once: when somebody came by it, not when this page wrote it."""
    there = {name: st.query_params[name] for name in PARTS if name in st.query_params}
    # Whoever comes back finds what this page wrote when it was left, and no widget's state.
    if there == st.session_state.get(_WRITTEN) and "map_colour" in st.session_state:
        return {}
    st.session_state[_WRITTEN] = there
    return there


def write(parts: Mapping[str, str | None]) -> None:
    """The address of what is shown."""
    wanted = {name: value for name, value in parts.items() if value}
    if wanted == {name: st.query_params[name] for name in PARTS if name in st.query_params}:
        st.session_state[_WRITTEN] = wanted
        return
    others = {name: st.query_params.get_all(name) for name in st.query_params if name not in PARTS}
    st.query_params.from_dict({**others, **wanted})
    st.session_state[_WRITTEN] = wanted


def choose(
    maps: Mapping[str, Sequence[str]],
    live: str | None,
    colours: Callable[[str], Sequence[str]],
    wanted: Mapping[str, str],
) -> MapChoice:
    """The row of choices. `maps`: run -> its vectors, the newest first; `colours`: vectors -> what
    their maps can be coloured by, in any run; `wanted`: of an address."""
    runs = list(maps)
    home = live if live in maps else runs[0]
    gone = wanted.get("run")
    if gone and gone not in maps:
        text.hint(
            say(
                "The map of run {run} is not here: it was removed, or never made. This is run "
                "{other}; `kg map {run}` makes the maps of a run whose artifact is kept.",
                run=gone,
                other=home,
            )
        )
    # Its widget is not there while only one run has such vectors, and its state with it.
    kept = st.session_state.get("map_run_kept")
    _adopt("map_run", wanted.get("run"), runs, kept if kept in runs else home)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        run = str(st.session_state["map_run"])
        kinds = [title for title, name in VECTORS.items() if property_of(name) in maps[run]]
        missing = wanted.get("modality")
        title_of = {name: title for title, name in VECTORS.items()}
        if missing and title_of.get(missing) not in kinds:
            text.hint(
                say(
                    "Run {run} has no map of {vectors}: it has no such vectors, or no map of them "
                    "was made. `kg map {run}` makes those that are missing.",
                    run=run,
                    vectors=repr(missing[:40]),
                )
            )
        _adopt("map_modality", title_of.get(missing or ""), kinds, kinds[0])
        kind = st.selectbox(say("Vectors"), kinds, format_func=say, key="map_modality", width=150)
        vectors = property_of(VECTORS[kind])
        there = colours(vectors)
        shades = [title for title, name in COLOURS.items() if name in there]
        by_name = {name: title for title, name in COLOURS.items()}
        _adopt("map_colour", by_name.get(wanted.get("colour", "")), shades, shades[0])
        shade = st.selectbox(say("Colour"), shades, format_func=say, key="map_colour", width=140)
        if "find" in wanted:
            st.session_state["map_find"] = wanted["find"]
        find = st.text_input(
            say("Light up"),
            key="map_find",
            type="search",
            icon=":material/search:",
            placeholder=say("A name, an id, or words"),
        )
        alike = [name for name in reversed(runs) if vectors in maps[name]]
        other = None
        if len(alike) > 1:
            others = [name for name in reversed(alike) if name != run]
            _adopt("map_from", wanted.get("from"), others, None)
            other = st.selectbox(
                say("Arrows from"),
                others,
                index=None,
                key="map_from",
                width=210,
                placeholder=say("another run"),
            )
    if len(alike) > 1:
        st.select_slider(say("Run"), alike, key="map_run")
    st.session_state["map_run_kept"] = run
    return MapChoice(run, vectors, COLOURS[shade], other, find or "")


def _adopt(key: str, wanted: str | None, options: Sequence[str], default: str | None) -> None:
    """The state of a widget: what an address asked for, what it was, or the default."""
    if wanted in options:
        st.session_state[key] = wanted
    elif st.session_state.get(key) not in options:
        if default not in options:
            st.session_state.pop(key, None)
        else:
            st.session_state[key] = default
