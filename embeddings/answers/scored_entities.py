"""Everything that can be scored: the entities of an artifact, and those that came after training.

A provisional vector (`embed_new.py`) stands on its node, in the artifact's space, and so does what
asks in its place as a head. Here they get the rows after the trained ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from embeddings.models.from_artifact import load_scorer
from kg_platform.browse import entities
from kg_platform.cypher import vectors as cypher
from kg_platform.cypher.statement import Statement
from kg_platform.graph.client import Graph, Rows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from embeddings.data.artifact import Artifact
    from embeddings.models.scorer import Scorer


@dataclass(frozen=True)
class ScoredEntities:
    """`ids` name the rows of the scorer's entities; the first `trained` of them are the artifact's,
    the others have provisional vectors."""

    ids: list[str]
    trained: int
    scorer: Scorer

    @cached_property
    def places(self) -> dict[str, int]:
        """id -> row."""
        return {name: row for row, name in enumerate(self.ids)}


def open_scored(artifact: Artifact, graph: Graph) -> ScoredEntities:
    """The artifact's entities, and the provisional ones of the published run if it is that run's.

    Where entities have features, one whose node lacks what asks in its place is left out: an older
    kg-platform made its vector, and `kg embed --new-only` makes it again. O(N D) memory, twice
    where there are provisional entities.
    """
    ids, scorer = artifact.entity_ids(), load_scorer(artifact)
    run = entities.current_run(graph)
    ours = run is not None and run["id"] == artifact.manifest.get("run")
    if run is None or not ours:
        return ScoredEntities(ids, len(ids), scorer)
    rows = graph.read(Statement(cypher.PROVISIONAL_VECTORS, {"run": run["id"]}))
    known = set(ids)
    usable = [
        row for row in rows if row["id"] not in known and (scorer.components is None or row["head"])
    ]
    more = [row["id"] for row in usable]
    return ScoredEntities(ids + more, len(ids), _extended(scorer, usable, artifact.alignment()))


def _extended(scorer: Scorer, rows: Rows, alignment: NDArray[np.float32] | None) -> Scorer:
    if not rows:
        return scorer
    import torch

    from embeddings.models.scorer import Scorer as Made

    vectors = torch.tensor([row["vector"] for row in rows], dtype=scorer.entities.dtype)
    if alignment is not None:  # scores are of vectors before they were turned
        vectors = vectors @ torch.from_numpy(alignment).T
    components = scorer.components
    if components is not None:
        heads = torch.tensor([row["head"] for row in rows], dtype=components.dtype)
        components = torch.cat([components, heads.view(len(rows), *components.shape[1:])])
    return Made(
        scorer.formula,
        torch.cat([scorer.entities, vectors]),
        scorer.relations,
        components,
        scorer.gates,
        scorer.loops,
    )
