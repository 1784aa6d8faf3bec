"""`kg`: the command line. Sub-commands come from the packages through an entry-point group.

A package adds its commands with an entry point in the group `kg_platform.commands` that names a
function taking the Typer application. Commands import what they need when they run, so that
`kg --help` is instant.
"""

from __future__ import annotations

import errno
import logging
import os
import sys
from importlib.metadata import entry_points

import typer

from kg_platform.console import fail
from kg_platform.errors import KgError, Unavailable

FULL = Unavailable(
    "The disk is full; make room where KG_HOME is, then run the same command again to go on."
)
GROUP = "kg_platform.commands"


def build() -> typer.Typer:
    """The whole application, with every installed package's commands."""
    app = typer.Typer(
        name="kg",
        help="A knowledge platform on Neo4j: ingest, embed, publish, ask, explore.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    for entry in sorted(entry_points(group=GROUP), key=lambda e: e.name):
        entry.load()(app)
    return app


def main() -> None:
    """Run `kg`; an error of ours becomes one sentence on stderr and its exit code."""
    # Python's warnings go where logging goes: to stderr, and into the log of the run they are of.
    logging.captureWarnings(True)
    logging.getLogger().addHandler(logging.lastResort or logging.NullHandler())
    try:
        build()()
    except KgError as error:
        sys.exit(fail(error))
    except KeyboardInterrupt:
        print(
            "Stopped. What was done is kept; run the same command again to go on.", file=sys.stderr
        )
        sys.exit(130)
    except Exception as error:  # any step may meet a full disk
        if not is_full_disk(error):
            raise
        sys.exit(fail(FULL))


def is_full_disk(error: Exception) -> bool:
    """Whether a file could not grow; some libraries say so in words only."""
    number = error.errno if isinstance(error, OSError) else None
    return number in (errno.ENOSPC, errno.EDQUOT) or os.strerror(errno.ENOSPC) in str(error)


if __name__ == "__main__":
    main()
