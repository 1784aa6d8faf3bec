"""Canaries: neighbours that a person knows an entity must have, asked before a run goes live.

A line of KG_CANARIES is an entity, the neighbour, and among how many it must be (10 where nothing
is said), with tabs between; a line that begins with # is a comment::

    JPN	KOR	10
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from kg_platform.errors import BadInput

WITHIN = 10


@dataclass(frozen=True)
class Canary:
    """`neighbour` must be among the `within` nearest of `entity`."""

    entity: str
    neighbour: str
    within: int = WITHIN


def read(file: Path, must_be: bool = False) -> list[Canary]:
    """The canaries of a file; none where there is no file, unless there `must_be` one.

    Raises:
        BadInput: the file is not there or cannot be read, or a line is not two ids and a number.
    """
    try:
        lines = file.read_text("utf-8-sig").splitlines()
    except FileNotFoundError as error:
        if must_be:
            raise BadInput(
                f"There is no file {file}; correct KG_CANARIES, or leave it unset."
            ) from error
        return []
    except UnicodeDecodeError as error:
        raise BadInput(f"{file} is not UTF-8 text; save it as UTF-8.") from error
    except OSError as error:
        raise BadInput(f"{file} cannot be read ({error.strerror}); correct KG_CANARIES.") from error
    found = []
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        parts = [part.strip() for part in line.split("\t")]
        within = parts[2] if len(parts) == 3 else str(WITHIN)
        if len(parts) not in (2, 3) or not all(parts) or not within.isdecimal() or within == "0":
            raise BadInput(
                f"{file}, line {number}: expected an entity, its neighbour and, if you like, among "
                "how many it must be (a whole number), with tabs between."
            )
        found.append(Canary(parts[0], parts[1], int(within)))
    return found
