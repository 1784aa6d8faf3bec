"""Ids of blank nodes that stay the same when a file is read again."""

from __future__ import annotations

import re

BLANK = "_:"
# The parser names nodes without a label by random numbers of 128 bits, other ones at each reading.
_RANDOM = re.compile(r"[0-9a-f]{20,32}")


class BlankIds:
    """Ids of the blank nodes of one file: their label, or their number in order of appearance."""

    def __init__(self, prefix: str, labelled: bool) -> None:
        self._prefix = f"{BLANK}{prefix}/"
        self._labelled = labelled
        self._numbers: dict[str, int] = {}

    def __call__(self, label: str) -> str:
        if self._labelled or not _RANDOM.fullmatch(label):
            return self._prefix + label
        number = self._numbers.setdefault(label, len(self._numbers) + 1)
        return f"{self._prefix}[{number}]"
