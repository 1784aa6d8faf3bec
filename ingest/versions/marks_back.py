"""How marks of what is stale go back in an undo: as they were, where nobody has set them since."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ingest.versions.composed import Composed
from ingest.versions.journal import ENTITY, MARK, Entry
from kg_platform.cypher import provenance as cypher
from kg_platform.cypher.changes import FACTS
from kg_platform.cypher.statement import Statement
from kg_platform.graph.client import Run
from kg_platform.graph.kept import from_text, give, to_text
from kg_platform.provenance import states
from kg_platform.provenance.images import EntityImage, image_of, reasons, with_mark

_NOTHING: Mapping[str, Mapping[str, Any]] = {}


class SeenMarks:
    """When the run marked entities as stale: times that many share."""

    def __init__(self) -> None:
        self.times: set[str] = set()

    def seen(self, found: Iterable[Entry]) -> Iterator[Entry]:
        for one in found:
            if one.kind == MARK and not one.id:
                self.times.add(to_text(from_text(one.after or "{}").get("stale_at")))
            else:
                yield one


class MarksBack:
    """The marks of one undo: those that the run wrote are in `composed`, when it did in `seen`."""

    def __init__(self, composed: Composed, seen: SeenMarks) -> None:
        self._composed, self._seen = composed, seen

    def of(self, batch: Sequence[Entry]) -> list[Entry | None]:
        """The run's mark on each of these entities, if it set one."""
        return self._composed.find([Entry(MARK, one.id, None, None, None, None) for one in batch])

    def remarked(
        self,
        one: Entry,
        now: EntityImage,
        target: EntityImage,
        mark: Entry | None,
        at: Any,
        kinds: Mapping[str, str],
    ) -> EntityImage:
        """What an entity goes back to, with the mark that it has then; `kinds` as `reasons`."""
        before = image_of(one.before)
        assert before is not None or target is not None
        was = from_text(mark.before) if mark and mark.before else (before.mark if before else None)
        bare = replace(target, mark=now.mark)
        if was is not None and self._untouched(one, mark, now.mark, was):
            return replace(bare, mark=_with_run(was, now.mark))
        return with_mark(bare, reasons(now, target, kinds), at)

    def unknown_ends(
        self, batch: Sequence[Entry]
    ) -> tuple[list[str], dict[str, Mapping[str, Any]]]:
        """Ends of these relations whose marks the run did not keep; and what entities among all
        ends that went back as a whole had."""
        ends = sorted({one.id for one in batch} | {str(one.tail) for one in batch})
        asked = [Entry(MARK, one, None, None, None, None) for one in ends]
        known = self._composed.find(asked)
        others = self._composed.find([one._replace(kind=ENTITY) for one in asked])
        unknown = [end for end, mark in zip(ends, known, strict=True) if mark is None]
        images = {one.id: image_of(one.before) for one in others if one is not None}
        return unknown, {name: one.mark for name, one in images.items() if one}

    def put(
        self,
        run: Run,
        ids: Sequence[str],
        known: Mapping[str, Entry],
        restored: Mapping[str, Mapping[str, Any]] = _NOTHING,
    ) -> list[Entry]:
        """Set the marks of these entities back to those of `known`, or, without one, because of
        facts; what to keep of it. `restored`: marks of entities that went back as a whole."""
        run(Statement(cypher.LOCK, {"ids": sorted(ids)}))
        at = states.now(run)
        rows: list[dict[str, Any]] = []
        kept: list[Entry] = []
        for row in run(Statement(cypher.MARKS, {"ids": list(ids)})):
            now, mark = states.mark_of(row), known.get(row["id"])
            if mark is not None and mark.before is not None:
                was = from_text(mark.before)
                same = self._untouched(None, mark, now, was)
                target = was if same else _with_facts(now, at)
            elif to_text(now) == to_text(restored.get(row["id"])):
                continue
            elif to_text(now.get("stale_at")) in self._seen.times:
                continue  # it is new with the run, or was marked just before it
            else:
                target = _with_facts(now, at)
            if to_text(target) != to_text(now):
                rows.append({"id": row["id"], "stale": target.get("stale"),
                             "stale_at": give(target.get("stale_at"))})  # fmt: skip
                kept.append(Entry(MARK, row["id"], None, None, to_text(now), to_text(target)))
        if rows:
            run(Statement(cypher.SET_MARKS, {"rows": rows}))
        return kept

    def _untouched(
        self, entity: Entry | None, mark: Entry | None, now: dict[str, Any] | Any, was: Any
    ) -> bool:
        """Whether the mark is the run's, and the vector of the same run as then."""
        if was.get("run") != now.get("run"):
            return False
        left = [one.after for one in (mark,) if one is not None and one.after]
        times = {to_text(from_text(text).get("stale_at")) for text in left}
        if entity is not None and entity.after is not None:
            times.add(to_text(from_text(entity.after).get("mark", {}).get("stale_at")))
        is_now = to_text(now.get("stale_at"))
        return is_now in times | self._seen.times or is_now == to_text(was.get("stale_at"))


def _with_facts(mark: dict[str, Any], at: Any) -> dict[str, Any]:
    return dict(with_mark(EntityImage((), {}, mark=mark), [FACTS], at).mark)


def _with_run(was: Any, now: Any) -> dict[str, Any]:
    mark = {key: value for key, value in was.items() if key != "run"}
    return {**mark, "run": now["run"]} if "run" in now else mark
