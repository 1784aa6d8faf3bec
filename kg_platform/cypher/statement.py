"""A Cypher statement and its parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Statement(NamedTuple):
    """A Cypher text and its parameters."""

    text: str
    parameters: Mapping[str, Any] = {}
