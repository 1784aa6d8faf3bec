"""Commands of `kg` in this process: a new one loads longer than most of them take."""

from __future__ import annotations

from collections.abc import Sequence


def run(words: Sequence[str]) -> None:
    """What a person would type after `kg`. An error of ours goes on to whoever called."""
    from typer.main import get_command

    from kg_platform.cli.main import build

    get_command(build(words[0])).main(list(words), prog_name="kg", standalone_mode=False)
