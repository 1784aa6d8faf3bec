"""The one place that chooses the real parts: settings in, graph, ledger and media store out."""

from __future__ import annotations

from collections.abc import Callable
from threading import RLock
from typing import TYPE_CHECKING, Generic, TypeVar

from kg_platform.errors import SettingsError
from kg_platform.people import somebody
from kg_platform.settings import Settings

if TYPE_CHECKING:  # each store's library is loaded when the store is first used
    from kg_platform.graph.client import Graph
    from kg_platform.ledger.ledger import Ledger
    from kg_platform.media.store import MediaStore


T = TypeVar("T")


class _Once(Generic[T]):
    """A store that is opened when it is first asked for, by whichever thread asks first."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make, self._lock = make, RLock()
        self._made: T | None = None

    def get(self) -> T:
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made

    def take(self) -> T | None:
        """What was opened; it is opened anew when it is asked for again."""
        with self._lock:
            made, self._made = self._made, None
            return made


class Platform:
    """Everything a command needs, opened when it is first used, closed together.

    Opening the graph starts the local Neo4j unless `KG_NEO4J_URI` names another one. A graph that
    was adopted is spoken to in its own vocabulary.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        migrate: bool = True,
        read_graph: Callable[[Graph], None] | None = None,
    ) -> None:
        self.settings = settings
        self._migrate = migrate
        self._read_graph = read_graph
        self._graph = _Once(self._open_graph)
        self._ledger = _Once(self._open_ledger)
        self._media = _Once(self._open_media)

    @classmethod
    def open(
        cls,
        settings: Settings,
        *,
        migrate: bool = True,
        read_graph: Callable[[Graph], None] | None = None,
    ) -> Platform:
        """A platform whose stores are brought up to date on first use when `migrate`.

        The graph is not, with `read_graph`: it is only read, and that says how.
        """
        return cls(settings, migrate=migrate, read_graph=read_graph)

    @property
    def graph(self) -> Graph:
        return self._graph.get()

    @property
    def ledger(self) -> Ledger:
        return self._ledger.get()

    @property
    def media(self) -> MediaStore:
        return self._media.get()

    def _open_graph(self) -> Graph:
        from kg_platform.graph.client import Graph
        from kg_platform.migrate.book import read_book
        from kg_platform.migrate.graph import migrate_graph
        from kg_platform.server.connection import connection

        graph = Graph(connection(self.settings))
        try:
            book = read_book(graph)
            graph.speak(book.adoption)
            if self._read_graph is not None:
                self._read_graph(graph)
            elif self._migrate:
                if book.adoption is not None:
                    book.adoption.refuse_undoing()
                migrate_graph(graph, book=book)
        except BaseException:
            graph.close()
            raise
        return graph

    def _open_ledger(self) -> Ledger:
        from kg_platform.migrate.ledger import migrate_ledger
        from kg_platform.runs.recorded import RecordedLedger

        try:
            self.settings.home.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SettingsError(
                f"KG_HOME {self.settings.home} cannot be made: {error.strerror}."
            ) from error
        url = self.settings.resolved_ledger_url()
        if self._migrate:
            migrate_ledger(url)
        return RecordedLedger(url, self.settings.runs_dir, by=somebody(self.settings))

    def _open_media(self) -> MediaStore:
        from kg_platform.media.store import MediaStore

        return MediaStore(self.settings.resolved_media_url())

    def leave_graph(self) -> None:
        """Close the graph: it is elsewhere now. Who asks for it next opens it anew."""
        left = self._graph.take()
        if left is not None:
            left.close()

    def close(self) -> None:
        """Close what was opened; the local server goes on running."""
        for store in (self._graph.take(), self._ledger.take()):
            if store is not None:
                store.close()

    def __enter__(self) -> Platform:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
