"""`kg match`: read, score, decide, and then do what was decided.

The order is: ledger row `running`, everything is decided and written into the run's folder, then
merges one by one under ids of their own, then review items, then ledger row `succeeded`. Each step
may be done twice, so a run that was killed anywhere is finished by running the command again.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.resolution.matching.decide import Decisions, TypeMatcher
from ingest.resolution.matching.infer import inferred
from ingest.resolution.matching.plan import (
    MatchPlan,
    PlannedMerge,
    PlannedQuestion,
    SavedModels,
    folder_of,
    load_models,
    load_plan,
    save_models,
    save_plan,
)
from ingest.resolution.matching.reading import MergeHistory, chosen_types
from ingest.resolution.matching.rules import MatchRules
from kg_platform.curation.merge import merge, merged_ids
from kg_platform.cypher import matching as cypher
from kg_platform.errors import BadInput, NotFound
from kg_platform.graph.client import Graph
from kg_platform.graph.lease import GraphLease
from kg_platform.ledger.ledger import Ledger
from kg_platform.ledger.review_rows import Candidate
from kg_platform.ledger.rows import RunRow
from kg_platform.platform import Platform
from kg_platform.progress import Progress, logged

KIND = "match"
BY = "kg match"
_REVIEWED = 100_000  # open items that are looked at after merging


@dataclass(frozen=True)
class MatchSummary:
    """What a run did: figures, what it says to people, and, of a dry run, what it would do."""

    run_id: str | None
    figures: Mapping[str, Any]
    notes: list[str]
    merges: list[PlannedMerge]
    questions: list[PlannedQuestion]

    def as_dict(self) -> dict[str, Any]:
        return {"run": self.run_id, **self.figures, "notes": self.notes}


def match(
    platform: Platform,
    rules: MatchRules | None = None,
    *,
    only: str | None = None,
    dry_run: bool = False,
    since: str | None = None,
    new: bool = False,
    train: bool = False,
    on_progress: Progress | None = None,
) -> MatchSummary:
    """Match the entities of the graph by these rules, or by inferred ones.

    A model is learnt once for the same rules, and again where `train` asks for it: when most of
    what is one has been merged there is little left to learn from. `new` matches what changed since
    the last run, `since` since that run. `only` is one type. A dry run changes nothing, and leaves
    no run.

    Raises:
        NotFound: a type, a run or a model is not there. BadInput: the rules do not fit.
        Interrupted: Ctrl-C; the same command goes on.
    """
    with _alone(platform.graph, dry_run) as lease:
        report = lease.guarding(logged(on_progress)) if lease else logged(on_progress)
        job = MatchJob(platform, rules, only, since, new, train)
        return job.preview(report) if dry_run else job.run(report)


@contextmanager
def _alone(graph: Graph, dry_run: bool) -> Iterator[GraphLease | None]:
    if dry_run:
        yield None
        return
    lease = GraphLease(lambda: graph, KIND, "matching")
    lease.ensure()
    try:
        yield lease
    finally:
        lease.release()


class MatchJob:
    """One run of the ledger."""

    def __init__(
        self,
        platform: Platform,
        rules: MatchRules | None,
        only: str | None,
        since: str | None,
        new: bool,
        train: bool,
    ) -> None:
        self._platform = platform
        self._graph, self._ledger = platform.graph, platform.ledger
        self._given, self._only, self._since, self._new = rules, only, since, new
        self._train = train
        self._settings = {
            "rules": None if rules is None else rules.dumped(),
            "type": only,
            "since": since,
            "new": new,
            "train": train,
        }

    def preview(self, report: Progress) -> MatchSummary:
        """What a run would do."""
        rules, saved, since = self._prepared()
        made = self._decided(rules, saved, since, report)
        plan = made.plan
        return MatchSummary(None, plan.figures, plan.notes, plan.merges, plan.questions)

    def run(self, report: Progress) -> MatchSummary:
        """Decide and do; or finish what was decided by a run that was cut short."""
        begun = time.monotonic()
        before = self._ledger.latest(KIND)
        plan = self._left(before)
        if before is not None and plan is not None:
            run_id = before.id
            self._ledger.resume_run(run_id, alone=True)
            plan.notes.append(f"Run {run_id} was cut short; it was finished as it was decided.")
        else:
            run_id = self._ledger.start_run(KIND, self._settings)
        with self._ledger.closing(
            lambda: run_id,
            lambda: "Stopped; what was merged stays merged. Run the same command again to go on.",
        ):
            if plan is None:
                with self._ledger.stepping(run_id, "decide") as details:
                    plan = self._decide(run_id, report)
                    details.update(plan.figures)
            with self._ledger.stepping(run_id, "merge") as details:
                done = _Applied(self._graph, self._ledger, run_id).apply(plan, report)
                details.update(done)
            figures = {**plan.figures, **done, "seconds": round(time.monotonic() - begun, 1)}
            self._ledger.finish_run(run_id, "succeeded", figures)
        return MatchSummary(run_id, figures, plan.notes, plan.merges, plan.questions)

    def _left(self, before: RunRow | None) -> MatchPlan | None:
        """The plan of the run before, if it asked for the same and did not come to its end."""
        if before is None or before.status == "succeeded" or before.settings != self._settings:
            return None
        return load_plan(folder_of(self._platform.settings, before.id))

    def _prepared(self) -> tuple[MatchRules, SavedModels | None, int | None]:
        """The rules, the models to go on with, and the time from which on entities are new."""
        if not self._new and self._since is None:
            saved = None if self._train else self._learnt()
            if saved is not None:
                return MatchRules.model_validate(saved.rules), saved, None
            return self._given or inferred(self._graph, self._only), None, None
        last = self._last_trained()
        saved = load_models(folder_of(self._platform.settings, last), last)
        rules = MatchRules.model_validate(saved.rules)
        if self._given is not None and self._given.dumped() != rules.dumped():
            raise BadInput(
                f"These are other rules than those of run {last}, which has the model; "
                "`kg match RULES` without --new or --since trains one for them."
            )
        return rules, saved, self._from()

    def _learnt(self) -> SavedModels | None:
        """The models that the last run learnt, if it was asked for by the same rules, or by none:
        what would be inferred now is from a graph in which most has been merged."""
        for run in self._ledger.runs(KIND, 1_000):
            if run.status == "succeeded" and run.record.get("model_of") == run.id:
                same = ("rules", "type")
                if any(run.settings.get(name) != self._settings[name] for name in same):
                    return None
                with suppress(NotFound):
                    return load_models(folder_of(self._platform.settings, run.id), run.id)
        return None

    def _last_trained(self) -> str:
        for run in self._ledger.runs(KIND, 1_000):
            if run.status == "succeeded" and "model_of" in run.record:
                return str(run.record["model_of"])
        raise NotFound("Nothing was matched yet; `kg match` without --new and --since begins.")

    def _from(self) -> int:
        """Microseconds of the graph's clock."""
        if self._since is None:
            done = (run for run in self._ledger.runs(KIND, 1_000) if run.status == "succeeded")
            return max(int(run.record.get("read_at", 0)) for run in done)
        run = self._ledger.run(self._since)
        if "read_at" in run.record:
            return int(run.record["read_at"])
        from datetime import datetime

        return int(datetime.fromisoformat(run.started_at).timestamp() * 1e6)

    def _decide(self, run_id: str, report: Progress) -> MatchPlan:
        rules, saved, since = self._prepared()
        folder = folder_of(self._platform.settings, run_id)
        folder.mkdir(parents=True, exist_ok=True)
        ((read_at,),) = (row.values() for row in self._graph.read(cypher.NOW))
        whole = since is None
        made = self._decided(rules, saved, since, report, folder if whole else None)
        if whole:
            save_models(folder, rules.dumped(), made.models)
        # The plan comes last: without one the run is begun anew.
        trained = run_id if saved is None or whole else saved.folder.parent.name
        self._ledger.describe(run_id, read_at=read_at, model_of=trained, plan=str(folder))
        save_plan(folder, made.plan)
        return made.plan

    def _decided(
        self,
        rules: MatchRules,
        saved: SavedModels | None,
        since: int | None,
        report: Progress,
        folder: Path | None = None,
    ) -> Decisions:
        history = MergeHistory.of(self._graph)
        types = chosen_types(self._graph, rules.types, self._only)
        if not types:
            raise NotFound("There is no entity to match; `kg ingest PATH` loads some.")
        rejected = rejected_pairs(self._graph, self._ledger)
        made = Decisions()
        if saved is not None and since is None:
            run = saved.folder.parent.name
            made.plan.notes.append(
                f"The model of run {run} is used, which was learnt for the same rules; --train "
                "learns a new one."
            )
        for number, name in enumerate(types):
            model = None if saved is None else saved.models.get(name)
            if model is not None and not model.trusted and since is None:
                model = None  # there may be more to learn from by now
            matcher = TypeMatcher(self._graph, rules, history, rejected, since)
            place = None if folder is None else (folder, str(number))
            matcher.decide(name, made, model, report, place)
        made.say_unknown(rules.trust)
        return made


def rejected_pairs(graph: Graph, ledger: Ledger) -> set[tuple[str, str]]:
    """Pairs that somebody has said are two, by the entities that stand for them now."""
    stands = merged_ids(graph)
    found = set()
    for head, _, tail in ledger.reviews.ends("duplicate", ["rejected"]):
        one, other = sorted((stands.get(head, head), stands.get(tail, tail)))
        found.add((one, other))
    return found


class _Applied:
    """Does what was decided; what is done already is done once."""

    def __init__(self, graph: Graph, ledger: Ledger, run_id: str) -> None:
        self._graph, self._ledger, self._run_id = graph, ledger, run_id

    def apply(self, plan: MatchPlan, report: Progress) -> dict[str, int]:
        merged = refused = 0
        questions = list(plan.questions)
        for number, one in enumerate(plan.merges, start=1):
            report("merge", number - 1, len(plan.merges))
            try:
                self._merge(number, one)
                merged += 1
            except NotFound:  # somebody has taken it away since
                refused += 1
            except BadInput as error:
                refused += 1
                why, (first, second) = f"it was to be merged: {error}", sorted((one.kept, one.gone))
                questions.append(
                    PlannedQuestion(one.type, first, second, [], one.probability, why, one.grounds)
                )
        report("merge", len(plan.merges), len(plan.merges))
        proposed = self._ledger.reviews.propose(self._run_id, map(self._item, questions))
        self._close_items()
        return {
            "merged": merged,
            "not_merged": refused,
            "asked": proposed.new + proposed.updated,
            "decided_before": proposed.decided,
        }

    def _merge(self, number: int, one: PlannedMerge) -> None:
        about = {
            "run": self._run_id,
            "by": BY,
            "score": one.probability,
            "why": f"key {one.key}" if one.key else "score",
            "pair": one.pair,
            "grounds": [f"{what}: {words}" for what, words in one.grounds],
        }
        # They have the type in common that they were matched by; either may have more.
        merge(self._graph, f"match-{self._run_id}-{number}", one.kept, one.gone, about, force=True)

    def _item(self, one: PlannedQuestion) -> Candidate:
        labels = one.labels or [one.one, one.other]
        said = {
            "head_label": labels[0],
            "tail_label": labels[1],
            "sentence": one.why,
            "grounds": one.grounds,
            "run": self._run_id,
        }
        return Candidate(
            "duplicate", one.one, "", one.other, one.probability, one.probability, said
        )

    def _close_items(self) -> None:
        """Open questions that merging has answered are no questions any more."""
        stands = merged_ids(self._graph)
        reviews = self._ledger.reviews
        for row in reviews.items("open", "duplicate", limit=_REVIEWED):
            if stands.get(row.head, row.head) == stands.get(row.tail, row.tail):
                note = f"the two were merged by run {self._run_id}"
                reviews.decide(row.id, "open", "superseded", BY, note)
