"""Of the entities that can have a vector, how many do: by modality and type."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from kg_platform.browse.facets import Cell, Census
from kg_platform.modality import MODALITIES

EMBEDDING, STRUCTURE = "embedding", "structure_embedding"
WAYS = (EMBEDDING, STRUCTURE, *(one.vector for one in MODALITIES))


@dataclass(frozen=True)
class Coverage:
    """`have` entities have a vector, of the `can` that have something to make one from."""

    have: int = 0
    can: int = 0

    @property
    def share(self) -> float:
        return self.have / self.can if self.can else 0.0


def coverage(census: Census) -> dict[str, dict[str, Coverage]]:
    """Type ("" for all entities) -> vector property -> how far it is covered. A property for which
    nothing is there to make a vector from is left out.

    An entity can have a vector of its relations if it has one, of a modality if it has such
    content, and of everything together if it has any of these.
    """
    have, can = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for cell in census.cells:
        for way in WAYS:
            there = way in cell.vectors
            if not there and not _possible(cell, way):
                continue
            for type in ("", *cell.types):
                can[type, way] += cell.count
                have[type, way] += cell.count * there
    found: dict[str, dict[str, Coverage]] = {}
    for (type, way), count in can.items():
        found.setdefault(type, {})[way] = Coverage(have[type, way], count)
    return found


def _possible(cell: Cell, way: str) -> bool:
    parts = {STRUCTURE: cell.degree != "0"}
    for one in MODALITIES:
        parts[one.vector] = not set(one.media).isdisjoint(cell.media) if one.media else cell.said
    return any(parts.values()) if way == EMBEDDING else parts[way]
