"""The Python interface: one platform with everything that can be asked of it and done to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from embeddings.session import VectorSession
from ingest.session import IngestSession


class KnowledgeGraph(IngestSession, VectorSession):
    """What `connect()` gives: load, ask, embed. Close it, or use it in a `with` statement."""


def connect(home: str | Path | None = None, **settings: Any) -> KnowledgeGraph:
    """A session with the platform in `home`, or where KG_HOME says.

    `settings` are those of docs/settings.md in lower case and without `KG_`, and go before the
    environment: `connect(neo4j_uri="bolt://db:7687", neo4j_password=...)`. Nothing is opened before
    the first question; then the local Neo4j is started if no `neo4j_uri` is set.

    Raises:
        SettingsError: a setting is not known or not valid.
    """
    from kg_platform.platform import Platform
    from kg_platform.settings import load

    given = settings if home is None else {"home": Path(home), **settings}
    return KnowledgeGraph(Platform.open(load(**given)))
