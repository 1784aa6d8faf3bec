"""Going on from an earlier run, against training anew: seconds to a figure, and the same space.

5 % of MKG-W's training facts are taken away; a run without them is the one before. Then all are
there: one training begins anew, one goes on. Time is that of epochs until the validation MRR of
the first is reached. Then one more goes on from the first on the same facts, and one begins anew
with another seed: how many neighbours of the first do they keep?
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from bench.stage import folder_of
from embeddings.data.artifact import Artifact, open_artifact
from embeddings.data.dataset import Dataset
from embeddings.jobs.benchmark import load
from embeddings.publish.drift import compare
from embeddings.training import warm_start
from embeddings.training.artifact_writer import save_artifact
from embeddings.training.options import TrainOptions, preset_options
from embeddings.training.result import Trained, aligned
from embeddings.training.train import train
from kg_platform.settings import load as settings

SHARE = 0.05


def run(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    torch.set_num_threads(options.threads)
    name = "mkgw"
    folder = folder_of(options.data, name)
    if folder is None:
        yield {"data": name, "skipped": f"needs --data FOLDER with {name} in it"}
        return
    dataset, _ = load(folder, settings(), text=True, on_progress=lambda *_: None)
    preset = "balanced" if options.preset == "best" else options.preset
    for seed in options.seeds:
        chosen = preset_options(preset, seed=seed)
        with tempfile.TemporaryDirectory() as work:
            yield {"data": name, "preset": preset, "seed": seed, "threads": options.threads,
                   **_one(dataset, chosen, Path(work))}  # fmt: skip


def _one(dataset: Dataset, options: TrainOptions, work: Path) -> dict[str, Any]:
    fewer = replace(dataset, train=_fewer(dataset.train, options.seed))
    before = _train(fewer, options, work / "before")
    cold = _train(dataset, replace(options, seed=options.seed + 1), work / "cold")
    goal = max(row["valid_mrr"] for row in cold[1].history)
    begin = _begin(before[0], dataset, options)
    grown = _train(dataset, options, work / "grown", begin, before[0])
    # The same graph again: what moves now moves for nothing.
    begin = _begin(cold[0], dataset, options)
    again = _train(dataset, options, work / "again", begin, cold[0])
    other = _train(dataset, replace(options, seed=options.seed + 2), work / "other")
    to_cold, to_warm = _seconds_to(cold[1], goal), _seconds_to(grown[1], goal)
    return {
        "cold": [round(row["valid_mrr"], 4) for row in cold[1].history],
        "warm": [round(row["valid_mrr"], 4) for row in grown[1].history],
        "seconds": {"cold": to_cold, "warm": to_warm},
        "times faster": None if to_warm is None else round((to_cold or 0) / to_warm, 1),
        "overlap@10": {
            "warm, same graph": _overlap(cold[0], again[0]),
            "warm, 5 % more facts": _overlap(before[0], grown[0]),
            "cold, same graph": _overlap(cold[0], other[0]),
        },
    }


def _begin(base: Artifact, dataset: Dataset, options: TrainOptions) -> warm_start.Start:
    continued = base.continued()
    assert continued is not None
    begin = warm_start.start(base, continued, dataset, options)
    assert isinstance(begin, warm_start.Start), begin
    return begin


def _train(
    dataset: Dataset,
    options: TrainOptions,
    folder: Path,
    begin: warm_start.Start | None = None,
    base: Artifact | None = None,
) -> tuple[Artifact, Trained]:
    trained = train(dataset, options, folder / "training", begin=begin)
    if base is not None:
        trained = aligned(trained, base, dataset.entity_ids)
    save_artifact(folder / "artifact", trained, dataset, {"run": folder.name})
    return open_artifact(folder / "artifact"), trained


def _fewer(train_facts: Any, seed: int) -> Any:
    """All but 5 % of the facts; each entity keeps one."""
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(train_facts))
    _, first = np.unique(train_facts[order][:, [0, 2]].reshape(-1), return_index=True)
    free = np.setdiff1d(np.arange(len(order)), first // 2)
    gone = order[generator.permutation(free)[: round(SHARE * len(order))]]
    return np.delete(train_facts, gone, axis=0)


def _seconds_to(trained: Trained, goal: float) -> float | None:
    """Seconds of epochs until the validation MRR was reached; None: never."""
    so_far = 0.0
    for row in trained.history:
        so_far += row["seconds"]
        if row["valid_mrr"] >= goal:
            return round(so_far, 1)
    return None


def _overlap(before: Artifact, after: Artifact) -> float:
    return round(compare(before, after).overlap, 3)
