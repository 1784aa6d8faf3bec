"""How `kg` speaks: tables and progress for people, JSON for programs, one sentence for errors."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from kg_platform.errors import KgError

if TYPE_CHECKING:  # drawing is loaded when something is drawn
    from rich.console import Console
    from rich.progress import Progress

    from kg_platform.progress_bars import Steps


def fail(error: KgError) -> int:
    """Print the error's sentence on stderr; return the exit code."""
    print(_paragraph(f"kg: {error}"), file=sys.stderr)
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
    from rich.table import Table
    from rich.text import Text

    console = _console()
    if title:
        console.print(Text(_cell(title), style="bold"))
    table = Table(header_style="bold", show_edge=False, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column in whole)
    for row in rows:
        table.add_row(*(Text(_cell(value)) for value in row))
    console.print(table)


def print_lines(text: str) -> None:
    """Lines of a file on stdout; what could steer a terminal is shown as an escape."""
    for line in text.removesuffix("\n").split("\n"):
        print(_cell(line))
    sys.stdout.flush()


def note(message: str) -> None:
    """A line about what is going on, on stderr, so that stdout stays an answer."""
    from rich.text import Text

    _console(stderr=True).print(Text(_paragraph(message)))


def print_text(text: str, style: str = "", soft_wrap: bool = False) -> None:
    """A paragraph on stdout, never read as markup."""
    from rich.text import Text

    _console().print(Text(_paragraph(text), style=style), soft_wrap=soft_wrap)


@contextmanager
def progress() -> Iterator[Progress]:
    """Bars on stderr: what, bar, count, rate, time. Silent when that is not a terminal."""
    from kg_platform.progress_bars import bars

    with bars(_console(stderr=True)) as shown:
        yield shown


@contextmanager
def steps() -> Iterator[Steps]:
    """Progress of a job of several steps, on stderr; without a terminal, one line when a step
    begins."""
    from kg_platform.progress_bars import Steps

    with progress() as shown:
        yield Steps(shown, note)


def _console(stderr: bool = False) -> Console:
    # Made when something is printed: what stdout and stderr are may change until then.
    from rich.console import Console

    return Console(stderr=stderr, highlight=False)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4g}"
    return _escaped(str(value))


def _paragraph(text: str) -> str:
    """Sentences of ours with words of others in them, which could steer a terminal."""
    return _escaped(text, kept="\n\t")


def _escaped(text: str, kept: str = "") -> str:
    return "".join(c if c.isprintable() or c in kept else repr(c)[1:-1] for c in text)
