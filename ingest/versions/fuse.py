"""What several sources say, decided anew by other rules; a run that can be undone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from ingest.versions.journal import Entry, Journal, entity_entry, open_journal, relation_entry
from kg_platform.cypher import provenance as cypher
from kg_platform.cypher.statement import Statement
from kg_platform.graph.adoption import GraphAdoption
from kg_platform.graph.client import Run
from kg_platform.graph.kept import give, keep, to_text
from kg_platform.platform import Platform
from kg_platform.progress import Progress, logged
from kg_platform.provenance import states
from kg_platform.provenance.fusion import ALIASES, MEDIA, TYPE, FusionRules, fused
from kg_platform.provenance.images import EntityImage
from kg_platform.provenance.relations import shown, statements_of
from kg_platform.provenance.rules import keep_rules, rules_of

KIND = "fuse"
BATCH = 1_000
_ALWAYS = frozenset({"label", "description", TYPE, ALIASES, MEDIA})  # that rules may speak of


@dataclass
class Fused:
    """How many entities and relations several sources state, and how many are others now."""

    run: str | None = None
    entities: int = 0
    relations: int = 0
    entities_changed: int = 0
    relations_changed: int = 0
    notes: list[str] = field(default_factory=list)
    sources: set[str] = field(default_factory=set)  # who says it
    properties: set[str] = field(default_factory=set)  # of what they say

    def unknown(self, rules: FusionRules) -> list[str]:
        """Sentences on names in the rules that nothing here has, as a misspelt one. Where no
        several sources speak of one thing yet the rules wait for them."""
        if not self.entities and not self.relations:
            return []
        trusted = {
            name for one in (rules.default, *rules.properties.values()) for name in one.sources
        }
        told = []
        for what, names, there in (
            ("sources are trusted", trusted, self.sources),
            ("properties have a rule", set(rules.properties), self.properties | _ALWAYS),
        ):
            if lost := ", ".join(sorted(names - there)):
                told.append(
                    f"These {what} of which nothing was found where several sources state a thing: "
                    f"{lost}; there are {', '.join(sorted(there))}."
                )
        return told

    def as_dict(self) -> dict[str, Any]:
        return {
            "run": self.run,
            "entities": {"several_sources": self.entities, "changed": self.entities_changed},
            "relations": {"several_sources": self.relations, "changed": self.relations_changed},
        }


def fuse(
    platform: Platform,
    rules: FusionRules | None = None,
    *,
    dry_run: bool = False,
    on_progress: Progress | None = None,
) -> Fused:
    """Keep these rules in the graph (None: those that it has) and decide by them.

    Raises:
        BadInput: the graph was adopted.
    """
    graph = platform.graph
    GraphAdoption.refuse(graph.adoption, "no source is loaded into it")
    chosen = rules or rules_of(graph)
    found = Fused()
    say = logged(on_progress)
    if dry_run:
        for _, work in _batches(platform, chosen, found):
            work(graph.read, None)
        found.notes = found.unknown(chosen)
        return found
    ledger = platform.ledger
    found.run = ledger.start_run(KIND, {"source": "", "rules": _written(chosen)})
    with ledger.closing(lambda: str(found.run), lambda: "Stopped. Run the same command again."):
        if rules is not None:
            keep_rules(graph, rules)
        journal = open_journal(platform, found.run)
        for number, (count, work) in enumerate(_batches(platform, chosen, found), 1):
            part = journal.part()
            graph.transact(lambda run, work=work, part=part: work(run, journal, part))  # type: ignore[misc]
            say("deciding", number * count, None)
    ledger.finish_run(found.run, "succeeded", found.as_dict())
    found.notes = found.unknown(chosen)
    return found


def _written(rules: FusionRules) -> dict[str, Any]:
    every = {"default": rules.default, **rules.properties}
    return {name: [one.name, *one.sources] for name, one in every.items()}


class _Deciding:
    """One batch: entities by their ids, or relations by their ends and types."""

    def __init__(
        self, rules: FusionRules, found: Fused, ids: Sequence[str], rows: Sequence[list[Any]]
    ) -> None:
        self._rules = rules
        self._found = found
        self._ids = ids
        self._rows = rows

    def __call__(self, run: Run, journal: Journal | None, part: int = 0) -> None:
        kept = self._entities(run, journal) if self._ids else self._relations(run, journal)
        if journal is not None:
            journal.put(part, kept)

    def _entities(self, run: Run, journal: Journal | None) -> list[Entry]:
        images = states.read(run, self._ids, lock=journal is not None)
        at = states.now(run)
        changes = []
        for name, image in images.items():
            if not image.records:
                continue
            for record in image.records.values():
                self._found.sources.add(record.source)
                self._found.properties.update(record.properties)
            after = fused(name, image.records, self._rules, image)
            if not after.same(image):
                after = replace(after, properties={**after.properties, "updated_at": at})
                changes.append(states.EntityChange(name, image, after))
        changes = states.marked(run, changes, at)
        self._found.entities += len(images)
        self._found.entities_changed += len(changes)
        if journal is not None:
            states.write(run, changes)
        return [entity_entry(c.id, _text(c.before), _text(c.after)) for c in changes]

    def _relations(self, run: Run, journal: Journal | None) -> list[Entry]:
        if journal is not None:
            ends = sorted({end for head, tail, *_ in self._rows for end in (head, tail)})
            run(Statement(cypher.LOCK, {"ids": ends}))
        changed: list[list[Any]] = []
        kept: list[Entry] = []
        for row in run(Statement(cypher.READ_RELATIONS, {"rows": self._rows})):
            before = keep(row["properties"])
            statements = statements_of(before)
            if len(statements) < 2:
                continue
            self._found.relations += 1
            for source, says in statements:
                self._found.sources.add(source)
                self._found.properties.update(says)
            after = shown(statements, self._rules)
            if to_text(after) != to_text(before):
                head, tail, kind, _ = self._rows[row["number"]]
                changed.append([row["element"], give(after)])
                kept.append(relation_entry((head, kind, tail), to_text(before), to_text(after)))
        self._found.relations_changed += len(changed)
        if journal is not None and changed:
            run(Statement(cypher.CHANGE_RELATION_ROWS, {"rows": changed}))
        return kept


def _batches(
    platform: Platform, rules: FusionRules, found: Fused
) -> Iterator[tuple[int, _Deciding]]:
    # Read to the end first: what is being changed is not also streamed.
    ids = [row["id"] for row in platform.graph.stream(Statement(cypher.FUSED_ENTITIES))]
    for start in range(0, len(ids), BATCH):
        yield BATCH, _Deciding(rules, found, ids[start : start + BATCH], [])
    rows = platform.graph.stream(Statement(cypher.SHARED_RELATIONS))
    triples = ([r["head"], r["tail"], r["type"]] for r in rows)
    every = list(triples)
    source = iter(every)
    while some := list(islice(source, BATCH)):
        yield BATCH, _Deciding(rules, found, [], [[*row, n] for n, row in enumerate(some)])


def _text(image: EntityImage | None) -> str | None:
    return image.text() if image else None
