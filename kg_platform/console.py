"""How `kg` speaks: tables and progress for people, JSON for programs, one sentence for errors."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table
from rich.text import Text

from kg_platform.errors import KgError

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def fail(error: KgError) -> int:
    """Print the error's sentence on stderr; return the exit code."""
    print(f"kg: {error}", file=sys.stderr)
    return error.exit_code


def print_json(value: Any) -> None:
    """One JSON document on stdout, nothing else."""
    print(json.dumps(value, ensure_ascii=False, default=str))


def print_table(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    title: str | None = None,
    whole: Collection[str] = (),
) -> None:
    """A table for people. Cells are printed as they are: graph text is never read as markup.

    Columns named in `whole` stay on one line, to be copied; others fold when there is no room.
    """
    if title:
        out.print(Text(_cell(title), style="bold"))
    table = Table(header_style="bold", show_edge=False, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column in whole)
    for row in rows:
        table.add_row(*(Text(_cell(value)) for value in row))
    out.print(table)


def print_lines(text: str) -> None:
    """Lines of a file on stdout; what could steer a terminal is shown as an escape."""
    for line in text.removesuffix("\n").split("\n"):
        print(_cell(line))
    sys.stdout.flush()


def note(message: str) -> None:
    """A line about what is going on, on stderr, so that stdout stays an answer."""
    err.print(Text(message))


def progress() -> Progress:
    """A progress display on stderr: what, bar, count, rate, time. Silent when not a terminal."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeElapsedColumn(),
        console=err,
        disable=not err.is_terminal,
    )


class Steps:
    """A progress line a step, for jobs that say `report(step, done, total)`; total may be None."""

    def __init__(self, shown: Progress) -> None:
        self._shown = shown
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, step: str, done: int, total: int | None) -> None:
        if step not in self._tasks:
            self._tasks[step] = self._shown.add_task(step, total=total)
            if self._shown.disable:
                note(f"{step} ...")
        self._shown.update(self._tasks[step], completed=done, total=total)


@contextmanager
def steps() -> Iterator[Steps]:
    """Progress of a job of several steps; without a terminal, one line when a step begins."""
    with progress() as shown:
        yield Steps(shown)


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        unit = task.fields.get("unit", "rows")
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f} {unit}/s" if speed else f"- {unit}/s")


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4g}"
    text = str(value)
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
