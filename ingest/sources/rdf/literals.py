"""Typed literals as Python values: what XML Schema says a text of a datatype means."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import NamedTuple

from kg_platform.records import Scalar

XSD = "http://www.w3.org/2001/XMLSchema#"
STRING = XSD + "string"

_ZONE = r"(?P<zone>Z|[+-](?:0\d|1[0-3]):[0-5]\d|[+-]14:00)?"
_YEAR = r"-?(?:[1-9]\d{3,}|0\d{3})"
_DAY = rf"(?P<year>{_YEAR})-(?P<month>0[1-9]|1[0-2])-(?P<day>0[1-9]|[12]\d|3[01])"
_CLOCK = (
    r"(?:(?P<hour>[01]\d|2[0-3]):(?P<minute>[0-5]\d):(?P<second>[0-5]\d)(?:\.(?P<part>\d+))?"
    r"|(?P<midnight>24:00:00(?:\.0+)?))"
)
_DATE = re.compile(_DAY + _ZONE, re.ASCII)
_MOMENT = re.compile(f"{_DAY}T{_CLOCK}{_ZONE}", re.ASCII)
_TIME = re.compile(_CLOCK + _ZONE, re.ASCII)
_YEARS = re.compile(f"(?P<year>{_YEAR}){_ZONE}", re.ASCII)
_DURATION = re.compile(
    r"(?P<sign>-)?P(?=\d|T\d)(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<days>\d+)D)?"
    r"(?:T(?=\d)(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?"
    r"(?:(?P<seconds>\d+)(?:\.(?P<part>\d+))?S)?)?",
    re.ASCII,
)
_WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)", re.ASCII)
_DOUBLE = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_SPACES = "\t\n\r "
_MAX_DIGITS = 40  # of a whole number that is worth turning into one: Neo4j holds 19
_MONTH_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

BEYOND = "out of the graph's range, so kept as text"
FINER = "finer than a microsecond, so kept as text"
MONTHS = "with months or years, which are of no fixed length, so kept as text"
NO_ZONE = "the time zone of a day is left out"


class NotSaid(ValueError):
    """The text is none of its datatype."""


class Meaning(NamedTuple):
    """A value, and what a person should know of how it is kept ('': nothing)."""

    value: Scalar
    note: str = ""


Reader = Callable[[str], Meaning]


def reader(datatype: str) -> Reader | None:
    """What reads texts of a datatype; None: they are texts."""
    return _READERS.get(datatype.removeprefix(XSD)) if datatype.startswith(XSD) else None


def _whole(low: int | None, high: int | None) -> Reader:
    def read(text: str) -> Meaning:
        if text.isdigit() and text.isascii() and len(text) < 19:  # most of them
            value = int(text)
        else:
            text = text.strip(_SPACES)
            _match(_WHOLE, text)
            digits, negative = text.lstrip("+-0") or "0", text.startswith("-")
            if len(digits) > _MAX_DIGITS:
                if (low if negative else high) is not None:
                    raise NotSaid
                return Meaning(text, BEYOND)
            value = -int(digits) if negative else int(digits)
        if (low is not None and value < low) or (high is not None and value > high):
            raise NotSaid
        return Meaning(value) if -(2**63) <= value < 2**63 else Meaning(text, BEYOND)

    return read


def _decimal(text: str) -> Meaning:
    text = text.strip(_SPACES)
    _match(_DECIMAL, text)
    value = float(text)
    return Meaning(value) if math.isfinite(value) else Meaning(text, BEYOND)


def _double(text: str) -> Meaning:
    text = text.strip(_SPACES)
    if text in ("INF", "+INF", "-INF", "NaN"):
        return Meaning(text, BEYOND)
    _match(_DOUBLE, text)
    value = float(text)
    return Meaning(value) if math.isfinite(value) else Meaning(text, BEYOND)


def _boolean(text: str) -> Meaning:
    match text.strip(_SPACES):
        case "true" | "1":
            return Meaning(True)
        case "false" | "0":
            return Meaning(False)
    raise NotSaid


def _date(text: str) -> Meaning:
    if len(text) == 10 and text[4] == text[7] == "-":  # most of them
        try:
            return Meaning(date.fromisoformat(text))
        except ValueError:
            pass  # for the reason that is found below
    text = text.strip(_SPACES)
    found = _match(_DATE, text)
    day = _day(found)
    return Meaning(text, BEYOND) if day is None else Meaning(day, NO_ZONE if found["zone"] else "")


def _moment(text: str) -> Meaning:
    text = text.strip(_SPACES)
    found = _match(_MOMENT, text)
    day, clock = _day(found), _clock(found)
    if day is None or clock is None:
        return Meaning(text, FINER if day else BEYOND)
    moment = datetime.combine(day, clock)
    if found["midnight"]:
        if day == date.max:
            return Meaning(text, BEYOND)
        moment += timedelta(days=1)
    return Meaning(moment)


def _stamp(text: str) -> Meaning:
    if not _match(_MOMENT, text.strip(_SPACES))["zone"]:
        raise NotSaid
    return _moment(text)


def _time(text: str) -> Meaning:
    text = text.strip(_SPACES)
    clock = _clock(_match(_TIME, text))
    return Meaning(text, FINER) if clock is None else Meaning(clock)


def _year(text: str) -> Meaning:
    text = text.strip(_SPACES)
    found = _match(_YEARS, text)
    if len(found["year"]) > _MAX_DIGITS or not -(2**63) <= int(found["year"]) < 2**63:
        return Meaning(text, BEYOND)
    return Meaning(int(found["year"]), NO_ZONE if found["zone"] else "")


def _duration(text: str, allowed: str) -> Meaning:
    text = text.strip(_SPACES)
    found = _match(_DURATION, text)
    calendar = [found[unit] for unit in ("years", "months")]
    clock = [found[unit] for unit in ("days", "hours", "minutes", "seconds")]
    if ("c" not in allowed and any(calendar)) or ("d" not in allowed and any(clock)):
        raise NotSaid
    if any(part and part.strip("0") for part in calendar):
        return Meaning(text, MONTHS)
    part = _microseconds(found["part"])
    if part is None:
        return Meaning(text, FINER)
    if any(len(each.lstrip("0")) > _MAX_DIGITS for each in clock if each):
        return Meaning(text, BEYOND)
    days, hours, minutes, seconds = (int(each or 0) for each in clock)
    try:
        length = timedelta(
            days=days, hours=hours, minutes=minutes, seconds=seconds, microseconds=part
        )
    except OverflowError:
        return Meaning(text, BEYOND)
    return Meaning(-length if found["sign"] else length)


def _kept(pattern: str) -> Reader:
    """Text that only has to be one of its datatype."""
    compiled = re.compile(pattern, re.ASCII)

    def read(text: str) -> Meaning:
        text = text.strip(_SPACES)
        _match(compiled, text)
        return Meaning(text)

    return read


def _match(pattern: re.Pattern[str], text: str) -> re.Match[str]:
    found = pattern.fullmatch(text)
    if found is None:
        raise NotSaid
    return found


def _day(found: re.Match[str]) -> date | None:
    """None: Python's years do not go so far."""
    year, month, day = found["year"], int(found["month"]), int(found["day"])
    if len(year) == 4 and year != "0000":
        try:
            return date(int(year), month, day)
        except ValueError as error:
            raise NotSaid from error
    if day > _MONTH_DAYS[month - 1]:
        raise NotSaid
    if (month, day) == (2, 29):  # years repeat every 400
        last = int(year[-4:]) % 400
        if last % 4 or (last % 100 == 0 and last):
            raise NotSaid
    return None


def _clock(found: re.Match[str]) -> time | None:
    """None: finer than Python's times."""
    zone = _zone(found["zone"])
    if found["midnight"]:
        return time(0, tzinfo=zone)
    part = _microseconds(found["part"])
    if part is None:
        return None
    return time(int(found["hour"]), int(found["minute"]), int(found["second"]), part, zone)


def _microseconds(part: str | None) -> int | None:
    digits = (part or "").rstrip("0")
    return None if len(digits) > 6 else int(digits.ljust(6, "0"))


def _zone(text: str | None) -> timezone | None:
    if text is None:
        return None
    if text == "Z":
        return UTC
    offset = timedelta(hours=int(text[1:3]), minutes=int(text[4:]))
    return timezone(-offset if text[0] == "-" else offset)


_READERS: dict[str, Reader] = {
    "integer": _whole(None, None),
    "long": _whole(-(2**63), 2**63 - 1),
    "int": _whole(-(2**31), 2**31 - 1),
    "short": _whole(-(2**15), 2**15 - 1),
    "byte": _whole(-(2**7), 2**7 - 1),
    "nonNegativeInteger": _whole(0, None),
    "positiveInteger": _whole(1, None),
    "nonPositiveInteger": _whole(None, 0),
    "negativeInteger": _whole(None, -1),
    "unsignedLong": _whole(0, 2**64 - 1),
    "unsignedInt": _whole(0, 2**32 - 1),
    "unsignedShort": _whole(0, 2**16 - 1),
    "unsignedByte": _whole(0, 2**8 - 1),
    "decimal": _decimal,
    "double": _double,
    "float": _double,
    "boolean": _boolean,
    "date": _date,
    "dateTime": _moment,
    "dateTimeStamp": _stamp,
    "time": _time,
    "gYear": _year,
    "duration": lambda text: _duration(text, "cd"),
    "dayTimeDuration": lambda text: _duration(text, "d"),
    "yearMonthDuration": lambda text: _duration(text, "c"),
    "gYearMonth": _kept(f"{_YEAR}-(?:0[1-9]|1[0-2]){_ZONE}"),
    "gMonthDay": _kept(rf"--(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01]){_ZONE}"),
    "gMonth": _kept(f"--(?:0[1-9]|1[0-2]){_ZONE}"),
    "gDay": _kept(rf"---(?:0[1-9]|[12]\d|3[01]){_ZONE}"),
    "hexBinary": _kept(r"(?:[0-9a-fA-F]{2})*"),
}
