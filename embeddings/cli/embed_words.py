"""The arguments of `kg embed`, as typed, and as a schedule keeps them: options by name, only those
that were given."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer
import typer.main

from embeddings.cli.embed import embed, refuse
from embeddings.training import presets
from kg_platform.errors import BadInput

# What is not for a job at night: to look, to print, and a person's word against the gate.
REFUSED = (("plan", "--plan"), ("as_json", "--json"), ("force", "--force"), ("why", "--why"))


def parse(words: Sequence[str]) -> dict[str, Any]:
    """`["--preset", "fast"]` -> `{"preset": "fast"}`; a leading `embed` or `kg embed` may be there.

    Raises:
        BadInput: it is not what `kg embed` takes, or makes no sense for a schedule.
    """
    rest = list(words)
    for word in ("kg", "embed"):
        if rest[:1] == [word]:
            rest = rest[1:]
    if "--help" in rest:
        raise BadInput("A schedule cannot run --help; `kg embed --help` shows what one can run.")
    command = _command()
    try:
        context = command.make_context("kg embed", rest)
    except typer.TyperException as error:
        said = _sentence(error)
        raise BadInput(f"A schedule runs what `kg embed` takes: {said}.") from error
    given: dict[str, Any] = {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in context.params.items()
        if str(context.get_parameter_source(name)).endswith("COMMANDLINE")
    }
    for name, word in REFUSED:
        if name in given:
            raise BadInput(f"A schedule cannot run {word}; leave it out.")
    if given.get("new_only"):
        named = {parameter.name: parameter.opts[0] for parameter in command.params}
        refuse({named[name]: True for name in given if name != "new_only"})
    if presets.is_file(given.get("preset", "")):  # a scheduler may run in another folder
        given["preset"] = str(Path(given["preset"]).absolute())
    return given


def _sentence(error: Any) -> str:
    return str(error.format_message() if hasattr(error, "format_message") else error).rstrip(".")


def _command() -> Any:  # Typer carries a click of its own: no types of click
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command("embed")(embed)
    return typer.main.get_command(app)
