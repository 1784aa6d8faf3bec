"""Probabilities of what a review shows, beside those at even odds: one model, the same answers.

Fitted on validation, measured on test. An error is expected calibration error, `all` of every
answer that is shown and `list` of the likeliest, as many as facts were held out: each side's own
list, in its own order. `right` is the share of the list that was held out.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import mean
from typing import Any

from bench.stage import folder_of
from embeddings.data.folder import CHOOSING, choosing_file, from_folder
from embeddings.evaluation.calibration import calibrate
from embeddings.evaluation.shown import calibrate_shown
from embeddings.training.options import preset_options
from embeddings.training.train import train

GOAL = "list and all under 0.05, and under a quarter of even odds'"


def run(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    for name in [one for one in options.sets if one in ("mkgw", "db15k")]:
        folder = folder_of(options.data, name)
        if folder is None:
            yield {"data": name, "skipped": f"needs --data FOLDER with {name} in it"}
            continue
        carved = choosing_file(folder) is not None
        dataset = from_folder(folder, CHOOSING) if carved else from_folder(folder)
        ours, even = [], []
        for seed in options.seeds:
            settings = preset_options("fast", seed=seed, dimension=64, epochs=5, device="cpu")
            begun = time.perf_counter()
            with tempfile.TemporaryDirectory() as scratch:
                trained = train(dataset, settings, Path(scratch))
            training = time.perf_counter() - begun
            at_even = calibrate(trained, dataset, seed)
            begun = time.perf_counter()
            found = calibrate_shown(trained, dataset, at_even.calibrator, seed)
            assert found is not None
            ours.append(found.reliability.list)
            even.append(found.even.list)
            yield {
                "data": name,
                "seed": seed,
                "dimension": settings.dimension,
                "epochs": settings.epochs,
                "shown": {
                    "all": round(found.reliability.all, 4),
                    "list": round(found.reliability.list, 4),
                    "right": round(found.reliability.share, 3),
                },
                "even odds": {
                    "all": round(found.even.all, 4),
                    "list": round(found.even.list, 4),
                    "right": round(found.even.share, 3),
                    "on corrupted facts": round(at_even.ece, 4),
                },
                "held out": {"valid": len(dataset.valid), "test": len(dataset.test)},
                "seconds of training": round(training),
                "seconds of calibration": round(time.perf_counter() - begun),
            }
        yield {
            "data": name,
            "list error": round(mean(ours), 4),
            "at even odds": round(mean(even), 4),
            "times": round(mean(even) / max(mean(ours), 1e-9), 1),
            "goal": GOAL,
        }
