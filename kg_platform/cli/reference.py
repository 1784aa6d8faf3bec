"""Every command, option and setting as a page of documentation: `make reference` writes it.

A test fails when the committed page is not what this prints.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer.main

from kg_platform.cli.main import build
from kg_platform.settings import PREFIX, Settings


def page() -> str:
    """The whole page, as Markdown."""
    lines = ["# Reference", "", "Written by `make reference` from the code itself.", ""]
    for name, command in commands(typer.main.get_command(build()), ("kg",)):
        lines += _command(name, command)
    lines += ["## Settings", "", "| variable | default | meaning |", "|---|---|---|"]
    for name, info in Settings.model_fields.items():
        default = "" if info.default is None else f"`{info.default}`"
        lines.append(f"| `{PREFIX}{name.upper()}` | {default} | {info.description} |")
    return "\n".join(lines) + "\n"


def commands(group: Any, path: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    """(full name, command) of every command below `group`, by name."""
    for name, command in sorted(getattr(group, "commands", {}).items()):
        if getattr(command, "commands", None):
            # What `kg NAME` does without a further word: a command of its own, or the group.
            if by_default := command.commands.get(getattr(command, "by_default", None)):
                yield " ".join((*path, name)), by_default
            elif command.invoke_without_command:
                yield " ".join((*path, name)), command
            yield from commands(command, (*path, name))
        elif not command.hidden:
            yield " ".join((*path, name)), command


def _command(name: str, command: Any) -> list[str]:
    rows = []
    words = [name]
    for parameter in command.params:
        if parameter.param_type_name == "argument":
            label = str(parameter.name).upper()
            words.append(label if parameter.required else f"[{label}]")
        else:
            label = ", ".join(f"`{word}`" for word in (*parameter.opts, *parameter.secondary_opts))
        text = " ".join(str(getattr(parameter, "help", "") or "").split())
        default = parameter.default
        shown = "" if default is None or callable(default) or "UNSET" in str(default) else default
        if text or parameter.param_type_name == "option":
            escaped = text.replace("|", "\\|")
            rows.append(f"| {label} | {shown} | {escaped} |")
    about = " ".join((command.help or "").split())
    table = ["| option | default | meaning |", "|---|---|---|", *rows, ""] if rows else []
    return [f"## `{' '.join(words)}`", "", about, "", *table]


if __name__ == "__main__":
    print(page(), end="")
