"""What the pages hold open, when the local server comes back elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from kg_platform.cypher.statement import Statement
from kg_platform.errors import (
    BadPicture,
    DecoderFailed,
    GraphAuthError,
    GraphUnavailable,
    KgError,
    ServerError,
)
from kg_platform.graph.client import Connection
from kg_platform.media.isolated import Isolated
from kg_platform.settings import Settings
from ui import resources


@dataclass
class FakeServer:
    """A local server: where it is, or None while it does not run."""

    now: Connection | None
    closed: list[Connection] = field(default_factory=list)
    refusal: KgError = field(default_factory=lambda: GraphUnavailable("It does not answer."))

    def connection(self, _: Settings, start: bool = True) -> Connection:
        if self.now is None:
            raise ServerError("It is not running.")
        return self.now

    def ping(self, there: Connection, _: float) -> None:
        if there != self.now:
            raise self.refusal


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeServer]:
    made = FakeServer(Connection("bolt://127.0.0.1:20001", "neo4j", "secret"))

    class FakeDriver:
        def __init__(self, there: Connection) -> None:
            self.connection = there

        def read(self, _: Statement) -> list[dict[str, Any]]:
            return [{"applied": [], "adoption": None}]  # the only question: how it was set up

        def speak(self, adoption: object) -> None:
            assert adoption is None

        def close(self) -> None:
            made.closed.append(self.connection)

    monkeypatch.setattr("kg_platform.graph.client.Graph", FakeDriver)
    monkeypatch.setattr("kg_platform.server.connection.connection", made.connection)
    monkeypatch.setattr(resources, "connection", made.connection)
    monkeypatch.setattr(resources, "ping", made.ping)
    for cached in (resources._session, resources._graph, resources._answers):
        cached.clear()
    yield made
    for cached in (resources._session, resources._graph, resources._answers):
        cached.clear()


@pytest.mark.parametrize(
    ("after", "refusal"),
    [
        (Connection("bolt://127.0.0.1:20002", "neo4j", "secret"), GraphUnavailable("Gone.")),
        (Connection("bolt://127.0.0.1:20001", "neo4j", "another"), GraphAuthError("Who?")),
    ],
)
def test_a_server_that_came_back_elsewhere_is_found(
    server: FakeServer, after: Connection, refusal: KgError
) -> None:
    before = server.now
    assert resources.graph().connection == before
    server.now, server.refusal = after, refusal
    resources._answers.clear()  # a moment later
    assert resources.graph().connection == after
    assert resources.kg().graph.connection == after
    assert server.closed == [before]


def test_a_server_that_is_down_stays_the_one_that_is_told_of(server: FakeServer) -> None:
    before = server.now
    resources.graph()
    server.now = None
    resources._answers.clear()
    with pytest.raises(GraphUnavailable):
        resources.graph()
    assert server.closed == []
    server.now = before
    assert resources.graph().connection == before


def test_what_is_broken_is_not_tried_again_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    tried, now = [], [100.0]

    def fail(digest: str, size: int) -> str:
        tried.append((digest, size))
        raise BadPicture("It is none.")

    monkeypatch.setattr(resources, "_thumbnail", fail)
    monkeypatch.setattr(resources, "monotonic", lambda: now[0])
    resources._broken.clear()
    for size in (resources.SMALL, resources.LARGE, resources.SMALL):
        assert resources.thumbnail("a", size) is None
    assert tried == [("a", resources.SMALL)]
    now[0] += resources.COUNTS
    assert resources.thumbnail("a", resources.LARGE) is None
    assert len(tried) == 2
    resources._broken.clear()


def test_a_picture_of_somebody_is_decoded_apart(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: Any) -> None:
        raise DecoderFailed("its decoder died")

    monkeypatch.setattr(resources, "settings", lambda: settings)
    monkeypatch.setattr(Isolated, "run", die)
    resources._decoders.clear()
    with pytest.raises(BadPicture, match="its decoder died"):
        resources.picture(b"whatever")
    resources._decoders.clear()
