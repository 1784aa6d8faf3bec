"""How what a run changed goes back: relations, entities, marks and media, in their order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from ingest.versions.composed import Composed
from ingest.versions.going_back import GoingBack, Way, entity_back, relation_back
from ingest.versions.journal import (
    ENTITY,
    MARK,
    MEDIA,
    RELATION,
    Entry,
    Journal,
    entity_entry,
    relation_entry,
)
from ingest.versions.marks_back import MarksBack
from ingest.versions.undone import Undone
from kg_platform.browse.entities import current_run
from kg_platform.curation.merge import merged_ids
from kg_platform.cypher import provenance as cypher
from kg_platform.cypher.changes import NEW
from kg_platform.cypher.loading import PUT_MEDIA
from kg_platform.cypher.statement import Statement
from kg_platform.errors import BadInput
from kg_platform.graph.client import Graph, Run
from kg_platform.graph.kept import from_text, give, keep, to_text
from kg_platform.media.store import MediaStore
from kg_platform.progress import Progress
from kg_platform.provenance import states
from kg_platform.provenance.images import EntityImage, image_of
from kg_platform.provenance.rules import rules_of

BATCH = 500  # things a transaction


class Undoing:
    """One undo of one run; without a journal, only looking."""

    def __init__(
        self,
        graph: Graph,
        composed: Composed,
        marks: MarksBack,
        found: Undone,
        journal: Journal | None,
        media: MediaStore | None = None,
    ) -> None:
        self._graph = graph
        self._media = media
        self._composed = composed
        self._marks = marks
        self._found = found
        self._journal = journal
        self._others: set[str] = set()  # entities that others have changed since
        self._rules = rules_of(graph)
        self._merged = merged_ids(graph)
        current = current_run(graph)
        self._current = str(current["id"]) if current else None

    def plan(self) -> None:
        for found in self._composed.items(RELATION, at_once=BATCH):
            batch = [one for one in found if one.before != one.after]
            for one, (_, back) in zip(batch, self._relations(self._read, batch), strict=True):
                self._found.count(RELATION, back, one.before, one.after)
                self._found.note(_name(one), back)
        for found in self._composed.items(ENTITY, at_once=BATCH):
            batch = [one for one in found if one.before != one.after]
            now = states.read(self._read, [one.id for one in batch], lock=False)
            held = self._held(self._read, batch)
            for one in batch:
                way = self._entity(one, now.get(one.id), held.get(one.id))
                self._found.count(ENTITY, way, one.before, one.after)
                self._found.note(one.id, way)

    def write(self, on_progress: Progress) -> None:
        """Relations go before entities, and come back after them."""
        steps: list[tuple[str, str, Callable[[Entry], bool], Any]] = [
            ("restoring media", MEDIA, lambda one: one.before is not None, self._put_media),
            ("removing relations", RELATION, lambda one: one.before is None, self._put_relations),
            ("restoring entities", ENTITY, lambda one: one.before is not None, self._put_entities),
            ("restoring relations", RELATION, lambda one: one.before is not None,
             self._put_relations),
            ("removing entities", ENTITY, lambda one: one.before is None, self._put_entities),
            ("marks", MARK, lambda one: True, self._put_marks),
            ("marks of ends", RELATION, lambda one: True, self._put_end_marks),
            ("removing media", MEDIA, lambda one: one.before is None, self._drop_media),
        ]  # fmt: skip
        for what, kind, wanted, put in steps:
            done = 0
            for batch in self._composed.items(kind, at_once=BATCH):
                some = [one for one in batch if wanted(one) and one.before != one.after]
                if some:
                    put(some)
                done += len(batch)
                on_progress(what, done, None)

    def _read(self, statement: Statement) -> list[dict[str, Any]]:
        return self._graph.read(statement)

    def _transact(self, work: Callable[[Run], list[Entry]]) -> None:
        journal = self._journal
        assert journal is not None
        part = journal.part()
        self._graph.transact(lambda run: journal.put(part, work(run)))

    # relations

    def _relations(
        self, run: Callable[[Statement], list[dict[str, Any]]], batch: Sequence[Entry]
    ) -> list[tuple[str | None, GoingBack[dict[str, Any]]]]:
        """Of each, the element that is there, and how it goes back."""
        rows = [[one.id, one.tail, one.type, number] for number, one in enumerate(batch)]
        there: dict[int, list[tuple[str, dict[str, Any]]]] = {}
        for found in run(Statement(cypher.READ_RELATIONS, {"rows": rows})):
            pair = found["element"], keep(found["properties"])
            there.setdefault(found["number"], []).append(pair)
        ways = []
        for number, one in enumerate(batch):
            pairs = there.get(number, [])
            # People may have made a second one of the same type: whichever is the run's.
            pairs.sort(key=lambda pair: to_text(pair[1]) != one.after)
            element, now = pairs[0] if pairs else (None, None)
            before, after = _properties(one.before), _properties(one.after)
            ways.append((element, relation_back(now, before, after, self._rules)))
        return ways

    def _put_relations(self, batch: Sequence[Entry]) -> None:
        ends = sorted({one.id for one in batch} | {str(one.tail) for one in batch})
        tried: list[tuple[Entry, GoingBack[dict[str, Any]]]] = []

        def work(run: Run) -> list[Entry]:
            run(Statement(cypher.LOCK, {"ids": ends}))
            there = {row["id"] for row in run(Statement(cypher.MARKS, {"ids": ends}))}
            dropped, changed, put = [], [], []
            kept: list[Entry] = []
            done = []
            for one, (element, back) in zip(batch, self._relations(run, batch), strict=True):
                if back.way is Way.WHOLE and element is None and not {one.id, one.tail} <= there:
                    back = GoingBack(Way.NONE, why="an end of it is gone")
                done.append((one, back))
                if back.way not in (Way.WHOLE, Way.PART):
                    continue
                now = one.after  # what is there, if nobody touched it
                if element is not None and back.way is Way.PART:
                    now = to_text(self._now_of(run, one, element))
                if back.target is None:
                    dropped.append([element])
                elif element is None:
                    put.append([one.id, one.tail, one.type, give(back.target)])
                    now = None
                else:
                    changed.append([element, give(back.target)])
                target = None if back.target is None else to_text(back.target)
                kept.append(relation_entry((one.id, one.type or "", one.tail or ""), now, target))
            for text, rows in (
                (cypher.DROP_RELATION_ROWS, dropped),
                (cypher.CHANGE_RELATION_ROWS, changed),
                (cypher.PUT_RELATION_ROWS, put),
            ):
                if rows:
                    run(Statement(text, {"rows": rows}))
            tried[:] = done
            return kept

        self._transact(work)
        for one, back in tried:
            self._found.count(RELATION, back, one.before, one.after)

    def _now_of(self, run: Run, one: Entry, element: str) -> Any:
        rows = [[one.id, one.tail, one.type, 0]]
        found = run(Statement(cypher.READ_RELATIONS, {"rows": rows}))
        return next(keep(r["properties"]) for r in found if r["element"] == element)

    # entities

    def _entity(
        self, one: Entry, now: EntityImage | None, held: str | None
    ) -> GoingBack[EntityImage]:
        before, after = image_of(one.before), image_of(one.after)
        if now is None and after is not None and one.id in self._merged:
            return GoingBack(Way.NONE, why=f"it was merged into {self._merged[one.id]}")
        back = entity_back(one.id, now, before, after, self._rules)
        if back.way is Way.WHOLE and back.target is None and held:
            return GoingBack(Way.NONE, why=held)
        return back

    def _held(
        self, run: Callable[[Statement], list[dict[str, Any]]], batch: Sequence[Entry]
    ) -> dict[str, str]:
        """What holds on to entities that the run created: facts of others, and merges."""
        ids = [one.id for one in batch if one.before is None]
        if not ids:
            return {}
        held = {
            row["id"]: "others were merged into it"
            for row in run(Statement(cypher.MERGED_INTO, {"ids": ids}))
        }
        wanted = set(ids)
        some: list[dict[str, Any]] = []
        for row in run(Statement(cypher.RELATIONS_OF, {"ids": ids})):
            some.append(row)
        triples = [Entry(RELATION, r["head"], r["type"], r["tail"], None, None) for r in some]
        for row, known in zip(some, self._composed.find(triples), strict=True):
            goes = (
                known is not None
                and known.before is None
                and to_text(keep(row["properties"])) == known.after
            )
            if not goes:
                who = row["properties"].get("source") or "somebody"
                why = f"{row['head']} {row['type']} {row['tail']} is there, by {who}"
                held.update(dict.fromkeys({row["head"], row["tail"]} & wanted, why))
        return held

    def _put_entities(self, batch: Sequence[Entry]) -> None:
        tried: list[tuple[Entry, GoingBack[EntityImage]]] = []

        def work(run: Run) -> list[Entry]:
            images = states.read(run, [one.id for one in batch], vectors=False)
            held = self._held(run, batch)
            at = states.now(run)
            marks = self._marks.of(batch)
            backs = [
                (one, now, self._entity(one, now, held.get(one.id)))
                for one, now in ((one, images.get(one.id)) for one in batch)
            ]
            kinds = states.kinds_of_other(run, ((now, back.target) for _, now, back in backs))
            changes = []
            for (one, now, back), mark in zip(backs, marks, strict=True):
                if back.way not in (Way.WHOLE, Way.PART):
                    continue
                target = back.target
                buried = now is not None and "run" in now.mark
                if target is not None and now is None:
                    target = self._raised(target, at)
                elif target is not None and now is not None:
                    target = self._marks.remarked(one, now, target, mark, at, kinds)
                changes.append(states.EntityChange(one.id, now, target, buried))
            self._media_there(run, changes)
            states.write(run, changes)
            tried[:] = [(one, back) for one, _, back in backs]
            return [
                entity_entry(
                    c.id,
                    c.before.text() if c.before else None,
                    c.after.text() if c.after else None,
                )
                for c in changes
            ]

        self._transact(work)
        for one, way in tried:
            self._found.count(ENTITY, way, one.before, one.after)
            if way.way in (Way.PART, Way.NONE):
                self._others.add(one.id)

    def _raised(self, target: EntityImage, at: Any) -> EntityImage:
        """An entity that comes back: vectors of a run that is not live any more stay away."""
        if not target.vectors or target.mark.get("run") == self._current:
            return target
        mark = {"stale": [NEW], "stale_at": at}
        return replace(target, vectors={}, mark=mark)

    def _media_there(self, run: Run, changes: Sequence[states.EntityChange]) -> None:
        """Media that a sweep has removed since cannot be given back."""
        wanted = {
            digest
            for change in changes
            if change.after is not None
            for media in (change.after.media, *(r.media for r in change.after.records.values()))
            for digest, _ in media
        }
        if not wanted:
            return
        rows = run(Statement(cypher.MEDIA_THERE, {"ids": sorted(wanted)}))
        if gone := sorted(wanted - {row["id"] for row in rows}):
            raise BadInput(
                f"{len(gone):,} media that entities had before are gone, the first {gone[0]}: `kg "
                "sweep` has removed them, so this run cannot be undone; ingest the version of the "
                "source that you want again."
            )

    # marks

    def _put_marks(self, batch: Sequence[Entry]) -> None:
        """Ends of relations that the run marked, and did nothing else to."""
        known = {one.id: one for one in batch if one.id not in self._others}
        if known:
            self._transact(lambda run: self._marks.put(run, list(known), known))

    def _put_end_marks(self, batch: Sequence[Entry]) -> None:
        """Ends whose marks nobody knows: what they had to say has changed."""
        ids, restored = self._marks.unknown_ends(batch)
        if ids:
            self._transact(lambda run: self._marks.put(run, ids, {}, restored))

    # media

    def _drop_media(self, batch: Sequence[Entry]) -> None:
        """Media that came with the run and that nobody refers to; their bytes are for a sweep."""

        def work(run: Run) -> list[Entry]:
            given = {"ids": [one.id for one in batch]}
            gone = {row["id"] for row in run(Statement(cypher.DROP_LONE_MEDIA, given))}
            return [o._replace(before=o.after, after=None) for o in batch if o.id in gone]

        self._transact(work)

    def _put_media(self, batch: Sequence[Entry]) -> None:
        """Media that went with an undo come back, if the store still has their bytes."""
        media = self._media
        assert media is not None
        some = [one for one in batch if media.exists(one.id)]

        def work(run: Run) -> list[Entry]:
            ids = [one.id for one in some]
            there = {r["id"] for r in run(Statement(cypher.MEDIA_THERE, {"ids": ids}))}
            back = [one for one in some if one.id not in there]
            rows = [{"id": o.id, "properties": from_text(o.before or "{}")} for o in back]
            run(Statement(PUT_MEDIA, {"rows": rows}))
            return [one._replace(before=None, after=one.before) for one in back]

        self._transact(work)


def _properties(text: str | None) -> dict[str, Any] | None:
    return None if text is None else from_text(text)


def _name(one: Entry) -> str:
    return f"{one.id} {one.type} {one.tail}"
