"""What a recipe does, as the commands that a person would type one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kg_platform.browse.strangers import stranger
from kg_platform.errors import BadInput
from kg_platform.graph.client import Graph
from recipes.recipe import MATCH, PRESET, FieldRecipe


def loading(chosen: FieldRecipe, folder: Path) -> list[Sequence[str]]:
    """What is typed after `kg`, up to the graph without vectors."""
    return [
        *(["ingest", str(folder / mapping)] for mapping in chosen.mappings),
        ["match", str(folder / MATCH)],
    ]


def learning(folder: Path) -> Sequence[str]:
    return ["embed", "--preset", str(folder / PRESET)]


def refuse_others(chosen: FieldRecipe, graph: Graph) -> None:
    """Raises: BadInput: entities are in the graph that are not this recipe's."""
    found = stranger(graph, chosen.sources)
    if found is not None:
        raise BadInput(
            f"This platform holds entities that are not this recipe's ({found[:40]!r} is one); set "
            f"KG_HOME to another folder, such as ~/kg-{chosen.name}, and the recipe goes there."
        )
