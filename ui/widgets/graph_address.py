"""What the graph page shows, as its address says it: `/graph?id=JPN&with=KOR`.

    id                expanded: drawn with their neighbours
    with              drawn beside them, without neighbours of their own
    without           left out
    pin               stay where they were dragged
    without_type, without_relation   not shown, and relations not followed
    limit             neighbours of each that is expanded
    from, to          the shortest ways between these two are drawn
    colour, like      type, community, similarity (to `like`), surprise
    ask, by, heads    what the model proposes for (ask, by, ?), or with heads=1 for (?, by, ask)

Names of several are repeated. Where `id` or `with` hold commas and no entity is called so, they are
several as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

LIMITS = (25, 50, 100, 300, 1000)
COLOURS = ("type", "community", "similarity", "surprise")
_LISTS = {
    "expanded": "id",
    "beside": "with",
    "without": "without",
    "pinned": "pin",
    "types_off": "without_type",
    "relations_off": "without_relation",
}
_TEXTS = {"start": "from", "end": "to", "like": "like", "ask": "ask", "by": "by"}
NAMES = frozenset([*_LISTS.values(), *_TEXTS.values(), "limit", "colour", "heads"])


@dataclass(frozen=True)
class GraphAddress:
    """See above; each of it may be empty."""

    expanded: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    pinned: tuple[str, ...] = ()
    types_off: tuple[str, ...] = ()
    relations_off: tuple[str, ...] = ()
    limit: int = 100
    start: str = ""
    end: str = ""
    colour: str = "type"
    like: str = ""
    ask: str = ""
    by: str = ""
    heads: bool = False

    @classmethod
    def of(cls, query: Callable[[str], Sequence[str]]) -> Self:
        """From what an address has under each name. What makes no sense there is left out."""
        lists = {one: tuple(dict.fromkeys(filter(None, query(n)))) for one, n in _LISTS.items()}
        texts = {one: next(iter(query(name)), "") for one, name in _TEXTS.items()}
        given: dict[str, Any] = {**lists, **texts}
        limit, colour = next(iter(query("limit")), ""), next(iter(query("colour")), "")
        number = int(limit) if limit.isdecimal() and len(limit) < 5 else 100
        return cls(
            **given,
            limit=min(max(number, 1), LIMITS[-1]),
            colour=colour if colour in COLOURS else "type",
            heads="1" in query("heads"),
        )

    def query(self) -> dict[str, str | list[str]]:
        """For an address; what is as it is anyway is left out."""
        found: dict[str, str | list[str]] = {
            name: list(getattr(self, one)) for one, name in _LISTS.items() if getattr(self, one)
        }
        found |= {name: getattr(self, one) for one, name in _TEXTS.items() if getattr(self, one)}
        if self.limit != 100:
            found["limit"] = str(self.limit)
        if self.colour != "type":
            found["colour"] = self.colour
        if self.heads:
            found["heads"] = "1"
        return found

    @property
    def is_empty(self) -> bool:
        return not (self.expanded or self.beside or (self.start and self.end))

    def split(self, there: Callable[[Sequence[str]], Mapping[str, object]]) -> Self:
        """With `A,B` as A and B where no entity has it as its id; `there` finds those that are."""
        odd = [one for one in (*self.expanded, *self.beside) if "," in one]
        if not odd:
            return self
        known = there(odd)

        def parts(ids: Iterable[str]) -> tuple[str, ...]:
            found: list[str] = []
            for one in ids:
                found += [one] if one in known or "," not in one else one.split(",")
            return tuple(dict.fromkeys(part.strip() for part in found if part.strip()))

        return replace(self, expanded=parts(self.expanded), beside=parts(self.beside))

    # ---- what a person does

    def expand(self, ids: Sequence[str]) -> Self:
        return replace(
            self,
            expanded=_with(self.expanded, ids),
            beside=_less(self.beside, ids),
            without=_less(self.without, ids),
        )

    def collapse(self, ids: Sequence[str]) -> Self:
        """Their neighbours go, but for those of others; they themselves stay."""
        was = [one for one in ids if one in self.expanded]
        return replace(self, expanded=_less(self.expanded, was), beside=_with(self.beside, was))

    def hide(self, ids: Sequence[str]) -> Self:
        return replace(
            self,
            expanded=_less(self.expanded, ids),
            beside=_less(self.beside, ids),
            pinned=_less(self.pinned, ids),
            without=_with(self.without, ids),
        )

    def only(self, ids: Sequence[str]) -> Self:
        """These alone, without neighbours."""
        return replace(self, expanded=(), beside=tuple(ids), without=(), start="", end="", ask="")

    def pin(self, ids: Sequence[str]) -> Self:
        return replace(self, pinned=_with(self.pinned, ids))

    def unpin(self, ids: Sequence[str]) -> Self:
        return replace(self, pinned=_less(self.pinned, ids))


def _with(ids: Sequence[str], more: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*ids, *more]))


def _less(ids: Sequence[str], gone: Iterable[str]) -> tuple[str, ...]:
    out = set(gone)
    return tuple(one for one in ids if one not in out)
