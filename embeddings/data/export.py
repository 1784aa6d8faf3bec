"""Graph -> the files of a snapshot, page by page: peak memory does not grow with the graph.

Entities come first, in the order of their ids; their position is their number from then on. Then
come, for the same pages, the media and the relations. The graph may change meanwhile (Neo4j reads
what is committed): a relation or medium of an entity that is not in the list is left out and
counted.
"""

from __future__ import annotations

import hashlib
import re
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from embeddings.data.contents import Medium
from embeddings.data.id_index import IdIndex
from kg_platform.cypher import snapshots as cypher
from kg_platform.graph.client import Graph
from kg_platform.media.span import WHOLE, Span
from kg_platform.modality import IMAGE, OF_MEDIA, Modality

PAGE = 5_000  # entities a page
_ROWS = 50_000  # relations in memory as texts at a time
_SHA256 = re.compile(r"[0-9a-f]{64}")

ENTITIES = pa.schema(
    [
        ("id", pa.string()),
        ("label", pa.string()),
        ("texts", pa.list_(pa.string())),
        ("hashes", pa.list_(pa.binary(32))),
    ]
)
MEDIA = pa.schema([("entity", pa.int32()), ("rank", pa.int64()), ("sha256", pa.string())])
# Of sounds and films: which part is meant, in seconds.
RECORDINGS = pa.schema([*MEDIA, ("start", pa.float64()), ("end", pa.float64())])


class _Page(NamedTuple):
    """Entities whose ids are in (after, upto]."""

    after: str | None
    upto: str


# (the id before a page, or None; its last id; labels) -> id, rank, sha256, kind, start and end of
# media; who says no kind has pictures.
MediaOfPage = Callable[[str | None, str, Sequence[str]], Sequence[Mapping[str, Any]]]


class Export:
    """One pass over a graph into `folder`; `counts` and `hash` say what was written."""

    def __init__(
        self,
        graph: Graph,
        folder: Path,
        labels: Sequence[str],
        relationship_types: Sequence[str],
        on_progress: Callable[[int], None],
        media_of_page: MediaOfPage | None = None,
    ) -> None:
        """`media_of_page` finds media that are not in the graph as such."""
        self._media_of_page = media_of_page
        self._graph = graph
        self._folder = folder
        self._labels = labels
        self._wanted_types = relationship_types
        self._on_progress = on_progress
        self._pages: list[_Page] = []
        self._rows = 0
        self._content = hashlib.sha256(b"kg snapshot 2")
        self.relation_types: list[str] = []
        self._changed = array("q")
        self.counts = dict.fromkeys(
            ("entities", "texts", "triples", "pictures", "skipped_relations", "parallel_relations",
             "skipped_pictures"), 0,
        )  # fmt: skip

    @property
    def hash(self) -> str:
        """SHA-256 over the content, in hex: the same graph, the same hash."""
        return self._content.hexdigest()

    def entities(self) -> None:
        """Write `entities.arrow`, and `changed.npy` if an entity carries a mark."""
        with pa.OSFile(str(self._folder / "entities.arrow"), "wb") as sink, \
                pa.ipc.new_file(sink, ENTITIES) as file:  # fmt: skip
            after: str | None = None
            while rows := self._graph.read(cypher.entities(after, PAGE, self._labels)):
                ids = [row["id"] for row in rows]
                labels = [text_of(row["label"]) for row in rows]
                texts = [compose(row) for row in rows]
                hashes = [[hashlib.sha256(t.encode()).digest() for t in own] for own in texts]
                file.write_batch(pa.record_batch([ids, labels, texts, hashes], schema=ENTITIES))
                self._changed.extend(row["changed"] or 0 for row in rows)
                for entity, label, own in zip(ids, labels, texts, strict=True):
                    self._add(entity, label, str(len(own)), *own)
                self.counts["texts"] += sum(map(len, texts))
                self.counts["entities"] += len(rows)
                self._pages.append(_Page(after, ids[-1]))
                after = ids[-1]
                self._progress(len(rows))
        if any(self._changed):
            np.save(self._folder / "changed.npy", np.array(self._changed, dtype="<i8"))

    def media(self, index: IdIndex) -> None:
        """Write `pictures.arrow`, and `sounds.arrow` and `films.arrow` if there are any, in the
        order of entity and rank."""
        with ExitStack() as files:
            written = {IMAGE.name: self._media_file(IMAGE, files)}
            for page in self._pages:
                rows = self._named(page)
                places = index.positions([row["id"] for row in rows]).tolist()
                for modality in OF_MEDIA:
                    kept = self._of_page(modality, places, rows)
                    if kept and modality.name not in written:
                        written[modality.name] = self._media_file(modality, files)
                    if modality.name not in written:
                        continue
                    schema = _schema(modality)
                    rows_of = [(one.entity, one.rank, one.sha256, *one.span) for one in kept]
                    columns = [[row[at] for row in rows_of] for at in range(len(schema))]
                    written[modality.name].write_batch(pa.record_batch(columns, schema=schema))
                    # What graphs had at all times is hashed as it always was.
                    sign = "" if modality is IMAGE else f"{modality.name} "
                    for one in kept:
                        self._add(f"{sign}{one.entity} {one.rank} {one.content_hash}")
                    self._count(modality.items, len(kept))
                    self._progress(len(kept))

    def _media_file(self, modality: Modality, files: ExitStack) -> Any:
        place = self._folder / f"{modality.items}.arrow"
        sink = files.enter_context(pa.OSFile(str(place), "wb"))
        return files.enter_context(pa.ipc.new_file(sink, _schema(modality)))

    def _of_page(
        self, modality: Modality, places: Sequence[int], rows: Sequence[Mapping[str, Any]]
    ) -> list[Medium]:
        """What is of a modality, each once for each entity, sorted."""
        found = []
        for entity, row in zip(places, rows, strict=True):
            if row.get("kind", "image") not in modality.media:
                continue
            if entity < 0 or not is_sha256(row["sha256"]):
                self._count(f"skipped_{modality.items}", 1)
                continue
            found.append(medium_of(modality, entity, row))
        return each_once(found)

    def _count(self, name: str, more: int) -> None:
        self.counts[name] = self.counts.get(name, 0) + more

    def _named(self, page: _Page) -> Sequence[Mapping[str, Any]]:
        if self._media_of_page is not None:
            return self._media_of_page(*page, self._labels)
        return self._graph.read(cypher.media(*page, self._labels))

    def relations(self, index: IdIndex) -> None:
        """Write `triples.npy`, sorted, and `splits.npy` where relationships carry a split."""
        known = [row["type"] for row in self._graph.read(cypher.RELATIONSHIP_TYPES)]
        known = sorted(set(self._wanted_types or known) - cypher.OWN_TYPES)
        raw, raw_splits = self._folder / "triples.raw", self._folder / "splits.raw"
        with raw.open("wb") as triples, raw_splits.open("wb") as splits:
            for page in self._pages:
                rows = self._page_of_relations(page, known, index)
                # Heads of a page are no one else's, so pages in order are triples in order.
                rows = rows[np.lexsort((rows[:, 3], rows[:, 2], rows[:, 1], rows[:, 0]))]
                fresh = np.ones(len(rows), dtype=bool)
                fresh[1:] = (rows[1:, :3] != rows[:-1, :3]).any(axis=1)
                self.counts["parallel_relations"] += int((~fresh).sum())
                rows = rows[fresh]
                triples.write(np.ascontiguousarray(rows[:, :3]).tobytes())
                splits.write(rows[:, 3].astype(np.int8).tobytes())
                self.counts["triples"] += len(rows)
        self._number_types(raw, known)
        self._finish_splits(raw_splits)
        for path in (raw, raw_splits):
            path.unlink()

    def _page_of_relations(
        self, page: _Page, known: Sequence[str], index: IdIndex
    ) -> npt.NDArray[np.int32]:
        """Relations (n, 4): head, place in `known`, tail, split (-1 for none)."""
        code = {name: place for place, name in enumerate(known)}
        statement = cypher.relations(*page, self._labels, self._wanted_types)
        parts = [np.zeros((0, 4), dtype=np.int32)]
        for rows in _chunks(self._graph.stream(statement), _ROWS):
            part = np.empty((len(rows), 4), dtype=np.int32)
            part[:, 0] = index.positions([row["head"] for row in rows])
            part[:, 1] = [code.get(row["type"], -1) for row in rows]
            part[:, 2] = index.positions([row["tail"] for row in rows])
            part[:, 3] = [_split(row["split"]) for row in rows]
            whole = (part[:, :3] >= 0).all(axis=1)
            self.counts["skipped_relations"] += int((~whole).sum())
            parts.append(part[whole])
            self._progress(len(rows))
        return np.concatenate(parts)

    def _number_types(self, raw: Path, known: Sequence[str]) -> None:
        """Copy the raw triples to `triples.npy`, with numbers for the types that occur."""
        count = self.counts["triples"]
        if not count:
            np.save(self._folder / "triples.npy", np.zeros((0, 3), dtype="<i4"))
            return
        given = np.memmap(raw, dtype=np.int32, mode="r", shape=(count, 3))
        used = np.zeros(len(known), dtype=bool)
        for part in _slices(given):
            used[part[:, 1]] = True
        self.relation_types = [name for name, seen in zip(known, used, strict=True) if seen]
        number = (np.cumsum(used) - 1).astype(np.int32)
        out = np.lib.format.open_memmap(
            self._folder / "triples.npy", mode="w+", dtype="<i4", shape=(count, 3)
        )
        self._add(*self.relation_types)
        for start in range(0, count, _ROWS):
            part = np.array(given[start : start + _ROWS], dtype="<i4")
            part[:, 1] = number[part[:, 1]]
            out[start : start + _ROWS] = part
            self._content.update(part.tobytes())
        out.flush()

    def _finish_splits(self, raw: Path) -> None:
        """Copy the raw splits to `splits.npy`, if there is one at all; the others are train."""
        splits = np.fromfile(raw, dtype=np.int8)  # a byte each
        if (splits >= 0).any():
            splits = np.maximum(splits, 0)
            np.save(self._folder / "splits.npy", splits)
            self._content.update(splits.tobytes())

    def _add(self, *values: str) -> None:
        # Lengths come first, so that ("ab", "c") and ("a", "bc") differ.
        for value in values:
            data = value.encode()
            self._content.update(len(data).to_bytes(8, "little") + data)

    def _progress(self, rows: int) -> None:
        self._rows += rows
        self._on_progress(self._rows)


def compose(row: dict[str, Any]) -> list[str]:
    """The texts an entity is encoded by: label and description as one, then every caption.

    Nothing twice: a caption that says what the label, the description or another caption says is
    left out. The captions of media come last, in the order of their ranks, and then what its
    documents say, piece by piece.
    """
    named = _different([row["label"], row["description"]], without=())
    ranked = sorted(
        (rank_of(rank), str(caption or ""), list(said or ()))
        for rank, caption, said in row["captions"]
    )
    captions = [caption for _, caption, _ in ranked]
    said = [text for _, _, own in ranked for text in own]
    more = _different([*row["texts"], captions, said], without=named)
    return [". ".join(named), *more] if named else more


def _different(values: Iterable[Any], without: Iterable[str]) -> list[str]:
    """The texts in these values, each once, without full stops and blanks at their ends."""
    parts = (part.strip().rstrip(". ") for value in values for part in _texts(value))
    seen = set(without)
    return [part for part in dict.fromkeys(parts) if part and part not in seen]


def text_of(value: Any) -> str:
    """A property as one text; in a foreign graph it may be a list or a number."""
    return ", ".join(_texts(value))


def _texts(value: Any) -> list[str]:
    items = value if isinstance(value, list) else [value]
    return [str(item) for item in items if item is not None]


def is_sha256(value: Any) -> bool:
    """Whether this can name bytes of the media store."""
    return bool(_SHA256.fullmatch(str(value)))


def rank_of(value: Any) -> int:
    """A rank as a number; in a foreign graph it may be something else."""
    return value if isinstance(value, int) else 0


def medium_of(modality: Modality, entity: int, row: Mapping[str, Any]) -> Medium:
    """A row with rank, sha256, start and end as a medium of an entity; a picture has no parts."""
    span = WHOLE if modality is IMAGE else Span.of(row.get("start"), row.get("end"))
    return Medium(entity, rank_of(row["rank"]), row["sha256"], span)


def each_once(media: Iterable[Medium]) -> list[Medium]:
    """Each part of a medium once for each entity, at its first rank; in the order of entity and
    rank."""
    first: dict[tuple[int, str], Medium] = {}
    for one in sorted(media, key=lambda one: (one.entity, one.rank, one.content_hash)):
        first.setdefault((one.entity, one.content_hash), one)
    return list(first.values())


def _schema(modality: Modality) -> pa.Schema:
    return MEDIA if modality is IMAGE else RECORDINGS


def _split(value: Any) -> int:
    return {"train": 0, "valid": 1, "test": 2}.get(value, -1) if isinstance(value, str) else -1


def _chunks(rows: Iterator[dict[str, Any]], size: int) -> Iterable[list[dict[str, Any]]]:
    while chunk := list(islice(rows, size)):
        yield chunk


def _slices(rows: npt.NDArray[np.int32]) -> Iterator[npt.NDArray[np.int32]]:
    for start in range(0, len(rows), _ROWS):
        yield rows[start : start + _ROWS]
