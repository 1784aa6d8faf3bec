"""Which entities an answer keeps: those of a type, and with these values of their properties."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from embeddings.publish.published import Run
from embeddings.publish.vector_indexes import VectorIndex
from kg_platform.cypher.vectors import MOST_KINDS, MOST_OF_FILTER, MOST_OF_TYPES, SLOTS, TYPES
from kg_platform.errors import BadInput


@dataclass(frozen=True)
class Filter:
    """`type` is a label; `where` are properties and the one value that each must have, compared as
    text: "5" is the text 5, the number 5 and 5.0."""

    type: str | None = None
    where: tuple[tuple[str, str], ...] = ()

    def __bool__(self) -> bool:
        return self.type is not None or bool(self.where)

    @classmethod
    def of(cls, type: str | None, where: Mapping[str, object] | None) -> Filter:
        """Raises: BadInput: a property has no name."""
        pairs = tuple((str(name), _text(value)) for name, value in (where or {}).items())
        if any(not name.strip() for name, _ in pairs):
            raise BadInput("A filter has no property; write it as property=value.")
        return cls(type, pairs)

    def values(self) -> list[list[object]]:
        """Properties and the texts that their value may have, as statements take them."""
        return [[name, _texts(value)] for name, value in self.where]

    def within(self, index: VectorIndex, run: Run | None) -> dict[str, list[str]]:
        """What of this the index can be asked by: its property -> the values that it may have. It
        may let more through than the filter does, and nothing less, as far as the vectors' run
        knew."""
        found: dict[str, list[str]] = {}
        kinds = (run or {}).get("kinds") or []
        if self.type is not None and TYPES in index.filters and len(kinds) < MOST_KINDS:
            has = [kind for kind in kinds if self.type[:MOST_OF_FILTER] in kind.split("\n")]
            # Labels that were cut off may be of the type as well.
            has += [kind for kind in kinds if len(kind) >= MOST_OF_TYPES and kind not in has]
            if has:
                found[TYPES] = has
        named = (run or {}).get("filters") or []
        for slot, name in zip(SLOTS, named, strict=False):
            value = dict(self.where).get(name)
            if value is not None and slot in index.filters:
                found[slot] = list(dict.fromkeys(t[:MOST_OF_FILTER] for t in _texts(value)))
        return found


EVERYBODY = Filter()


def parsed(pairs: Iterable[str]) -> dict[str, str]:
    """`property=value`, as a person types it. Raises: BadInput: one is not of that form."""
    found: dict[str, str] = {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign or not name.strip():
            raise BadInput(f"{pair!r} is no filter; write it as property=value.")
        found[name.strip()] = value
    return found


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _texts(value: str) -> Sequence[str]:
    """A value as Neo4j may write it: a number is 5 or 5.0, a truth is in small letters."""
    texts = [value]
    try:
        number = float(value)
        texts.append(repr(number))
        if number.is_integer() and abs(number) < 2**53:
            texts.append(str(int(number)))
    except (ValueError, OverflowError):
        pass
    if value.lower() in ("true", "false"):
        texts.append(value.lower())
    return list(dict.fromkeys(texts))
