"""Short names for IRIs: what comes last in each, unless that says two things."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import unquote

_LAST = re.compile(r"[^/#:]*$")
_SHOWN = 5  # names that a note lists before it counts the rest


def local_name(iri: str) -> str:
    """What comes after the last slash, number sign or colon; the IRI where nothing does."""
    found = _LAST.search(iri.rstrip("/#:"))
    return (found[0] if found else "") or iri


def readable(iri: str) -> str:
    """The local name as people read it."""
    name = local_name(iri)
    if "%" not in name:
        return name
    try:
        return unquote(name, errors="strict")
    except UnicodeDecodeError:
        return name


def listed(names: Iterable[str]) -> str:
    """The first names in order, and how many more there are."""
    told = sorted(names)
    more = f" and {len(told) - _SHOWN:,} more" if len(told) > _SHOWN else ""
    return f"{', '.join(told[:_SHOWN])}{more}"


class IriNames:
    """IriNames of IRIs of one use (properties, relationship types, types), known when all IRIs are.

    An IRI is called by its local name. Where two have the same, or the platform keeps the name for
    itself, each is called by all of it: so the name does not depend on which came first. An ending
    tells languages apart: "_de".
    """

    def __init__(self, what: str, is_kept: Callable[[str], bool]) -> None:
        self._what = what
        self._is_kept = is_kept
        self._asked: dict[tuple[str, str], None] = {}
        self._names: dict[tuple[str, str], str] = {}
        self._clashes: set[str] = set()

    def ask(self, iri: str, ending: str = "") -> None:
        """It will need a name, with this ending."""
        self._asked[iri, ending] = None

    def settle(self) -> None:
        """Give the names; all were asked for."""
        same: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for iri, ending in self._asked:
            same[local_name(iri) + ending].append((iri, ending))
        for name, asked in same.items():
            clash = len(asked) > 1 or self._is_kept(name)
            for iri, ending in asked:
                self._names[iri, ending] = _whole(iri, ending) if clash else name
            if clash:
                self._clashes.add(name)

    def of(self, iri: str, ending: str = "") -> str:
        return self._names[iri, ending]

    def notes(self) -> Iterator[str]:
        """A sentence about the names that could not be short."""
        if self._clashes:
            yield (
                f"{self._what} keep their whole IRI where a short name would say two things or is "
                f"the platform's own: {listed(self._clashes)}."
            )


def _whole(iri: str, ending: str) -> str:
    """No IRI has a space, so this is none of another's."""
    return f"{iri} @{ending[1:]}" if ending else iri
