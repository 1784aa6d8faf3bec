"""`kg settings`: every setting, its value, where it came from, what it means."""

from __future__ import annotations

import re
from typing import Annotated

import typer

# user:password@ in an address that is not itself a secret setting
_LOGIN = re.compile(r"(?<=://)[^/@\s]*:[^/@\s]*(?=@)")


def register(app: typer.Typer) -> None:
    app.command("settings")(settings)


def settings(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Show every setting with its value, origin and meaning. Secrets are masked."""
    from kg_platform.console import print_json, print_table
    from kg_platform.settings import describe, load

    rows = [row._replace(value=masked(row.value)) for row in describe(load())]
    if as_json:
        print_json([row._asdict() for row in rows])
    else:
        print_table(("setting", "value", "origin", "meaning"), rows)


def masked(value: str) -> str:
    """The value without a login that stands in an address."""
    return _LOGIN.sub("**********", value)
