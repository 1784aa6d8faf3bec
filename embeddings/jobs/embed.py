"""The embedding job: snapshot -> features -> train -> rank -> artifact -> gate -> publish.

Each step is written down in the ledger. A job that was stopped, killed or failed is taken up again
by the next one with the same options, if the graph is still the same: the snapshot's hash says so.
Until `publish` nothing in the graph changes. Maps are made behind it, in a run of their own
(`map.py`).
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from embeddings.data import snapshot_archive
from embeddings.data.artifact import Artifact, open_artifact
from embeddings.data.dataset import Dataset
from embeddings.data.feature_matrix import Features
from embeddings.data.fingerprints import content_of
from embeddings.data.manifest import unit_of_split
from embeddings.data.snapshot import Snapshot, open_snapshot, take
from embeddings.evaluation.evaluate import Measured, measure
from embeddings.features.modal import Encoders
from embeddings.features.snapshot_features import graph_features
from embeddings.jobs.cost import plan
from embeddings.jobs.cost.estimate import CostPlan
from embeddings.jobs.embed_options import EmbedOptions, of_graph
from embeddings.jobs.lock import only_one
from embeddings.jobs.map import maps_of_new_run
from embeddings.jobs.run import Job
from embeddings.jobs.unfinished import KIND, same_work, unit_of
from embeddings.numerics.device import device_of
from embeddings.publish.gate.decision import Force, already_passed, decide, record_pass, refusal
from embeddings.publish.gate.verdict import Verdict
from embeddings.publish.live_artifact import Live, find_live
from embeddings.publish.publish import PublishSummary, publish_artifact
from embeddings.training import checkpoint, warm_start
from embeddings.training.artifact_writer import save_artifact
from embeddings.training.result import Trained, aligned
from embeddings.training.train import logged_epoch, train
from kg_platform.adoption.named_pictures import pictures_of
from kg_platform.adoption.sync import sync_nodes
from kg_platform.curation.review import decided_facts
from kg_platform.errors import ArtifactError, GateRefused, NotFound
from kg_platform.graph.lease import GraphLease
from kg_platform.modality import MODALITIES
from kg_platform.platform import Platform
from kg_platform.progress import Progress, logged
from kg_platform.runs.held_out import caveat
from kg_platform.runs.memory import peak_bytes

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class EmbedResult:
    """What a job made: run, artifact, figures on validation and test, and where time went."""

    run_id: str
    artifact: Artifact
    metrics: Mapping[str, float]
    seconds: Mapping[str, float]
    published: PublishSummary | None
    notes: tuple[str, ...]


def embed(
    platform: Platform,
    options: EmbedOptions,
    *,
    publish_vectors: bool = True,
    force: Force | None = None,
    on_progress: Progress | None = None,
    schedule: str | None = None,
) -> EmbedResult:
    """Do the whole job, on behalf of a schedule if there is one: the run's settings name it.

    Raises:
        GateRefused: the run is worse than the live one and nobody forces it; it is kept.
        BadInput: there is nothing to embed, or another embedding job of this platform or graph is
            running.
        Interrupted: a person stopped it; the same command goes on from where it stopped, unless
            only maps were missing.
    """
    with only_one(platform, writes=publish_vectors) as lease:
        if publish_vectors:
            sync_nodes(platform.graph)
        options = of_graph(platform.graph, options)
        job = EmbedJob(platform, options, force, logged(on_progress), schedule, lease)
        result = job.run(publish_vectors)
    # Whatever becomes of the maps, the run has ended well, and the next job need not wait.
    if platform.settings.maps:
        note = maps_of_new_run(platform, result.run_id, on_progress)
        result = replace(result, notes=(*result.notes, *([note] if note else [])))
    if job.refused is not None:
        raise GateRefused(refusal(job.refused))
    return result


def plan_run(
    platform: Platform,
    options: EmbedOptions,
    *,
    publish_vectors: bool = True,
    on_progress: Progress | None = None,
) -> CostPlan:
    """What `embed` would cost, from a few seconds' trial. Nothing is written to the graph.

    Raises:
        BadInput: there is nothing to embed. EncoderError: an encoder cannot be loaded.
    """
    return plan.make(
        platform,
        of_graph(platform.graph, options),
        Encoders(platform.settings),
        publish=publish_vectors,
        on_progress=on_progress,
    )


NAMED_FILES = 3  # that a note names


class EmbedJob(Job):
    """One embedding job: what its steps share."""

    KIND = KIND

    def __init__(
        self,
        platform: Platform,
        options: EmbedOptions,
        force: Force | None,
        report: Progress,
        schedule: str | None,
        lease: GraphLease,
    ) -> None:
        super().__init__(platform, report)
        self.options = options
        self.lease = lease
        self.force = force
        self.settings = _settings(platform, options)
        if schedule is not None:
            self.settings["schedule"] = schedule
        self.notes: list[str] = []
        self.continued = False
        self.aligned_to: str | None = None
        self.live: Live | None = None
        self.refused: Verdict | None = None
        self.encoders = Encoders(platform.settings)

    def run(self, publish_vectors: bool) -> EmbedResult:
        with self.running(self.settings):
            made = self._plan(publish_vectors)
            snapshot = self._snapshot()
            artifact = self._finished() if self.continued else None
            if artifact is None:
                artifact = self._learn(snapshot)
            metrics: Mapping[str, float] = artifact.manifest["metrics"]
            counted = self._held_out(artifact)
            self._keep(snapshot)
            published, verdict = None, None
            if publish_vectors:
                if not already_passed(self.platform, self.run_id):
                    verdict = self._gate(artifact)
                if verdict is None or verdict.passed or self.force:
                    published = self._publish(artifact, verdict)
                else:
                    self.refused = verdict
            recorded = {**metrics, **counted, **self._off(made)}
        self.succeeded(recorded)
        # The artifact holds all that is needed from here on; what stays is for looking back.
        shutil.rmtree(snapshot.folder, ignore_errors=True)
        checkpoint.discard(self._training)
        return EmbedResult(
            self.run_id, artifact, metrics, self.seconds, published, tuple(self.notes)
        )

    def _learn(self, snapshot: Snapshot) -> Artifact:
        """Features, training, ranking: the artifact. What it took of memory is free afterwards."""
        features = self._features(snapshot)
        del self.encoders  # training may need their memory
        self.ledger.describe(self.run_id, **self._made_from(snapshot, features))
        dataset, trained = self._train(snapshot, features)
        measured = self._measure(trained, dataset)
        return self._artifact(snapshot, trained, dataset, measured)

    def _finished(self) -> Artifact | None:
        """The artifact of a run that is taken up, if it was killed after that was written."""
        try:
            return open_artifact(self.platform.settings.artifacts_dir / self.run_id)
        except (NotFound, ArtifactError):
            return None

    def when_stopped(self) -> str:
        return f"Run {self.run_id} was stopped; the same command goes on from there."

    @property
    def _training(self) -> Path:
        return self.folder / "training"

    def _note(self, *notes: str) -> None:
        self.notes += notes
        for note in notes:
            _log.info("note: %s", note)

    def _keep(self, snapshot: Snapshot) -> None:
        """Compressed, for `kg runs reproduce`. Without room for it the run is done all the same."""
        if not self.platform.settings.keep_snapshots:
            return
        try:
            kept = snapshot_archive.keep(snapshot)
        except OSError as error:
            self._note(f"The snapshot could not be kept: {error.strerror or error}.")
        else:
            self.ledger.describe(self.run_id, kept_snapshot_bytes=kept)

    def _made_from(self, snapshot: Snapshot, features: Mapping[str, Features]) -> dict[str, Any]:
        """What the run's record says of its input, and where its files are."""
        return {
            "snapshot": snapshot.manifest["hash"],
            "encoders": {name: each.made_by for name, each in features.items()},
            "device": device_of(self.options.train.device).type,
            "threads": torch.get_num_threads(),
            "tensorboard": str(self._training),
            "artifact": str(self.platform.settings.artifacts_dir / self.run_id),
        }

    def _plan(self, publish_vectors: bool) -> CostPlan:
        with self.step("plan") as details:
            made = plan.make(
                self.platform,
                self.options,
                self.encoders,
                publish=publish_vectors,
                at_most=plan.QUICK,
                on_progress=self.report,
            )
            details.update(made.as_dict())
        return made

    def _off(self, made: CostPlan) -> dict[str, Any]:
        """How far the plan was off, for the ledger and as a note; not when a run was taken up."""
        if self.continued:
            return {}
        offs = plan.compare(made, self.seconds, peak_bytes())
        self._note(plan.sentence(offs))
        return {"plan": plan.figures(offs)}

    def _held_out(self, artifact: Artifact) -> dict[str, Any]:
        """What training could know of the test facts, for the ledger and, if need be, as a note."""
        counts = artifact.manifest.get("held_out")
        if counts is None:
            return {}
        unit = unit_of_split(artifact.manifest)
        said = caveat(counts, unit)
        if said:
            self._note(said)
        return {"test_facts": {**counts, "unit": unit}}

    def _snapshot(self) -> Snapshot:
        with self.step("snapshot") as details:
            named = pictures_of(self.platform)
            snapshot = take(
                self.platform.graph,
                self.folder / "snapshot",
                labels=self.options.labels,
                relationship_types=self.options.relationship_types,
                on_progress=self.report_snapshot,
                media_of_page=named,
            )
            details.update(snapshot.manifest)
        if named is not None and named.bad:
            shown = "; ".join(named.bad[:NAMED_FILES])
            self._note(f"left out {len(named.bad):,} pictures that are none: {shown}")
        digest = str(snapshot.manifest["hash"])
        unfinished = same_work(self.platform, self.run_id, self.settings, digest)
        if unfinished is None:
            return snapshot
        # The same graph and the same options: go on as that run, with its checkpoints.
        details = {"continued_as": unfinished.id}
        self.ledger.finish_run(self.run_id, "interrupted", metrics=details)
        shutil.rmtree(self.folder, ignore_errors=True)
        # We hold the lock of embedding jobs here, where its folder is: nobody else has it.
        self.ledger.resume_run(unfinished.id, alone=True)
        self.run_id, self.continued = unfinished.id, True
        self.settings = dict(unfinished.settings)
        self.options = replace(self.options, unit=unit_of(self.settings))
        self._note(f"went on with run {unfinished.id}, which had not finished")
        return open_snapshot(self.folder / "snapshot")

    def _features(self, snapshot: Snapshot) -> dict[str, Features]:
        return graph_features(
            self.platform,
            snapshot,
            self.encoders,
            self.options.modalities,
            step=self.step,
            report=self.report,
            note=self._note,
        )

    def _train(self, snapshot: Snapshot, features: dict[str, Features]) -> tuple[Dataset, Trained]:
        """Train, from the weights of the live run where that is possible, in its space."""
        self.live = live = find_live(self.platform)
        base = live.artifact
        rejected = decided_facts(self.platform.graph, self.ledger.reviews, "rejected")
        with self.step("train") as details:
            dataset, begin, why = warm_start.prepared(
                snapshot,
                features,
                self.options.train,
                base if self.options.warm else None,
                rejected,
                self.options.unit,
            )
            if live.lost and self.options.warm:
                why = f"Training begins anew: {live.alone}."
            if why:
                self._note(why)
            details.update(dataset.summary())
            if begin is not None:
                details.update(
                    warm_from=begin.run, known_entities=begin.known, new_facts=len(begin.fresh)
                )
            trained = train(
                dataset,
                self.options.train,
                self._training,
                self.report_training,
                logged_epoch,
                begin,
            )
            if base is not None:
                trained = aligned(trained, base, dataset.entity_ids)
                self.aligned_to = base.folder.name if trained.alignment is not None else None
        self._note(*trained.notes)
        return dataset, trained

    def _gate(self, artifact: Artifact) -> Verdict:
        with self.step("gate") as details:
            verdict = decide(self.platform, artifact, self.live)
            details.update(verdict.as_dict())
            if self.force and not verdict.passed:
                details["forced"] = asdict(self.force)
                self._note(f"The gate was overridden: {verdict.why}.")
        return verdict

    def _publish(self, artifact: Artifact, verdict: Verdict | None) -> PublishSummary:
        """`verdict` is None where a publish that was killed had been let pass already."""
        with self.step("publish") as details:
            # Training went on even if Neo4j was away for long; from here on it must be ours.
            self.lease.ensure()
            report = self.lease.guarding(self.report)
            if verdict is not None:
                record_pass(self.platform, verdict, self.force)
            published = publish_artifact(self.platform, artifact, self.run_id, report)
            details.update(asdict(published))
        return published

    def _measure(self, trained: Trained, dataset: Dataset) -> Measured:
        with self.step("rank") as details:
            measured = measure(trained, dataset, self.options.train.seed, self.report)
            details.update(measured.metrics)
        return measured

    def _artifact(
        self, snapshot: Snapshot, trained: Trained, dataset: Dataset, measured: Measured
    ) -> Artifact:
        folder = self.platform.settings.artifacts_dir / self.run_id
        with self.step("artifact") as details:
            # Left by the run we go on with, whole or half; made again from its training.
            for left in (folder, *folder.parent.glob(f".{folder.name}.*")):
                if left.exists():
                    shutil.rmtree(left)
            artifact = save_artifact(
                folder,
                trained,
                dataset,
                {
                    "run": self.run_id,
                    "snapshot": dict(snapshot.manifest),
                    "settings": self.settings,
                    "metrics": dict(measured.metrics),
                    "aligned_to": self.aligned_to,
                    **measured.details,
                },
                content_of(snapshot),
                snapshot.changed(),
            )
            details["folder"] = str(folder)
        return artifact


def _settings(platform: Platform, options: EmbedOptions) -> dict[str, Any]:
    return {
        **asdict(options),
        "labels": list(options.labels),
        "relationship_types": list(options.relationship_types),
        **{
            one.setting: getattr(platform.settings, one.setting) if used else None
            for one in MODALITIES
            for used in [one in options.modalities]
        },
    }
