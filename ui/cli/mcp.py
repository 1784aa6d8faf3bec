"""`kg mcp`: read-only questions for programs that speak the Model Context Protocol."""

from __future__ import annotations

import typer

from kg_platform import console
from kg_platform.errors import BadInput


def register(app: typer.Typer) -> None:
    app.command()(mcp)


def mcp() -> None:
    """Answer a program that speaks MCP, on stdin and stdout.

    Its tools only read: query, show, similar, predict, explain, under the limits of KG_QUERY_*.
    """
    try:
        from ui.mcp_server import server
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "mcp":
            raise
        raise BadInput(
            "`kg mcp` needs the extra `mcp`, which is not installed: "
            "`pip install 'kg-platform[mcp]'`."
        ) from error
    from ui.session import connect

    with connect() as kg:
        _ = kg.graph  # what is wrong with the database is said now, to the person who starts it
        console.note("Answering on stdin and stdout; Ctrl-C ends it.")
        server(kg).run()
