"""The names of what the platform keeps on an entity: a property of the graph, not a constant.

A graph that the platform was given to fill uses the names as they are. One that was adopted has
properties of its owner under some of them, so the platform's stand under the same names after a
prefix (`kg_id`), with which none of the owner's begins.

Statements mark those names with signs that are no Cypher: `n.«id»`. Where a parameter holds a
name, or a map by such names, its own name is marked: `n[$«property»]`, `SET n += $«properties»`.
`Graph` renders a statement when it sends it. What people write themselves is sent as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from kg_platform.modality import MODALITIES

NAMES = frozenset(
    {
        "id",
        "label",
        "description",
        "aliases",
        "caption",
        "captions",
        "source",
        "content_hash",
        "updated_at",
        # how its facts were split, on relationships
        "split",
        # vectors, and what is said of them
        "embedding",
        "structure_embedding",
        *(one.vector for one in MODALITIES),
        "embedding_run",
        "embedding_stale",
        "embedding_stale_at",
        "embedding_content",
        "embedding_provisional",
        "embedding_head",
        # what vectors are filtered by inside their index
        "embedding_types",
        "embedding_filter_1",
        "embedding_filter_2",
        "embedding_filter_3",
        # vectors that are not published yet
        "embedding_next",
        "embedding_next_structure",
        *(one.staged for one in MODALITIES),
        "embedding_next_run",
    }
)
PREFIX = re.compile(r"[A-Za-z][A-Za-z0-9]{0,30}_")
_MARKED = re.compile(r"(\$?)«([^»]*)»")


@dataclass(frozen=True)
class Vocabulary:
    """The platform's names in one graph."""

    prefix: str = ""

    def name(self, name: str) -> str:
        """What stands in this graph where the platform says `name`."""
        return self.prefix + name if name in NAMES else name

    def names(self) -> list[str]:
        return [self.prefix + name for name in sorted(NAMES)]

    def text(self, text: str) -> str:
        """A statement as it is sent."""
        return _rendered(self.prefix, text)[0]

    def parameters(self, text: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters of a statement as they are sent."""
        found = dict(given)
        for name in _rendered(self.prefix, text)[1]:
            value = found[name]
            found[name] = self.name(value) if isinstance(value, str) else self.turned(value)
        return found

    def turned(self, properties: Mapping[str, Any]) -> dict[str, Any]:
        """Properties of an entity by the platform's names as they stand in the graph, and the other
        way round. What an owner has under one of the platform's names trades places with it."""
        return {self.turned_name(key): value for key, value in properties.items()}

    def turned_name(self, key: str) -> str:
        if not self.prefix:
            return key
        bare = key.removeprefix(self.prefix)
        return bare if bare != key and bare in NAMES else self.name(key)

    def owners(self, keys: Iterable[str]) -> list[str]:
        """Of the names of an entity's properties in this graph, those that are not ours."""
        ours = set(self.names())
        return [key for key in keys if key not in ours]


@lru_cache(maxsize=2_000)
def _rendered(prefix: str, text: str) -> tuple[str, tuple[str, ...]]:
    """The text without marks, and the parameters that hold names."""
    held: list[str] = []

    def plain(match: re.Match[str]) -> str:
        if match[1]:
            held.append(match[2])
            return f"${match[2]}"
        if match[2] not in NAMES:
            raise KeyError(f"«{match[2]}» is no name of an entity's property")
        return prefix + match[2]

    return _MARKED.sub(plain, text), tuple(dict.fromkeys(held))
