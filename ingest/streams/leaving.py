"""Entities that a source takes back, and its facts with them, inside a transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ingest.versions.sync import Retiring
from kg_platform.cypher import provenance
from kg_platform.cypher.statement import Statement
from kg_platform.graph.statements import Run
from kg_platform.provenance import states


def take_back(
    run: Run,
    retiring: Retiring,
    source: str,
    pairs: Sequence[tuple[str, str]],
    named: Collection[str],
) -> None:
    """Retire what the source says of (entity, its own id of it), and its relations of entities of
    which it describes no other id. A relation does not say of which id it was: as long as one is
    left they stay, so that no fact goes that is stated still. Who is `named` by what is written
    next stays, as a bare entity."""
    going: dict[str, set[str]] = {}
    for entity, original in pairs:
        going.setdefault(entity, set()).add(original)
    images = states.read(run, going, lock=False)
    ids = [
        entity
        for entity, originals in sorted(going.items())
        if entity in images
        and all(
            one.source != source or one.original in originals
            for one in images[entity].records.values()
        )
    ]
    facts = run(Statement(provenance.RELATIONS_OF, {"ids": ids}))
    ours = [
        (row["head"], row["type"], row["tail"])
        for row in facts
        if source in (row["properties"].get("source"), *(row["properties"].get("sources") or ()))
    ]
    if ours:
        retiring.relations(list(dict.fromkeys(ours)))
    retiring.entities(pairs, named)
