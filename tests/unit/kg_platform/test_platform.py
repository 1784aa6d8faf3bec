"""The stores of a platform when one of them cannot be opened."""

from __future__ import annotations

import pytest

from kg_platform.errors import MigrationError
from kg_platform.migrate.book import Book
from kg_platform.platform import Platform
from kg_platform.settings import Settings


def test_a_graph_that_cannot_be_brought_up_to_date_is_closed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []

    class Driver:
        def __init__(self, _: object) -> None:
            opened.append("opened")

        def speak(self, _: object) -> None:
            pass

        def close(self) -> None:
            opened.append("closed")

    def migrate(_: object, *, book: Book) -> None:
        assert book.adoption is None
        raise MigrationError("The graph is newer.")

    monkeypatch.setattr("kg_platform.server.connection.connection", lambda _: None)
    monkeypatch.setattr("kg_platform.graph.client.Graph", Driver)
    monkeypatch.setattr("kg_platform.migrate.book.read_book", lambda _: Book([], None))
    monkeypatch.setattr("kg_platform.migrate.graph.migrate_graph", migrate)
    with Platform.open(settings) as platform, pytest.raises(MigrationError):
        _ = platform.graph
    assert opened == ["opened", "closed"]
