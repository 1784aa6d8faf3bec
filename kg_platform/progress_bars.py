"""Progress as bars in a terminal."""

from __future__ import annotations

from collections.abc import Callable

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
from rich.text import Text


def bars(console: Console) -> Progress:
    """A progress display: what, bar, count, rate, time. Silent when not a terminal."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
    )


class Steps:
    """A line a step, for jobs that say `report(step, done, total)`; total may be None. Where there
    are no bars, `tell` is told when a step begins, unless it is at its end when first heard of."""

    def __init__(self, shown: Progress, tell: Callable[[str], None]) -> None:
        self._shown, self._tell = shown, tell
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, step: str, done: int, total: int | None) -> None:
        if step not in self._tasks:
            self._tasks[step] = self._shown.add_task(step, total=total)
            if self._shown.disable and done != total:
                self._tell(f"{step} ...")
        self._shown.update(self._tasks[step], completed=done, total=total)


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        unit = task.fields.get("unit", "rows")
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f} {unit}/s" if speed else f"- {unit}/s")
