"""What a property looks like: a key, a name, a text, other names, a picture; nothing does I/O.

A guess from its name, its types and a sample of its values, for a person to look at.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_KEYS = ("id", "uuid", "guid", "key", "iri", "uri", "code", "slug", "isbn", "ean", "sku", "doi")
_NAMES = ("name", "title", "label", "fullname", "displayname", "preflabel", "heading", "caption")
_TEXTS = (
    "description", "summary", "abstract", "plot", "overview", "text", "content", "body", "bio",
    "biography", "synopsis", "comment", "tagline", "notes", "about",
)  # fmt: skip
_ALIASES = ("alias", "aliases", "aka", "alsoknownas", "synonyms", "altlabel", "altlabels",
            "alternativenames", "othernames", "nicknames")  # fmt: skip
_NONE = 1_000
_LONG = 40  # characters from which on a text says something of what it is on
_SHORT = 200  # characters up to which a text may be a name
_PICTURE = re.compile(r"\.(?:jpe?g|png|webp|gif|bmp|tiff?|avif)$", re.IGNORECASE)
_ADDRESS = re.compile(r"^[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_KEY_TYPES = {"STRING", "INTEGER", "DATE", "LOCAL DATETIME", "ZONED DATETIME"}


@dataclass(frozen=True)
class Property:
    """A property in a sample: on how many nodes it was, with how many values of which types, how
    long its texts are, and some of them."""

    name: str
    there: int
    different: int
    types: tuple[str, ...]
    characters: float = 0.0
    some: tuple[str, ...] = ()

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Property:
        return cls(
            str(row["key"]),
            int(row["there"]),
            int(row["different"]),
            tuple(map(str, row["types"])),
            float(row["characters"] or 0),
            tuple(str(one) for one in row["some"] if one),
        )

    @property
    def word(self) -> str:
        """The name without signs and cases: `full_name` and `fullName` are one."""
        return re.sub(r"[^a-z0-9]", "", self.name.lower())

    @property
    def is_text(self) -> bool:
        return self.types == ("STRING",)

    @property
    def is_texts(self) -> bool:
        return bool(self.types) and all(kind.startswith("LIST<STRING") for kind in self.types)


@dataclass(frozen=True)
class Looks:
    """Names of properties by what they look like, the likeliest first. `keys` are to be counted;
    `addresses` are pictures on the web."""

    keys: tuple[tuple[str, ...], ...]
    names: tuple[str, ...]
    texts: tuple[str, ...]
    aliases: tuple[str, ...]
    pictures: tuple[str, ...]
    addresses: tuple[str, ...]


def looks_of(
    found: Sequence[Property], nodes: int, unique: Sequence[tuple[str, ...]] = ()
) -> Looks:
    """What these properties of `nodes` sampled nodes look like; `unique` are those of which the
    graph says that they are."""
    pictured = [one for one in found if (one.is_text or one.is_texts) and _are_pictures(one)]
    left = [one for one in found if one not in pictured]
    aliases = [one for one in left if one.word in _ALIASES and (one.is_text or one.is_texts)]
    left = [one for one in left if one not in aliases]
    names = sorted(
        (one for one in left if one.is_text and one.characters <= _SHORT and _rank(one) < _NONE),
        key=lambda one: (_rank(one), -one.there, one.name),
    )[:1]
    keys = _keys(left, nodes, unique)
    taken = {one.name for one in names} | {name for key in keys[:1] for name in key}
    texts = sorted(
        (one for one in left if one.name not in taken and _says_something(one)),
        key=lambda one: (one.word not in _TEXTS, -one.characters, one.name),
    )
    return Looks(
        tuple(keys),
        tuple(one.name for one in names),
        tuple(one.name for one in texts),
        tuple(one.name for one in aliases),
        tuple(one.name for one in pictured if not _on_the_web(one)),
        tuple(one.name for one in pictured if _on_the_web(one)),
    )


def _keys(
    found: Sequence[Property], nodes: int, unique: Sequence[tuple[str, ...]]
) -> list[tuple[str, ...]]:
    """What may tell nodes apart: what a constraint says does, then what is called so."""
    whole = {
        one.name: one
        for one in found
        if one.there == nodes and one.different == nodes and {*one.types} <= _KEY_TYPES
    }
    everywhere = {one.name for one in found if one.there == nodes}
    said = sorted((key for key in unique if {*key} <= everywhere), key=len)
    called = sorted(
        (one for one in whole.values() if _like_a_key(one)),
        key=lambda one: (one.word not in _KEYS, one.characters, one.name),
    )
    others = sorted(
        (one for one in whole.values() if one.is_text and one.word in _NAMES),
        key=lambda one: one.name,
    )
    return list(dict.fromkeys([*said, *((one.name,) for one in [*called, *others])]))


def _like_a_key(one: Property) -> bool:
    ends = ("id", "key", "code", "uuid", "uri", "iri", "slug")
    return one.word in _KEYS or one.word.endswith(ends)


def _rank(one: Property) -> int:
    """How much a text is called like a name, the most 0; `_NONE`: not at all."""
    if one.word in _NAMES:
        return _NAMES.index(one.word)
    for name in ("name", "title", "label"):
        if one.word.endswith(name):
            return len(_NAMES) + ("name", "title", "label").index(name)
    return _NONE


def _says_something(one: Property) -> bool:
    if not one.is_text or (one.some and all(_ADDRESS.match(some) for some in one.some)):
        return False
    return one.word in _TEXTS or (one.characters >= _LONG and any(" " in s for s in one.some))


def _are_pictures(one: Property) -> bool:
    paths = [some.partition("?")[0] for some in one.some]
    return bool(paths) and sum(bool(_PICTURE.search(path)) for path in paths) * 2 > len(paths)


def _on_the_web(one: Property) -> bool:
    return any(_ADDRESS.match(some) for some in one.some)
