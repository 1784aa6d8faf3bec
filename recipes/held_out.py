"""What a recipe kept from its tables, and where the published model ranks it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kg_platform.browse import entities
from kg_platform.errors import NotFound
from recipes.tables import read_facts

if TYPE_CHECKING:
    from kg_platform.platform import Platform


@dataclass(frozen=True)
class FoundAgain:
    """A fact that the graph does not have, by labels. `tail_rank` is the tail's for (head,
    relation, ?), `head_rank` the head's for (?, relation, tail): 1 is the first; facts of the graph
    are left out, and each is among `entities` candidates of all types."""

    head: str
    relation: str
    tail: str
    tail_rank: float
    head_rank: float
    entities: int


def find_again(platform: Platform, file: Path) -> Sequence[FoundAgain]:
    """The facts of a recipe's file of what was kept back, ranked.

    Raises:
        NotFound: the recipe was not made in this KG_HOME, or nothing is published.
    """
    if not file.is_file():
        raise NotFound(
            f"{file} is not there: this recipe was not made in this KG_HOME; run "
            f"`kg recipe {file.parent.parent.name}`."
        )
    from embeddings.answers.explain import Explainer
    from embeddings.publish.live_artifact import open_published

    graph = platform.graph
    explainer = Explainer(open_published(graph, platform.settings.artifacts_dir), graph)
    found = []
    for head, relation, tail in read_facts(file):
        of_tail = explainer.fact(head, relation, tail)
        of_head = explainer.fact(head, relation, tail, heads=True)
        rows = entities.rows(graph, [head, tail])
        found.append(
            FoundAgain(
                rows[head].label,
                relation,
                rows[tail].label,
                of_tail.rank,
                of_head.rank,
                of_tail.entities,
            )
        )
    return found
