"""Two entities that are one: merge them in one transaction.

What is needed to undo it stays in the graph (`kg_platform.cypher.merging`), and a tombstone leads
from the id that is gone to the one that is kept. Undoing is in `kg_platform.curation.unmerge`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from kg_platform.browse.standing import last_of
from kg_platform.curation.carried import carry, shown_hash
from kg_platform.curation.merge_plan import EntityState, MergedFact, MergePlan, plan
from kg_platform.cypher import merging as cypher
from kg_platform.cypher.changes import STALE, STALE_AT
from kg_platform.cypher.statement import Statement
from kg_platform.cypher.vocabulary import Vocabulary
from kg_platform.errors import BadInput, NotFound
from kg_platform.graph.client import Graph, Run
from kg_platform.graph.statements import Statements
from kg_platform.provenance.fusion import FusionRules

VECTOR = "embedding_run"
HASH = "content_hash"


def kept_of(graph: Graph, one: str, other: str) -> str:
    """Which of two entities to keep: the one with more facts, or with the smaller id."""
    rows = graph.read(Statement(cypher.COUNT_FACTS, {"ids": [one, other]}))
    counts = {row["id"]: row["facts"] for row in rows}
    return min((one, other), key=lambda name: (-counts.get(name, 0), name))


def merge(
    graph: Graph, merge_id: str, kept: str, gone: str, about: Mapping[str, Any], force: bool = False
) -> None:
    """Merge `gone` into `kept`. The same merge done twice is done once.

    `about` (who, why, ...) is kept beside it. With `force`, also entities of different types.

    Raises:
        NotFound: an entity is not there.
        BadInput: the two are one or of different types, or the one that would go has relationships
            to nodes that the platform does not know.
    """
    if kept == gone:
        raise BadInput(f"{kept} cannot be merged with itself; name two entities.")

    def work(run: Run) -> None:
        if found := run(Statement(cypher.MERGE_OF, {"id": merge_id})):
            _same(found[0]["merge"], kept, gone)
            return
        beings = lock(run, graph.vocabulary, kept, gone)
        for name in (kept, gone):
            if name not in beings:
                raise NotFound(f"{name} is not in the graph; there is nothing to merge.")
        made = _planned(run, beings[kept], beings[gone], force, about.get("review", "ID"))
        carried: dict[str, list[str]] = {}
        if graph.adoption is None:  # into an adopted graph no source is loaded
            carried = carry(run, kept, gone)
        if carried:
            made = _showing_records(run, beings[kept], made)
        _write(run, merge_id, beings[kept], beings[gone], made, {**about, **carried})

    graph.transact(work)


def merged_ids(graph: Statements) -> dict[str, str]:
    """Every id that was merged away -> the entity that stands for it now, over several merges.

    Not those that are entities again, nor those of which no entity is left.
    """
    rows = graph.read(Statement(cypher.MERGED_IDS))
    direct = {row["id"]: row["merged_into"] for row in rows}
    standing = {row["merged_into"] for row in rows if row["stands"]}
    return {name: last for name in direct if (last := last_of(direct, name)) in standing}


def lock(run: Run, names: Vocabulary, *ids: str) -> dict[str, EntityState]:
    """These entities as they are, their properties by the platform's names; those that are there
    stay so until the transaction ends."""
    rows = run(Statement(cypher.LOCK, {"ids": sorted(ids)}))
    return {
        r["id"]: EntityState(r["id"], tuple(r["labels"]), names.turned(r["properties"]))
        for r in rows
    }


def create(run: Run, entity: str, facts: Iterable[MergedFact]) -> None:
    """Relationships of an entity."""
    for (outgoing, media), some in by_shape(facts).items():
        rows = [{"type": f.type, "other": f.other, "properties": dict(f.properties)} for f in some]
        text = cypher.create_facts(outgoing, media)
        run(Statement(text, {"id": entity, "rows": rows}))


def change(run: Run, entity: str, pairs: Iterable[tuple[MergedFact, MergedFact | None]]) -> None:
    """Relationships of an entity get other properties, or go (None)."""
    shapes: dict[tuple[bool, bool], list[dict[str, Any]]] = {}
    for fact, after in pairs:
        row: dict[str, Any] = {"type": fact.type, "other": fact.other}
        row["properties"] = dict(fact.properties)
        row["after"] = None if after is None else dict(after.properties)
        shapes.setdefault((fact.outgoing, fact.media), []).append(row)
    for (outgoing, media), rows in shapes.items():
        text = cypher.change_facts(outgoing, media)
        run(Statement(text, {"id": entity, "rows": rows}))


def by_shape(facts: Iterable[MergedFact]) -> dict[tuple[bool, bool], list[MergedFact]]:
    """Facts by (outgoing, media): a statement each."""
    found: dict[tuple[bool, bool], list[MergedFact]] = {}
    for fact in facts:
        found.setdefault((fact.outgoing, fact.media), []).append(fact)
    return found


def _planned(
    run: Run, kept: EntityState, gone: EntityState, force: bool, item: object
) -> MergePlan:
    if kept.types and gone.types and kept.types != gone.types and not force:
        types = [", ".join(sorted(being.types)) for being in (kept, gone)]
        raise BadInput(
            f"{kept.id} is of type {types[0]} and {gone.id} of type {types[1]}; "
            f"`kg review accept {item} --force` merges them all the same."
        )
    facts: dict[str, list[MergedFact]] = {}
    for being in (kept, gone):
        rows = run(Statement(cypher.FACTS, {"id": being.id}))
        if being is gone and not all(row["known"] for row in rows):
            raise BadInput(
                f"{gone.id} has relationships to nodes that are neither entities nor media; they "
                f"would be lost. Keep it instead (--keep {gone.id}), or remove them first."
            )
        facts[being.id] = [
            MergedFact(
                r["type"], r["outgoing"], r["other"], bool(r["media"]), r["properties"], r["kind"]
            )
            for r in rows
            if r["known"]
        ]
    return plan(kept, gone, facts[kept.id], facts[gone.id])


def _write(
    run: Run,
    merge_id: str,
    kept: EntityState,
    gone: EntityState,
    made: MergePlan,
    about: Mapping[str, Any],
) -> None:
    moved, filled = made.of("moved"), made.of("filled")
    create(run, kept.id, (one.became for one in moved if one.became is not None))
    change(run, kept.id, ((one.fact, one.became) for one in filled))
    given = {"id": kept.id, "properties": made.after, "labels": made.labels}
    run(Statement(cypher.CHANGE_ENTITY, given))
    for reason in made.stale:
        run(Statement(cypher.MARK[reason], {"id": kept.id}))
    both = {"id": gone.id, "kept": kept.id}
    run(Statement(cypher.MARK_OTHERS, both))
    history = {
        **about,
        "id": merge_id,
        "kept": kept.id,
        "gone": gone.id,
        "kept_label": kept.label,
        "gone_label": gone.label,
        "kept_run": kept.properties.get(VECTOR),
        "added_labels": made.labels,
    }
    before = dict(made.before)
    for key in ("updated_at", STALE, STALE_AT):
        if key in kept.properties:
            before[key] = kept.properties[key]
    facts = [
        {
            "what": one.what,
            "type": one.fact.type,
            "outgoing": one.fact.outgoing,
            "other": one.fact.other,
            "media": one.fact.media,
            "properties": dict(one.fact.properties),
            "became": None if one.became is None else dict(one.became.properties),
        }
        for one in made.held
    ]
    parameters = {
        "merge": history,
        "labels": list(gone.labels),
        "gone": dict(gone.properties),
        "before": before,
        "after": made.after,
        "facts": facts,
    }
    run(Statement(cypher.KEEP_HISTORY, parameters))
    run(Statement(cypher.BURY, both))
    run(Statement(cypher.REMOVE_FACTS, {"id": gone.id}))
    run(Statement(cypher.REMOVE_ENTITY, {"id": gone.id}))


def _showing_records(run: Run, kept: EntityState, made: MergePlan) -> MergePlan:
    """The plan with the hash that says that the kept entity shows what several records say."""
    digest = shown_hash(run, kept.id, FusionRules())
    before = (
        {**made.before, HASH: kept.properties[HASH]} if HASH in kept.properties else made.before
    )
    return replace(made, before=before, after={**made.after, HASH: digest})


def _same(merge: Mapping[str, Any], kept: str, gone: str) -> None:
    if {merge["kept"], merge["gone"]} != {kept, gone}:
        raise BadInput(
            f"The graph has a merge {merge['id']} of {merge['gone']} into {merge['kept']}: this "
            "ledger is not the one the graph was reviewed with. Set KG_LEDGER_URL to that one."
        )
