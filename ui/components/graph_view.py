"""A part of the graph, drawn (`graph/`), with the list of what is drawn beside it.

Cytoscape.js draws. The positions stay in the browser; what is expanded, hidden or pinned is the
address of the page, so each of these is told to Python, which answers with what is to be drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from ui import resources
from ui.components.served import served
from ui.language import say

_component = served("graph")
PICTURES_AT_ONCE = 150
_WANTED = "graph_pictures"
_TURN = "graph_turn"


@dataclass(frozen=True)
class DrawnGraph:
    """What is drawn. `nodes`: {id, label, type, degree, picture, shown, total, pinned, value};
    `edges`: {head, relation, tail, value, way}; `predicted`: {head, relation, tail, item,
    probability}. `scale` names what `value` is, from `low` to `high`, where it is a number."""

    nodes: Sequence[Mapping[str, Any]]
    edges: Sequence[Mapping[str, Any]]
    predicted: Sequence[Mapping[str, Any]] = ()
    relations: Sequence[str] = ()
    types_off: Sequence[str] = ()
    relations_off: Sequence[str] = ()
    colour: str = "type"
    scale: Mapping[str, Any] = field(default_factory=dict)
    can_undo: bool = False


def draw(
    what: DrawnGraph, key: str, act: Callable[[Mapping[str, Any]], None], height: int = 560
) -> None:
    """Show it. `act` gets {what, ids, ...} of what a person does, in a callback."""

    def acted() -> None:
        # Data that did not change are not handed over again, and the picture would wait for ever.
        st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1
        told = st.session_state[key].acted
        if isinstance(told, Mapping) and isinstance(told.get("what"), str):
            act(told)

    def wanted() -> None:
        told = st.session_state[key].wanted
        digests = told if isinstance(told, list) else []
        st.session_state[_WANTED] = [str(one) for one in digests[:PICTURES_AT_ONCE]]

    known = {node["picture"] for node in what.nodes if node["picture"]}
    pictures = {
        one: resources.thumbnail(one, resources.SMALL)
        for one in st.session_state.pop(_WANTED, ())  # once: the browser keeps them
        if one in known
    }
    _component(
        key=key,
        data={
            "nodes": list(what.nodes),
            "edges": list(what.edges),
            "predicted": list(what.predicted),
            "relations": list(what.relations),
            "types_off": list(what.types_off),
            "relations_off": list(what.relations_off),
            "colour": what.colour,
            "scale": dict(what.scale),
            "can_undo": what.can_undo,
            "pictures": pictures,
            "turn": st.session_state.get(_TURN, 0),
            "words": words(),
            "height": height,
        },
        on_acted_change=acted,
        on_wanted_change=wanted,
    )


def words() -> dict[str, str]:
    """What stands on the component, in the reader's language; {names} are filled in there."""
    return {
        "graph": say("Graph of {nodes} entities and {edges} facts"),
        "keys": say("Arrow keys move the picture, plus and minus zoom, F fits it."),
        "tools": say("Tools"),
        "undo": say("Undo"),
        "fit": say("Fit"),
        "closer": say("Zoom in"),
        "farther": say("Zoom out"),
        "arrange": say("Arrange"),
        "save": say("Save as"),
        "expand": say("Expand"),
        "collapse": say("Collapse"),
        "pin": say("Pin"),
        "unpin": say("Unpin"),
        "hide": say("Hide"),
        "only": say("Keep only these"),
        "open": say("Open entity"),
        "like": say("Colour by similarity to it"),
        "ways": say("Ways between the two"),
        "ask": say("Ask the model"),
        "accept": say("Accept"),
        "reject": say("Reject"),
        "unselect": say("Select nothing"),
        "selected": say("{count} selected"),
        "drawn": say("Drawn"),
        "search": say("Search in what is drawn"),
        "more": say("Show more"),
        "none": say("Nothing matches."),
        "types": say("Types"),
        "relations": say("Relations"),
        "no_type": say("no type"),
        "facts": say("{count} facts"),
        "shown": say("{shown} of {total} facts drawn"),
        "predicted": say("Proposed"),
        "probability": say("probability {value}"),
        "proposals": say("Proposed links"),
        "arranging": say("Arranging …"),
        "working": say("Working …"),
    }
