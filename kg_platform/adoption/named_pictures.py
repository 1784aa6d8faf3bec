"""Pictures of a graph that is only read: their paths stand in its nodes, and their bytes are kept
here, as an adoption would keep them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from kg_platform.adoption.mapping import mapping_of
from kg_platform.cypher.adopting import named_pictures
from kg_platform.cypher.mapped import MappedVocabulary
from kg_platform.errors import BadMedium
from kg_platform.media.gallery import Gallery
from kg_platform.platform import Platform
from kg_platform.records import MediaRef


class NamedPictures:
    """What `adopt` would link. A file that is no picture is left out; `bad` says which, and why."""

    def __init__(self, platform: Platform) -> None:
        assert platform.graph.adoption is not None
        mapping, settings = mapping_of(platform.graph.adoption), platform.settings
        self._graph = platform.graph
        self._kinds = [kind for kind in mapping.kinds if kind.pictures]
        self._gallery = Gallery(
            Path(mapping.pictures_from or "."),
            platform.media if self._kinds else None,
            settings.max_picture_pixels,
            settings.max_media_bytes,
        )
        self.bad: list[str] = []

    def __call__(self, after: str | None, upto: str, labels: Sequence[str]) -> list[dict[str, Any]]:
        found = []
        for kind in self._kinds:
            for row in self._graph.read(named_pictures(kind, after, upto, labels)):
                kept = enumerate(self._kept(row["id"], row["paths"]))
                found += [{"id": row["id"], "rank": rank, "sha256": one} for rank, one in kept]
        return found

    def _kept(self, entity: str, paths: Sequence[str]) -> Iterator[str]:
        for path in paths:
            try:
                yield self._gallery.picture(MediaRef(path)).id
            except BadMedium as error:
                self.bad.append(f"{entity}: {path}: {error}")


def pictures_of(platform: Platform) -> NamedPictures | None:
    """None where pictures stand in the graph as media, as they do unless it is only read."""
    if isinstance(platform.graph.vocabulary, MappedVocabulary):
        return NamedPictures(platform)
    return None
