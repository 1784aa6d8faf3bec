"""Options that commands share."""

from __future__ import annotations

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Count = Annotated[int, typer.Option("-k", "--count", min=1, help="How many.")]
Type = Annotated[str | None, typer.Option("--type", help="Only entities with this label.")]
