"""The dictionary: every label and alias of the graph, looked up by hash.

A million names take some 100 MB, whatever they are: 12 bytes a name in two sorted arrays, and what
is told of an entity in one piece of bytes. The hash is Python's own, of this process; a name that
is found is compared once more, letter by letter, where it is looked up.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ingest.extraction.tokens import tokens

MOST_WORDS = 16  # of a name that is looked for
MOST_BEARERS = 50  # of one name, among which it is asked who is meant

_PLAIN = re.compile(r"[A-Za-z0-9 ]+")
_ARTICLES = frozenset({"the", "a", "an"})


@dataclass(frozen=True)
class NamedThing:
    """An entity as it is named: its id, label, aliases and type."""

    id: str
    label: str
    aliases: Sequence[str] = ()
    type: str | None = None


class NameIndex:
    """Who is called what. Entities are numbers here, in the order in which they came."""

    def __init__(self, things: Iterable[NamedThing]) -> None:
        hashes, owners = array("q"), array("I")
        lengths: set[int] = set()
        told, ends = bytearray(), array("Q", [0])
        types: dict[str | None, int] = {}
        self._type_of = array("H")
        for number, thing in enumerate(things):
            for name in dict.fromkeys((thing.label, *thing.aliases)):
                for form, length in _forms(name):
                    hashes.append(hash(form))
                    owners.append(number)
                    lengths.add(length)
            self._type_of.append(types.setdefault(thing.type, len(types)))
            told += "\0".join((thing.id, thing.label, *thing.aliases)).encode("utf-8", "replace")
            ends.append(len(told))
        self._types = list(types)
        self._told, self._ends = bytes(told), ends
        self.lengths = sorted(lengths)
        found = np.frombuffer(hashes, np.int64) if hashes else np.zeros(0, np.int64)
        who = np.frombuffer(owners, np.uint32) if owners else np.zeros(0, np.uint32)
        order = np.argsort(found, kind="stable")
        self._hashes, self._owners = found[order], who[order]

    def __len__(self) -> int:
        return len(self._type_of)

    @property
    def nbytes(self) -> int:
        """What it holds in memory."""
        sizes = self._hashes.nbytes + self._owners.nbytes + len(self._told)
        return sizes + self._ends.itemsize * len(self._ends) + 2 * len(self._type_of)

    def known(self, forms: Sequence[str]) -> npt.NDArray[np.bool_]:
        """(n,) whether each of these forms may be somebody's name."""
        asked = np.fromiter(map(hash, forms), np.int64, len(forms))
        at = np.searchsorted(self._hashes, asked)
        at[at == len(self._hashes)] = 0
        return self._hashes[at] == asked if len(self._hashes) else np.zeros(len(asked), np.bool_)

    def bearers(self, form: str) -> list[tuple[int, str]]:
        """(entity, its name as it is written) of those that are called so; of a name that more than
        `MOST_BEARERS` have, none."""
        first, last = self._span(form)
        if last - first > MOST_BEARERS:
            return []
        found = dict.fromkeys(int(one) for one in self._owners[first:last])
        return [(one, name) for one in found for name in self._spelt(one, form)]

    def crowded(self, form: str) -> bool:
        """Whether more entities are called so than can be told apart."""
        first, last = self._span(form)
        return last - first > MOST_BEARERS

    def number(self, entity: str) -> int | None:
        """The entity with this id, where they came in order of their ids; None: not found."""
        at = bisect_left(range(len(self)), entity, key=self.id)
        return at if at < len(self) and self.id(at) == entity else None

    def id(self, number: int) -> str:
        return self._words(number)[0]

    def label(self, number: int) -> str:
        return self._words(number)[1]

    def names(self, number: int) -> list[str]:
        """Label and aliases, as they are written."""
        return self._words(number)[1:]

    def type(self, number: int) -> str | None:
        return self._types[self._type_of[number]]

    def _span(self, form: str) -> tuple[int, int]:
        asked = hash(form)
        first = np.searchsorted(self._hashes, asked, "left")
        return int(first), int(np.searchsorted(self._hashes, asked, "right"))

    def _words(self, number: int) -> list[str]:
        said = self._told[self._ends[number] : self._ends[number + 1]]
        return said.decode("utf-8").split("\0")

    def _spelt(self, number: int, form: str) -> list[str]:
        return [n for n in self.names(number) if any(form == own for own, _ in _forms(n))]


def _forms(name: str) -> list[tuple[str, int]]:
    """(key, words) of the forms in which a name may stand in a text: as it is, without what stands
    in brackets behind it, and without an article before it."""
    # Most names are plain words, which need no reading.
    norms = name.lower().split() if _PLAIN.fullmatch(name) else [one.norm for one in tokens(name)]
    if not norms or len(norms) > MOST_WORDS or not any(one[0].isalnum() for one in norms):
        return []
    found = [norms]
    if norms[-1] == ")" and "(" in norms[1:]:
        found.append(norms[: norms.index("(")])
    if norms[0] in _ARTICLES and len(norms) > 1:
        found += [each[1:] for each in found]
    return [(" ".join(each), len(each)) for each in found if each]
