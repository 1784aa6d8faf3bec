"""The vocabulary of a graph that may only be read: what an adoption would add is worked out.

`:Entity` is a choice of the owner's labels, and each of the platform's properties an expression of
the owner's. No index helps, so this is for statements that go over everything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from kg_platform.cypher.adopting import NodeKind
from kg_platform.cypher.names import quote
from kg_platform.cypher.vocabulary import NAMES, Vocabulary
from kg_platform.errors import BadInput

_ENTITY = re.compile(r":Entity\b")
_BY_ID = re.compile(r"\((\w*):Entity \{«id»: ([^{}]+)\}\)")
_PROPERTY = re.compile(r"(\w+)\.«(\w+)»")


@dataclass(frozen=True)
class MappedVocabulary(Vocabulary):
    """What the platform's names stand for in nodes of these kinds."""

    kinds: tuple[NodeKind, ...] = ()

    def text(self, text: str) -> str:
        return _rendered(self.kinds, text)

    def name(self, name: str) -> str:
        if name in NAMES:
            raise _needs_adoption()
        return name


@lru_cache(maxsize=500)
def _rendered(kinds: tuple[NodeKind, ...], text: str) -> str:
    if "«" not in text and ":Entity" not in text:
        return text
    labels = ":(" + "|".join(quote(kind.label) for kind in kinds) + ")"
    whole = _BY_ID.sub(lambda found: _by_id(found[1] or "mapped", found[2]), text)
    whole = _ENTITY.sub(lambda _: labels, whole)
    whole = _PROPERTY.sub(lambda found: _expression(kinds, found[1], found[2]), whole)
    if "«" in whole.replace("\\u00AB", ""):
        raise _needs_adoption()
    return whole


def _by_id(node: str, value: str) -> str:
    return f"({node}:Entity WHERE {node}.«id» = {value})"


def _expression(kinds: tuple[NodeKind, ...], node: str, name: str) -> str:
    """The value of a property of ours, of a node of whichever kind; null where nothing is said."""
    cases = []
    for kind in kinds:
        value = kind.id_of(node) if name == "id" else kind.columns_of(node).get(name, "null")
        cases.append(f"WHEN {node}:{quote(kind.label)} THEN {value}")
    if all(case.endswith(" THEN null") for case in cases):
        return "null" if name != "embedding_stale_at" else "datetime(null)"
    return f"(CASE {' '.join(cases)} END)"


def _needs_adoption() -> BadInput:
    return BadInput(
        "This cannot be done with a mapping alone; `kg adopt FILE` adopts the graph first."
    )
