"""`entities.jsonl`: one JSON object a line, an entity each."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ingest.sources.lines import Unread, read_lines
from ingest.sources.rows import SHOWN
from kg_platform.records import Entity, MediaRef, Rejection


class Doubled(dict[str, Any]):
    """An object in which a key stands more than once; `given` has every pair."""

    given: Sequence[tuple[str, Any]] = ()

    @property
    def twice(self) -> list[str]:
        """The keys that do, in order."""
        counted = Counter(key for key, _ in self.given)
        return [key for key, count in counted.items() if count > 1]


def read_entities(path: Path) -> Iterator[Entity | Rejection]:
    """One JSON object a line. Values are passed on as they are: `validate` judges them."""
    place = path.name
    decode = json.JSONDecoder(object_pairs_hook=_object).decode
    for number, line in read_lines(path):
        if isinstance(line, Unread):
            yield Rejection(place, number, "line", line.reason, line.shown)
            continue
        if not line.strip():
            continue
        try:
            row = decode(line)
        except (ValueError, RecursionError) as error:
            reason = "not JSON" if isinstance(error, json.JSONDecodeError) else "not usable JSON"
            yield Rejection(place, number, "line", f"the line is {reason}", _shown(line))
            continue
        if not isinstance(row, dict):
            yield Rejection(place, number, "line", "the line is not a JSON object", _shown(line))
            continue
        refused = [Rejection(place, number, *why) for why in _doubled(row)]
        yield from refused
        if any(rejection.field == "id" for rejection in refused):
            continue  # which entity it is about is not known
        for rejection in refused:
            del row[rejection.field]
        yield _entity(row, place, number)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) == len(pairs):
        return made
    doubled = Doubled(made)
    doubled.given = pairs
    return doubled


def _doubled(row: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """(field, reason, value) of each field that is not known, as a key stands twice in the row or
    in what the field holds."""
    twice = row.twice if isinstance(row, Doubled) else []
    for key in twice:
        values = [value for name, value in row.given if name == key]  # type: ignore[attr-defined]
        yield key, "the key stands twice in this row; keep one of them", _json(*values)
    for key, value in row.items():
        if type(value) in (dict, list, Doubled) and key not in twice:
            inner = next(_twice_within(value), None)
            if inner is not None:
                reason = f'the key "{inner}" stands twice in it; keep one of them'
                yield key, reason, _json(value)


def _twice_within(value: Any) -> Iterator[str]:
    inside = [value]
    while inside:
        one = inside.pop()
        if isinstance(one, Doubled):
            yield from one.twice
        if isinstance(one, dict):
            inside.extend(one.values())
        elif isinstance(one, list):
            inside.extend(one)


def _json(*values: Any) -> str:
    text = ", ".join(json.dumps(value, ensure_ascii=False) for value in values)
    return text[:SHOWN].encode("utf-8", "backslashreplace").decode()


def _entity(row: dict[str, Any], place: str, number: int) -> Entity:
    images = [row.pop("image")] if row.get("image") is not None else []
    row.pop("image", None)
    more = row.pop("images", None)
    if more is not None:
        images.extend(more if isinstance(more, list) else [more])
    return Entity(
        id=row.pop("id", None),
        type=row.pop("type", None),
        label=row.pop("label", None),
        description=row.pop("description", None),
        aliases=row.pop("aliases", None),
        properties=row,
        media=tuple(MediaRef(location, rank=rank) for rank, location in enumerate(images)),
        source=place,
        line=number,
    )


def _shown(line: str) -> str:
    return line[:SHOWN].rstrip("\r\n")
