"""What a statement finds in another Neo4j, streamed: a part of a graph that somebody else keeps."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from ingest.sources.table import Fields, TableOptions
from ingest.sources.tabular.cells import Cells
from ingest.sources.tabular.environment import from_environment
from kg_platform.cypher.statement import Statement
from kg_platform.errors import BadInput
from kg_platform.graph.client import Connection, Graph
from kg_platform.graph.plain import plain
from kg_platform.records import Rejection

_FIRST = 1_000  # rows that tell which columns there are


class CypherTable:
    """Where a row stands is its number in the answer. Nothing can be written: the session reads."""

    def __init__(self, address: str, options: TableOptions, folder: Path) -> None:
        """
        Raises:
            BadInput: the address is none, or there is no query.
            GraphUnavailable, GraphAuthError: the server does not answer, or not to this user.
        """
        if options.query is None:
            raise BadInput("Of a Neo4j a `query` is read, such as MATCH (p:Person) RETURN p.name.")
        self._connection = connection_of(address)
        self._statement = Statement(options.query.strip().rstrip(";"))
        place = urlsplit(self._connection.uri)
        self.name = f"{self._connection.database} at {place.hostname}, query"
        self.folder = folder
        self.notes: list[str] = []
        with closing(self._read()) as rows:
            first = [row for _, row in islice(rows, _FIRST)]
        self._names = list(dict.fromkeys(name for row in first for name in row))

    def columns(self) -> Sequence[str]:
        return self._names

    def count(self) -> int:
        """Nobody knows."""
        return 0

    def rows(self) -> Iterator[tuple[int, Fields | Rejection]]:
        yield from self._read()

    def _read(self) -> Generator[tuple[int, Fields], None, None]:
        cells = Cells(self.name, self.notes)
        with (
            Graph(self._connection) as graph,
            closing(graph.stream(self._statement, written_by_people=True)) as found,
        ):
            for number, row in enumerate(found, 1):
                yield number, {name: cells.plain(name, _plain(v)) for name, v in row.items()}


def connection_of(address: str) -> Connection:
    """The server that `bolt://user:password@host:port/database` names; `$NAME` is the environment
    variable that holds such an address.

    Raises:
        BadInput: it is no such address. Nothing of it is repeated: it may hold a password.
    """
    given, said = from_environment(address)
    parts = urlsplit(given)
    try:
        port = parts.port
    except ValueError:
        port = -1
    if not parts.scheme.startswith(("bolt", "neo4j")) or not parts.hostname or port == -1:
        raise BadInput(
            f"{said} is none of a Neo4j; write bolt://user:password@host:port/database (special "
            "characters percent-encoded)."
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    place = f"{host}:{port}" if port else host
    return Connection(
        urlunsplit((parts.scheme, place, "", "", "")),
        unquote(parts.username or "neo4j"),
        unquote(parts.password or ""),
        parts.path.strip("/") or "neo4j",
    )


def _plain(value: Any) -> Any:
    """A node as its properties with `labels`, a relationship as its properties with `type`; days
    and times as Python's own where it has them."""
    if hasattr(value, "to_native"):
        try:
            return value.to_native()
        except (ValueError, OverflowError):  # years and zones that Python does not know
            return plain(value)
    if hasattr(value, "items") and hasattr(value, "labels"):
        return {**_plain(dict(value.items())), "labels": sorted(value.labels)}
    if hasattr(value, "items") and hasattr(value, "nodes"):
        return {**_plain(dict(value.items())), "type": value.type}
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    found = plain(value)
    return (
        [_plain(dict(one.properties)) for one in found.nodes] if hasattr(found, "nodes") else found
    )
