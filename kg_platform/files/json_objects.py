"""JSON lines: one object a line, and no key of it twice."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from kg_platform.files.lines import Unread, read_lines
from kg_platform.files.rows import SHOWN
from kg_platform.records import Rejection


class Doubled(dict[str, Any]):
    """An object in which a key stands more than once; `given` has every pair."""

    given: Sequence[tuple[str, Any]] = ()

    @property
    def twice(self) -> list[str]:
        """The keys that do, in order."""
        counted = Counter(key for key, _ in self.given)
        return [key for key, count in counted.items() if count > 1]


def read_objects(path: Path) -> Iterator[tuple[int, dict[str, Any] | Rejection]]:
    """(line number from 1, the object, or why there is none). A field that is not known, as a key
    stands twice, is a rejection of its own, and the object comes without it; where that field is
    its `id` it does not come. Blank lines are none.

    Raises:
        BadInput: as `read_lines`.
    """
    place = path.name
    doubled: list[Doubled] = []  # of the line that is read: nearly all lines have none

    def made(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        row = dict(pairs)
        if len(row) == len(pairs):
            return row
        doubled.append(Doubled(row))
        doubled[-1].given = pairs
        return doubled[-1]

    decode = json.JSONDecoder(object_pairs_hook=made).decode
    for number, line in read_lines(path):
        if isinstance(line, Unread):
            yield number, Rejection(place, number, "line", line.reason, line.shown)
            continue
        if not line.strip():
            continue
        doubled.clear()
        try:
            row = decode(line)
        except (ValueError, RecursionError) as error:
            reason = "not JSON" if isinstance(error, json.JSONDecodeError) else "not usable JSON"
            yield number, Rejection(place, number, "line", f"the line is {reason}", _shown(line))
            continue
        if not isinstance(row, dict):
            reason = "the line is not a JSON object"
            yield number, Rejection(place, number, "line", reason, _shown(line))
            continue
        if not doubled:
            yield number, row
            continue
        refused = [Rejection(place, number, *why) for why in _doubled(row)]
        yield from ((number, rejection) for rejection in refused)
        if any(rejection.field == "id" for rejection in refused):
            continue  # which entity it is about is not known
        for rejection in refused:
            del row[rejection.field]
        yield number, row


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


def _shown(line: str) -> str:
    return line[:SHOWN].rstrip("\r\n")
