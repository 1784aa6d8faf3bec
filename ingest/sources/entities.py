"""`entities.jsonl`: one JSON object a line, an entity each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kg_platform.files.json_objects import read_objects
from kg_platform.records import Entity, MediaRef, Rejection


def read_entities(path: Path) -> Iterator[Entity | Rejection]:
    """One JSON object a line. Values are passed on as they are: `validate` judges them."""
    for number, row in read_objects(path):
        yield row if isinstance(row, Rejection) else entity_of(row, path.name, number)


def entity_of(row: dict[str, Any], place: str, number: int) -> Entity:
    """The entity that a line says; it takes the keys that it knows out of `row`."""
    images = [row.pop("image")] if row.get("image") is not None else []
    row.pop("image", None)
    more = row.pop("images", None)
    if more is not None:
        images.extend(more if isinstance(more, list) else [more])
    return Entity(
        id=row.pop("id", None),
        type=row.pop("type", None),
        label=row.pop("label", None),
        description=row.pop("description", None),
        aliases=row.pop("aliases", None),
        properties=row,
        media=tuple(MediaRef(location, rank=rank) for rank, location in enumerate(images)),
        source=place,
        line=number,
    )
