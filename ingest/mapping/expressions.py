"""Expressions of a mapping: text with placeholders, and what is done to each value in turn.

    film/{id}                        text around a column
    {year | integer}                 a value of its own kind, when nothing stands around it
    {Full Name | trim | split(';')}  columns may have spaces; functions follow one another
    {address.city}  {cast[0].name}   into objects and lists

A column that is not there or holds nothing makes the whole expression nothing, unless `default`
gives something. Where a placeholder is a list, text around it is put around each item.

Grammar: `{` column (`|` name (`(` argument, ... `)`)?)* `}`; an argument is 'text', a number, true,
false or a column. `{{` and `}}` are braces. A column whose name holds one of `|{}'"` stands in
backticks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ingest.mapping.functions import FUNCTIONS, SPECIAL, Unusable, text_of
from kg_platform.errors import BadInput

Lookups = Mapping[str, Mapping[str, Any]]
_PLAIN = re.compile(r"[^|{}`'\"]+")
_CALL = re.compile(r"\s*([A-Za-z_]\w*)\s*(\()?")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?(?=\s*[,)])")
_BARE = re.compile(r"[^,()'\"`{}|]+")
_STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]")
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Column:
    """A field of the row; `steps` lead into what it holds where no field has the whole name."""

    name: str
    steps: tuple[str | int, ...]

    def of(self, row: Mapping[str, Any]) -> Any:
        if self.name in row:
            return row[self.name]
        return _walk(row, self.steps)


@dataclass(frozen=True, slots=True)
class Call:
    """A function with its arguments."""

    name: str
    arguments: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A column, and what is done to its value in turn."""

    column: Column
    calls: tuple[Call, ...]

    def of(self, row: Mapping[str, Any], lookups: Lookups) -> Any:
        """The value for this row; None where there is nothing.

        Raises:
            Unusable: a function can make nothing of it.
        """
        value = _blank(self.column.of(row))
        for call in self.calls:
            if call.name == "default":
                if value is None:
                    (given,) = call.arguments
                    value = given.of(row) if isinstance(given, Column) else given
                continue
            if value is None:
                return None
            arguments = [
                given.of(row) if isinstance(given, Column) else given for given in call.arguments
            ]
            if any(given is None for given in arguments):
                return None
            value = _blank(_done(call.name, value, arguments, lookups))
        return value


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression that was read; `text` is how it was written. A number, a date, true or false
    that stands in a mapping as it is, is its own value: the only part."""

    text: str
    parts: tuple[Any, ...]

    def of(self, row: Mapping[str, Any], lookups: Lookups) -> Any:
        """The value for this row: of its own kind, or text where text stands around it; None where
        a part of it is nothing; a list where a part is one.

        Raises:
            Unusable: a function can make nothing of a value.
        """
        if len(self.parts) == 1:
            (only,) = self.parts
            return only.of(row, lookups) if isinstance(only, Placeholder) else only
        texts: list[str] | None = None  # of each item, once a part is a list
        text = ""
        for part in self.parts:
            value = part.of(row, lookups) if isinstance(part, Placeholder) else part
            if value is None:
                return None
            if isinstance(value, list):
                items = [text_of(item) for item in value if item is not None]
                before = [text] if texts is None else texts
                texts = [one + item for one in before for item in items]
            elif texts is None:
                text += text_of(value)
            else:
                texts = [one + text_of(value) for one in texts]
        return text if texts is None else texts

    def columns(self) -> Iterator[Column]:
        """Every column it names."""
        for part in self.parts:
            if isinstance(part, Placeholder):
                yield part.column
                for call in part.calls:
                    yield from (one for one in call.arguments if isinstance(one, Column))

    def lookups(self) -> Iterator[str]:
        """Every lookup it names."""
        for part in self.parts:
            if isinstance(part, Placeholder):
                yield from (call.arguments[0] for call in part.calls if call.name == "lookup")


def parse(text: str) -> Expression:
    """Read an expression.

    Raises:
        BadInput: it does not keep to the grammar, or names a function that does not exist.
    """
    parts: list[str | Placeholder] = []
    literal, at = "", 0
    while at < len(text):
        sign = text[at]
        if text.startswith(("{{", "}}"), at):
            literal += sign
            at += 2
        elif sign == "{":
            if literal:
                parts.append(literal)
                literal = ""
            placeholder, at = _placeholder(text, at)
            parts.append(placeholder)
        elif sign == "}":
            raise _bad(text, at, "a } closes nothing; write }} for a brace")
        else:
            literal += sign
            at += 1
    if literal or not parts:
        parts.append(literal)
    return Expression(text, tuple(parts))


def column_of(name: str) -> Column:
    """A column by the name that stands in a mapping."""
    steps: list[str | int] = []
    for found in _STEP.finditer(name):
        steps.append(found.group(1) if found.group(1) is not None else int(found.group(2)))
    return Column(name, tuple(steps))


def _placeholder(text: str, at: int) -> tuple[Placeholder, int]:
    start, at = at, at + 1
    name, at = _name(text, at)
    calls: list[Call] = []
    while at < len(text) and text[at] == "|":
        call, at = _call(text, at + 1)
        calls.append(call)
    if at >= len(text) or text[at] != "}":
        raise _bad(text, start, "the placeholder is not closed; end it with }")
    return Placeholder(column_of(name), tuple(calls)), at + 1


def _name(text: str, at: int) -> tuple[str, int]:
    while text.startswith(" ", at):
        at += 1
    if text.startswith("`", at):
        end = text.find("`", at + 1)
        if end < 0:
            raise _bad(text, at, "the backtick is not closed")
        name, at = text[at + 1 : end], end + 1
        while text.startswith(" ", at):
            at += 1
    else:
        found = _PLAIN.match(text, at)
        name = found.group().strip() if found else ""
        at = found.end() if found else at
    if not name:
        raise _bad(text, at, "a column's name is missing")
    return name, at


def _call(text: str, at: int) -> tuple[Call, int]:
    found = _CALL.match(text, at)
    if found is None:
        raise _bad(text, at, "a function's name is missing after |")
    name, at = found.group(1), found.end()
    known = FUNCTIONS.get(name) or SPECIAL.get(name)
    if known is None:
        names = ", ".join([*FUNCTIONS, *SPECIAL])
        raise _bad(text, found.start(1), f"there is no function {name!r}; there are {names}")
    arguments: list[Any] = []
    if found.group(2):
        arguments, at = _arguments(text, at)
    if not known.least <= len(arguments) <= known.most:
        raise _bad(
            text,
            found.start(1),
            f"{name} takes {_count(known.least, known.most)}, not {len(arguments)}: {known.says}",
        )
    while text.startswith(" ", at):
        at += 1
    return Call(name, tuple(arguments)), at


def _arguments(text: str, at: int) -> tuple[list[Any], int]:
    start = at
    found: list[Any] = []
    while True:
        while text.startswith(" ", at):
            at += 1
        if text.startswith(")", at) and not found:
            return found, at + 1
        value, at = _argument(text, at)
        found.append(value)
        while text.startswith(" ", at):
            at += 1
        if text.startswith(",", at):
            at += 1
        elif text.startswith(")", at):
            return found, at + 1
        else:
            raise _bad(
                text, start, "the arguments are not closed; separate them by , and end with )"
            )


def _argument(text: str, at: int) -> tuple[Any, int]:
    sign = text[at : at + 1]
    if sign in ("'", '"'):
        end = text.find(sign, at + 1)
        if end < 0:
            raise _bad(text, at, "the quote is not closed")
        return text[at + 1 : end], end + 1
    if number := _NUMBER.match(text, at):
        written = number.group()
        return (float(written) if "." in written else int(written)), number.end()
    if sign == "`":
        name, at = _name(text, at)
        return column_of(name), at
    bare = _BARE.match(text, at)
    word = bare.group().strip() if bare else ""
    if not bare or not word:
        raise _bad(text, at, "an argument is missing")
    if word in ("true", "false"):
        return word == "true", bare.end()
    return column_of(word), bare.end()


def _bad(text: str, at: int, why: str) -> BadInput:
    shown = text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
    return BadInput(f"{shown!r} is no expression: at sign {at + 1}, {why}.")


def _count(least: int, most: int) -> str:
    if least == most:
        return f"{least} argument{'' if least == 1 else 's'}" if least else "no argument"
    return f"{least} to {most} arguments"


def _walk(value: Any, steps: Sequence[str | int]) -> Any:
    for at, step in enumerate(steps):
        if isinstance(value, Mapping):
            value = value.get(str(step))
        elif isinstance(value, list):
            if isinstance(step, str):  # a field of each item
                found = [_walk(item, steps[at:]) for item in value]
                return [item for item in found if item is not None]
            value = value[step] if step < len(value) else None
        else:
            return None
    return value


def _blank(value: Any) -> Any:
    """None for what holds nothing."""
    if isinstance(value, str):
        return value if value.strip() else None
    if isinstance(value, list):
        kept = [item for item in value if _blank(item) is not None]
        return kept or None
    return value


def _done(name: str, value: Any, arguments: Sequence[Any], lookups: Lookups) -> Any:
    if name == "lookup":
        if isinstance(value, list):
            return [_looked_up(item, arguments, lookups) for item in value]
        return _looked_up(value, arguments, lookups)
    function = FUNCTIONS[name]
    if isinstance(value, list) and not function.whole:
        return [_run(name, item, arguments) for item in value]
    return _run(name, value, arguments)


def _run(name: str, value: Any, arguments: Sequence[Any]) -> Any:
    try:
        return FUNCTIONS[name].run(value, *arguments)
    except Unusable:
        raise
    except (ValueError, TypeError, OverflowError) as error:
        raise Unusable(f"is nothing that {name} can work on") from error


def _looked_up(value: Any, arguments: Sequence[Any], lookups: Lookups) -> Any:
    table = lookups[str(arguments[0])]
    key = text_of(value)
    if key in table:
        return table[key]
    if len(arguments) > 1:
        return arguments[1]
    raise Unusable(f"does not stand in the lookup {arguments[0]!r}")
