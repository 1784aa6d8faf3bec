"""A snapshot: an immutable copy of a part of the graph, on disk, that says what it holds.

`<folder>/` holds `entities.arrow` (id, label, texts, hashes of the texts), `pictures.arrow`,
`sounds.arrow` and `films.arrow` if there are any, `triples.npy`, `relation_types.json`,
`splits.npy` if relationships carry a split, `changed.npy` if entities are marked as changed, and
`manifest.json`. It is written beside itself and renamed when it is complete.
"""

from __future__ import annotations

import difflib
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from embeddings.data.contents import Medium, Text
from embeddings.data.export import Export, MediaOfPage
from embeddings.data.id_index import IdIndex
from embeddings.data.manifest import MANIFEST, damages, digests
from kg_platform.cypher import snapshots as cypher
from kg_platform.cypher.loading import RESERVED_LABELS
from kg_platform.errors import ArtifactError, BadInput, NotFound, Unavailable
from kg_platform.graph.client import Graph
from kg_platform.media.span import Span
from kg_platform.modality import Modality

FORMAT = 2
_RECORDS = RESERVED_LABELS - {"Entity"}


@dataclass(frozen=True)
class Snapshot:
    """Entities and relation types are numbered by their position in sorted order."""

    folder: Path
    manifest: dict[str, Any]

    @property
    def size(self) -> int:
        """How many entities there are."""
        return int(self.manifest["entities"])

    def entity_ids(self) -> list[str]:
        return [value for batch in self._entities("id") for value in batch[0]]

    def labels(self) -> list[str]:
        """What to call each entity; empty where it has no label."""
        return [value for batch in self._entities("label") for value in batch[0]]

    def relation_types(self) -> list[str]:
        text = (self.folder / "relation_types.json").read_text("utf-8")
        return [str(name) for name in json.loads(text)]

    def triples(self) -> npt.NDArray[np.int32]:
        """(n, 3) head, relation, tail; sorted, each once; read from disk as it is used."""
        if not self.manifest["triples"]:
            return np.zeros((0, 3), dtype=np.int32)  # nothing to map into memory
        rows: npt.NDArray[np.int32] = np.load(self.folder / "triples.npy", mmap_mode="r")
        return rows

    def splits(self) -> npt.NDArray[np.int8] | None:
        """(n,) 0 train, 1 valid, 2 test for each triple; None if the graph marks no splits."""
        file = self.folder / "splits.npy"
        return np.load(file) if file.is_file() else None

    def changed(self) -> npt.NDArray[np.int64]:
        """(N,) the version of the mark that each entity carried; 0: none.

        It was read before what the entity says, or with it (`kg_platform/cypher/changes.py`).
        """
        file = self.folder / "changed.npy"
        if not file.is_file():
            return np.zeros(self.size, np.int64)
        return np.asarray(np.load(file), dtype=np.int64)

    def texts(self) -> Iterator[Text]:
        """The texts in the order of entity: what it is called and described by, then the others."""
        position = 0
        for texts, hashes in self._entities("texts", "hashes"):
            for own, each in zip(texts, hashes, strict=True):
                for text, digest in zip(own, each, strict=True):
                    yield Text(position, text, digest.hex())
                position += 1

    def media(self, modality: Modality) -> Iterator[Medium]:
        """What is of a modality, in the order of entity and rank."""
        file = self.folder / f"{modality.items}.arrow"
        if not file.is_file():  # nobody had any, or nobody read them yet
            return
        for columns in _columns(file, "entity", "rank", "sha256", "start", "end"):
            for entity, rank, sha256, start, end in zip(*columns, strict=True):
                yield Medium(entity, rank, sha256, Span.of(start, end))

    def _entities(self, *names: str) -> Iterator[list[list[Any]]]:
        return _columns(self.folder / "entities.arrow", *names)


def take(
    graph: Graph,
    folder: Path,
    *,
    labels: Sequence[str] = (),
    relationship_types: Sequence[str] = (),
    on_progress: Callable[[int], None] | None = None,
    media_of_page: MediaOfPage | None = None,
) -> Snapshot:
    """Copy the graph, or the part with these entity labels and relationship types, to `folder`.

    A relation is kept only if both its ends are. `media_of_page` finds media that are not in the
    graph as such. `on_progress(n)` is told the rows read so far.

    Raises:
        BadInput: a label or type does not exist, or there is nothing to embed.
        Unavailable: the graph cannot be read, or the folder cannot be written.
    """
    check_names(graph, labels, relationship_types)
    if folder.exists():
        raise BadInput(f"{folder} is there already; give the snapshot a new folder.")
    partial = folder.with_name(f".{folder.name}.part")
    try:
        shutil.rmtree(partial, ignore_errors=True)  # left by a run that was killed
        partial.mkdir(parents=True)
        # What changes from here on is later than the snapshot, whether that saw it or not.
        begun = graph.read(cypher.NOW)[0]["now"].to_native().astimezone(UTC).isoformat()
        export = Export(
            graph,
            partial,
            labels,
            relationship_types,
            on_progress or (lambda rows: None),
            media_of_page,
        )
        export.entities()
        if not export.counts["entities"]:
            raise BadInput(nothing(labels))
        index = IdIndex(partial / "entities.arrow")
        export.media(index)
        export.relations(index)
        types = json.dumps(export.relation_types, ensure_ascii=False)
        (partial / "relation_types.json").write_text(types, "utf-8")
        manifest = {
            "format": FORMAT,
            "hash": export.hash,
            "labels": list(labels),
            "relationship_types": list(relationship_types),
            "relations": len(export.relation_types),
            **export.counts,
            "created_at": begun,
            "files": digests(partial),
        }
        (partial / MANIFEST).write_text(json.dumps(manifest, indent=1), "utf-8")
        partial.rename(folder)
    except OSError as error:
        raise Unavailable(
            f"The snapshot cannot be written to {folder}: {error.strerror or error}; "
            "make room or choose another KG_HOME, then run again."
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return Snapshot(folder, manifest)


def open_snapshot(folder: Path) -> Snapshot:
    """A snapshot that was taken before, after checking that it is whole and unchanged.

    Raises:
        NotFound: there is none. ArtifactError: it is incomplete, changed or of another version.
    """
    if not folder.is_dir():
        raise NotFound(f"There is no snapshot in {folder}; run `kg embed` to take one.")
    try:
        manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
        version, files = manifest["format"], dict(manifest["files"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ArtifactError(
            f"The snapshot in {folder} has no readable manifest; run `kg embed` to take a new one."
        ) from error
    if version != FORMAT:
        raise ArtifactError(
            f"The snapshot in {folder} has format {version}, this version reads {FORMAT}; "
            "run `kg embed` to take a new one."
        )
    for damage in damages(folder, files):
        raise ArtifactError(
            f"The snapshot in {folder} cannot be used: {damage}; run `kg embed` to take a new one."
        )
    return Snapshot(folder, manifest)


def check_names(graph: Graph, labels: Sequence[str], types: Sequence[str]) -> None:
    """Refuse labels and relationship types that no entity or fact of the graph has, those of the
    platform's own records among them.

    Raises:
        BadInput: naming the nearest one that it has.
    """
    known_labels = [row["label"] for row in graph.read(cypher.LABELS)] if labels else []
    known_types = [row["type"] for row in graph.read(cypher.RELATIONSHIP_TYPES)] if types else []
    for kind, names, known in (
        ("label", labels, [one for one in known_labels if one not in _RECORDS]),
        ("relationship type", types, sorted({*known_types} - cypher.OWN_TYPES)),
    ):
        for name in names:
            if name not in known:
                raise BadInput(f"The graph has no {kind} {name!r}; {_nearest(name, known)}")


def _nearest(name: str, known: Sequence[str]) -> str:
    folded = {other.casefold(): other for other in known}
    close = difflib.get_close_matches(name.casefold(), folded, n=1)
    if close:
        return f"did you mean {folded[close[0]]!r}?"
    return f"it has {', '.join(known[:10])}." if known else "it has none; ingest something first."


def nothing(labels: Sequence[str]) -> str:
    """What to say when no entity is there to embed."""
    if labels:
        return f"Nothing to embed: no entity has the label {' or '.join(labels)}."
    return (
        "Nothing to embed: the graph has no entities; run `kg ingest PATH` first, or `kg adopt` "
        "where its nodes are your own."
    )


def _columns(file: Path, *names: str) -> Iterator[list[list[Any]]]:
    """The columns of an Arrow file as lists, one record batch at a time; of one that it has not,
    None for each row."""
    with pa.memory_map(str(file)) as source, pa.ipc.open_file(source) as reader:
        for number in range(reader.num_record_batches):
            batch = reader.get_batch(number)
            yield [
                batch.column(name).to_pylist()
                if name in batch.schema.names
                else [None] * len(batch)
                for name in names
            ]
