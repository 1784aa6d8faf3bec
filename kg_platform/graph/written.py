"""Dates, times, points and numbers as Cypher's `toString` writes them, of any year and zone."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from datetime import date as calendar_day
from zoneinfo import ZoneInfo

# The calendar comes again after 400 years.
_CYCLE_DAYS, _CYCLE_YEARS = 146_097, 400
_DAY = 86_400
_EPOCH = calendar_day(1970, 1, 1).toordinal()
# What is left of Python's years beside the zone's offset, in seconds since 1970.
_FIRST = (2 - _EPOCH) * _DAY
_LAST = (calendar_day.max.toordinal() - _EPOCH - 1) * _DAY
# How Java names a zone that is an offset from UTC.
_FIXED = re.compile(r"(?:UTC|GMT|UT)([+-])(\d\d?)(?::(\d\d))?(?::(\d\d))?")


def date(days: int) -> str:
    """The day so many days after 1970-01-01; years have four digits, later ones a sign, too."""
    cycle, day = divmod(days + _EPOCH - 1, _CYCLE_DAYS)
    shown = calendar_day.fromordinal(day + 1)
    year = shown.year + cycle * _CYCLE_YEARS
    sign = "-" if year < 0 else "+" if year > 9_999 else ""
    return f"{sign}{abs(year):04d}-{shown.month:02d}-{shown.day:02d}"


def time(nanoseconds: int, offset: int | None) -> str:
    """The time so long after midnight, with an offset from UTC in seconds, if it has one."""
    seconds, rest = divmod(nanoseconds, 10**9)
    fraction = f".{rest:09d}".rstrip("0") if rest else ""
    clock = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{fraction}"
    return clock if offset is None else clock + _offset(offset)


def local(seconds: int, nanoseconds: int) -> str:
    """Date and time so long after 1970-01-01T00:00."""
    days, clock = divmod(seconds, _DAY)
    return f"{date(days)}T{time(clock * 10**9 + nanoseconds, None)}"


def zoned(seconds: int, nanoseconds: int, zone: str | int) -> str:
    """The instant so long after 1970-01-01T00:00Z, in a zone: its name, or its seconds from UTC."""
    if isinstance(zone, int):
        return local(seconds + zone, nanoseconds) + _offset(zone)
    offset = _offset_of(zone, seconds)
    return f"{local(seconds + offset, nanoseconds)}{_offset(offset)}[{zone}]"


def point(coordinates: Sequence[float], crs: str) -> str:
    named = ", ".join(f"{n}: {_double(c)}" for n, c in zip("xyz", coordinates, strict=False))
    return f"point({{{named}, crs: '{crs}'}})"


def number(value: float) -> str:
    """A number with all its digits; what is none as Cypher names it."""
    if math.isfinite(value):
        return repr(value)
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _double(value: float) -> str:
    if not math.isfinite(value) or value == 0 or 1e-3 <= abs(value) < 1e7:
        return number(value)
    digits, _, exponent = f"{value:.16e}".partition("e")
    for precision in range(17):  # the fewest digits that say which number it is
        short = f"{value:.{precision}e}"
        if float(short) == value:
            digits, _, exponent = short.partition("e")
            break
    return f"{digits}{'' if '.' in digits else '.0'}E{int(exponent)}"


def _offset(seconds: int) -> str:
    if not seconds:
        return "Z"
    size = abs(seconds)
    rest = f":{size % 60:02d}" if size % 60 else ""
    return f"{'-' if seconds < 0 else '+'}{size // 3600:02d}:{size // 60 % 60:02d}{rest}"


def _offset_of(name: str, seconds: int) -> int:
    """The zone's seconds from UTC at an instant; 0 for a zone that is not known here."""
    if fixed := _FIXED.fullmatch(name):
        hours, minutes, rest = (int(part or 0) for part in fixed.groups()[1:])
        size = hours * 3600 + minutes * 60 + rest
        return -size if fixed[1] == "-" else size
    try:
        zone = ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        return 0
    if seconds > _LAST:  # the rules of a zone come again with the calendar
        cycles = -(-(seconds - _LAST) // (_CYCLE_DAYS * _DAY))
        seconds -= cycles * _CYCLE_DAYS * _DAY
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=max(seconds, _FIRST))
    offset = at.astimezone(zone).utcoffset()
    return int(offset.total_seconds()) if offset else 0
