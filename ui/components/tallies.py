"""Counts as lines with bars, and of each how much of it is covered: a component of our own
(`tallies/`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ui import navigation
from ui.components.served import served
from ui.language import say

_component = served("tallies", html="<section></section>")


class Covered(NamedTuple):
    """How many have something, of those that can."""

    have: int
    can: int


class Tally(NamedTuple):
    """What there is, how many; of each column how much is covered (None: nothing can be); and the
    page it leads to, with its query."""

    label: str
    number: int
    covered: Sequence[Covered | None] = ()
    page: str = ""
    query: tuple[tuple[str, str], ...] = ()


def tallies(rows: Sequence[Tally], key: str, name: str, columns: Sequence[str] = ()) -> None:
    """Show them; `name` says what the table is of, `columns` what of each is covered."""
    most = max((row.number for row in rows), default=1) or 1

    _component(
        key=key,
        data={
            "name": name,
            "heads": [say("Type"), say("Count")],
            "columns": list(columns),
            "rows": [
                {
                    "label": row.label,
                    "count": f"{row.number:,}",
                    "share": row.number / most,
                    "href": navigation.address(row.page, **dict(row.query)) if row.page else "",
                    "cells": [_cell(one) for one in row.covered],
                }
                for row in rows
            ],
        },
    )


def _cell(one: Covered | None) -> dict[str, object] | None:
    if one is None or not one.can:
        return None
    share = min(1.0, one.have / one.can)
    # All but one of a million are not all.
    shown = "100%" if one.have >= one.can else f"{min(99, int(share * 100))}%"
    return {"share": share, "shown": shown, "title": f"{one.have:,} / {one.can:,}"}
