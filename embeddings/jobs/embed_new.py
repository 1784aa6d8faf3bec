"""`kg embed --new-only`: vectors for entities that are new or changed, without training.

published run -> snapshot -> who has no vector, or says something else than what its vector was made
of -> features of those -> fit -> vectors on their nodes

The vectors live in the published run's space: texts and pictures give a prior (`priors.py`), and a
fit moves it to where the entity's facts want it (`fold_in.py`). They carry the published run's
id and the mark `embedding_provisional`; the next full publish takes the mark, or the vectors, away.
An entity that says what it said in training but lost its vectors, or has provisional ones, gets the
artifact's, which are not provisional.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from embeddings.data.artifact import Artifact
from embeddings.data.feature_matrix import Features
from embeddings.data.fingerprints import as_text
from embeddings.data.snapshot import Snapshot
from embeddings.features.snapshot_features import graph_features
from embeddings.jobs.lock import only_one
from embeddings.jobs.run import Job
from embeddings.models.from_artifact import load_scorer
from embeddings.publish.checks import batch_of
from embeddings.publish.live_artifact import artifact_of, published_encoders
from embeddings.publish.published import published_run
from embeddings.refresh.fitter import Fitted, fitted
from embeddings.refresh.fold_in import FitOptions
from embeddings.refresh.pending import Part, find
from embeddings.refresh.staleness import Compared, bury, compare, snapshot_for
from embeddings.refresh.triage import due
from embeddings.refresh.write_fitted import Observed, note_seen, refuse_other, restore, write_fitted
from kg_platform.cypher import vectors as cypher
from kg_platform.cypher.statement import Statement
from kg_platform.platform import Platform
from kg_platform.progress import Progress, logged

KIND = "embed-new"


@dataclass(frozen=True)
class NewSummary:
    """What happened. Nothing was to do where all figures are 0.

    `fitted` entities have vectors by their facts, `from_features` by texts and pictures alone,
    `restored` got back what was trained; `without` have nothing to make one from. `changed` of them
    are trained entities that say something else now; `unchanged` were marked, but nothing that they
    say now makes a better vector. `tombstones` were left of entities that are gone. `facts` were
    used, `skipped_facts` not.
    """

    run_id: str
    published_run: str
    fitted: int = 0
    from_features: int = 0
    restored: int = 0
    without: int = 0
    changed: int = 0
    unchanged: int = 0
    tombstones: int = 0
    facts: int = 0
    skipped_facts: int = 0
    seconds: float = 0.0

    @property
    def vectors(self) -> int:
        return self.fitted + self.from_features + self.restored

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def embed_new(
    platform: Platform,
    options: FitOptions | None = None,
    on_progress: Progress | None = None,
    schedule: str | None = None,
) -> NewSummary:
    """Give vectors to entities that have none of the published run, or a provisional one.

    On behalf of a `schedule`, the run's settings name it.

    Raises:
        NotFound: nothing is published, or its artifact is not on this machine.
        BadInput: an encoder has another revision than the published run's, a publish stands
            half-way, or another embedding job of this platform or graph is running.
    """
    with only_one(platform):
        run = published_run(platform.graph)
        refuse_other(platform.graph, str(run["id"]))
        artifact = artifact_of(run, platform.settings.artifacts_dir)
        job = EmbedNewJob(platform, run, artifact, options, logged(on_progress), schedule)
        return job.run()


class EmbedNewJob(Job):
    KIND = KIND

    def __init__(
        self,
        platform: Platform,
        run: Mapping[str, Any],
        artifact: Artifact,
        options: FitOptions | None,
        report: Progress,
        schedule: str | None,
    ) -> None:
        super().__init__(platform, report)
        self.graph = platform.graph
        self.published, self.artifact = run, artifact
        self.options = options or FitOptions()
        self.schedule = schedule

    def run(self) -> NewSummary:
        settings = {"published_run": self.published["id"], **asdict(self.options)}
        if self.schedule is not None:
            settings["schedule"] = self.schedule
        begun = time.perf_counter()
        try:
            with self.running(settings):
                found = self._work()
        finally:
            if self.run_id:
                shutil.rmtree(self.folder / "snapshot", ignore_errors=True)
        summary = replace(found, seconds=round(time.perf_counter() - begun, 2))
        figures = {k: v for k, v in summary.as_dict().items() if not isinstance(v, str)}
        self.succeeded(figures)
        return summary

    def when_stopped(self) -> str:
        return f"Run {self.run_id} was stopped; `kg embed --new-only` begins again."

    def _work(self) -> NewSummary:
        run = str(self.published["id"])
        snapshot = self._snapshot()
        with self.step("compare") as details:
            compared = compare(self.graph, self.artifact, snapshot)
            buried = bury(self.graph, compared)
            rows = self.graph.read(Statement(cypher.WAITING, {"run": run}))
            lacking = {str(row["id"]) for row in rows}
            todo = due(snapshot, self.artifact, compared, lacking)
            unchanged = len(todo.stand) - len(todo.restore)
            found = NewSummary(self.run_id, run, unchanged=unchanged, tombstones=buried)
            details.update({"to fit": len(todo.fit), "to restore": len(todo.restore)})
        if todo.restore:
            with self.step("restore"):
                restore(self.graph, self.artifact, run, todo.restore)
        note_seen(self.graph, run, self._seen(snapshot, compared, todo.stand))
        known = {name: row for row, name in enumerate(self.artifact.iter_entity_ids())}
        waiting = find(snapshot, todo.fit, known, self.artifact.relation_types)
        found = replace(found, restored=len(todo.restore), skipped_facts=waiting.skipped)
        if waiting.ids:
            features = self._features(Part(snapshot, waiting.positions))
            with self.step("fit") as details:
                scorer = load_scorer(self.artifact)
                made = fitted(self.artifact, scorer, features, waiting, self.options)
                some = made.some.numpy()
                with_facts = len(np.unique(waiting.facts.rows))
                found = replace(
                    found,
                    fitted=with_facts,
                    from_features=int(some.sum()) - with_facts,
                    without=int((~some).sum()),
                    changed=sum(name in known for name in waiting.ids),
                    facts=len(waiting.facts),
                )
                details.update(asdict(found))
            with self.step("publish"):
                seen = self._seen(snapshot, compared, waiting.positions.tolist())
                self._write(seen, made)
        self.graph.write(Statement(cypher.COUNT_ENTITIES_OF_RUN, {"id": run}))
        return found

    def _seen(
        self, snapshot: Snapshot, compared: Compared, positions: Sequence[int]
    ) -> list[Observed]:
        wanted, marks = set(positions), snapshot.changed()
        return [
            Observed(name, as_text(compared.content[at]), int(marks[at]))
            for at, name in enumerate(snapshot.entity_ids())
            if at in wanted
        ]

    def _snapshot(self) -> Snapshot:
        """What the published run was made from, as it is now."""
        with self.step("snapshot") as details:
            folder = self.folder / "snapshot"
            snapshot = snapshot_for(self.platform, self.artifact, folder, self.report_snapshot)
            details.update(snapshot.manifest)
        return snapshot

    def _features(self, part: Part) -> dict[str, Features]:
        """Features of the new entities, by the encoders of the published run."""
        encoders, modalities = published_encoders(
            self.platform.settings, self.published, self.artifact
        )
        return graph_features(
            self.platform,
            part,
            encoders,
            modalities,
            step=self.step,
            report=self.report,
        )

    def _write(
        self,
        seen: Sequence[Observed],
        made: Fitted,
    ) -> None:
        """Vectors on the nodes of those that have one, and their marks away."""
        names, masks = made.written()
        size = batch_of(self.artifact, self.artifact.names)
        for start in range(0, len(seen), size):
            cut = slice(start, start + size)
            write_fitted(
                self.graph,
                str(self.published["id"]),
                seen[cut],
                {name: rows[cut] for name, rows in names.items()},
                {name: mask[cut] for name, mask in masks.items()},
            )
            self.report("vectors", min(start + size, len(seen)), len(seen))
