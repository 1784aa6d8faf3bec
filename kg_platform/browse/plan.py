"""A plan of Neo4j's as a table of its operators, the last one to work first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kg_platform.graph.values import PlanStep, Table

_COLUMNS = ("operator", "details", "estimated_rows")
_RAN = ("rows", "db_hits")


def steps(plan: PlanStep, ran: bool) -> Table:
    """A row an operator: what it does, and to how many rows; `ran`: with what it took.

    An operator gets its rows from the one below it. Where it has several such, the further ones
    stand first, behind a bar.
    """
    rows = [_row(step, depth, ran) for depth, step in _walk(plan, 0)]
    return Table([*_COLUMNS, *(_RAN if ran else ())], rows, truncated=False)


def figures(step: PlanStep) -> dict[str, int | None]:
    """What an operator took, or is thought to: `rows`, `hits` (database accesses), `estimated`
    (rows)."""
    said = step.arguments.get
    estimated = said("EstimatedRows")
    return {
        "rows": said("Rows"),
        "hits": said("DbHits"),
        "estimated": None if estimated is None else round(float(estimated)),
    }


def shares(plan: PlanStep) -> dict[str, tuple[int, int]]:
    """Of each figure the largest of the plan's, and the sum."""
    found = [figures(step) for _, step in _walk(plan, 0)]
    numbers = {name: [one[name] or 0 for one in found] for name in found[0]}
    return {name: (max(each), sum(each)) for name, each in numbers.items()}


def _walk(step: PlanStep, depth: int) -> Iterator[tuple[int, PlanStep]]:
    yield depth, step
    for further in step.children[1:]:
        yield from _walk(further, depth + 1)
    for first in step.children[:1]:
        yield from _walk(first, depth)


def _row(step: PlanStep, depth: int, ran: bool) -> list[Any]:
    name = "| " * depth + "+" + step.operator.partition("@")[0]
    said = step.arguments.get
    estimated = said("EstimatedRows")
    row = [name, said("Details", ""), None if estimated is None else round(float(estimated))]
    return [*row, said("Rows"), said("DbHits")] if ran else row
