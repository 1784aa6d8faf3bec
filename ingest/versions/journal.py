"""What a run changes in the graph, written before the graph's transaction commits.

A part a transaction, in `<runs_dir>/<run>/journal`, as Parquet. A row is one entity, relation, mark
or media node with what it was and what it became, as JSON of kept values; nothing where it was not
there. A part may tell of a transaction that was never committed, as its process died: whoever reads
it compares with the graph.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

from kg_platform import atomic
from kg_platform.cypher.provenance import NOW
from kg_platform.cypher.statement import Statement
from kg_platform.errors import ArtifactError, NotFound, Unavailable
from kg_platform.platform import Platform
from kg_platform.runs.journals import FOLDER

ENTITY, RELATION, MARK, MEDIA = KINDS = ("entity", "relation", "mark", "media")
_PART = "part-{:06d}.parquet"
_ROWS = 10_000  # read at once


class Entry(NamedTuple):
    """One thing that a run changed. `id` is the entity's, or a relation's head. Texts are JSON; of
    a mark: `stale`, `stale_at` and `run`. A mark without an id is one that many others share."""

    kind: str
    id: str
    type: str | None
    tail: str | None
    before: str | None
    after: str | None


class Journal:
    """The journal that a run writes; parts of an earlier attempt of the run stay."""

    def __init__(self, run_folder: Path, since: Any) -> None:
        self.since = since  # the server's time when it was opened, as the driver has it
        self._folder = run_folder / FOLDER
        self._lock = Lock()
        self._next = 1 + max((number for number, _ in _parts(self._folder)), default=0)

    def part(self) -> int:
        """The number of the next part: one a transaction, however often that is tried."""
        with self._lock:
            number, self._next = self._next, self._next + 1
        return number

    def put(self, number: int, entries: Sequence[Entry]) -> None:
        """Write a part, whole or not at all; in place of what an earlier try wrote.

        Raises:
            Unavailable: there is no room.
        """
        path = self._folder / _PART.format(number)
        if not entries:
            path.unlink(missing_ok=True)
            return
        import pyarrow as pa  # late: a short question has a short answer
        import pyarrow.parquet as pq

        columns = list(zip(*entries, strict=True))
        table = pa.table(
            {
                name: pa.array(column, pa.string())
                for name, column in zip(Entry._fields, columns, strict=True)
            }
        )
        repeated = ["kind", "type", "before", "after"]
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            atomic.write(
                path,
                lambda file: pq.write_table(
                    table, file, compression="zstd", use_dictionary=repeated
                ),
            )
        except OSError as error:
            raise Unavailable(
                f"What this run changes cannot be kept in {self._folder} "
                f"({error.strerror or error}); make room there and run the same command again to "
                "go on."
            ) from error


def open_journal(platform: Platform, run: str) -> Journal:
    """The journal of a run that is about to change the graph."""
    (row,) = platform.graph.read(Statement(NOW))
    return Journal(platform.settings.runs_dir / run, row["now"])


def entries(run_folder: Path) -> Iterator[Entry]:
    """What the run changed, in order.

    Raises:
        NotFound: the run left no journal here. ArtifactError: a part cannot be read.
    """
    import pyarrow.parquet as pq

    for path in _readable_parts(run_folder):
        with _in_words(path), pq.ParquetFile(path) as file:
            for batch in file.iter_batches(_ROWS, columns=list(Entry._fields)):
                yield from map(Entry, *(column.to_pylist() for column in batch.columns))


def entries_of(run_folder: Path, entity: str) -> Iterator[Entry]:
    """As `entries`, only what is of this entity or of its relations. Of a part without any, no more
    is decoded than who is in it.

    Raises:
        NotFound: the run left no journal here. ArtifactError: a part cannot be read.
    """
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    of = (pc.field("id") == entity) | (pc.field("tail") == entity)
    for path in _readable_parts(run_folder):
        with _in_words(path):
            if pq.read_table(path, columns=["id"], filters=of, partitioning=None).num_rows:
                names = list(Entry._fields)
                found = pq.read_table(path, columns=names, filters=of, partitioning=None)
                yield from map(Entry, *(column.to_pylist() for column in found.columns))


def _readable_parts(run_folder: Path) -> list[Path]:
    folder = run_folder / FOLDER
    if not folder.is_dir():
        raise NotFound(
            f"Run {run_folder.name} has no journal in {folder.parent}: it changed nothing, ran "
            "with another KG_HOME or before journals were kept, or `kg runs prune` has removed it."
        )
    return [path for _, path in _parts(folder)]


@contextmanager
def _in_words(path: Path) -> Iterator[None]:
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError) as error:
        raise ArtifactError(
            f"{path} cannot be read ({error}); what this run changed is not known any more."
        ) from error


def has_journal(run_folder: Path) -> bool:
    return any(True for _ in _parts(run_folder / FOLDER))


def relation_entry(triple: tuple[str, str, str], before: str | None, after: str | None) -> Entry:
    head, kind, tail = triple
    return Entry(RELATION, head, kind, tail, before, after)


def entity_entry(entity: str, before: str | None, after: str | None) -> Entry:
    return Entry(ENTITY, entity, None, None, before, after)


def mark_entries(marks: Iterable[tuple[str, str]], after: str) -> list[Entry]:
    """Marks of entities, each with what it was before; one more says what they are now."""
    shared = Entry(MARK, "", None, None, None, after)
    return [shared, *(Entry(MARK, one, None, None, before, after) for one, before in marks)]


def _parts(folder: Path) -> list[tuple[int, Path]]:
    found = folder.glob("part-*.parquet")
    return sorted((int(path.stem.removeprefix("part-")), path) for path in found)
