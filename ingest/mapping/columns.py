"""What the values of a column look like: their kind, how they are written, whether they tell rows
apart. From a sample; what only all rows can tell is asked of all rows (`survey.py`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import PurePosixPath
from statistics import fmean
from typing import Any

from ingest.mapping.functions import FUNCTIONS, Unusable
from kg_platform.files.names import MEDIA
from kg_platform.records import HeldMedium

SEPARATORS = ("|", ";", ",")
# Ways of writing a date, besides the one of ISO 8601; the first that fits every value is taken.
DATES = ("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%d %B %Y", "%B %d, %Y")
_CODE = re.compile(r"0\d+")  # 007 is a name, not a number
_LONG = 60  # letters on average: a text to read, not a name
_ITEM = 40  # letters of an item of a list, at most
_SHARE = 0.2  # of values that hold the separator


@dataclass(frozen=True)
class ColumnLook:
    """A column of a sample. `call` is what an expression does to its values, such as
    `integer` or `split('|')`; `share` how many rows have one, 0 to 1."""

    name: str
    kind: str  # text, number, boolean, date, list, objects, image, audio, video, address, empty
    call: str
    share: float
    distinct: int
    filled: int
    length: float

    @property
    def may_be_key(self) -> bool:
        return (
            self.kind in ("text", "number", "address")
            and self.share == 1.0
            and self.distinct == self.filled
        )

    @property
    def is_long(self) -> bool:
        return self.kind == "text" and self.length > _LONG


def look(name: str, values: Sequence[Any]) -> ColumnLook:
    """What a sample of a column's values is."""
    there = [value for value in values if not _nothing(value)]
    if not there:
        return ColumnLook(name, "empty", "", 0.0, 0, 0, 0.0)
    kind, call = _kind(there)
    texts = [value if isinstance(value, str) else repr(value) for value in there]
    return ColumnLook(
        name,
        kind,
        call,
        len(there) / len(values),
        len(set(texts)),
        len(there),
        fmean(map(len, texts)),
    )


def _nothing(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _kind(values: Sequence[Any]) -> tuple[str, str]:
    kinds = {type(value) for value in values}
    if kinds <= {bool}:
        return "boolean", ""
    if kinds <= {int, float, Decimal}:
        return "number", ""
    if kinds <= {date, datetime, time}:
        return "date", ""
    if kinds <= {list}:
        inside = [item for value in values for item in value]
        if inside and all(isinstance(one, HeldMedium) for one in inside):
            return inside[0].kind, ""
        return ("objects", "") if any(isinstance(one, dict) for one in inside) else ("list", "")
    if kinds <= {HeldMedium}:
        return values[0].kind, ""
    if not kinds <= {str}:
        return "text", "text" if kinds <= {str, int, float, bool} else ""
    return _of_texts([value.strip() for value in values])


def _of_texts(texts: Sequence[str]) -> tuple[str, str]:
    media = {MEDIA.get(PurePosixPath(text).suffix.lower()) for text in texts}
    if None not in media and len(media) == 1:
        return media.pop() or "text", ""
    if all(text.startswith(("http://", "https://")) for text in texts):
        return "address", ""
    if not any(_CODE.fullmatch(text) for text in texts):
        for call in ("integer", "number", "number('de')", "number('fr')"):
            if _fits(call, texts):
                return "number", call
    if {text.lower() for text in texts} <= {"true", "false", "yes", "no"}:
        return "boolean", "boolean"
    if _fits("date", texts):
        return "date", "date"
    if _fits("datetime", texts):
        return "date", "datetime"
    for form in DATES:
        if _fits(f"date('{form}')", texts):
            return "date", f"date('{form}')"
    for sign in SEPARATORS:
        having = [text for text in texts if sign in text]
        if len(having) < _SHARE * len(texts):
            continue
        items = [item.strip() for text in having for item in text.split(sign)]
        # Prose has commas too: a list's items are short, and many of them come again.
        short = all(0 < len(item) <= _ITEM for item in items)
        if short and (sign != "," or len(set(items)) < len(items) / 2):
            return "list", f"split('{sign}')"
    return "text", ""


def _fits(call: str, texts: Sequence[str]) -> bool:
    name, _, rest = call.partition("(")
    arguments = [rest.rstrip(")").strip("'")] if rest else []
    run: Callable[..., Any] = FUNCTIONS[name].run
    for text in texts:
        try:
            run(text, *arguments)
        except (Unusable, ValueError):
            return False
    return True
