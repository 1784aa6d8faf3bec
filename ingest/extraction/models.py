"""Models by their names: `patterns`, which needs nothing, or `gliner:NAME_OR_FOLDER`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from importlib.metadata import entry_points

from ingest.extraction import graph_names
from ingest.extraction.gliner import PREFIX, GlinerReader
from ingest.extraction.learned import LearnedModel
from ingest.extraction.names.meaning import Meant, SentenceEncoder, Vectors
from ingest.extraction.names.name_index import NameIndex
from ingest.extraction.patterns.pattern import Pattern
from ingest.extraction.patterns.templates import default_patterns, unspoken
from ingest.extraction.rules import NAME, PatternModel
from ingest.extraction.stated import ExtractionModel
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
    reader = None
    if name.startswith(PREFIX):
        if patterns is not None:
            raise BadInput("A learned model reads without patterns; leave out one of the two.")
        reader = GlinerReader(name.removeprefix(PREFIX))
    elif name != NAME:
        raise BadInput(
            f"There is no model {name!r}; use {NAME}, or {PREFIX}NAME for a learned one."
        )
    graph = platform.graph
    names = NameIndex(graph_names.named_things(graph, report))
    if not len(names):
        raise NotFound("There is no entity yet to be found in a text; `kg ingest PATH` loads some.")
    types = graph_names.relation_types(graph)
    if graph.adoption is not None:
        new = False  # what is in it is its owner's
    meant = Meant(partial(graph_names.described, graph), _encoder(platform, notes))
    if reader is not None:
        return LearnedModel(reader, names, types, meant, new=new)
    given = patterns
    if given is None:
        given = default_patterns(types.ends)
        if lost := unspoken(given, types.ends):
            notes.append(
                f"Nothing is known of how these relations are said: {', '.join(lost)}; a "
                "patterns.yaml can say it (`kg extract --infer` writes one)."
            )
    return PatternModel(names, types, given, meant, new=new)


def _encoder(platform: Platform, notes: list[str]) -> SentenceEncoder:
    """The encoder of the run that is live. It belongs to a package that this one does not know, so
    it is found by its name, as commands are, and loaded when a sentence first needs it."""
    found: list[SentenceEncoder] = []

    def problem(why: str) -> None:
        notes.append(f"Who is called alike was told apart by words alone: {why}")

    def encode(texts: Sequence[str]) -> Vectors | None:
        if not found:
            for entry in entry_points(group="kg_platform.parts", name="sentence_encoder"):
                found.append(entry.load()(platform, problem))
        return found[0](texts) if found else None

    return encode
