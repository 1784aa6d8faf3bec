"""The rows of an artifact's entities are read once, and of another artifact in its place anew."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from embeddings.data import entity_rows as module
from embeddings.data.artifact import ENTITIES, Artifact
from embeddings.data.entity_rows import entity_rows
from kg_platform.errors import ArtifactError


def artifact(folder: Path, ids: list[str], digest: str) -> Artifact:
    folder.mkdir(exist_ok=True)
    (folder / ENTITIES).write_text("".join(json.dumps(one) + "\n" for one in ids))
    return Artifact(folder, {"files": {ENTITIES: digest}})


def test_they_are_read_once(tmp_path: Path) -> None:
    made = artifact(tmp_path / "R1", ["B", "A"], "one")
    assert dict(entity_rows(made)) == {"B": 0, "A": 1}
    (made.folder / ENTITIES).unlink()
    assert list(entity_rows(Artifact(made.folder, dict(made.manifest)))) == ["B", "A"]
    assert list(entity_rows(artifact(tmp_path / "R1", ["C"], "two"))) == ["C"]
    for number in range(module.KEPT):
        entity_rows(artifact(tmp_path / f"other{number}", ["A"], "one"))
    assert module._rows.cache_info().currsize == module.KEPT, "few are kept"


def test_ids_that_cannot_be_read_are_tried_again(tmp_path: Path) -> None:
    made = artifact(tmp_path / "R1", ["A"], "three")
    (made.folder / ENTITIES).write_text("{")
    with pytest.raises(ArtifactError, match="damaged"):
        entity_rows(made)
    artifact(tmp_path / "R1", ["A"], "three")
    assert entity_rows(made) == {"A": 0}
