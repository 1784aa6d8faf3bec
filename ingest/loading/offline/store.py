"""A store that writes Parquet files for the offline import of an empty graph.

What `GraphStore` would find in the graph is known here without one: the graph is empty, so all that
is there is what this load has brought.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from ingest.loading.offline.columns import columns_of, is_plain, lists, texts
from ingest.loading.offline.repeats import Repeats, Triple
from ingest.loading.offline.spool import Later
from ingest.loading.store import (
    Node,
    Row,
    Written,
    created_entry,
    media_entry,
    media_row,
    missing_entry,
)
from ingest.versions.journal import Entry, Journal, relation_entry
from kg_platform.cypher.changes import NEW, STALE, STALE_AT
from kg_platform.errors import Unavailable
from kg_platform.graph.kept import to_text
from kg_platform.records import FIGURES, Media, MediaRef

NODES_AT_ONCE = 50_000
RELATIONS_AT_ONCE = 500_000
_ENTITY, _MEDIA = "Entity", "Media"
_COLUMN = {str: pa.string(), int: pa.int64(), float: pa.float64(), list: pa.list_(pa.string())}
_START, _END, _TYPE = ":START_ID(Entity)", ":END_ID(Entity)", ":TYPE"


class Completion(NamedTuple):
    """What of an entity is set after the import."""

    id: str
    labels: list[str]
    properties: dict[str, Any]


class LateFact(NamedTuple):
    """A relation that is made after the import. `place` is its own among all relations."""

    place: int
    head: str
    tail: str
    type: str
    properties: dict[str, Any]


class OfflineStore:
    """Keeps the promises of a `Store` whose graph was empty.

    `folder` gets the files; that all of it is new is written into the `journal`. After `finish`:
    `nodes` and `relations` are those that the import reads, `completions` and `facts` what is done
    afterwards, and `repeated` says how many relations that were counted as new had come before.
    """

    def __init__(self, folder: Path, journal: Journal) -> None:
        self._folder = folder
        self._journal = journal
        folder.mkdir(parents=True)
        self._now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        self._nodes: list[Node] = []
        self._missing: dict[str, str] = {}  # id -> source, of entities that only relations mention
        self._media: dict[str, float | None] = {}  # id -> seconds
        self._new_media: list[Media] = []
        self._links: list[tuple[str, str, MediaRef]] = []
        self._heads: list[str] = []
        self._tails: list[str] = []
        self._types: list[str] = []
        self._kind_of: list[int] = []
        self._kinds: list[Mapping[str, Any]] = []
        self._repeats = Repeats()
        self._starts: list[tuple[Path, npt.NDArray[np.int64]]] = []  # places of a file's rows
        self.nodes: list[Path] = []
        self.relations: list[Path] = []
        self.completions: Later[Completion] = Later(folder / "completions")
        self.facts: Later[LateFact] = Later(folder / "facts")
        self.repeated = 0
        self.entities = 0

    # ---- the store

    def known_entities(self, ids: Sequence[str]) -> dict[str, str | None]:
        """Of a source's own entities nothing is asked; of the others only these are there."""
        return {one: None for one in ids if one in self._missing}

    def merged_ids(self) -> dict[str, str]:
        return {}

    def known_media(self, ids: Sequence[str]) -> dict[str, float | None]:
        return {one: self._media[one] for one in ids if one in self._media}

    def put_entities(self, nodes: Sequence[Node]) -> Written:
        self._keep([created_entry(node) for node in nodes])
        changed = sum(self._missing.pop(node.id, None) is not None for node in nodes)
        for node in nodes:
            for media in node.new_media:
                if media.id not in self._media:
                    self._media[media.id] = media.duration
                    self._new_media.append(media)
            self._links += [(node.id, digest, ref) for digest, ref in node.media]
        self._nodes += nodes
        if len(self._nodes) >= NODES_AT_ONCE:
            self._write_nodes()
        return Written(len(nodes) - changed, changed, 0)

    def create_missing(self, ids: Sequence[str], source: str) -> int:
        made = [one for one in ids if one not in self._missing]
        self._keep([missing_entry(one, source) for one in made])
        self._missing.update(dict.fromkeys(made, source))
        return len(made)

    def put_relations(self, rows: Sequence[Row], kinds: Sequence[Mapping[str, Any]]) -> int:
        stated = list({row[:3]: row for row in rows}.values())
        if stated:
            texts = [to_text(kind) for kind in kinds]
            self._keep([relation_entry((h, t, tail), None, texts[k]) for h, tail, t, k in stated])
            heads, tails, types, numbers = zip(*stated, strict=True)
            base = len(self._kinds)
            self._kinds += kinds
            self._heads += heads
            self._tails += tails
            self._types += types
            self._kind_of += [base + number for number in numbers]
            if len(self._heads) >= RELATIONS_AT_ONCE:
                self._write_relations()
        return len(stated)

    def _keep(self, entries: Sequence[Entry]) -> None:
        if entries:
            self._journal.put(self._journal.part(), entries)

    # ---- files

    def finish(self) -> None:
        """Write what is left, and take out relations that came again."""
        self._write_nodes()
        self._write_missing()
        self._write_links()
        self._write_relations()
        self._drop_repeats()

    def _write_nodes(self) -> None:
        nodes, self._nodes = self._nodes, []
        self._write_media()
        if not nodes:
            return
        self.entities += len(nodes)
        columns = columns_of([node.properties for node in nodes])
        odd = {i for i, node in enumerate(nodes) if node.type and not is_plain(node.type)}
        unfinished = odd | columns.left.keys()
        for number in sorted(unfinished):
            node = nodes[number]
            rest = {**columns.left.get(number, {}), "content_hash": node.content_hash}
            labels = [node.type] if number in odd and node.type else []
            self.completions.add(Completion(node.id, labels, rest))
        # Without a hash an entity is not whole: a load that stops before it is goes on with it.
        hashes = [None if i in unfinished else n.content_hash for i, n in enumerate(nodes)]
        labels_of = [
            f"{_ENTITY};{node.type}" if node.type and i not in odd else _ENTITY
            for i, node in enumerate(nodes)
        ]
        self._write_node_file(
            {
                "id:ID(Entity)": pa.array([node.id for node in nodes], pa.string()),
                ":LABEL": pa.array(labels_of, pa.string()),
                "content_hash": pa.array(hashes, pa.string()),
                **self._stamps(len(nodes)),
                **columns.arrays,
            }
        )

    def _write_missing(self) -> None:
        if not self._missing:
            return
        count = len(self._missing)
        self.entities += count
        ids = pa.array(list(self._missing), pa.string())
        self._write_node_file(
            {
                "id:ID(Entity)": ids,
                ":LABEL": texts(_ENTITY, count),
                "label": ids,
                "source": pa.array(list(self._missing.values()), pa.string()),
                **self._stamps(count),
            }
        )

    def _stamps(self, count: int) -> dict[str, pa.Array]:
        return {
            "updated_at:datetime": texts(self._now, count),
            f"{STALE}:string[]": lists(NEW, count),
            f"{STALE_AT}:datetime": texts(self._now, count),
        }

    def _write_media(self) -> None:
        media, self._new_media = self._new_media, []
        if not media:
            return
        self._keep([media_entry(media_row(one)) for one in media])
        self._write_node_file(
            {
                "id:ID(Media)": pa.array([one.id for one in media], pa.string()),
                ":LABEL": texts(_MEDIA, len(media)),
                "kind": pa.array([one.kind for one in media], pa.string()),
                "mime": pa.array([one.mime for one in media], pa.string()),
                "uri": pa.array([one.uri for one in media], pa.string()),
                "size": pa.array([one.size for one in media], pa.int64()),
                "width": pa.array([one.width for one in media], pa.int64()),
                "height": pa.array([one.height for one in media], pa.int64()),
                **{
                    f"{name}:string[]" if kind is list else name: pa.array(
                        [getattr(one, name) for one in media], _COLUMN[kind]
                    )
                    for name, kind in FIGURES.items()
                    if kind is not list or any(getattr(one, name) for one in media)
                },
            }
        )

    def _write_links(self) -> None:
        links, self._links = self._links, []
        if not links:
            return
        path = self._folder / "links.parquet"
        refs = [ref for _, _, ref in links]
        self._write(
            path,
            {
                _START: pa.array([entity for entity, _, _ in links], pa.string()),
                ":END_ID(Media)": pa.array([digest for _, digest, _ in links], pa.string()),
                _TYPE: texts("HAS_MEDIA", len(links)),
                "role": pa.array([ref.role for ref in refs], pa.string()),
                "rank": pa.array([ref.rank for ref in refs], pa.int64()),
                "caption": pa.array([ref.caption or None for ref in refs], pa.string()),
                "start_seconds": pa.array([ref.start for ref in refs], pa.float64()),
                "end_seconds": pa.array([ref.end for ref in refs], pa.float64()),
            },
        )
        self.relations.append(path)

    def _write_node_file(self, arrays: Mapping[str, pa.Array]) -> None:
        path = self._folder / f"nodes-{len(self.nodes)}.parquet"
        self._write(path, arrays)
        self.nodes.append(path)

    def _write_relations(self) -> None:
        heads, tails, types = self._heads, self._tails, self._types
        kind_of, kinds = self._kind_of, self._kinds
        self._heads, self._tails, self._types, self._kind_of, self._kinds = [], [], [], [], []
        if not heads:
            return
        first = self._repeats.count
        self._repeats.add(zip(heads, tails, types, strict=True), len(heads))
        columns = columns_of(kinds)
        odd = {one for one in set(types) if not is_plain(one)}
        later = [
            i for i in range(len(heads)) if types[i] in odd or kind_of[i] in columns.left
        ] if odd or columns.left else []  # fmt: skip
        for i in later:
            properties = dict(kinds[kind_of[i]])
            self.facts.add(LateFact(first + i, heads[i], tails[i], types[i], properties))
        index = pa.array(kind_of, pa.int64())
        arrays = {
            _START: pa.array(heads, pa.string()),
            _END: pa.array(tails, pa.string()),
            _TYPE: pa.array(types, pa.string()),
            **{name: array.take(index) for name, array in columns.arrays.items()},
        }
        places = np.arange(first, first + len(heads))
        if later:
            keep = np.ones(len(heads), dtype=bool)
            keep[later] = False
            places = places[keep]
            arrays = {name: array.filter(pa.array(keep)) for name, array in arrays.items()}
        if len(places):
            path = self._folder / f"relations-{len(self.relations)}.parquet"
            self._write(path, arrays)
            self.relations.append(path)
            self._starts.append((path, places))

    def _drop_repeats(self) -> None:
        gone = self._repeats.superseded(self._triples_at)
        self.repeated = len(gone)
        if not self.repeated:
            return
        for path, places in self._starts:
            keep = ~np.isin(places, gone)
            if not keep.all():
                table = pq.read_table(path).filter(pa.array(keep))
                if table.num_rows:
                    self._write(path, dict(zip(table.column_names, table.columns, strict=True)))
                else:
                    self.relations.remove(path)
        dropped = set(gone.tolist())
        kept: Later[LateFact] = Later(self._folder / "facts-kept")
        for fact in self.facts.items():
            if fact.place not in dropped:
                kept.add(fact)
        self.facts = kept

    def _triples_at(self, places: npt.NDArray[np.int64]) -> Iterator[tuple[int, Triple]]:
        if not len(places):
            return
        for path, own in self._starts:
            wanted = np.isin(own, places)
            if wanted.any():
                table = pq.read_table(path, columns=[_START, _END, _TYPE]).filter(pa.array(wanted))
                columns = (column.to_pylist() for column in table.columns)
                yield from zip(own[wanted].tolist(), zip(*columns, strict=True), strict=True)
        asked = set(places.tolist())
        for fact in self.facts.items():
            if fact.place in asked:
                yield fact.place, (fact.head, fact.tail, fact.type)

    def _write(self, path: Path, arrays: Mapping[str, Any]) -> None:
        with _in_words(self._folder):
            pq.write_table(pa.table(dict(arrays)), path, compression="zstd", compression_level=1)


@contextmanager
def _in_words(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unavailable(
            f"What a bulk load writes for the import cannot be kept in {folder} "
            f"({error.strerror or error}); make room there and run the same command again. "
            "The graph is as it was."
        ) from error
