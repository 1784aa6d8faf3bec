"""What an entity says in each language it has texts in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

_TEXT = re.compile(r"(label|description)_([a-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*)")


class InLanguage(NamedTuple):
    label: str = ""
    description: str = ""


def in_languages(properties: Mapping[str, Any]) -> dict[str, InLanguage]:
    """Language -> label and description in it, of an entity's own properties.

    >>> in_languages({"label_de": "Japan", "description_de": "Ein Land.", "area": 1})
    {'de': InLanguage(label='Japan', description='Ein Land.')}
    """
    found: dict[str, InLanguage] = {}
    for name, value in properties.items():
        if (match := _TEXT.fullmatch(name)) and isinstance(value, str):
            there = found.get(match[2], InLanguage())
            found[match[2]] = there._replace(**{match[1]: value})
    return dict(sorted(found.items()))


def without_texts(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The properties that `in_languages` does not show."""
    return {
        name: value
        for name, value in properties.items()
        if not (_TEXT.fullmatch(name) and isinstance(value, str))
    }
