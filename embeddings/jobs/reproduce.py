"""`kg runs reproduce`: train again what a run trained, and compare the figures.

kept snapshot, or the graph if it is still the same -> features, of encoders of the same revision ->
train and rank, on the same kind of device and as many threads -> compare. Nothing is published.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch

from embeddings.data import snapshot_archive
from embeddings.data.artifact import Artifact, open_artifact
from embeddings.data.feature_matrix import Features
from embeddings.data.snapshot import Snapshot, take
from embeddings.evaluation.evaluate import measure
from embeddings.features.modal import Encoders
from embeddings.features.snapshot_features import graph_features
from embeddings.jobs.embed_options import EmbedOptions
from embeddings.jobs.lock import only_one
from embeddings.jobs.run import Job
from embeddings.jobs.unfinished import KIND as EMBED
from embeddings.jobs.unfinished import unit_of
from embeddings.numerics.device import device_of
from embeddings.training import checkpoint
from embeddings.training.train import TrainOptions, logged_epoch, train
from embeddings.training.warm_start import prepared
from kg_platform.errors import BadInput, NotFound
from kg_platform.ledger.rows import RunRow
from kg_platform.modality import BY_NAME, MODALITIES
from kg_platform.platform import Platform
from kg_platform.progress import Progress, logged
from kg_platform.runs.figures import flattened, seconds
from kg_platform.runs.record import measured

KIND = "reproduce"
TOLERANCE = 1e-6
# What figures may depend on, of the record of a run.
MAY_MATTER = ("program", "python", "packages", "machine.processor", "machine.cores", "gpu")


@dataclass(frozen=True)
class Figure:
    """A metric as it was recorded and as it came again; None where one run lacks it."""

    name: str
    recorded: float | None
    again: float | None

    @property
    def difference(self) -> float | None:
        if self.recorded is None or self.again is None:
            return None
        return self.again - self.recorded

    @property
    def same(self) -> bool:
        return self.difference is not None and abs(self.difference) <= TOLERANCE


@dataclass(frozen=True)
class Reproduced:
    """What came of it: `differs` is what was not as it was, such as PyTorch's version."""

    run_id: str
    of: str
    figures: tuple[Figure, ...]
    differs: Mapping[str, tuple[Any, Any]]
    seconds: Mapping[str, float]

    @property
    def same(self) -> bool:
        return all(figure.same for figure in self.figures)

    def as_dict(self) -> dict[str, Any]:
        rows = [{**asdict(f), "difference": f.difference, "same": f.same} for f in self.figures]
        return {
            "run": self.run_id,
            "of": self.of,
            "same": self.same,
            "figures": rows,
            "differs": {name: list(values) for name, values in self.differs.items()},
            "seconds": dict(self.seconds),
        }


def reproduce(platform: Platform, run_id: str, on_progress: Progress | None = None) -> Reproduced:
    """Do again what `kg embed` did in a run, as a run of its own, without publishing.

    Raises:
        NotFound: there is no such run, or what it was trained on is neither kept nor in the graph.
        BadInput: it is of another kind, did not succeed, was made by a version with other options
            or on another kind of device, or an encoder has another revision now.
        Interrupted: a person stopped it.
    """
    with only_one(platform, writes=False):
        row = platform.ledger.run(run_id)
        options = _options(row)
        threads = torch.get_num_threads()
        try:
            return ReproduceJob(platform, row, options, logged(on_progress)).run()
        finally:
            torch.set_num_threads(threads)


def _options(row: RunRow) -> EmbedOptions:
    """What the run was told, on the kind of device it had."""
    if row.kind != EMBED:
        raise BadInput(f"Run {row.id} is of kind {row.kind}; only {EMBED} runs can be done again.")
    if row.status != "succeeded":
        raise BadInput(f"Run {row.id} is {row.status}; only one that succeeded can be done again.")
    device = row.record.get("device")
    if device is None or "snapshot" not in row.record:
        raise BadInput(
            f"Run {row.id} has no record of what it was made from: it is of an earlier version; "
            "`kg embed` with its settings makes one that has."
        )
    try:
        training = TrainOptions(**{**row.settings["train"], "device": device})
    except TypeError as error:
        raise BadInput(
            f"Run {row.id} was made by another version, whose options this one does not know "
            f"({error}); use the version {row.record.get('program', {}).get('version')} for it."
        ) from error
    device_of(device)
    said = row.settings
    return EmbedOptions(
        labels=tuple(said["labels"]),
        relationship_types=tuple(said["relationship_types"]),
        **{one.option: said[one.option] for one in MODALITIES if one.option in said},
        unit=unit_of(said),
        train=training,
    )


class ReproduceJob(Job):
    KIND = KIND

    def __init__(
        self, platform: Platform, row: RunRow, options: EmbedOptions, report: Progress
    ) -> None:
        super().__init__(platform, report)
        self.row, self.options = row, options

    def run(self) -> Reproduced:
        try:
            with self.running({"run": self.row.id}):
                metrics = self._metrics()
        finally:
            if self.run_id:
                shutil.rmtree(self.folder / "snapshot", ignore_errors=True)
                checkpoint.discard(self.folder / "training")
        found = self._compared(metrics)
        self.succeeded(_as_metrics(found))
        return found

    def when_stopped(self) -> str:
        return f"Run {self.run_id} was stopped; `kg runs reproduce {self.row.id}` begins again."

    def _metrics(self) -> Mapping[str, float]:
        record = self.row.record
        torch.set_num_threads(int(record.get("threads") or torch.get_num_threads()))
        snapshot = self._snapshot(str(record["snapshot"]))
        features = self._features(snapshot)
        self.ledger.describe(
            self.run_id,
            snapshot=record["snapshot"],
            encoders=_named(features),
            device=self.options.train.device,
            threads=torch.get_num_threads(),
        )
        folder = self.folder / "training"
        with self.step("train") as details:
            seed = self.options.train.seed
            dataset, begin, why = prepared(
                snapshot,
                features,
                self.options.train,
                self._base(),
                self._rejected(),
                self.options.unit,
            )
            if why:
                raise BadInput(f"Run {self.row.id} cannot be done again as it was: {why}")
            details.update(dataset.summary())
            trained = train(
                dataset, self.options.train, folder, self.report_training, logged_epoch, begin
            )
        with self.step("rank") as details:
            metrics = measure(trained, dataset, seed, self.report).metrics
            details.update(metrics)
        return metrics

    def _base(self) -> Artifact | None:
        """What the run went on from, if it did.

        Raises:
            NotFound: that is not here any more.
        """
        trained = next((step for step in self.row.steps if step.name == "train"), None)
        name = trained.details.get("warm_from") if trained else None
        if name is None:
            return None
        try:
            return open_artifact(self.platform.settings.artifacts_dir / str(name))
        except NotFound as error:
            raise NotFound(
                f"Run {self.row.id} went on from run {name}, whose artifact is not in "
                f"{self.platform.settings.artifacts_dir} any more, so it cannot be done again."
            ) from error

    def _rejected(self) -> list[tuple[str, str, str]]:
        """What people had rejected then.

        Raises:
            NotFound: there was something, and the run's artifact, which has it, is gone.
        """
        trained = next((step for step in self.row.steps if step.name == "train"), None)
        if trained is None or not trained.details.get("rejected"):
            return []
        try:
            own = open_artifact(self.platform.settings.artifacts_dir / self.row.id)
        except NotFound as error:
            raise NotFound(
                f"The facts that people had rejected before run {self.row.id} stand in its "
                "artifact, which is not here any more, so it cannot be done again."
            ) from error
        ids, types, then = own.entity_ids(), own.relation_types, own.continued()
        rows = [] if then is None else then.rejected.tolist()
        return [(ids[h], types[r], ids[t]) for h, r, t in rows]

    def _snapshot(self, wanted: str) -> Snapshot:
        """What the run was trained on, kept or taken anew."""
        runs = self.platform.settings.runs_dir
        target = runs / self.run_id / "snapshot"
        with self.step("snapshot") as details:
            found = snapshot_archive.unpack(runs / self.row.id, target)
            details["from"] = "kept" if found else "graph"
            found = found or self._from_graph(target)
            if found is None or found.manifest["hash"] != wanted:
                raise NotFound(
                    f"What run {self.row.id} was trained on is gone: its snapshot is not kept on "
                    "this machine, and the graph has changed since (KG_KEEP_SNAPSHOTS keeps it)."
                )
            details.update(found.manifest)
        return found

    def _from_graph(self, target: Any) -> Snapshot | None:
        """The graph as it is now; None if it has nothing like it any more."""
        try:
            return take(
                self.platform.graph,
                target,
                labels=self.options.labels,
                relationship_types=self.options.relationship_types,
                on_progress=self.report_snapshot,
            )
        except BadInput:  # no entities, or not the labels and types
            return None

    def _features(self, snapshot: Snapshot) -> dict[str, Features]:
        """Features by the encoders that the run names, of the revision that it had."""
        said, settings = self.row.settings, self.platform.settings
        named = {one.setting: said[one.setting] for one in MODALITIES if said.get(one.setting)}
        encoders = Encoders(settings, named)
        recorded: Mapping[str, Mapping[str, str]] = self.row.record.get("encoders") or {}
        for name, about in recorded.items():
            encoder = encoders.of(BY_NAME[name])
            if encoder.revision != about["revision"]:
                raise BadInput(
                    f"The {name} encoder {encoder.name} has revision {encoder.revision} now; run "
                    f"{self.row.id} used {about['revision']}, without which its figures cannot "
                    "come again."
                )
        return graph_features(
            self.platform,
            snapshot,
            encoders,
            self.options.modalities,
            step=self.step,
            report=self.report,
        )

    def _compared(self, metrics: Mapping[str, float]) -> Reproduced:
        recorded = {k: v for k, v in self.row.metrics.items() if isinstance(v, int | float)}
        row = self.ledger.run(self.run_id)
        return Reproduced(
            self.run_id,
            self.row.id,
            tuple(
                Figure(name, recorded.get(name), metrics.get(name))
                for name in {**recorded, **metrics}
            ),
            _differs(self.row, row),
            {step.name: seconds(step.started_at, step.finished_at) or 0.0 for step in row.steps},
        )


def _differs(one: RunRow, other: RunRow) -> dict[str, tuple[Any, Any]]:
    """What was not as it was: name -> (then, now)."""
    then = flattened(one.record)
    now = flattened({**other.record, **measured()})
    about = [n for n in {**then, **now} if n.startswith(MAY_MATTER)]
    found = {name: (then.get(name), now.get(name)) for name in about}
    # Pictures that are gone from the media store, or cannot be read any more.
    skipped = [
        {step.name: step.details.get("skipped") for step in row.steps if "skipped" in step.details}
        for row in (one, other)
    ]
    found |= {f"{n}, skipped": (skipped[0][n], skipped[1].get(n)) for n in skipped[0]}
    return {name: values for name, values in found.items() if values[0] != values[1]}


def _named(features: Mapping[str, Features]) -> dict[str, dict[str, str]]:
    return {name: each.made_by for name, each in features.items()}


def _as_metrics(found: Reproduced) -> dict[str, Any]:
    """For the ledger: the verdict, and every metric as it was and came."""
    figures = {
        f.name: {"recorded": f.recorded, "again": f.again, "difference": f.difference}
        for f in found.figures
    }
    return {"same": found.same, "of": found.of, "figures": figures}
