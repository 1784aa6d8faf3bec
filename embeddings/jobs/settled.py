"""Whether a small world needs an embedding job at all."""

from __future__ import annotations

from embeddings.publish.live_artifact import open_published
from kg_platform.browse.entities import current_run
from kg_platform.cypher import vectors as cypher
from kg_platform.cypher.statement import Statement
from kg_platform.errors import ArtifactError, NotFound
from kg_platform.platform import Platform


def settled(platform: Platform) -> bool:
    """Whether every entity has a vector of what it says, and the model behind them is there."""
    run = current_run(platform.graph)
    if run is None or platform.graph.read(Statement(cypher.WITHOUT_VECTOR, {"run": run["id"]})):
        return False
    try:
        open_published(platform.graph, platform.settings.artifacts_dir)
    except (ArtifactError, NotFound):  # it was removed or broken: made again
        return False
    return True
