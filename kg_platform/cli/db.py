"""`kg db ...`: the local Neo4j from the command line."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kg_platform.errors import BadInput, KgError, SettingsError

if TYPE_CHECKING:
    from kg_platform.server.local import LocalServer
    from kg_platform.settings import Settings

NOT_RUNNING = 3
Json = Annotated[bool, typer.Option("--json", help="For programs.")]

db = typer.Typer(help="The local Neo4j: start, stop, look at it.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(db, name="db")


@db.command()
def start() -> None:
    """Start the local Neo4j, or say that it runs already."""
    from kg_platform.console import note

    server = _server()
    server.check()
    ran = server.status().running
    if not ran:
        note(f"Starting Neo4j {server.settings.neo4j_version} in {server.folder.path} ...")
    status = server.start()
    runs = "runs already" if ran else "runs"
    note(f"Neo4j {status.neo4j_version} {runs} at {status.uri} (`kg db env` has the password).")


@db.command()
def stop() -> None:
    """Stop the local Neo4j. Its data stay."""
    from kg_platform.console import note

    note("Stopped." if _server().stop() else "It was not running.")


@db.command()
def status(as_json: Json = False) -> None:
    """Say whether Neo4j runs, and where. Exit code 0 when it does, 3 when it does not."""
    from kg_platform.console import print_json, print_table

    found = _status()
    if as_json:
        print_json(found)
    else:
        print_table(("what", "value"), [(k, v) for k, v in found.items() if v is not None])
    if found["state"] != "running":
        raise typer.Exit(NOT_RUNNING)


@db.command()
def reset(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete the local database: every node, relationship, index and the password."""
    from kg_platform.console import note

    server = _server()
    server.refuse_elsewhere("reset")
    if not yes:
        typer.confirm(f"Delete the database in {server.folder.path}?", abort=True, err=True)
    server.reset()
    note("The local database is deleted; the next start makes an empty one.")


@db.command()
def logs(
    lines: Annotated[int, typer.Option("-n", "--lines", min=1, help="How many lines.")] = 50,
) -> None:
    """Print the last lines of what the local server printed."""
    server = _server()
    if not server.folder.log_path.exists():
        raise BadInput(f"There is no log yet in {server.folder.log_path}; `kg db start` makes one.")
    print(server.log_tail(lines))


@db.command()
def env() -> None:
    """Print NEO4J_URI, NEO4J_USERNAME and NEO4J_PASSWORD for other people's clients."""
    from kg_platform.server.connection import connection
    from kg_platform.settings import load

    found = connection(load(), start=False)
    values = {
        "NEO4J_URI": found.uri,
        "NEO4J_USERNAME": found.username,
        "NEO4J_PASSWORD": found.password,
    }
    for name, value in values.items():
        print(f"{name}={shlex.quote(value)}")


def _server() -> LocalServer:
    from kg_platform.server.local import LocalServer
    from kg_platform.settings import load

    return LocalServer(load())


def _status() -> dict[str, Any]:
    from kg_platform.server.local import LocalServer
    from kg_platform.settings import load

    settings = load()
    if settings.neo4j_uri is not None:
        return _status_elsewhere(settings, settings.neo4j_uri)
    status = LocalServer(settings).status()
    return {
        "state": status.state,
        "uri": status.uri,
        "neo4j_version": status.neo4j_version,
        "pid": status.pid,
        "started_at": _time(status.started_at),
        "folder": str(status.folder),
        "log": _existing(status.folder / "logs" / "server.log"),
        "problem": None,
    }


def _status_elsewhere(settings: Settings, uri: str) -> dict[str, Any]:
    """The same keys for the server at KG_NEO4J_URI, which is asked a question to know."""
    from kg_platform.graph.client import Graph
    from kg_platform.server.connection import elsewhere

    found: dict[str, Any] = dict.fromkeys(
        ("state", "uri", "neo4j_version", "pid", "started_at", "folder", "log", "problem")
    )
    found |= {"state": "unavailable", "uri": uri}
    try:
        with Graph(elsewhere(settings, uri)) as graph:
            version = ".".join(map(str, graph.server_version))
    except SettingsError:
        raise
    except KgError as error:
        return found | {"problem": str(error)}
    return found | {"state": "running", "neo4j_version": version}


def _existing(path: Path) -> str | None:
    return str(path) if path.exists() else None


def _time(seconds: float | None) -> str | None:
    from datetime import UTC, datetime

    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
