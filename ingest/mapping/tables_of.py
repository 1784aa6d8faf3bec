"""The tables that a person names for a first mapping: files, spreadsheets, databases."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ingest.sources.names import stem_of
from ingest.sources.table import Table, TableOptions
from ingest.sources.tables import open_table

Named = dict[str, tuple[Table, Mapping[str, Any]]]


def tables_of(locations: Sequence[str], folder: Path = Path()) -> Named:
    """Each table by a name of its own, with what a mapping's `tables` says of it. Paths start in
    `folder`.

    Raises:
        BadInput: one of them is not there, of no known kind, or cannot be read.
    """
    found: Named = {}
    for location in locations:
        table = open_table(location, TableOptions(), folder)
        found[_free(stem_of(Path(location)), found)] = (table, {"file": location})
    return found


def _free(name: str, taken: Named) -> str:
    word = re.sub(r"[^\w]+", "_", name).strip("_") or "table"
    number, free = 2, word
    while free in taken:
        free, number = f"{word}_{number}", number + 1
    return free
