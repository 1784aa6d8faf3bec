"""`kg`: the command line. Commands come from the packages through an entry-point group.

An entry point of the group `kg_platform.commands` is named after its command and names a function
that adds it to the Typer application. Only the modules of the command that was typed are loaded,
and these load what they need when they run, so that a short question has a short answer.
"""

from __future__ import annotations

import errno
import logging
import os
import sys
from collections.abc import Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import Any, TextIO

import typer
from typer.core import TyperGroup

from kg_platform.console import fail
from kg_platform.errors import KgError, Unavailable, log_of

FULL = Unavailable(
    "The disk is full; make room where KG_HOME is, then run the same command again to go on."
)
GROUP = "kg_platform.commands"
WORDS = 300  # characters of an error that is not ours


class _Screen(logging.StreamHandler[TextIO]):
    """Warnings on stderr, a sentence each. How a run ended is for its log, with the traceback:
    people read it once, when `main` says it."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not hasattr(record, "run") and bool(super().filter(record))

    def format(self, record: logging.LogRecord) -> str:
        return record.getMessage()


class _Commands(TyperGroup):
    """In alphabetical order, whichever package they are from."""

    def list_commands(self, ctx: Any) -> list[str]:
        return sorted(super().list_commands(ctx))


def build(command: str | None = None) -> typer.Typer:
    """The application with every installed package's commands; with `command`, with that one."""
    app = typer.Typer(
        name="kg",
        cls=_Commands,
        help="A knowledge platform on Neo4j: ingest, embed, publish, ask, explore.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(_kg)
    found = {entry.value: entry for entry in entry_points(group=GROUP) if _adds(entry, command)}
    for entry in found.values():
        entry.load()(app)
    return app


def _kg() -> None:
    """An application of one command would otherwise be that command."""


def _adds(entry: EntryPoint, command: str | None) -> bool:
    return command in (None, entry.name.partition(".")[0])


def _typed(arguments: Sequence[str]) -> str | None:
    """The command that was typed, if there is such a one; without one there is help to give."""
    word = arguments[0] if arguments else None
    there = any(_adds(entry, word) for entry in entry_points(group=GROUP))
    return word if there else None


def main() -> None:
    """Run `kg`; an error of ours becomes one sentence on stderr and its exit code."""
    # Python's warnings go where logging goes: to stderr, and into the log of the run they are of.
    logging.captureWarnings(True)
    screen = _Screen(sys.stderr)
    screen.setLevel(logging.WARNING)
    logging.getLogger().addHandler(screen)
    try:
        build(_typed(sys.argv[1:]))()
    except KgError as error:
        sys.exit(fail(error))
    except KeyboardInterrupt:
        print(
            "Stopped. What was done is kept; run the same command again to go on.", file=sys.stderr
        )
        sys.exit(130)
    except Exception as error:  # any step may meet a full disk
        if is_full_disk(error):
            sys.exit(fail(FULL))
        told = log_of(error)
        if told is None:
            raise
        sys.exit(fail(_mistake(error, told)))
    finally:
        logging.getLogger().removeHandler(screen)


def _mistake(error: Exception, told: str) -> KgError:
    """What a person reads of an error that no code of ours foresaw, in a run that has a log."""
    text = " ".join(str(error).split())
    words = text if len(text) <= WORDS else f"{text[:WORDS]} ..."
    return KgError(f"A mistake in kg ended the run ({type(error).__name__}: {words}); {told}")


def is_full_disk(error: Exception) -> bool:
    """Whether a file could not grow; some libraries say so in words only."""
    number = error.errno if isinstance(error, OSError) else None
    return number in (errno.ENOSPC, errno.EDQUOT) or os.strerror(errno.ENOSPC) in str(error)


if __name__ == "__main__":
    main()
