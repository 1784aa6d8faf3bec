"""A graph of somebody else's that is only read: the mapping alone says what is what."""

from __future__ import annotations

from collections.abc import Callable

from kg_platform.adoption.checks import check
from kg_platform.adoption.mapping import AdoptionDocument, in_place
from kg_platform.cypher.mapped import MappedVocabulary
from kg_platform.errors import BadInput
from kg_platform.graph.adoption import GraphAdoption
from kg_platform.graph.client import Graph


def by_mapping(document: AdoptionDocument) -> Callable[[Graph], None]:
    """What makes of an open graph one that is read by the mapping; nothing is written to it.

    It raises BadInput where the graph was adopted, or the mapping does not fit it.
    """

    def read_so(graph: Graph) -> None:
        if graph.adoption is not None:
            raise BadInput("This graph was adopted, so it is read as it is; leave out --mapping.")
        check(graph, document)
        mapping = in_place(document)
        types = tuple(mapping.learnt)
        graph.speak(GraphAdoption(mapping.prefix, "adopted", mapping.model_dump_json(), types))
        graph.vocabulary = MappedVocabulary(mapping.prefix, tuple(mapping.kinds))

    return read_so
