"""Pictures that nodes name as paths: into the media store, and onto the nodes as media."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from kg_platform.adoption.mapping import AdoptionMapping
from kg_platform.cypher import adopting, loading
from kg_platform.errors import BadMedium
from kg_platform.graph.client import Graph
from kg_platform.media.gallery import Gallery
from kg_platform.platform import Platform
from kg_platform.records import Media, MediaRef

_BATCH = 200  # entities whose files are read before they are written
_NAMED = 3  # files that a note names


@dataclass(frozen=True)
class PicturesTaken:
    """Entities whose pictures were read, files that are none, and the first of those."""

    entities: int = 0
    bad: int = 0
    named: tuple[str, ...] = ()


def take_pictures(platform: Platform, mapping: AdoptionMapping) -> PicturesTaken:
    """Read what is not linked yet, or is named otherwise now. A file that is no picture is left
    out, counted, and looked at again the next time."""
    kinds = [kind for kind in mapping.kinds if kind.pictures]
    if not kinds:
        return PicturesTaken()
    settings = platform.settings
    entities, bad = 0, list[str]()
    with Gallery(
        Path(mapping.pictures_from or "."),
        platform.media,
        settings.max_picture_pixels,
        settings.max_media_bytes,
    ) as gallery:
        for kind in kinds:
            rows = platform.graph.stream(adopting.pictures(kind))
            while some := list(islice(rows, _BATCH)):
                bad += _link(platform.graph, gallery, some)
                entities += len(some)
    return PicturesTaken(entities, len(bad), tuple(bad[:_NAMED]))


def _link(graph: Graph, gallery: Gallery, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Write the pictures of these entities; what of their paths leads to none, and why."""
    bad: list[str] = []
    media: dict[str, dict[str, Any]] = {}
    links: list[dict[str, Any]] = []
    for row in rows:
        found: list[tuple[Media, str]] = []
        for path in row["paths"]:
            try:
                found.append((gallery.picture(MediaRef(path)), path))
            except BadMedium as error:
                bad.append(f"{row['id']}: {path}: {error}")
        if [path for _, path in found] == list(row["there"]):
            continue
        media.update((m.id, {"id": m.id, "properties": m.about()}) for m, _ in found)
        links.append(
            {
                "id": row["id"],
                "content_hash": None,
                "media": [
                    {"id": m.id, "properties": {"role": "image", "rank": rank, "location": path}}
                    for rank, (m, path) in enumerate(found)
                ],
            }
        )
    if media:
        graph.write_rows(loading.PUT_MEDIA, list(media.values()), _BATCH)
    if links:
        graph.write_rows(loading.LINK_MEDIA, links, _BATCH)
    return bad
