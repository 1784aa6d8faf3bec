"""Whether a type that a person names is one that there is."""

from __future__ import annotations

import difflib

from kg_platform.cypher import browse as cypher
from kg_platform.cypher.statement import Statement
from kg_platform.errors import NotFound
from kg_platform.graph.client import Graph

NAMED = 20  # types that a sentence names


def check_type(graph: Graph, type: str | None) -> None:
    """Asked when an answer is empty: was that for want of such a type?

    Raises:
        NotFound: no entity has this label; the sentence names those there are.
    """
    if type is None or type == "Entity":
        return
    there = [str(row["type"]) for row in graph.read(Statement(cypher.COUNT_BY_TYPE))]
    if type in there:
        return
    if not there:
        raise NotFound(f"No entity has the type {type!r}, or any other; leave the type out.")
    # People type `country` for Country.
    close = [name for name in there if name.lower() == type.lower()]
    close = close or difflib.get_close_matches(type, there, n=3)
    more = ", …" if len(there) > NAMED else ""
    meant = f"did you mean {' or '.join(close)}, of " if close else "there are "
    end = "?" if close else "."
    raise NotFound(f"No entity has the type {type!r}; {meant}{', '.join(there[:NAMED])}{more}{end}")
