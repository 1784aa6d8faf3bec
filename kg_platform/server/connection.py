"""The local Neo4j: a real Community server as a child process, or the one at KG_NEO4J_URI."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kg_platform.errors import ServerError, SettingsError
from kg_platform.server.local import LocalServer

if TYPE_CHECKING:
    from kg_platform.graph.client import Connection
    from kg_platform.settings import Settings


def connection(settings: Settings, start: bool = True) -> Connection:
    """How to reach Neo4j: the one at KG_NEO4J_URI, otherwise the local one.

    Args:
        start: start the local server when it does not run.

    Raises:
        SettingsError: KG_NEO4J_URI is set and KG_NEO4J_PASSWORD is not.
        ServerError: the local server cannot be started, or does not run and `start` is False.
    """
    if settings.neo4j_uri is not None:
        return elsewhere(settings, settings.neo4j_uri)
    server = LocalServer(settings)
    if start:
        server.start()
    elif not server.status().running:
        raise ServerError("The local Neo4j is not running; start it with `kg db start`.")
    return server.connection()


def elsewhere(settings: Settings, uri: str) -> Connection:
    """The server at KG_NEO4J_URI, with the user and password set for it."""
    from kg_platform.graph.client import Connection

    if settings.neo4j_password is None:
        raise SettingsError(f"KG_NEO4J_URI is {uri}; set KG_NEO4J_PASSWORD for it as well.")
    return Connection(
        uri,
        settings.neo4j_username,
        settings.neo4j_password.get_secret_value(),
        settings.neo4j_database,
    )
