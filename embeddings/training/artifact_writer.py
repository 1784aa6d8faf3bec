"""Writes the artifact of a training: beside its place, then renamed into it."""

from __future__ import annotations

import json
import os
import shutil
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embeddings.data.artifact import (
    ALIGNMENT,
    CHANGED,
    CONTENT,
    CONTINUE,
    ENTITIES,
    FORMAT,
    MODEL,
    RELATIONS,
    VECTORS,
    Artifact,
)
from embeddings.data.dataset import Dataset
from embeddings.data.fingerprints import kept
from embeddings.data.manifest import MANIFEST, digests, flush
from embeddings.data.splits import short_keys
from embeddings.training.result import Trained
from kg_platform.errors import ArtifactError
from kg_platform.runs.record import packages


def save_artifact(
    folder: Path,
    trained: Trained,
    dataset: Dataset,
    manifest: Mapping[str, Any],
    content: NDArray[np.uint64] | None = None,
    changed: NDArray[np.int64] | None = None,
) -> Artifact:
    """Write the artifact of a training to `folder`, which must not be there yet.

    `manifest` is what the caller knows (run, snapshot, settings, metrics); sizes, options,
    encoders, library versions, checksums and the time are added. `content` (N, A) are the
    fingerprints of the snapshot that was trained on (`fingerprints.content_of`), `changed` (N,) its
    marks.

    Raises:
        ArtifactError: the folder is there already, or cannot be written.
    """
    if folder.exists():
        raise ArtifactError(f"{folder} is there already; an artifact is never overwritten.")
    building = folder.with_name(f".{folder.name}.{uuid.uuid4().hex[:8]}")
    try:
        building.mkdir(parents=True)
        about = _write_tensors(building, trained, dataset)
        _write_lines(building / ENTITIES, dataset.entity_ids)
        _write_lines(building / RELATIONS, dataset.relation_types)
        if content is not None:
            np.save(building / CONTENT, kept(content))
        if changed is not None:
            np.save(building / CHANGED, changed)
        files = digests(building)
        whole = {
            **manifest,
            "format": FORMAT,
            "model": trained.options.model,
            "dimension": trained.scorer.entities.shape[1],
            "seed": trained.options.seed,
            "options": asdict(trained.options),
            "best_epoch": trained.best_epoch,
            "epochs": trained.history,
            "dataset": dataset.summary(),
            "split": None if dataset.rule is None else dataset.rule.as_dict(),
            "entities": dataset.entities,
            "relations": dataset.relations,
            "vectors": about,
            "encoders": {name: each.made_by for name, each in dataset.features.items()},
            "libraries": packages(),
            "files": files,
            "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        with (building / MANIFEST).open("w", encoding="utf-8") as file:
            json.dump(whole, file, ensure_ascii=False, indent=1)
        for file_there in building.iterdir():
            flush(file_there)
        os.rename(building, folder)
        flush(folder.parent)
    except OSError as error:
        raise ArtifactError(
            f"The artifact cannot be written to {folder}: {error.strerror or error}; make room or "
            "set KG_HOME to another disk."
        ) from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return Artifact(folder, json.loads((folder / MANIFEST).read_text("utf-8")))


def _write_tensors(folder: Path, trained: Trained, dataset: Dataset) -> dict[str, Any]:
    """Write both safetensors files; returns what is in vectors: name -> dimension, mask."""
    from safetensors.numpy import save_file
    from safetensors.torch import save_file as save_torch

    vectors: dict[str, NDArray[Any]] = {
        "embedding": trained.entity_vectors(),
        "structure_embedding": trained.structure_vectors(),
    }
    about: dict[str, Any] = {
        name: {"dimension": matrix.shape[1], "present": None} for name, matrix in vectors.items()
    }
    for name, features in dataset.features.items():
        pooled = trained.over_time.get(name)
        matrix = features.matrix if pooled is None else pooled.numpy()
        vectors[f"{name}_embedding"] = np.ascontiguousarray(matrix, dtype=np.float32)
        vectors[f"{name}_present"] = np.ascontiguousarray(features.present, dtype=bool)
        about[f"{name}_embedding"] = {
            "dimension": matrix.shape[1],
            "present": f"{name}_present",
        }
    save_file(vectors, folder / VECTORS)
    model = {"relations": trained.scorer.relations}
    model |= trained.shared
    if trained.alignment is not None:
        model[ALIGNMENT] = trained.alignment
    for name, modality in trained.modalities.items():
        model |= {f"{name}.mean": modality.mean, f"{name}.basis": modality.basis}
        if modality.items is not None and modality.owners is not None:
            model |= {f"{name}.items": modality.items, f"{name}.owners": modality.owners}
        if modality.parts is not None:
            model[f"{name}.parts"] = modality.parts
    save_torch({name: t.contiguous() for name, t in model.items()}, folder / MODEL)
    later: dict[str, NDArray[Any]] = {
        name: dataset.split(name).astype(np.int32) for name in ("valid", "test")
    }
    later["rejected"] = dataset.rejected.astype(np.int32)
    later["trained"] = np.unique(
        short_keys(dataset.train, dataset.entity_ids, dataset.relation_types)
    )
    if dataset.rule is not None:
        later["kept"] = dataset.rule.kept
    later |= {f"pace.{name}": tensor.numpy() for name, tensor in trained.pace.items()}
    save_file({n: np.ascontiguousarray(t) for n, t in later.items()}, folder / CONTINUE)
    return about


def _write_lines(file: Path, values: Iterable[str]) -> None:
    # JSON strings: an id may hold a newline.
    with file.open("w", encoding="utf-8") as stream:
        stream.writelines(f"{json.dumps(value)}\n" for value in values)
