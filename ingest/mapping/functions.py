"""The functions of an expression: pure, a fixed list, of one value each.

No code of a mapping is ever run: what is not in `FUNCTIONS` does not exist. A function gets a value
that is there, never None, and raises `Unusable` where it can make nothing of it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote

_WHOLE = re.compile(r"[+-]?\d+")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
# What stands between thousands, and before decimals.
_LOCALES = {
    "en": (",", "."),
    "de": (".", ","),
    "fr": (" ", ","),
    "ch": ("'", "."),
}
_SPACES = ("\u00a0", "\u202f", "\u2009")
_YES = {"true", "yes", "y", "1", "on", "t"}
_NO = {"false", "no", "n", "0", "off", "f"}
_DATES = ("%Y-%m-%d", "%Y%m%d", "%Y/%m/%d")


class Unusable(ValueError):
    """A function cannot make anything of this value; the text ends a sentence."""


@dataclass(frozen=True, slots=True)
class Function:
    """What it does, for people; how many arguments it takes; whether it wants a list whole, and not
    each of its items."""

    run: Callable[..., Any]
    says: str
    least: int = 0
    most: int = 0
    whole: bool = False


def text_of(value: Any) -> str:
    """A value as a template writes it: whole decimals without their `.0`, dates as ISO 8601."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, dict | list):
        raise Unusable("is a list or an object, of which no text can be made; name a field of it")
    return str(value)


def _number(value: Any, locale: str = "en") -> int | float:
    if isinstance(value, bool):
        raise Unusable("is true or false, not a number")
    if isinstance(value, int):
        return value
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, float):
        return value
    if locale not in _LOCALES:
        raise Unusable(f"cannot be read as {locale!r} writes numbers; known are {_known()}")
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        return int(value)  # most are, and this is quick
    thousands, point = _LOCALES[locale]
    text = text_of(value).strip().replace("\u2212", "-")
    for space in _SPACES:
        text = text.replace(space, " ")
    text = text.replace("\u2019", "'")
    whole, _, rest = text.partition(point)
    if thousands in rest:
        raise Unusable(f"is not a number as {locale!r} writes them")
    if thousands in whole:
        digits = whole.lstrip("+-").split(thousands)
        if not 0 < len(digits[0]) <= 3 or any(len(part) != 3 for part in digits[1:]):
            raise Unusable(f"is not a number as {locale!r} writes them")
        whole = whole.replace(thousands, "")
    plain = whole + ("." + rest if point in text else "")
    if not plain.isascii() or not _NUMBER.fullmatch(plain):
        raise Unusable(f"is not a number as {locale!r} writes them")
    if _WHOLE.fullmatch(plain):
        return int(plain)
    number = float(plain)
    if not math.isfinite(number):
        raise Unusable("is beyond the numbers that can be stored")
    return number


def _known() -> str:
    return ", ".join(_LOCALES)


def _integer(value: Any, locale: str = "en") -> int:
    number = _number(value, locale)
    if isinstance(number, float):
        if not number.is_integer():
            raise Unusable("is not a whole number")
        number = int(number)
    return number


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    word = text_of(value).strip().lower()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise Unusable("is neither yes nor no (true, false, 1, 0, on, off)")


def _date(value: Any, *formats: str) -> date:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    text = text_of(value).strip()
    for form in formats or _DATES:
        try:
            return datetime.strptime(text, form).date()
        except ValueError:
            continue
    raise Unusable(f"is not a date ({' or '.join(formats or ('2026-11-29',))})")


def _datetime(value: Any, *formats: str) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    text = text_of(value).strip()
    for form in formats:
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    if not formats:
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            pass
    raise Unusable(f"is not a time ({' or '.join(formats or ('2026-11-29T12:00:00',))})")


def _split(value: Any, separator: str) -> list[Any]:
    if isinstance(value, list):
        return value
    if not separator:
        raise Unusable("cannot be split at nothing; give split a separator")
    return [part for item in text_of(value).split(separator) if (part := item.strip())]


def _join(value: Any, separator: str = ", ") -> str:
    items = value if isinstance(value, list) else [value]
    return separator.join(text_of(item) for item in items if item is not None)


def _first(value: Any) -> Any:
    return _item(value, 0)


def _last(value: Any) -> Any:
    return _item(value, -1)


def _item(value: Any, at: int) -> Any:
    items = value if isinstance(value, list) else [value]
    return items[at] if -len(items) <= at < len(items) else None


def _text(run: Callable[..., Any]) -> Callable[..., Any]:
    return lambda value, *arguments: run(text_of(value), *arguments)


def _slug(text: str) -> str:
    """A text that can stand in an id or an address: other signs become `_` and percent codes."""
    return quote(re.sub(r"\s+", "_", text.strip()), safe="")


FUNCTIONS: dict[str, Function] = {
    "lower": Function(_text(str.lower), "in small letters"),
    "upper": Function(_text(str.upper), "in capital letters"),
    "trim": Function(_text(str.strip), "without spaces around it"),
    "squeeze": Function(
        _text(lambda text: re.sub(r"\s+", " ", text).strip()), "with single spaces inside"
    ),
    "replace": Function(
        _text(lambda text, old, new: text.replace(str(old), str(new))),
        "replace('a', 'b'): b wherever a stands",
        2, 2,
    ),
    "prefix": Function(
        _text(lambda text, length: text[: int(length)]), "prefix(3): its first letters", 1, 1
    ),
    "slug": Function(_text(_slug), "fit for an id or an address"),
    "text": Function(text_of, "as text"),
    "number": Function(
        _number, "a number; number('de') reads 1.234,5 (en, de, fr, ch)", 0, 1
    ),
    "integer": Function(_integer, "a whole number, as number", 0, 1),
    "boolean": Function(_boolean, "true or false"),
    "date": Function(_date, "a date; date('%d.%m.%Y') says how it is written", 0, 9),
    "datetime": Function(_datetime, "a date with a time, as date", 0, 9),
    "split": Function(_split, "split('|'): a list", 1, 1, whole=True),
    "join": Function(_join, "join(', '): a list as one text", 0, 1, whole=True),
    "first": Function(_first, "the first of a list", whole=True),
    "last": Function(_last, "the last of a list", whole=True),
    "item": Function(_item, "item(0): one of a list, counted from 0", 1, 1, whole=True),
    "concat": Function(
        lambda value, *more: "".join(map(text_of, (value, *more))),
        "concat(' ', surname): texts and columns put together",
        1, 20,
    ),
}  # fmt: skip
# These two look at what is not a single value, so `expressions` has them itself.
SPECIAL: dict[str, Function] = {
    "default": Function(_first, "default('x'): x where there is nothing", 1, 1),
    "lookup": Function(
        _first, "lookup('table'): what the mapping's lookup of that name has for it", 1, 2
    ),
}


def described() -> Sequence[tuple[str, str]]:
    """(name, what it does) of every function, for help and documentation."""
    return [(name, one.says) for name, one in (FUNCTIONS | SPECIAL).items()]
