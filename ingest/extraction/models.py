"""Models by their names: `patterns`, which needs nothing, or `gliner:NAME_OR_FOLDER`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from ingest.extraction import graph_names
from ingest.extraction.meaning import Meant
from ingest.extraction.names import NameIndex
from ingest.extraction.patterns import Pattern
from ingest.extraction.rules import NAME, PatternModel
from ingest.extraction.stated import ExtractionModel
from ingest.extraction.templates import default_patterns, unspoken
from kg_platform.errors import BadInput, NotFound
from kg_platform.platform import Platform
from kg_platform.progress import Progress


def open_model(
    platform: Platform,
    name: str,
    patterns: Sequence[Pattern] | None,
    new: bool,
    report: Progress,
    notes: list[str],
) -> ExtractionModel:
    """The model, with the names and relations of the graph.

    Raises:
        BadInput: there is no such model. NotFound: the graph has no entity.
    """
    if name != NAME:
        raise BadInput(f"There is no model {name!r}; use {NAME}, or gliner:NAME for a learned one.")
    graph = platform.graph
    names = NameIndex(graph_names.named_things(graph, report))
    if not len(names):
        raise NotFound("There is no entity yet to be found in a text; `kg ingest PATH` loads some.")
    types = graph_names.relation_types(graph)
    given = patterns
    if given is None:
        given = default_patterns(types.ends)
        if lost := unspoken(given, types.ends):
            notes.append(
                f"Nothing is known of how these relations are said: {', '.join(lost)}; a "
                "patterns.yaml can say it (`kg extract --infer` writes one)."
            )
    if graph.adoption is not None:
        new = False  # what is in it is its owner's
    return PatternModel(names, types, given, Meant(partial(graph_names.described, graph)), new=new)
