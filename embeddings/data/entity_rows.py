"""Where entities stand in an artifact, kept for the few that are asked again and again.

The rows of vectors have no index: without this, each question would read the ids of all.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from embeddings.data.artifact import ENTITIES, Artifact

KEPT = 2  # artifacts: the live one, and one that it is compared with


def entity_rows(artifact: Artifact) -> Mapping[str, int]:
    """id -> row, in the order of the rows.

    Raises:
        ArtifactError: its ids cannot be read.
    """
    return _rows(artifact.folder, artifact.manifest["files"][ENTITIES])


@lru_cache(maxsize=KEPT)
def _rows(folder: Path, digest: str) -> Mapping[str, int]:
    """`digest` is of the file: another one in the same place is another artifact."""
    del digest
    ids = Artifact(folder, {}).iter_entity_ids()
    return MappingProxyType({name: row for row, name in enumerate(ids)})
