"""Parameters of a query: from what a person types, and whether Neo4j can hold them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from kg_platform.errors import BadInput

LEAST, MOST = -(2**63), 2**63 - 1
_DEEPEST = 100


def typed(pairs: Iterable[str]) -> dict[str, Any]:
    """Parameters from texts such as `name=value`; a value that is JSON is read as JSON.

    Raises:
        BadInput: a text is not of that form, a name stands twice, or Neo4j cannot hold the value.
    """
    parameters = {name: _read(name, value) for name, value in split(pairs).items()}
    check(parameters)
    return parameters


def split(pairs: Iterable[str]) -> dict[str, str]:
    """Names and values as they are typed, from texts such as `name=value`.

    Raises:
        BadInput: a text is not of that form, or a name stands twice.
    """
    found: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        name = name.strip()
        if not equals or not name:
            raise BadInput(f"--param {pair!r} is not name=value.")
        if name.startswith("$"):
            raise BadInput(f"--param names {name} without its $: {name[1:]}={value}.")
        if name in found:
            raise BadInput(f"--param gives {name} twice; give it once.")
        found[name] = value
    return found


def values(given: Mapping[str, str]) -> dict[str, Any]:
    """Parameters from what was typed for each; nothing typed gives none.

    Raises:
        BadInput: Neo4j cannot hold a value.
    """
    parameters = {name: _read(name, text) for name, text in given.items() if text.strip()}
    check(parameters)
    return parameters


def check(parameters: Mapping[Any, Any]) -> None:
    """Raises: BadInput: a value is none that Neo4j can hold."""
    for name, value in parameters.items():
        if not isinstance(name, str):
            raise BadInput(f"The name of a parameter is a text, not {name!r}.")
        _check(name, value, 0)


def _read(name: str, value: str) -> Any:
    def nonfinite(word: str) -> NoReturn:
        raise BadInput(f'Parameter {name} is no number; for the text write {name}="{word}".')

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            keys = [key for key, _ in pairs]
            twice = next(key for key in keys if keys.count(key) > 1)
            raise BadInput(f"Parameter {name} has the key {twice!r} twice; leave one out.")
        return found

    try:
        return json.loads(value, parse_constant=nonfinite, object_pairs_hook=once)
    except RecursionError as error:
        raise _too_deep(name) from error
    except ValueError:  # also of a number with thousands of digits
        return _text(name, value)


def _text(name: str, value: str) -> str:
    if value.strip().lstrip("-").isdecimal():
        raise _too_large(name)
    return value


def _check(name: str, value: Any, depth: int) -> None:
    if depth > _DEEPEST:
        raise _too_deep(name)
    if isinstance(value, str):
        _check_text(name, value)
    elif isinstance(value, bool):
        return
    elif isinstance(value, int) and not LEAST <= value <= MOST:
        raise _too_large(name)
    elif isinstance(value, float) and math.isinf(value):
        # What a person may have meant as a large number is none any more.
        raise BadInput(f"Parameter {name} holds an infinity; give a number up to 1.8e308.")
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str):
                raise BadInput(f"Parameter {name} has the key {key!r}; keys are texts.")
            _check_text(name, key)
            _check(name, item, depth + 1)
    elif isinstance(value, list | tuple):
        for item in value:
            _check(name, item, depth + 1)
    elif isinstance(value, set | frozenset | complex):
        kind = type(value).__name__
        raise BadInput(f"Parameter {name} is a {kind}, which Neo4j cannot hold; give a list.")


def _check_text(name: str, value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise BadInput(
            f"Parameter {name} holds half a character, which is no text; write it as UTF-8."
        ) from error


def _too_large(name: str) -> BadInput:
    return BadInput(
        f"Parameter {name} does not fit into 64 bits: whole numbers go from {LEAST} to {MOST}; "
        f'give it as a text, {name}="...", or as a float, such as 1e20.'
    )


def _too_deep(name: str) -> BadInput:
    return BadInput(f"Parameter {name} is nested too deeply; {_DEEPEST} levels are the most.")
