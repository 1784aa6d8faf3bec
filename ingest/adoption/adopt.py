"""`kg adopt`: nodes of a graph that exists become entities, and stay what they are.

The order is: everything is checked, the graph remembers that it is being adopted and how, nodes
become entities in batches, then come constraints and indexes, then pictures, then the graph
remembers that it is adopted. Each step may be done twice: whoever was stopped runs it again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from ingest.adoption.picture_files import PicturesTaken, take_pictures
from kg_platform.adoption.checks import KindCount, check
from kg_platform.adoption.mapping import AdoptionDocument, AdoptionMapping, in_place, mapping_of
from kg_platform.adoption.schema import take_away
from kg_platform.adoption.sync import SyncedNodes, adopt_kind, sync_nodes
from kg_platform.adoption.undo import alone
from kg_platform.cypher import adopting as cypher
from kg_platform.cypher.statement import Statement
from kg_platform.errors import BadInput
from kg_platform.graph.adoption import GraphAdoption, State
from kg_platform.graph.client import Graph
from kg_platform.migrate.book import read_book
from kg_platform.migrate.graph import migrate_graph
from kg_platform.platform import Platform
from kg_platform.progress import Progress, silent


@dataclass(frozen=True)
class Adopted:
    """Nodes by kind, as they were before, and what was done."""

    kinds: Sequence[KindCount] = ()
    nodes: SyncedNodes = field(default_factory=SyncedNodes)
    pictures: PicturesTaken = field(default_factory=PicturesTaken)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def adopt(
    platform: Platform,
    document: AdoptionDocument,
    *,
    dry_run: bool = False,
    on_progress: Progress | None = None,
) -> Adopted:
    """Adopt the platform's graph, which is open without migrations.

    Raises:
        BadInput: the mapping does not fit the graph, or the graph was adopted by another one.
    """
    graph, report = platform.graph, on_progress or silent
    _refuse_another(graph, document.content)
    kinds = check(graph, document)
    if dry_run:
        return Adopted(kinds)
    mapping = in_place(document)
    with alone(graph):
        graph.speak(read_book(graph).adoption)  # somebody may have been here before us
        _refuse_another(graph, mapping)
        before = graph.adoption
        if before is None:
            take_away(graph)  # of an earlier command, by names that are not this graph's
        _remember(graph, mapping, "adopting")
        new = 0
        for number, kind in enumerate(mapping.kinds):
            report("adopt nodes", number, len(mapping.kinds))
            new += adopt_kind(graph, kind)
        report("adopt nodes", len(mapping.kinds), len(mapping.kinds))
        report("make indexes", 0, None)
        migrate_graph(graph)
        # What an earlier run adopted may say something else by now.
        synced = SyncedNodes() if before is None else sync_nodes(graph)
        taken = take_pictures(platform, mapping)
        _remember(graph, mapping, "adopted")
    nodes = SyncedNodes(new + synced.new, synced.changed, synced.left)
    return Adopted(kinds, nodes, taken)


def sync(platform: Platform) -> Adopted:
    """Take in what the owner's application wrote since.

    Raises:
        BadInput: the graph was not adopted.
    """
    adoption = platform.graph.adoption
    if adoption is None:
        raise BadInput("This graph was not adopted; `kg adopt FILE` does it.")
    return Adopted((), sync_nodes(platform.graph), take_pictures(platform, mapping_of(adoption)))


def _remember(graph: Graph, mapping: AdoptionMapping, state: State) -> None:
    types = list(mapping.learnt)
    adoption = GraphAdoption(mapping.prefix, state, mapping.model_dump_json(), tuple(types))
    graph.write(
        Statement(
            cypher.REMEMBER,
            {
                "prefix": adoption.prefix,
                "state": state,
                "mapping": adoption.mapping,
                "relationship_types": types,
            },
        )
    )
    graph.speak(adoption)


def _refuse_another(graph: Graph, mapping: AdoptionMapping) -> None:
    adoption = graph.adoption
    if adoption is None:
        return
    adoption.refuse_undoing()
    same = {"pictures_from": None}
    if mapping_of(adoption).model_copy(update=same) != mapping.model_copy(update=same):
        raise BadInput(
            "This graph was adopted with another mapping; `kg adopt --undo` takes that away first."
        )
