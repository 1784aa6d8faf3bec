"""A first mapping, from the data: what each table is of, its key, names, texts, pictures, and what
leads from one table to another. It is written to be read and changed by a person."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ingest.mapping.naming import IS_KEY, LABELS, singular, type_of, word_of
from ingest.mapping.survey import TableLook, survey
from ingest.mapping.tables_of import InferredTable
from kg_platform.errors import BadInput
from kg_platform.progress import Progress, silent

_TEXTS = (
    "description", "abstract", "summary", "text", "plot", "overview", "comment", "bio",
    "biography", "notes", "content", "body",
)  # fmt: skip
_ALIASES = ("aliases", "alias", "aka", "synonyms", "other_names", "alternative_names")
_PLAIN = re.compile(r"[A-Za-z_][\w ]*")


def infer(tables: Mapping[str, InferredTable], source: str, on_progress: Progress = silent) -> str:
    """The mapping, as YAML with remarks.

    Raises:
        BadInput: none of them has a row.
    """
    looks = survey(tables, on_progress)
    if not looks:
        raise BadInput("No table has a row, so there is nothing to write a mapping from.")
    return "\n".join(_written(looks, source)) + "\n"


def _written(looks: Mapping[str, TableLook], source: str) -> Iterator[str]:
    yield "# Written from the data by `kg ingest --infer`: read it, change what is not meant, then"
    yield "# `kg ingest mapping.yaml --dry-run` shows what it loads. docs/mapping.md has all of it."
    yield f"source: {_text(source)}"
    yield "tables:"
    for name, one in looks.items():
        inside = ", ".join(f"{key}: {_text(value)}" for key, value in one.spec.items())
        yield f"  {_plain(name)}: {{{inside}}}  # {one.rows:,} rows"
    things = {name: one for name, one in looks.items() if not one.links}
    if things:
        yield "entities:"
        for name, one in things.items():
            yield from _entity(name, one, looks)
    relations = [line for name, one in looks.items() for line in _relations(name, one, looks)]
    if relations:
        yield "relations:"
        yield from relations


def _entity(name: str, one: TableLook, looks: Mapping[str, TableLook]) -> Iterator[str]:
    used: set[str] = set(one.key)
    kind = type_of(one.same or name)
    yield f"  - from: {_plain(name)}"
    why = "unique in every row" if one.key else "no column is unique: rows with one name are one"
    label = _find(one, LABELS, used) or _short_text(one, used)
    yield f"    id: {_text(_id(name, one, looks))}  # {why}"
    yield f"    type: {kind}"
    if label:
        yield f"    label: {_text(_place(label))}"
        used.add(label)
    text = _find(one, _TEXTS, used) or next(
        (c.name for c in one.columns.values() if c.is_long and c.name not in used), None
    )
    if text:
        yield f"    description: {_text(_place(text))}"
        used.add(text)
    if aliases := _find(one, _ALIASES, used):
        yield f"    aliases: {_text(_place(aliases, one.columns[aliases].call))}"
        used.add(aliases)
    for kind in ("image", "audio", "video"):
        media = [c.name for c in one.columns.values() if c.kind == kind and c.name not in used]
        if len(media) == 1:
            yield f"    {kind}: {_text(_place(media[0]))}"
        elif media:
            yield f"    {kind}: [{', '.join(_text(_place(name)) for name in media)}]"
        used.update(media)
    rest = [
        c
        for c in one.columns.values()
        if c.name not in used | set(one.leads) and c.kind not in ("empty", "objects")
    ]
    if rest:
        yield "    properties:"
        for column in rest:
            yield f"      {_property(column.name)}: {_text(_place(column.name, column.call))}"
    empty = [c.name for c in one.columns.values() if c.kind == "empty"]
    if empty:
        yield f"    # nothing stands in {', '.join(empty)}"
    nested = [c.name for c in one.columns.values() if c.kind == "objects"]
    if nested:
        said = ", ".join(nested)
        yield f"    # objects stand in {said}; `each: {nested[0]}` makes something of them"


def _relations(name: str, one: TableLook, looks: Mapping[str, TableLook]) -> Iterator[str]:
    if one.links:
        (head, first), (tail, second), *_ = one.leads.items()
        yield f"  - from: {_plain(name)}"
        yield f"    head: {_text(_end(head, one, first, looks))}"
        yield f"    type: {word_of(name).upper()}"
        yield f"    tail: {_text(_end(tail, one, second, looks))}"
        rest = [c for c in one.columns.values() if c.name not in (head, tail) and c.kind != "empty"]
        if rest:
            yield "    properties:"
            for its in rest:
                yield f"      {_property(its.name)}: {_text(_place(its.name, its.call))}"
        return
    for column, other in one.leads.items():
        kind = IS_KEY.sub("", word_of(column)) or singular(word_of(other))
        yield f"  - from: {_plain(name)}"
        yield f"    head: {_text(_id(name, one, looks))}"
        yield f"    type: {kind.upper()}"
        yield f"    tail: {_text(_end(column, one, other, looks))}"


def _id(name: str, one: TableLook, looks: Mapping[str, TableLook]) -> str:
    columns = one.key or tuple(filter(None, [_find(one, LABELS, set()) or next(iter(one.columns))]))
    places = "/".join(_place(column) for column in columns)
    return _prefix(name, one, looks) + places


def _end(column: str, one: TableLook, other: str, looks: Mapping[str, TableLook]) -> str:
    call = one.columns[column].call
    return _prefix(other, looks[other], looks) + _place(
        column, call if call.startswith("split") else ""
    )


def _prefix(name: str, one: TableLook, looks: Mapping[str, TableLook]) -> str:
    """What keeps keys of several tables apart; a single table with keys that say something needs
    none."""
    if one.same:
        return _prefix(one.same, looks[one.same], looks)
    numbers = bool(one.key) and one.columns[one.key[0]].kind == "number"
    return f"{singular(word_of(name))}/" if numbers or len(looks) > 1 or not one.key else ""


def _find(one: TableLook, words: Sequence[str], used: set[str]) -> str | None:
    """A column that is called so, otherwise one whose name has the word in it."""
    free = [c for c in one.columns.values() if c.name not in used and c.name not in one.leads]
    for word in words:
        for column in free:
            if word_of(column.name) == word and column.kind in ("text", "list"):
                return column.name
    for word in words:
        for column in free:
            if word in word_of(column.name).split("_") and column.kind == "text":
                return column.name
    return None


def _short_text(one: TableLook, used: set[str]) -> str | None:
    texts = [
        c
        for c in one.columns.values()
        if c.kind == "text" and not c.is_long and c.name not in used and c.name not in one.leads
    ]
    best = max(texts, key=lambda c: c.distinct, default=None)
    return best.name if best and best.distinct > one.rows / 2 else None


def _place(column: str, call: str = "") -> str:
    name = column if _PLAIN.fullmatch(column) else f"`{column}`"
    return f"{{{name} | {call}}}" if call and call != "text" else f"{{{name}}}"


def _property(name: str) -> str:
    word = re.sub(r"[^\w]+", "_", name.strip()).strip("_") or "value"
    if word.lower() in ("id", "source", "label", "type", "description", "aliases", "embedding"):
        word += "_given"
    return _plain(word)


def _plain(word: str) -> str:
    simple = re.fullmatch(r"[A-Za-z_]\w*", word) and word.lower() not in (
        "yes", "no", "on", "off", "true", "false", "null", "y", "n",
    )  # fmt: skip
    return word if simple else _text(word)


def _text(value: Any) -> str:
    """Text as YAML reads it back, whatever is in it."""
    return json.dumps(value, ensure_ascii=False)
