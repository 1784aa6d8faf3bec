"""`kg mcp`: read-only questions for programs that speak the Model Context Protocol."""

from __future__ import annotations

import os
import signal
from types import FrameType

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
    from kg_platform.platform import Platform
    from kg_platform.settings import load
    from ui.session import KnowledgeGraph

    # As the explorer does, it changes nothing, and so brings nothing up to date either.
    with KnowledgeGraph(Platform.open(load(), migrate=False)) as kg:
        _ = kg.graph  # what is wrong with the database is said now, to the person who starts it
        console.note("Loading the learning libraries ...")
        import embeddings.answers.explain
        import embeddings.features.encoders.load  # noqa: F401  # late, and not a question's time

        console.note("Answering on stdin and stdout, until that is closed or Ctrl-C is pressed.")
        signal.signal(signal.SIGINT, _end)
        server(kg).run()


def _end(number: int, frame: FrameType | None) -> None:
    """Ctrl-C. Whoever waits for a line on stdin cannot be woken, and there is nothing to finish:
    questions only read."""
    del number, frame
    os._exit(130)
