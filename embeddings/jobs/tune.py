"""`kg tune` as a job of the platform: its facts from a graph or a folder, its run in the ledger."""

from __future__ import annotations

import logging
import re
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from embeddings.data.dataset import Dataset, from_snapshot
from embeddings.data.snapshot import take
from embeddings.features.modal import Encoders
from embeddings.features.snapshot_features import graph_features
from embeddings.jobs import benchmark
from embeddings.jobs.embed_options import modalities_of, types_of_graph, weighed
from embeddings.jobs.run import Job
from embeddings.jobs.tuning.report import Tuned
from embeddings.jobs.tuning.search import Budget, OnTrial, tune
from embeddings.jobs.tuning.space import SearchSpace
from embeddings.training.options import TrainOptions
from kg_platform.curation.review import decided_facts
from kg_platform.errors import BadInput
from kg_platform.platform import Platform
from kg_platform.progress import Progress, logged

_LOG = logging.getLogger(__name__)
KIND = "tune"


@dataclass(frozen=True)
class TuneOptions:
    """What to search for and in what. Without a folder it is the platform's graph."""

    budget: Budget
    base: TrainOptions
    folder: Path | None = None
    labels: Sequence[str] = ()
    relationship_types: Sequence[str] = ()
    text: bool = True
    pictures: bool = True
    sounds: bool = True
    films: bool = True
    models: Sequence[str] = ()  # to choose between; empty: the base's
    fixed: Sequence[str] = ()  # settings that keep the base's value

    def __post_init__(self) -> None:
        if self.folder is not None and (self.labels or self.relationship_types):
            raise BadInput(
                "Labels and relationship types choose a part of the graph; leave them out with a "
                "folder."
            )

    def as_dict(self) -> dict[str, Any]:
        """For the ledger."""
        values = asdict(self)
        return {**values, "folder": str(self.folder) if self.folder else None}


def run(
    platform: Platform,
    options: TuneOptions,
    on_progress: Progress | None = None,
    on_trial: OnTrial | None = None,
) -> tuple[str, Tuned]:
    """Search, or go on searching, in KG_HOME/tune; returns the run's id and what was found.

    Raises:
        BadInput: what `tune` refuses, a folder is malformed, or the graph has no facts.
        NotFound: the folder or one of its files is missing.
        Interrupted: a person stopped it; the same command goes on from there.
    """
    if options.folder is None:
        options = replace(options, base=weighed(platform.graph, options.base))
    job = TuneJob(platform, options, logged(on_progress))
    return job.run(on_trial)


class TuneJob(Job):
    """One command: a run of its own, also where it goes on with an earlier search."""

    KIND = KIND

    def __init__(self, platform: Platform, options: TuneOptions, report: Progress) -> None:
        super().__init__(platform, report)
        self.options = options

    def run(self, on_trial: OnTrial | None) -> tuple[str, Tuned]:
        with self.running(self.options.as_dict()):
            label, dataset = self._dataset()
            with self.step("search") as details:
                chosen = self.options
                space = SearchSpace.of(dataset, chosen.base, chosen.models, chosen.fixed)
                folder = self.platform.settings.tune_dir
                found = tune(dataset, space, chosen.budget, folder, label, self.report, on_trial)
                details.update(asdict(found.best) | {"search": found.name})
        self.succeeded(_figures(found))
        return self.run_id, found

    def when_stopped(self) -> str:
        return f"Run {self.run_id} was stopped; the same command goes on with the trial it was in."

    def _dataset(self) -> tuple[str, Dataset]:
        """What the search is named after, and the facts."""
        folder = self.options.folder
        if folder is None:
            return "graph", self._from_graph()
        with self.step("facts") as details:
            dataset, choosing = benchmark.load(
                folder,
                self.platform.settings,
                text=self.options.text,
                on_progress=self.report,
            )
            details.update((choosing or dataset).summary())
        for line in dataset.notes:
            _LOG.warning(line)
        label = re.sub(r"[^A-Za-z0-9._-]+", "-", folder.resolve().name).strip("-.")
        return label or "folder", choosing or dataset

    def _from_graph(self) -> Dataset:
        """The facts `kg embed` would train on: same snapshot, same split by the seed."""
        folder = self.folder / "snapshot"
        try:
            with self.step("snapshot") as details:
                snapshot = take(
                    self.platform.graph,
                    folder,
                    labels=tuple(self.options.labels),
                    relationship_types=types_of_graph(
                        self.platform.graph, self.options.relationship_types
                    ),
                    on_progress=self.report_snapshot,
                )
                details.update(snapshot.manifest)
            features = graph_features(
                self.platform,
                snapshot,
                Encoders(self.platform.settings),
                modalities_of(self.options),
                step=self.step,
                report=self.report,
            )
            with self.step("facts") as details:
                rejected = decided_facts(
                    self.platform.graph, self.platform.ledger.reviews, "rejected"
                )
                seed = self.options.base.seed
                dataset = from_snapshot(snapshot, features, seed, rejected=rejected)
                details.update(dataset.summary())
            return dataset
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _figures(found: Tuned) -> dict[str, Any]:
    counts: dict[str, int] = {}
    for trial in found.trials:
        counts[trial.state] = counts.get(trial.state, 0) + 1
    return {
        "best_valid_mrr": found.best.valid_mrr,
        "best_trial": found.best.number,
        "preset_valid_mrr": found.trials[0].valid_mrr,
        "trials": counts,
        "seconds": round(sum(trial.seconds for trial in found.trials), 1),
        "preset_file": str(found.preset),
        "trials_file": str(found.log),
    }
