"""What a source does not state any more is retired: `kg ingest --sync`.

What another source says as well stays, without what this one said. An entity that nobody describes
goes, with a tombstone, unless facts of others need it: then it stays as a bare one, as
`--create-missing` makes them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from ingest.versions.journal import (
    Entry,
    Journal,
    entity_entry,
    relation_entry,
)
from ingest.versions.marking import mark_ends
from ingest.versions.stated import Stated, Triple
from kg_platform.cypher import provenance as cypher
from kg_platform.cypher.statement import Statement
from kg_platform.errors import BadInput
from kg_platform.graph.client import Graph, Run
from kg_platform.graph.kept import give, keep, to_text
from kg_platform.graph.statements import Statements
from kg_platform.progress import Progress
from kg_platform.provenance import states
from kg_platform.provenance.fusion import FusionRules, unsaid
from kg_platform.provenance.images import EntityImage, record_id
from kg_platform.provenance.relations import unsaid_of

MOST = 0.5  # share of what the graph has of a source that goes without being forced
BATCH = 1_000
_STREAMED = 5_000


@dataclass
class Retired:
    """What a source does not state any more: entities and relations that go, entities that others
    need, which stay bare, and what other sources say as well."""

    entities: int = 0
    relations: int = 0
    bare: int = 0
    shared: int = 0

    @property
    def any(self) -> bool:
        return bool(self.entities or self.relations or self.bare or self.shared)


def find_gone(
    graph: Graph, source: str, stated: Stated, arrived: Callable[[], int], force: bool = False
) -> tuple[int, int]:
    """Put down what the graph has of the source and the pass did not state; how many entities and
    relations. `arrived` says how many came with this version: they are not what may go.

    Raises:
        BadInput: without `force`, more would go than a mistake should cost, or rows were rejected
            of which nobody knows what they state.
    """
    if stated.lost and not force:
        many = "1 row was" if stated.lost == 1 else f"{stated.lost:,} rows were"
        raise BadInput(
            f"Nothing was retired, because {many} rejected whole and what they state cannot be "
            "told from what is gone; mend them (`kg rejections` lists them), or use --force. What "
            "is new or changed was written."
        )
    total, entities, relations = 0, 0, 0
    given = {"source": source}
    rows = graph.stream(Statement(cypher.OF_SOURCE, given))
    while some := list(islice(rows, _STREAMED)):
        total += len(some)
        # A bare one was not described before, so only its facts say whether it is needed.
        gone = stated.entities_not_here([row["id"] for row in some])
        stated.keep_gone_entities((one, one) for one in sorted(gone))
        entities += len(gone & {row["id"] for row in some if not row["bare"]})
    rows = graph.stream(Statement(cypher.RECORDS_OF_SOURCE, given))
    while some := list(islice(rows, _STREAMED)):
        total += len(some)
        gone = stated.entities_not_here([row["original"] for row in some])
        pairs = [(r["id"], r["original"]) for r in some if r["original"] in gone]
        stated.keep_gone_entities(pairs)
        entities += len(pairs)
    rows = graph.stream(Statement(cypher.RELATIONS_OF_SOURCE, given))
    while some := list(islice(rows, _STREAMED)):
        total += len(some)
        triples = stated.relations_not_here([(r["head"], r["type"], r["tail"]) for r in some])
        stated.keep_gone_relations(triples)
        relations += len(triples)
    going = entities + relations
    if going and not force and going > MOST * (before := max(going, total - arrived())):
        raise BadInput(
            f"Nothing was retired, because {going:,} of the {before:,} entities and relations that "
            f"the graph had of {source} would go; if that is right use --force. What is new or "
            "changed was written."
        )
    return entities, relations


def retire(
    graph: Graph,
    source: str,
    stated: Stated,
    journal: Journal,
    rules: FusionRules,
    on_progress: Progress,
) -> Retired:
    """Retire what `find_gone` put down. Doing it again retires nothing."""
    found = Retired()
    work = Retiring(graph, source, journal, rules, found)
    done = 0
    for triples in stated.gone_relations(BATCH):
        work.relations(triples)
        on_progress("retiring", done := done + len(triples), None)
    for pairs in stated.gone_entities(BATCH):
        work.entities(pairs)
        on_progress("retiring", done := done + len(pairs), None)
    return found


class Retiring:
    """Takes back what a source says of relations and entities, a transaction a call."""

    def __init__(
        self, graph: Statements, source: str, journal: Journal, rules: FusionRules, found: Retired
    ) -> None:
        self._graph = graph
        self._source = source
        self._journal = journal
        self._rules = rules
        self._found = found

    def relations(self, triples: Sequence[Triple]) -> None:
        """What the source says of these; those that nobody else states go."""
        part = self._journal.part()
        ends = sorted({end for head, _, tail in triples for end in (head, tail)})
        rows = [[head, tail, kind, number] for number, (head, kind, tail) in enumerate(triples)]

        def work(run: Run) -> tuple[int, int]:
            run(Statement(cypher.LOCK, {"ids": ends}))
            dropped: list[Triple] = []
            elements: list[list[Any]] = []
            changed: list[list[Any]] = []
            kept: list[Entry] = []
            for row in run(Statement(cypher.READ_RELATIONS, {"rows": rows})):
                before = keep(row["properties"])
                if self._source not in (before.get("source"), *(before.get("sources") or ())):
                    continue  # a second one of the same type, which people made
                triple = triples[row["number"]]
                after = unsaid_of(before, self._source, self._rules)
                if after is None:
                    dropped.append(triple)
                    elements.append([row["element"]])
                else:
                    changed.append([row["element"], give(after)])
                text = None if after is None else to_text(after)
                kept.append(relation_entry(triple, to_text(before), text))
            if changed:
                run(Statement(cypher.CHANGE_RELATION_ROWS, {"rows": changed}))
            if dropped:
                run(Statement(cypher.DROP_RELATION_ROWS, {"rows": elements}))
                gone = sorted({end for head, _, tail in dropped for end in (head, tail)})
                kept += mark_ends(run, gone, self._journal)
            self._journal.put(part, kept)
            return len(dropped), len(changed)

        gone, shared = self._graph.transact(work)
        self._found.relations += gone
        self._found.shared += shared

    def entities(
        self, pairs: Sequence[tuple[str, str]], named: Collection[str] = frozenset()
    ) -> None:
        """What the source says of (entity, its own id of it); those that nobody needs go. Who is
        `named` by what the transaction writes next is needed."""
        part = self._journal.part()

        def work(run: Run) -> tuple[int, int, int]:
            images = states.read(run, (one for one, _ in pairs), vectors=True)
            at = states.now(run)
            needed = dict.fromkeys(named, self._source) | self._facts_of(run, list(images))
            after: dict[str, EntityImage | None] = {}
            for one, original in pairs:
                image = after.get(one, images.get(one))
                if image is not None:
                    after[one] = self._without(one, original, image, needed.get(one), at)
            changes = [
                states.EntityChange(one, images[one], image)
                for one, image in after.items()
                if image is None or not image.same(images[one])
            ]
            changes = states.marked(run, changes, at)
            states.write(run, changes)
            self._journal.put(
                part,
                [
                    entity_entry(
                        c.id,
                        c.before.text() if c.before else None,
                        replace(c.after, vectors={}).text() if c.after else None,
                    )
                    for c in changes
                ],
            )
            gone = sum(c.after is None for c in changes)
            bare = sum(c.after is not None and not c.after.complete for c in changes)
            return gone, bare, len(changes) - gone - bare

        gone, bare, shared = self._graph.transact(work)
        self._found.entities += gone
        self._found.bare += bare
        self._found.shared += shared

    def _without(
        self, entity: str, original: str, image: EntityImage, needed_by: str | None, at: Any
    ) -> EntityImage | None:
        """The entity without what the source says of it; `needed_by`: whose facts need it."""
        left = None
        if image.records:
            record = record_id(self._source, original)
            if record not in image.records:
                return image
            left = unsaid(image, entity, record, self._rules)
        elif image.source != self._source:
            return image
        if left is None and needed_by is None:
            return None
        if left is None:
            if not image.complete and not image.records:
                return image
            bare = {"label": entity, "source": needed_by}
            left = EntityImage((), bare, mark=image.mark, vectors=image.vectors)
        return replace(left, properties={**left.properties, "updated_at": at})

    def _facts_of(self, run: Run, ids: Sequence[str]) -> dict[str, str]:
        """Entity -> the source of a relation that it has."""
        found: dict[str, str] = {}
        for row in run(Statement(cypher.RELATIONS_OF, {"ids": ids})):
            source = str(row["properties"].get("source") or self._source)
            found.update({row["head"]: source, row["tail"]: source})
        return found
