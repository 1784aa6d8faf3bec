"""What the pages read, kept for a moment: the platform, readings, thumbnails.

Reads only. Opening the platform may start the local Neo4j; nothing here migrates, trains or writes.
Errors are never kept: after one, the next run of a page asks again.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import streamlit as st
from PIL.Image import Image

from ingest.versions.of_entity import EntityLoad
from ingest.versions.of_entity import loads_of as find_loads
from kg_platform.browse import attention, entities, facets, media, tallies
from kg_platform.browse import history as entity_history
from kg_platform.browse.schema import Schema
from kg_platform.browse.schema import schema as read_schema
from kg_platform.browse.status import Status
from kg_platform.browse.streams import FollowedStream, followed
from kg_platform.errors import (
    GraphAuthError,
    GraphUnavailable,
    KgError,
    MigrationError,
    NotFound,
)
from kg_platform.graph.client import Connection, Graph, ping
from kg_platform.ledger.ledger import Ledger
from kg_platform.ledger.rows import RunRow
from kg_platform.ledger.schedules import Schedules
from kg_platform.media.described import memory_for
from kg_platform.media.isolated import Isolated
from kg_platform.media.pictures import decode_apart, decode_rgb
from kg_platform.media.written import said
from kg_platform.records import Rejection
from kg_platform.server.connection import connection
from kg_platform.settings import Settings
from ui import opened, people
from ui.opened import session as _session
from ui.session import KnowledgeGraph

if TYPE_CHECKING:
    from embeddings.answers.maps.moved import Move

# Longest side of a thumbnail in pixels, twice what is shown so that it is sharp on dense screens.
SMALL, CARD, LARGE = 96, 288, 640
# Seconds a reading may be old. Counting the whole graph is a scan, so it is kept longest.
ALIVE, FRESH, COUNTS = 3, 10, 30
PING_SECONDS = 3.0
MOST_BROKEN = 4_000  # media that are remembered as broken
MOST_READ = 100_000  # characters of a document that are shown


@st.cache_resource(show_spinner="Opening Neo4j …")
def _graph() -> Graph:
    return _session().graph


@st.cache_data(ttl=ALIVE, show_spinner=False)
def _answers(there: Connection) -> bool:
    # Reads are retried for a minute while a server restarts; a person at a page is told sooner.
    ping(there, PING_SECONDS)
    return True


def _moved(there: Connection) -> bool:
    """Whether the local server runs at another address, or with another password, by now."""
    try:
        return connection(settings(), start=False) != there
    except KgError:
        return False  # it does not run: what it was is the best there is to say


def graph() -> Graph:
    """The graph, which answered a moment ago, for whoever may look at it.

    Raises:
        Forbidden: who is there may not.
        GraphUnavailable, GraphAuthError, ServerError: it does not.
    """
    people.looking()
    found = _graph()
    try:
        _answers(found.connection)
    except (GraphUnavailable, GraphAuthError):
        if not _moved(found.connection):
            raise
        _graph.clear()
        _session().platform.leave_graph()
        found = _graph()
        _answers(found.connection)
    return found


def kg() -> KnowledgeGraph:
    """The Python interface, whose graph answered a moment ago.

    Raises:
        GraphUnavailable, GraphAuthError, ServerError: it does not.
    """
    graph()
    return _session()


def settings() -> Settings:
    return opened.settings()


def ledger() -> Ledger:
    """The ledger, for whoever may look at it.

    Raises:
        Forbidden: who is there may not.
    """
    people.looking()
    return _session().ledger


def schedules() -> Schedules:
    return ledger().schedules


# ---- readings


@st.cache_data(ttl=COUNTS, show_spinner=False)
def overview() -> entities.Overview:
    return entities.overview(graph())


@st.cache_data(ttl=COUNTS, show_spinner=False)
def relations() -> dict[str, int]:
    """Relations between entities by type, the most frequent first."""
    return tallies.relations(graph())


@st.cache_data(ttl=FRESH, show_spinner=False)
def current_run() -> dict[str, Any] | None:
    """The properties of the live run."""
    return entities.current_run(graph())


@st.cache_data(ttl=COUNTS, show_spinner=False)
def media_count() -> int:
    return sum(media.counts(graph()).values())


@st.cache_data(ttl=COUNTS, show_spinner=False)
def concerns() -> list[attention.Concern]:
    """What waits for a person."""
    return attention.concerns(ledger(), census(), status(), streams())


def run_or_none(run_id: str) -> RunRow | None:
    """A run of the ledger, if it has this one: who published may have had another."""
    try:
        return ledger().run(run_id)
    except (NotFound, MigrationError):
        return None


@st.cache_data(ttl=COUNTS, show_spinner=False)
def status() -> Status:
    return kg().status()


@st.cache_data(ttl=COUNTS, show_spinner=False)
def streams() -> list[FollowedStream]:
    return followed(graph())


@st.cache_data(ttl=FRESH, show_spinner=False)
def find(text: str, type: str | None, limit: int, offset: int = 0) -> list[entities.EntityRow]:
    return list(kg().find(text, limit, type=type, offset=offset))


@st.cache_resource(ttl=COUNTS, show_spinner=False, max_entries=50)
def census(text: str = "") -> facets.Census:
    """How many entities there are of each kind, of those that the words name; nobody changes it."""
    return facets.census(graph(), text)


@st.cache_data(ttl=FRESH, show_spinner=False)
def hits(wanted: facets.Sought, limit: int, offset: int, near: bool) -> list[facets.Hit]:
    return facets.page(graph(), wanted, limit, offset, near)


@st.cache_data(ttl=FRESH, show_spinner=False)
def entity(entity_id: str) -> entities.EntityPage:
    return entities.entity(graph(), entity_id, facts=0)


@st.cache_data(ttl=FRESH, show_spinner=False)
def neighbours(
    entity_id: str, relation: str, outgoing: bool, limit: int, offset: int = 0
) -> list[entities.Fact]:
    return entities.neighbours(graph(), entity_id, relation, outgoing, limit, offset)


@st.cache_data(ttl=FRESH, show_spinner=False)
def history(entity_id: str) -> list[entity_history.Event]:
    return entity_history.history(graph(), ledger(), entity_id)


@st.cache_data(ttl=FRESH, show_spinner=False)
def close_matches(text: str) -> list[entities.EntityRow]:
    """Entities that are called, or numbered, nearly so."""
    return entities.close_matches(graph(), text)


def gone(entity_id: str) -> entity_history.Gone | None:
    """What is known of an entity that is not there any more."""
    return entity_history.gone(graph(), entity_id)


@st.cache_data(ttl=COUNTS, show_spinner=False)
def loads_of(entity_id: str) -> list[EntityLoad]:
    """What the last loads changed of it, as journals on this machine say."""
    return find_loads(kg().platform, entity_id)


@st.cache_data(ttl=COUNTS, show_spinner=False)
def moves_of(entity_id: str) -> list[Move]:
    """How far the latest runs moved its vector, as maps on this machine say."""
    return kg().moves_of(entity_id)


@st.cache_data(ttl=FRESH, show_spinner=False)
def rows(ids: tuple[str, ...]) -> dict[str, entities.EntityRow]:
    return entities.rows(graph(), ids)


def known(ids: Sequence[str]) -> dict[str, entities.EntityRow]:
    return rows(tuple(ids))


@st.cache_data(ttl=COUNTS, show_spinner=False)
def schema() -> Schema:
    return read_schema(graph())


@st.cache_data(ttl=FRESH, show_spinner=False)
def rejections(run_id: str, limit: int) -> tuple[list[Rejection], int]:
    """The first rejections of a run, and how many there are."""
    found = _session().rejections(run_id, limit)
    return list(found), found.total or 0


def forget() -> None:
    """What was read of entities is asked for again: somebody has just changed one."""
    for reading in (
        overview,
        status,
        relations,
        concerns,
        census,
        hits,
        find,
        entity,
        neighbours,
        rows,
        history,
    ):
        reading.clear()


# ---- pictures


@st.cache_resource(show_spinner=False)
def _decoders() -> Isolated:
    limits = settings()
    return Isolated(1, memory=memory_for(limits.max_picture_pixels, limits.max_media_bytes))


def picture(data: bytes) -> Image:
    """Somebody's picture, decoded in a process of its own.

    Raises:
        BadPicture: it is none, or cannot be used.
    """
    return decode_apart(data, settings().max_picture_pixels, _decoders())


def _seen(digest: str, size: int) -> Image:
    media = _session().platform.media
    if (ours := media.small(digest)) is not None:
        shown = decode_rgb(ours, settings().max_picture_pixels)
    else:
        shown = picture(media.read(digest))
    shown.thumbnail((size, size))
    return shown


@st.cache_data(max_entries=20, show_spinner=False)
def kept_picture(digest: str) -> Image:
    """A picture of the store to be drawn on, `LARGE` at most.

    Raises:
        NotFound, MediaStoreError, BadPicture: its bytes are missing, or cannot be used.
    """
    return _seen(digest, LARGE)


@st.cache_resource(show_spinner=False)
def _broken() -> dict[str, float]:
    """When the bytes of a medium could not be shown: a page of broken pictures would decode all of
    them each time it is drawn."""
    return {}


@st.cache_data(max_entries=4_000, show_spinner=False)
def _thumbnail(digest: str, size: int) -> str:
    shown = _seen(digest, size)
    packed = io.BytesIO()
    shown.save(packed, "WEBP", quality=82)
    return "data:image/webp;base64," + base64.b64encode(packed.getvalue()).decode()


def thumbnail(digest: str | None, size: int) -> str | None:
    """A small copy as a data URI, so that no page ever points at an address from the graph; of a
    film a picture of it, of a sound its wave.

    None when there is no picture, or its bytes are missing or broken: a list goes on without it.
    """
    broken = _broken()
    if digest is None or monotonic() < broken.get(digest, -COUNTS) + COUNTS:
        return None
    try:
        return _thumbnail(digest, size)
    except KgError:
        if len(broken) >= MOST_BROKEN:
            broken.clear()
        broken[digest] = monotonic()
        return None


@st.cache_data(max_entries=20, show_spinner=False)
def document(digest: str) -> str:
    """The text of a document of the store, `MOST_READ` characters at most, read in a process of
    its own.

    Raises:
        NotFound, MediaStoreError, BadMedium: its bytes are missing, or cannot be read.
    """
    return _decoders().run(said, _session().platform.media.read(digest), MOST_READ)


def is_kept(digest: str) -> bool:
    """Whether the store has these bytes, which are not read."""
    try:
        return _session().platform.media.exists(digest)
    except KgError:
        return False


def recording(digest: str) -> Path | bytes | None:
    """A sound or film as a player takes it: its file in the store, or its bytes where the store is
    elsewhere. None where they are missing."""
    store = _session().platform.media
    try:
        return store.local_file(digest) or store.read(digest)
    except KgError:
        return None
