"""The embedding job: snapshot -> features -> train -> rank -> artifact -> gate -> publish.

Each step is written down in the ledger. A job that was stopped, killed or failed is taken up again
by the next one with the same options, if the graph is still the same: the snapshot's hash says so.
Until `publish`, the last step, nothing in the graph changes.
"""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch

from embeddings import checkpoint, kept_snapshot, planning, warm
from embeddings.artifact import Artifact, open_artifact, save_artifact
from embeddings.content import content_of
from embeddings.dataset import Dataset
from embeddings.features import Features
from embeddings.gate import Verdict
from embeddings.going_live import Force, ask, let_pass, live_artifact, refusal
from embeddings.inputs import Encoders, Progress, graph_features
from embeddings.kept import run_before
from embeddings.lock import only_one
from embeddings.measure import Measured, measure
from embeddings.plan import Plan
from embeddings.predict import open_published
from embeddings.publish import PublishSummary, publish
from embeddings.publish_marks import Marks
from embeddings.publish_switch import half_way
from embeddings.similarity import published_run
from embeddings.snapshot import Snapshot, open_snapshot, take
from embeddings.train import Trained, TrainOptions, device_of, logged_epoch, train
from kg_platform.errors import ArtifactError, BadInput, GateRefused, Interrupted, NotFound
from kg_platform.held_memory import peak_bytes
from kg_platform.ledger_rows import RunRow
from kg_platform.platform import Platform
from kg_platform.run_log import logged

KIND = "embed"
_log = logging.getLogger(__name__)
PUBLISH = "publish"
ROLLBACK = "rollback"


@dataclass(frozen=True)
class EmbedOptions:
    """What to embed and how. Empty `labels` and `relationship_types` mean the whole graph."""

    labels: tuple[str, ...] = ()
    relationship_types: tuple[str, ...] = ()
    text: bool = True
    pictures: bool = True
    warm: bool = True  # go on from the run that is live, where that is possible
    train: TrainOptions = field(default_factory=TrainOptions)


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
        BadInput: there is nothing to embed, or another embedding job of this platform is running.
        Interrupted: a person stopped it; the same command goes on from where it stopped.
    """
    with only_one(platform):
        job = _Job(platform, options, force, logged(on_progress), schedule)
        return job.run(publish_vectors)


def plan_run(
    platform: Platform,
    options: EmbedOptions,
    *,
    publish_vectors: bool = True,
    on_progress: Progress | None = None,
) -> Plan:
    """What `embed` would cost, from a few seconds' trial. Nothing is written to the graph.

    Raises:
        BadInput: there is nothing to embed. EncoderError: an encoder cannot be loaded.
    """
    return planning.make(
        platform,
        options,
        Encoders(platform.settings),
        publish=publish_vectors,
        on_progress=on_progress,
    )


def publish_run(
    platform: Platform,
    run_id: str | None = None,
    force: Force | None = None,
    on_progress: Progress | None = None,
) -> PublishSummary:
    """Publish an artifact: that of `run_id`, or of the latest embedding run that has one.

    The ledger gets a run of its own for it, because which vectors were current when is asked later.

    Raises:
        NotFound: there is no such run, or it has no artifact.
        ArtifactError: the artifact was changed since it was written.
        GateRefused: the run is worse than the live one and nobody forces it.
        Interrupted: a person stopped it; the same command goes on from where it stopped.
    """
    with only_one(platform):
        chosen = run_id or _latest_with_artifact(platform)
        platform.ledger.run(chosen)
        artifact = open_artifact(platform.settings.artifacts_dir / chosen)
        settings: dict[str, Any] = {"run": chosen}
        if half_way(platform.graph) != chosen:  # else it was let pass when it began
            settings["gate"] = let_pass(platform, artifact, force)
        return _recorded(platform, PUBLISH, chosen, settings, logged(on_progress))


def gate_run(platform: Platform, run_id: str | None = None) -> Verdict:
    """What the gate says of `run_id`, or of the latest embedding run that has an artifact.

    Raises:
        NotFound: there is no such run, or it has no artifact.
        ArtifactError: the artifact was changed since it was written.
    """
    chosen = run_id or _latest_with_artifact(platform)
    platform.ledger.run(chosen)
    return ask(platform, open_artifact(platform.settings.artifacts_dir / chosen))


def resume_publish(platform: Platform, on_progress: Progress | None = None) -> PublishSummary:
    """Finish the publish that stands half-way, whichever command began it.

    Raises:
        NotFound: none does. The rest as `publish_run`.
    """
    with only_one(platform):
        chosen = half_way(platform.graph)
        if chosen is None:
            raise NotFound("No publish stands half-way: there is nothing to finish.")
        return _recorded(platform, PUBLISH, chosen, {"run": chosen}, logged(on_progress))


def rollback(
    platform: Platform, run_id: str | None = None, on_progress: Progress | None = None
) -> PublishSummary:
    """Publish an earlier run again, from its artifact: `run_id`, or without one the latest run
    before the current one that was published once; or what a rollback that was killed went to, so
    that the same command again goes back no further.

    Raises:
        NotFound: nothing is published, or there is no such run, or its artifact is gone.
        BadInput: the run is the current one. The rest as `publish_run`.
    """
    with only_one(platform):
        now = published_run(platform.graph)
        chosen = run_id or _unfinished_rollback(platform) or run_before(platform, str(now["id"]))
        if chosen is None:
            raise NotFound(
                f"No run before the current one, {now['id']}, was published and has its artifact "
                f"in {platform.settings.artifacts_dir}; `kg runs --kind embed` lists the runs, "
                "`kg rollback RUN` takes any of them."
            )
        if run_id == now["id"] and half_way(platform.graph) != run_id:
            raise BadInput(f"Run {chosen} is the current one; there is nothing to go back to.")
        settings = {"run": chosen, "from": now["id"]}
        return _recorded(platform, ROLLBACK, chosen, settings, logged(on_progress))


def _unfinished_rollback(platform: Platform) -> str | None:
    """Where the latest rollback was going, if it did not get there and nothing was published since;
    None also when the artifact it went to is gone."""
    rows = platform.ledger.runs()
    last = next((row for row in rows if row.kind in (KIND, PUBLISH, ROLLBACK)), None)
    if last is None or last.kind != ROLLBACK or last.status == "succeeded":
        return None
    chosen = str(last.settings["run"])
    return chosen if (platform.settings.artifacts_dir / chosen).is_dir() else None


def _recorded(
    platform: Platform, kind: str, chosen: str, settings: Mapping[str, Any], report: Progress
) -> PublishSummary:
    """Publish the artifact of a run, as a run of its own in the ledger."""
    ledger = platform.ledger
    ledger.run(chosen)
    artifact = open_artifact(platform.settings.artifacts_dir / chosen)
    own = ledger.start_run(kind, settings)
    try:
        summary = _publish(platform, artifact, chosen, report)
    except KeyboardInterrupt as stop:
        ledger.finish_run(own, "interrupted")
        raise Interrupted(
            f"Publishing run {chosen} was stopped; `kg publish --resume` goes on from there."
        ) from stop
    except BaseException as error:
        ledger.finish_run(own, "failed", error=str(error))
        raise
    ledger.finish_run(own, "succeeded", metrics=summary.as_dict())
    return summary


class _Job:
    """One embedding job: what its steps share."""

    def __init__(
        self,
        platform: Platform,
        options: EmbedOptions,
        force: Force | None,
        report: Progress,
        schedule: str | None,
    ) -> None:
        self.platform = platform
        self.options = options
        self.force = force
        self.report = report
        self.settings = _settings(platform, options)
        if schedule is not None:
            self.settings["schedule"] = schedule
        self.seconds: dict[str, float] = {}
        self.notes: list[str] = []
        self.run_id = ""
        self.continued = False
        self.aligned_to: str | None = None

    def run(self, publish_vectors: bool) -> EmbedResult:
        ledger = self.platform.ledger
        self.run_id = ledger.start_run(KIND, self.settings)
        try:
            encoders = Encoders(self.platform.settings)
            made = self._plan(encoders, publish_vectors)
            snapshot = self._snapshot()
            features = self._features(snapshot, encoders)
            ledger.describe(self.run_id, **self._made_from(snapshot, features))
            del encoders  # training may need their memory
            dataset, trained = self._train(snapshot, features)
            measured = self._measure(trained, dataset)
            metrics = measured.metrics
            artifact = self._artifact(snapshot, trained, dataset, measured)
            published = None
            verdict = self._gate(artifact) if publish_vectors else None
            if verdict is not None and (verdict.passed or self.force):
                with self._step("publish") as details:
                    let_pass(self.platform, artifact, self.force, verdict)
                    published = _publish(self.platform, artifact, self.run_id, self.report)
                    details.update(asdict(published))
        except KeyboardInterrupt as stop:
            ledger.finish_run(self.run_id, "interrupted")
            raise Interrupted(
                f"Run {self.run_id} was stopped; the same command goes on from there."
            ) from stop
        except BaseException as error:
            ledger.finish_run(self.run_id, "failed", error=str(error))
            raise
        recorded = {**metrics, **self._off(made)}
        self._keep(snapshot)
        ledger.finish_run(self.run_id, "succeeded", metrics=recorded)
        # The artifact holds all that is needed from here on; what stays is for looking back.
        shutil.rmtree(snapshot.folder, ignore_errors=True)
        checkpoint.discard(self._training)
        if verdict is not None and published is None:
            raise GateRefused(refusal(verdict))
        return EmbedResult(
            self.run_id, artifact, metrics, self.seconds, published, tuple(self.notes)
        )

    @property
    def _folder(self) -> Path:
        return self.platform.settings.runs_dir / self.run_id

    @property
    def _training(self) -> Path:
        return self._folder / "training"

    def _note(self, *notes: str) -> None:
        self.notes += notes
        for note in notes:
            _log.info("note: %s", note)

    def _keep(self, snapshot: Snapshot) -> None:
        """Compressed, for `kg runs reproduce`. Without room for it the run is done all the same."""
        if not self.platform.settings.keep_snapshots:
            return
        try:
            kept = kept_snapshot.keep(snapshot)
        except OSError as error:
            self._note(f"The snapshot could not be kept: {error.strerror or error}.")
        else:
            self.platform.ledger.describe(self.run_id, kept_snapshot_bytes=kept)

    def _made_from(self, snapshot: Snapshot, features: Mapping[str, Features]) -> dict[str, Any]:
        """What the run's record says of its input, and where its files are."""
        return {
            "snapshot": snapshot.manifest["hash"],
            "encoders": {
                name: {"name": each.encoder, "revision": each.revision}
                for name, each in features.items()
            },
            "device": device_of(self.options.train.device).type,
            "threads": torch.get_num_threads(),
            "tensorboard": str(self._training),
            "artifact": str(self.platform.settings.artifacts_dir / self.run_id),
        }

    def _plan(self, encoders: Encoders, publish_vectors: bool) -> Plan:
        with self._step("plan") as details:
            made = planning.make(
                self.platform,
                self.options,
                encoders,
                publish=publish_vectors,
                at_most=planning.QUICK,
                on_progress=self.report,
            )
            details.update(made.as_dict())
        return made

    def _off(self, made: Plan) -> dict[str, Any]:
        """How far the plan was off, for the ledger and as a note; not when a run was taken up."""
        if self.continued:
            return {}
        offs = planning.compare(made, self.seconds, peak_bytes())
        self._note(planning.sentence(offs))
        return {"plan": planning.figures(offs)}

    def _snapshot(self) -> Snapshot:
        with self._step("snapshot") as details:
            snapshot = take(
                self.platform.graph,
                self._folder / "snapshot",
                labels=self.options.labels,
                relationship_types=self.options.relationship_types,
                on_progress=lambda done: self.report("snapshot", done, None),
            )
            details.update(snapshot.manifest)
        unfinished = self._unfinished(str(snapshot.manifest["hash"]))
        if unfinished is None:
            return snapshot
        # The same graph and the same options: go on as that run, with its checkpoints.
        details = {"continued_as": unfinished.id}
        self.platform.ledger.finish_run(self.run_id, "interrupted", metrics=details)
        shutil.rmtree(self._folder, ignore_errors=True)
        self.run_id, self.continued = unfinished.id, True
        self.platform.ledger.resume_run(self.run_id)
        self._note(f"went on with run {unfinished.id}, which had not finished")
        return open_snapshot(self._folder / "snapshot")

    def _unfinished(self, snapshot_hash: str) -> RunRow | None:
        for row in self.platform.ledger.runs(KIND):
            if row.id == self.run_id or "continued_as" in row.metrics:
                continue
            step = next((s for s in row.steps if s.name == "snapshot"), None)
            same = step is not None and step.details.get("hash") == snapshot_hash
            folder = self.platform.settings.runs_dir / row.id / "snapshot"
            if row.status == "succeeded":
                return None
            if same and row.settings == self.settings and folder.is_dir():
                return row
        return None

    def _features(self, snapshot: Snapshot, encoders: Encoders) -> dict[str, Features]:
        return graph_features(
            self.platform,
            snapshot,
            encoders,
            text=self.options.text,
            pictures=self.options.pictures,
            step=self._step,
            report=self.report,
        )

    def _train(self, snapshot: Snapshot, features: dict[str, Features]) -> tuple[Dataset, Trained]:
        """Train, from the weights of the live run where that is possible, in its space."""
        base = live_artifact(self.platform)
        rejected = self.platform.ledger.reviews.ends("link", ["rejected"])
        with self._step("train") as details:
            dataset, begin, why = warm.prepared(
                snapshot,
                features,
                self.options.train,
                base if self.options.warm else None,
                rejected,
            )
            if why:
                self._note(why)
            details.update(dataset.summary())
            if begin is not None:
                details.update({"warm_from": begin.run, "known_entities": begin.known})
            trained = train(
                dataset,
                self.options.train,
                self._training,
                self._epochs,
                logged_epoch,
                begin,
            )
            if base is not None:
                trained = warm.aligned(trained, base, dataset.entity_ids)
                self.aligned_to = base.folder.name if trained.alignment is not None else None
        self._note(*trained.notes)
        return dataset, trained

    def _gate(self, artifact: Artifact) -> Verdict:
        with self._step("gate") as details:
            verdict = ask(self.platform, artifact)
            details.update(verdict.as_dict())
            if self.force and not verdict.passed:
                details["forced"] = asdict(self.force)
                self._note(f"The gate was overridden: {verdict.why}.")
        return verdict

    def _measure(self, trained: Trained, dataset: Dataset) -> Measured:
        with self._step("rank") as details:
            measured = measure(trained, dataset, self.options.train.seed)
            details.update(measured.metrics)
        return measured

    def _artifact(
        self, snapshot: Snapshot, trained: Trained, dataset: Dataset, measured: Measured
    ) -> Artifact:
        folder = self.platform.settings.artifacts_dir / self.run_id
        with self._step("artifact") as details:
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

    def _epochs(self, done: int, total: int) -> None:
        self.report("train", done, total)

    @contextmanager
    def _step(self, name: str) -> Iterator[dict[str, Any]]:
        begun = time.perf_counter()
        details: dict[str, Any] = {}
        owner = self.run_id
        self.platform.ledger.begin_step(owner, name)
        yield details
        self.platform.ledger.finish_step(owner, name, details)
        self.seconds[name] = round(time.perf_counter() - begun, 2)


def _publish(
    platform: Platform, artifact: Artifact, run_id: str, report: Progress
) -> PublishSummary:
    return publish(
        platform.graph,
        artifact,
        platform.ledger,
        run_id,
        platform.settings.batch_rows,
        lambda step, done, total: report(step, done, total),
        Marks(platform.graph, artifact, _current(platform)),
    )


def _current(platform: Platform) -> Artifact | None:
    """The artifact of the current run, if it is on this machine."""
    try:
        return open_published(platform.graph, platform.settings.artifacts_dir)
    except (ArtifactError, NotFound):
        return None


def _settings(platform: Platform, options: EmbedOptions) -> dict[str, Any]:
    return {
        **asdict(options),
        "labels": list(options.labels),
        "relationship_types": list(options.relationship_types),
        "text_encoder": platform.settings.text_encoder if options.text else None,
        "image_encoder": platform.settings.image_encoder if options.pictures else None,
    }


def _latest_with_artifact(platform: Platform) -> str:
    for row in platform.ledger.runs(KIND):
        try:
            open_artifact(platform.settings.artifacts_dir / row.id, verify=False)
        except (ArtifactError, NotFound):
            continue
        return row.id
    raise NotFound("There is no embedding run with an artifact yet; run `kg embed` first.")
