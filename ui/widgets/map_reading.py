"""What the page of maps reads, kept for a moment: maps, ids, colours."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from embeddings.answers.maps import shown, stored
from embeddings.answers.maps.shown import Colouring
from embeddings.answers.maps.stored import StoredMap
from kg_platform.browse.columns import EntityColumns
from kg_platform.browse.entities import current_run
from ui import resources
from ui.components.vector_map import Name
from ui.language import say

FOUND = 200  # entities that a search lights up


def artifacts() -> Path:
    return resources.settings().artifacts_dir


@st.cache_data(ttl=resources.FRESH, show_spinner=False)
def kept_maps() -> dict[str, list[str]]:
    return stored.kept_maps(artifacts())


@st.cache_data(ttl=resources.FRESH, show_spinner=False)
def live() -> str | None:
    run = current_run(resources.graph())
    return None if run is None else str(run["id"])


def opened(run: str, vectors: str) -> StoredMap:
    """Raises: NotFound, ArtifactError."""
    file = artifacts() / run / stored.FOLDER / vectors / stored.MANIFEST
    return _opened(run, vectors, file.stat().st_mtime_ns if file.is_file() else 0)


@st.cache_resource(max_entries=8, show_spinner=False)
def _opened(run: str, vectors: str, made: int) -> StoredMap:
    return stored.open_map(artifacts(), run, vectors)


@st.cache_resource(max_entries=3, show_spinner=False)
def ids(run: str) -> list[str]:
    """The ids of a run's entities, by the rows of its artifact."""
    from embeddings.data.artifact import open_artifact

    return open_artifact(artifacts() / run, verify=False).entity_ids()


@st.cache_resource(max_entries=3, show_spinner=False)
def point_of(run: str, vectors: str) -> dict[str, int]:
    """Id -> its point on a map."""
    names = ids(run)
    return {names[row]: point for point, row in enumerate(opened(run, vectors).rows.tolist())}


def colours(found: StoredMap) -> list[str]:
    """What a map can be coloured by."""
    named = [kind for kind in ("type", "cluster", "source") if found.names[kind]]
    return [*(named or ["type"]), *found.measures, "provisional"]


@st.cache_resource(max_entries=16, ttl=resources.COUNTS, show_spinner=False)
def colouring(run: str, vectors: str, kind: str, lang: str) -> Colouring:
    """What the points are coloured by; `lang`, as legends are words."""
    found = opened(run, vectors)
    none = say("Not known")
    if kind in found.measures:
        return shown.by_measure(found.measures[kind], none)
    if kind == "provisional":
        place = point_of(run, vectors)
        states = [_points(place, ids) for ids in (stale(), provisional())]
        codes = shown.by_state(found.count, *states)
        names = [say("As trained"), say("Changed since"), say("Fitted later")]
        return shown.by_code(codes, names, "", none)
    names = found.names[kind]
    if kind == "cluster":
        names = [name or say("Cluster {number}", number=i + 1) for i, name in enumerate(names)]
        none = say("In no cluster")
    return shown.by_code(found.codes[kind], names, say("Others"), none)


@st.cache_data(ttl=resources.COUNTS, show_spinner=False)
def stale() -> set[str]:
    return EntityColumns(resources.graph()).stale()


@st.cache_data(ttl=resources.COUNTS, show_spinner=False)
def provisional() -> set[str]:
    return EntityColumns(resources.graph()).provisional()


def _points(place: dict[str, int], entities: set[str]) -> NDArray[np.int64]:
    return np.array([place[each] for each in entities if each in place], np.int64)


@st.cache_resource(max_entries=8, show_spinner=False)
def coordinates(run: str, vectors: str) -> NDArray[np.uint16]:
    found = opened(run, vectors)
    return shown.coordinates(found.points, found.frame)


@st.cache_resource(max_entries=6, show_spinner=False)
def elsewhere(run: str, other: str, vectors: str) -> NDArray[np.uint16]:
    """Where another run's map has the points of this run's."""
    return shown.elsewhere(
        opened(run, vectors), ids(run), opened(other, vectors), point_of(other, vectors)
    )


@st.cache_data(ttl=resources.FRESH, max_entries=50, show_spinner=False)
def lit(run: str, vectors: str, text: str) -> tuple[list[int], int]:
    """The points that a search finds, and how many entities it found."""
    found = resources.find(text, None, FOUND)
    place = point_of(run, vectors)
    return [place[row.id] for row in found if row.id in place], len(found)


def named(run: str, vectors: str, points: Sequence[int], pictures: bool) -> dict[int, Name]:
    """What points are called, and with `pictures` how they look; one whose entity is gone is its
    id."""
    found, names = opened(run, vectors), ids(run)
    asked = {p: names[found.rows[p]] for p in points[:200] if 0 <= p < found.count}
    rows = resources.rows(tuple(asked.values()))
    said: dict[int, Name] = {}
    for point, id in asked.items():
        row = rows.get(id)
        if row is None:
            said[point] = (id[:200], "", "", "" if pictures else None)
            continue
        picture = resources.thumbnail(row.picture, resources.SMALL) if pictures else None
        said[point] = (
            row.label[:200],
            row.type or "",
            row.id,
            picture or ("" if pictures else None),
        )
    return said
