"""`kg ui`: start the explorer and open it in a browser."""

from __future__ import annotations

from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add `kg ui`."""
    app.command()(ui)


def ui(
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port to listen on (KG_UI_PORT).")
    ] = None,
    address: Annotated[
        str | None, typer.Option(help="Address to listen on (KG_UI_ADDRESS).")
    ] = None,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open it in a browser.")
    ] = True,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            help="A host name the explorer may be asked for by, besides localhost; repeatable."
        ),
    ] = None,
) -> None:
    """Open the explorer in a browser. Ctrl-C stops it."""
    from kg_platform.settings import load
    from ui.serve import serve

    serve(load(), port=port, address=address, browser=browser, hosts=allow_host or ())
