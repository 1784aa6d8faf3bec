"""Undo a merge: both entities as they were, or a sentence that says what is in the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kg_platform.curation.carried import MADE, MOVED, give_back
from kg_platform.curation.merge import VECTOR, by_shape, change, create, lock
from kg_platform.curation.merge_plan import EntityState, MergedFact, Outcome
from kg_platform.cypher import browse
from kg_platform.cypher import merging as cypher
from kg_platform.cypher.changes import FACTS, NEW, STALE, STALE_AT
from kg_platform.cypher.loading import is_vector_property
from kg_platform.cypher.statement import Statement
from kg_platform.errors import BadInput
from kg_platform.graph.client import Graph, Run


@dataclass(frozen=True)
class _History:
    """What a merge kept."""

    merge: Mapping[str, Any]
    gone: Mapping[str, Any]
    labels: list[str]
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    held: list[Outcome]


def unmerge(graph: Graph, merge_id: str, kept: str, gone: str) -> None:
    """Undo a merge of two entities, `kept` and `gone` in either order. Done twice it is done once.

    Raises:
        BadInput: something changed since that undoing would destroy, or that it needs.
    """

    def work(run: Run) -> None:
        found = run(Statement(cypher.MERGE_OF, {"id": merge_id}))
        if not found:
            if len(lock(run, graph.vocabulary, kept, gone)) == 2:
                return
            raise BadInput(
                f"The graph has no record of the merge of {kept} and {gone}; it cannot be undone."
            )
        history = _history(run, merge_id, found[0]["merge"])
        beings = lock(run, graph.vocabulary, history.merge["kept"], history.merge["gone"])
        if problems := _problems(run, history, beings):
            more = f", and {len(problems) - 1:,} more" if len(problems) > 1 else ""
            raise BadInput(
                f"The merge of {history.merge['gone']} into {history.merge['kept']} cannot be "
                f"undone, because something changed since: {problems[0]}{more}."
            )
        _restore(run, history, beings[history.merge["kept"]])

    graph.transact(work)


def _history(run: Run, merge_id: str, merge: Mapping[str, Any]) -> _History:
    whole: dict[str, Mapping[str, Any]] = {}
    labels: list[str] = []
    held: list[Outcome] = []
    for row in run(Statement(cypher.PARTS, {"id": merge_id})):
        about = row["about"]
        if "type" not in about:
            whole[about["what"]] = row["properties"]
            labels = about.get("labels", labels)
            continue
        shape = about["type"], about["outgoing"], about["other"], about["media"]
        fact, became = MergedFact(*shape, row["properties"]), None
        if row["became"]:
            loop = about["other"] == merge["gone"] and not about["media"]
            other = merge["kept"] if loop else about["other"]
            became = MergedFact(
                about["type"], about["outgoing"], other, about["media"], row["after"]
            )
        held.append(Outcome(about["what"], fact, became))
    return _History(merge, whole["gone"], labels, whole["before"], whole["after"], held)


def _problems(run: Run, history: _History, beings: Mapping[str, EntityState]) -> list[str]:
    """What is in the way, in words."""
    kept, gone = str(history.merge["kept"]), str(history.merge["gone"])
    ends = {
        (one.fact.other, one.fact.media)
        for one in history.held
        if one.fact.other not in (kept, gone) or one.fact.media
    }
    rows = [{"other": other, "media": media} for other, media in sorted(ends)]
    if kept not in beings:
        rows.append({"other": kept, "media": False})
    missing = run(Statement(cypher.NOT_THERE, {"rows": rows}))
    found = [
        f"{row['other']} was merged into {row['merged_into']}"
        if row["merged_into"]
        else f"{row['other']} is not in the graph any more"
        for row in missing
    ]
    if gone in beings:
        found.append(f"there is an entity {gone} again")
    if kept in beings:
        now = beings[kept].properties
        changed = [key for key, value in history.after.items() if now.get(key) != value]
        if "content_hash" in changed:
            found.append(f"a source has said something else of {kept}, or of {gone}")
        changed = [key for key in changed if key != "content_hash"]
        found += [f"the {key} of {kept} was changed" for key in sorted(changed)]
        found += _lost(run, kept, history)
    return found


def _lost(run: Run, kept: str, history: _History) -> list[str]:
    """Relationships the merge left on the kept entity that are not there as it left them."""
    left = [one.became for one in history.held if one.became is not None]
    lost: list[str] = []
    for (outgoing, media), facts in by_shape(left).items():
        rows = [
            {"number": i, "type": f.type, "other": f.other, "properties": dict(f.properties)}
            for i, f in enumerate(facts)
        ]
        text = cypher.find_facts(outgoing, media)
        answer = run(Statement(text, {"id": kept, "rows": rows}))
        there = {row["number"] for row in answer}
        lost += [
            f"{fact.type} between {kept} and {fact.other} was changed or removed"
            for i, fact in enumerate(facts)
            if i not in there
        ]
    return lost


def _restore(run: Run, history: _History, kept: EntityState) -> None:
    merge, gone = history.merge, str(history.merge["gone"])
    change(
        run,
        kept.id,
        [
            (one.became, one.fact if one.what == "filled" else None)
            for one in history.held
            if one.became is not None
        ],
    )
    # Still as the merge left it: neither did it change since, nor has `kg watch` looked at it.
    same = kept.properties.get(STALE_AT) == merge.get("marked_at")
    restored = {*history.after, "updated_at"} | ({STALE, STALE_AT} if same else set())
    properties = {key: history.before.get(key) for key in restored}
    given = {"id": kept.id, "properties": properties, "labels": merge["added_labels"]}
    run(Statement(cypher.RESTORE_ENTITY, given))
    embedded_since = kept.properties.get(VECTOR) != merge.get("kept_run")
    if embedded_since or not same:
        run(Statement(cypher.MARK[FACTS], {"id": kept.id}))
    raised, stale = _as_it_would_be(run, history.gone)
    labels = [label for label in history.labels if label != "Entity"]
    run(Statement(cypher.RAISE, {"properties": raised, "labels": labels}))
    if stale:
        run(Statement(cypher.MARK[NEW], {"id": gone}))
    create(run, gone, (one.fact for one in history.held if one.what != "filled"))
    if merge.get(MADE) is not None:
        give_back(run, kept.id, gone, merge[MADE], merge[MOVED])
    both = {"id": gone, "kept": kept.id}
    run(Statement(cypher.MARK_OTHERS, both))
    run(Statement(cypher.UNBURY, both))
    run(Statement(cypher.FORGET, {"id": merge["id"]}))


def _as_it_would_be(run: Run, gone: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
    """The properties of the entity that is raised, and whether its vector is to be made anew: one
    of a run that is not current any more would be compared with another's."""
    current = [row["run"]["id"] for row in run(Statement(browse.CURRENT_RUN))]
    if gone.get(VECTOR) is None or gone[VECTOR] in current:
        return dict(gone), False
    return {k: v for k, v in gone.items() if not is_vector_property(k)}, True
