"""What is selected on the map: how, and which points. It is kept by entity, so that it goes along
to other vectors and runs, and stays when others come onto the map."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from embeddings.answers.maps import shown
from kg_platform.errors import ArtifactError, BadInput, NotFound
from ui.language import say
from ui.widgets import text
from ui.widgets.map import reading
from ui.widgets.map.reading import MapReading

_KEY = "map_selection"
PAGE = "map_page"  # of the list of what is selected
# What the browser needs to select the same.
_TOLD = ("id", "how", "map", "column", "first", "last", "lasso", "bits")


def select(how: str, mask: NDArray[np.bool_] | None, on: MapReading, **more: Any) -> None:
    """Remember a selection; what made it (`column` with `first` and `last`, `lasso`, or `bits`)
    tells the browser how to make it too."""
    rows = np.zeros(0, np.int32) if mask is None else on.map.rows[mask]
    trained = rows < on.known
    st.session_state[_KEY] = {
        "id": more.pop("id", uuid.uuid4().hex),
        "how": how,
        "mask": mask,
        "map": on.name,
        "run": on.map.run,
        "vectors": on.map.vectors,
        "rows": rows[trained],
        "arrived": [on.ids[row] for row in rows[~trained].tolist()],
        **more,
    }
    st.session_state[PAGE] = 0


def current(on: MapReading) -> dict[str, Any]:
    """The selection on the map that is shown: made on it, or on another one, by its entities."""
    kept: dict[str, Any] | None = st.session_state.get(_KEY)
    if kept is None or kept["how"] == "none":
        return {"id": kept["id"] if kept else "none", "how": "none", "map": on.name, "mask": None}
    if kept["map"] != on.name:
        if (kept["run"], kept["vectors"]) == (on.map.run, on.map.vectors) and _again(kept, on):
            return current(on)
        try:
            names = reading.ids(kept["run"])
        except (NotFound, ArtifactError):  # it was pruned
            select("none", None, on)
            return current(on)
        entities = [*(names[row] for row in kept["rows"].tolist()), *kept["arrived"]]
        _select_entities(entities, on)
    return dict(st.session_state[_KEY])


def _again(kept: dict[str, Any], on: MapReading) -> bool:
    """The same lasso or cluster, where others came onto the map, or left it."""
    if "lasso" in kept:
        select_address(on, {"lasso": kept["lasso"]}, ())
    elif (number := cluster(kept)) is not None:
        select_address(on, {"cluster": number}, ())
    else:
        return False
    return True


def select_address(on: MapReading, wanted: dict[str, str], entities: Sequence[str]) -> None:
    """What an address asks for, if anything: `lasso`, `cluster`, or `ids`, which are `entities`.

    Raises:
        BadInput: its lasso cannot be read.
    """
    if "lasso" in wanted:
        corners = shown.read_lasso(wanted["lasso"])
        select("lasso", shown.inside(on.coordinates, corners), on, lasso=wanted["lasso"])
    elif "ids" in wanted:
        if any(each in on.point_of for each in entities):
            _select_entities(entities, on)
        else:
            text.hint(say("None of these entities is on this map."))
    elif "cluster" in wanted:
        number = wanted["cluster"]
        if not number.isdecimal() or len(number) > 9 or int(number) >= len(on.map.names["cluster"]):
            text.hint(
                say(
                    "There is no cluster {number} on this map; choose one in the legend.",
                    number=repr(number[:20]),
                )
            )
            return
        code = int(number)
        entry = {"column": on.column("cluster"), "first": code, "last": code}
        select("entry", on.map.codes["cluster"] == code, on, **entry)


def _select_entities(entities: Sequence[str], on: MapReading) -> None:
    mask = np.zeros(on.map.count, bool)
    mask[[on.point_of[each] for each in entities if each in on.point_of]] = True
    select("bits", mask, on, bits=shown.written_bits(mask))


def selected_there(on: MapReading, said: dict[str, Any]) -> None:
    """The browser selected."""
    if said["map"] != on.name:
        return
    if said["how"] == "none" or not said["bits"]:
        select("none", None, on, id=said["id"])
        return
    more = {key: said[key] for key in ("column", "first", "last", "lasso") if key in said}
    try:
        mask = shown.read_bits(said["bits"], on.map.count)
    except BadInput:
        return
    select(said["how"], mask, on, id=said["id"], **more)


def told(kept: dict[str, Any]) -> dict[str, Any]:
    """A selection as the browser gets it."""
    return {name: kept[name] for name in _TOLD if name in kept}


def cluster(kept: dict[str, Any]) -> str | None:
    """The cluster that is selected, as addresses name it, where it is one."""
    one = kept["how"] == "entry" and kept["first"] == kept["last"]
    return str(kept["first"]) if one and kept["column"].endswith("/cluster") else None
