"""The notations of RDF, by the suffix of a file."""

from __future__ import annotations

from enum import Enum
from pathlib import Path

from kg_platform.files.names import suffix_of


class Syntax(Enum):
    """A notation; the value is its name for people."""

    N_TRIPLES = "N-Triples"
    N_QUADS = "N-Quads"
    TURTLE = "Turtle"
    TRIG = "TriG"
    RDF_XML = "RDF/XML"
    JSON_LD = "JSON-LD"

    @property
    def by_line(self) -> bool:
        """Whether a statement is a line."""
        return self in (Syntax.N_TRIPLES, Syntax.N_QUADS)

    @property
    def names_graphs(self) -> bool:
        """Whether a statement may stand in a named graph."""
        return self in (Syntax.N_QUADS, Syntax.TRIG, Syntax.JSON_LD)


_SUFFIXES = {
    ".nt": Syntax.N_TRIPLES,
    ".nq": Syntax.N_QUADS,
    ".ttl": Syntax.TURTLE,
    ".trig": Syntax.TRIG,
    ".rdf": Syntax.RDF_XML,
    ".owl": Syntax.RDF_XML,
    ".jsonld": Syntax.JSON_LD,
}


def syntax_of(path: Path) -> Syntax:
    """The notation of a file that has a suffix of `names.RDF`."""
    return _SUFFIXES[suffix_of(path)]
