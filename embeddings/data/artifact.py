"""The artifact: what an embedding run leaves to be published, scored with and kept.

::

    manifest.json          where it came from, figures, and the SHA-256 of every other file
    vectors.safetensors    embedding, structure_embedding, <modality>_embedding (N, d) float32,
                           <modality>_present (N,) bool
    model.safetensors      relations (2R, Dr), weights that all entities share (fusion, pools, the
                           interaction's own), each modality's mean, basis and, of entities with
                           several, single items: all that `from_artifact.py` needs beside them;
                           `alignment` (D, D), where "embedding" was turned to an earlier run's
    continue.safetensors   what a later run goes on from, and is compared by: the facts that were
                           held out, valid and test (n, 3), those that people had rejected, and
                           the optimiser's pace (`warm_start.py`)
    entities.jsonl         entity ids, one JSON string a line, in the order of the rows
    relations.jsonl        relation types, likewise
    content.npy            (N, 3) or more uint64, what each entity said then: `fingerprints.py`
    changed.npy            (N,) int64, the mark it carried then, `Snapshot.changed`; older artifacts
                           have neither

It is written beside its place and renamed into it: a folder that is there is whole.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from embeddings.data.fingerprints import padded
from embeddings.data.manifest import MANIFEST, damages
from embeddings.data.splits import Rule
from embeddings.data.triples import Ints
from kg_platform.errors import ArtifactError, NotFound

FORMAT = 2  # 2: loops, and features that ask otherwise than they answer
VECTORS = "vectors.safetensors"
MODEL = "model.safetensors"
CONTINUE = "continue.safetensors"
ALIGNMENT = "alignment"
OF_ENTITIES = (".items", ".owners", ".parts")  # ends of names in MODEL: a row a content
ENTITIES = "entities.jsonl"
RELATIONS = "relations.jsonl"
CONTENT = "content.npy"
CHANGED = "changed.npy"


@dataclass(frozen=True)
class Continued:
    """What a later run needs: the facts held out, by the rows of entities and relations here, the
    rule that drew them (None: the graph marks them), the facts that people had rejected, the
    optimiser's pace (`warm_start.py`), and the sorted short keys (k,) of the training facts
    (`splits.py`; None: an older version did not keep them)."""

    valid: Ints
    test: Ints
    rejected: Ints
    rule: Rule | None
    pace: dict[str, Tensor]
    trained: NDArray[np.uint32] | None


@dataclass(frozen=True)
class Artifact:
    """An artifact on disk. Vectors are read in slices: memory does not grow with their number."""

    folder: Path
    manifest: dict[str, Any]

    @property
    def names(self) -> list[str]:
        """The vectors there are: "embedding", "structure_embedding", "text_embedding", ..."""
        return list(self.manifest["vectors"])

    @property
    def entities(self) -> int:
        return int(self.manifest["entities"])

    def dimension(self, name: str = "embedding") -> int:
        return int(self._about(name)["dimension"])

    def entity_ids(self) -> list[str]:
        """All entity ids, in the order of the rows."""
        return list(self.iter_entity_ids())

    def iter_entity_ids(self) -> Iterator[str]:
        yield from _read_lines(self.folder / ENTITIES)

    @cached_property
    def relation_types(self) -> list[str]:
        return list(_read_lines(self.folder / RELATIONS))

    def rows(self, name: str, start: int, stop: int) -> NDArray[np.float32]:
        """Rows start..stop of the vectors `name`, (stop - start, d), read from disk."""
        self._about(name)
        return np.asarray(self._slice(name, start, min(stop, self.entities)), dtype=np.float32)

    def pick(self, name: str, rows: Sequence[int] | Ints) -> NDArray[np.float32]:
        """Some rows of the vectors `name`, (n, d), in the order of `rows`, read in one go."""
        self._about(name)
        if not len(rows):
            return np.zeros((0, self.dimension(name)), np.float32)
        with self._opened(VECTORS) as file:
            part = file.get_slice(name)
            return np.stack([part[row] for row in rows]).astype(np.float32, copy=False)

    def present(self, name: str) -> NDArray[np.bool_]:
        """(N,) which entities have the vector `name`; where False its row means nothing."""
        mask = self._about(name)["present"]
        if mask is None:
            return np.ones(self.entities, dtype=bool)
        return np.asarray(self._slice(mask, 0, self.entities), dtype=bool)

    def content(self) -> NDArray[np.uint64] | None:
        """(N, A) fingerprints of what the entities said when they were trained (`fingerprints.py`).

        None: an older kg-platform made the artifact, and kept none.
        """
        found = self._array(CONTENT)
        if found is None:
            return None
        return padded(found.astype(np.uint64).reshape(self.entities, -1))

    def changed(self) -> NDArray[np.int64]:
        """(N,) the version of the mark that each entity carried when it was read; 0: none, or an
        older kg-platform made the artifact."""
        found = self._array(CHANGED)
        return np.zeros(self.entities, np.int64) if found is None else found.astype(np.int64)

    def weights(self, *, shared: bool = False) -> dict[str, Tensor]:
        """What MODEL holds; `shared`, without what belongs to single entities (the pictures of
        their films, ...): of that there are only the names, of empty tensors."""
        with self._opened(MODEL, "pt") as file:
            return {
                name: Tensor() if shared and name.endswith(OF_ENTITIES) else file.get_tensor(name)
                for name in file.keys()  # noqa: SIM118
            }

    def alignment(self) -> NDArray[np.float32] | None:
        """(D, D) what "embedding" was turned by, so that it stands as an earlier run's does; None:
        it was not. Scores are of the vectors before it."""
        found = self._tensors(MODEL, (ALIGNMENT,)).get(ALIGNMENT)
        return None if found is None else np.asarray(found, dtype=np.float32)

    def continued(self) -> Continued | None:
        """What a later run goes on from; None in artifacts of older versions."""
        if not (self.folder / CONTINUE).is_file():
            return None
        found = self._tensors(CONTINUE)
        about = self.manifest.get("split")
        facts = [np.asarray(found[n], dtype=np.int64) for n in ("valid", "test", "rejected")]
        rule = None if about is None else Rule.of(about, found["kept"])
        pace = {
            name.removeprefix("pace."): torch.from_numpy(tensor)
            for name, tensor in found.items()
            if name.startswith("pace.")
        }
        return Continued(facts[0], facts[1], facts[2], rule, pace, found.get("trained"))

    def _tensors(self, file: str, names: Iterable[str] | None = None) -> dict[str, NDArray[Any]]:
        """All tensors of a file, or those of `names` that it has."""
        with self._opened(file) as opened:
            there = set(opened.keys())
            wanted = there if names is None else there & set(names)
            return {name: opened.get_tensor(name) for name in sorted(wanted)}

    @contextmanager
    def _opened(self, file: str, framework: str = "np") -> Iterator[Any]:
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(self.folder / file, framework=framework) as opened:
                yield opened
        except (SafetensorError, OSError) as error:
            raise ArtifactError(_damaged(self.folder, f"{file} cannot be read")) from error

    def _about(self, name: str) -> Mapping[str, Any]:
        vectors: Mapping[str, Mapping[str, Any]] = self.manifest["vectors"]
        if name not in vectors:
            raise NotFound(
                f"This run has no vectors {name!r}; it has {', '.join(vectors)}. Run `kg embed` "
                "with that modality to get them."
            )
        return vectors[name]

    def _array(self, name: str) -> NDArray[Any] | None:
        if name not in self.manifest["files"]:
            return None
        try:
            return np.asarray(np.load(self.folder / name, allow_pickle=False))
        except (OSError, ValueError, EOFError) as error:
            raise ArtifactError(_damaged(self.folder, f"{name} cannot be read")) from error

    def _slice(self, name: str, start: int, stop: int) -> Any:
        with self._opened(VECTORS) as file:
            return file.get_slice(name)[start:stop]


def open_artifact(folder: Path, verify: bool = True) -> Artifact:
    """Open an artifact; with `verify`, read every file once and compare its SHA-256.

    Raises:
        NotFound: there is no such folder.
        ArtifactError: a file is missing, was changed, or the format is newer than this program.
    """
    if not folder.is_dir():
        raise NotFound(f"There is no artifact at {folder}; `kg runs` lists the runs.")
    try:
        manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
        newer, files = manifest["format"] > FORMAT, dict(manifest["files"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ArtifactError(_damaged(folder, f"{MANIFEST} is missing or not readable")) from error
    if newer:
        raise ArtifactError(
            f"The artifact {folder} was written by a newer kg-platform; upgrade to use it."
        )
    for damage in damages(folder, files, verify):
        raise ArtifactError(_damaged(folder, damage))
    return Artifact(folder, manifest)


def _read_lines(file: Path) -> Iterator[str]:
    try:
        with file.open(encoding="utf-8") as stream:
            for line in stream:
                yield str(json.loads(line))
    except (OSError, ValueError) as error:
        raise ArtifactError(_damaged(file.parent, f"{file.name} cannot be read")) from error


def _damaged(folder: Path, what: str) -> str:
    return f"The artifact {folder} is damaged: {what}; run `kg embed` again."
