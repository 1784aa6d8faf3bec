"""Is the first row of three columns a header or a fact, and which column is which?

A header names both ends by words that belong together (head and tail, source and target, ...) and
the relation by one of its words, in any order. Everything else is a fact. What somebody may have
meant otherwise is said.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import permutations
from typing import NamedTuple

from kg_platform.errors import BadInput

_ENDS = {
    "head": "tail", "subject": "object", "source": "target", "from": "to", "start": "end",
    "src": "dst", "subj": "obj",
}  # fmt: skip
_RELATION = {
    "relation", "rel", "relationship", "predicate", "pred", "property", "type", "edge",
    "relation_type", "relationship_type", "rel_type", "edge_type",
}  # fmt: skip
# Written down as headers since the first version, so they need no word.
_USUAL = (
    ["head", "relation", "tail"],
    ["subject", "predicate", "object"],
    ["source", "relation", "target"],
)
_WORDS = {*_ENDS, *_ENDS.values(), *_RELATION}
_GROUP = re.compile(r"\([^)]*\)$")  # `:START_ID(Person)`


class TripleColumns(NamedTuple):
    """Where head, relation and tail stand; the header that says so, if there is one; and what a
    person should know of it."""

    head: int = 0
    relation: int = 1
    tail: int = 2
    header: tuple[str, ...] | None = None
    note: str = ""


def columns_of(row: Sequence[str], place: str, *, usually_named: bool) -> TripleColumns:
    """What the first row of a file says of its columns. `usually_named`: such files have a header
    as a rule, so one that has none is worth a word.

    Raises:
        BadInput: it names both ends and no relation, so that no row can be read.
    """
    words = [_word(cell) for cell in row]
    if len(row) != 3:
        return TripleColumns()
    shown = ", ".join(row)
    for head, relation, tail in permutations(range(3)):
        if _ENDS.get(words[head]) != words[tail]:
            continue
        if words[relation] in _RELATION:
            said = f"{place}: its first line names the columns {shown}; they are read by name."
            usual = words in _USUAL
            return TripleColumns(head, relation, tail, tuple(row), "" if usual else said)
        if (head, tail) != (0, 2):
            raise BadInput(
                f"{place} names the columns {shown}, and none of them is the relation; name that "
                "one `relation`."
            )
    if usually_named or not _WORDS.isdisjoint(words):
        return TripleColumns(
            note=f"{place}: its first line ({shown}) is read as a triple; if it names the columns, "
            "call them head, relation and tail."
        )
    return TripleColumns()


def _word(cell: str) -> str:
    word = _GROUP.sub("", cell.strip().lower()).removeprefix(":")
    word = word.replace(" ", "_").replace("-", "_")
    return word.removesuffix("_id")
