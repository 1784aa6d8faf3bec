"""One row of JSON: an object that says one thing, or the reason why it is none.

Python's reader lets pass what no other does: a key twice (the last wins), NaN, numbers that become
infinite, halves of characters. Here each of these is a reason.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

from kg_platform.files.lines import is_whole

MAX_DEPTH = 100  # of lists and objects in each other; what works on values goes down as deep
_HALF = re.compile(r"\\u[dD][89a-fA-F]")


class Refused(ValueError):
    """A value that JSON has no meaning for; the text is the reason."""


def decoder() -> json.JSONDecoder:
    """A decoder that raises `Refused`."""
    return json.JSONDecoder(
        object_pairs_hook=_object, parse_constant=_constant, parse_float=_number
    )


def reason_of(error: ValueError | RecursionError) -> str:
    """Why a text could not be read, as it ends a sentence of a rejection."""
    if isinstance(error, Refused):
        return str(error)
    if isinstance(error, RecursionError):
        return _too_deep()
    if isinstance(error, json.JSONDecodeError):
        return f"the row is not JSON ({error.msg} at column {error.colno})"
    return "the row has a number of too many digits"


def checked(row: Any, text: str) -> dict[str, Any]:
    """The row, when it is an object that can be used. `text` is what it was read from.

    Raises:
        Refused: it is none.
    """
    if not isinstance(row, dict):
        raise Refused("the row is not a JSON object")
    if text.count("[") + text.count("{") > MAX_DEPTH and _depth(row) > MAX_DEPTH:
        raise Refused(_too_deep())
    if _HALF.search(text) and not is_whole(json.dumps(row, ensure_ascii=False)):
        raise Refused("the row has half of a character (a lone surrogate)")
    return row


def _too_deep() -> str:
    return f"the row has more than {MAX_DEPTH} lists and objects in each other"


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise Refused(f'the key "{key}" stands twice in one object; keep one of them')
            seen.add(key)
    return made


def _constant(text: str) -> Any:
    raise Refused(f"{text} is no number of JSON; leave the key out, or write null")


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise Refused(f"{text[:20]} is beyond the numbers that can be stored")
    return number


def _depth(row: Any) -> int:
    depth, level = 0, [row]
    while level:
        depth += 1
        below: list[Any] = []
        for one in level:
            inside = one.values() if isinstance(one, dict) else one
            below += [value for value in inside if isinstance(value, dict | list)]
        level = below
    return depth
