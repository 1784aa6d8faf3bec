"""A first load by the server's offline import: many times as fast, into an empty local database.

The records are read, checked and counted as by `load`; they go into files instead of the graph
(offline/), a database is made of these, and takes the place of the empty one. What the import
cannot hold exactly is set afterwards by the statements of the online path.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import islice
from typing import TypeVar

from ingest.loading.first_load import is_empty
from ingest.loading.load import load
from ingest.loading.offline.spool import Later
from ingest.loading.offline.store import OfflineStore
from ingest.loading.store import GraphStore, Store
from ingest.loading.summary import IngestSummary
from ingest.sources.source import Source
from ingest.versions.journal import Journal
from kg_platform.cypher import importing
from kg_platform.cypher.statement import Statement
from kg_platform.errors import BadInput, SettingsError
from kg_platform.graph.client import Connection, Graph
from kg_platform.graph.zones import sendable
from kg_platform.platform import Platform
from kg_platform.progress import Progress
from kg_platform.provenance.fusion import FusionRules
from kg_platform.server.folder import BulkLoad
from kg_platform.server.local import LocalServer
from kg_platform.server.offline_import import OfflineImport

T = TypeVar("T")

LEAVE_SECONDS = 60.0  # for others to leave, when all is ready
_NOT_LOCAL = (
    "--bulk makes a new database for the local server, and KG_NEO4J_URI or KG_NEO4J_DATABASE names "
    "another; load without it, or unset them."
)


def bulk_load(
    platform: Platform,
    source: Source,
    *,
    strict: bool = False,
    create_missing: bool = False,
    fetch_media: bool = False,
    on_progress: Progress | None = None,
) -> IngestSummary:
    """Load a source into a local database that is empty, as one run of the ledger; the graph is
    then the one that `load` makes. A bulk load that was stopped after its database was in place is
    finished by `load`.

    Raises:
        BadInput: the graph is not local or not empty, or others are connected to it.
        ServerError: the import cannot be run; the graph is as it was.
        And what `load` raises.
    """
    server = LocalServer(platform.settings)
    try:
        server.refuse_elsewhere("loaded in bulk")
    except SettingsError:
        raise BadInput(_NOT_LOCAL) from None
    empty = is_empty(platform.graph)
    unfinished = server.folder.bulk_load()
    if not empty:
        if unfinished is None or unfinished.source != source.name:
            raise BadInput(
                "--bulk loads into an empty database, and this one is not; load without it, or "
                "begin anew with `kg db reset`, which deletes the local database."
            )
        summary = load(
            platform,
            source,
            strict=strict,
            create_missing=create_missing,
            fetch_media=fetch_media,
            on_progress=on_progress,
        )
        server.folder.forget_bulk_load()
        return summary
    connection = platform.graph.connection
    platform.leave_graph()
    refuse_others(connection, seconds=2.0)
    with OfflineImport(server).opened() as offline:
        return load(
            platform,
            source,
            strict=strict,
            create_missing=create_missing,
            fetch_media=fetch_media,
            on_progress=on_progress,
            way=BulkWay(platform, server, offline, source.name),
        )


def refuse_others(connection: Connection, seconds: float) -> None:
    """Go on when nobody but us is connected; those who leave are waited for.

    Raises:
        BadInput: somebody is.
    """
    deadline = time.monotonic() + seconds
    while True:
        with Graph(connection) as graph:
            (found,) = graph.read(Statement(importing.CONNECTIONS))
        if found["count"] <= 1:
            return
        if time.monotonic() > deadline:
            raise BadInput(
                "Other programs are connected to the local Neo4j, which --bulk has to stop; end "
                "them (the explorer, `kg watch`, a scheduler) and run the same command again. The "
                "graph is as it was."
            )
        time.sleep(0.2)


class BulkWay:
    """A load into files, and those into the place of the empty database."""

    beside = False  # rows stand in the files in the order of the source

    def __init__(
        self, platform: Platform, server: LocalServer, offline: OfflineImport, source: str
    ) -> None:
        self._platform, self._server, self._offline = platform, server, offline
        self._source = source

    def open(self, journal: Journal, rules: FusionRules) -> Store:
        self._journal, self._rules = journal, rules
        self.store = OfflineStore(self._offline.home / "rows", journal)
        return self.store

    def finish(self, summary: IngestSummary, say: Progress) -> None:
        store = self.store
        store.finish()
        summary.relations_new -= store.repeated
        summary.relations_known += store.repeated
        if not store.entities:
            return
        say("importing", 0, 100)
        self._offline.run(
            store.nodes, store.relations, lambda percent: say("importing", percent, 100)
        )
        say("importing", 100, 100)
        self._platform.leave_graph()
        self._server.exchange(self._offline.home, self._may, BulkLoad(self._source))
        say("indexing", 0, None)
        graph = self._platform.graph  # which gets its constraints and indexes
        self._complete(graph, say)
        self._server.folder.forget_bulk_load()

    def _may(self, connection: Connection) -> None:
        """Whether our database may take the place."""
        refuse_others(connection, LEAVE_SECONDS)
        with Graph(connection) as graph:
            if not is_empty(graph):
                raise BadInput(
                    "Another program has written into the graph meanwhile, which stays as it is; "
                    "load without --bulk."
                )

    def _complete(self, graph: Graph, say: Progress) -> None:
        rows = self._platform.settings.batch_rows
        done, total = 0, self.store.completions.count + self.store.facts.count
        for some in _batches(self.store.completions, rows):
            given = [
                {"id": one.id, "labels": one.labels, "properties": sendable(one.properties)}
                for one in some
            ]
            graph.write_rows(importing.COMPLETE, given, rows)
            done += len(some)
            say("completing", done, total)
        online = GraphStore(graph, rows, self._source, self._journal, self._rules)
        for facts in _batches(self.store.facts, rows):
            kinds = [fact.properties for fact in facts]
            online.put_relations([(f.head, f.tail, f.type, i) for i, f in enumerate(facts)], kinds)
            done += len(facts)
            say("completing", min(done, total), total)


def _batches(items: Later[T], size: int) -> Iterator[list[T]]:
    found = items.items()
    while some := list(islice(found, size)):
        yield some
