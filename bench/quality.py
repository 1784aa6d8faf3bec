"""Published splits with a preset, beside the control whose features are dealt out by chance."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from statistics import mean, stdev
from typing import Any

from bench.stage import folder_of
from embeddings.jobs import benchmark
from embeddings.training.options import preset_options
from kg_platform.settings import load

# What has been published, or was asked for: filtered test MRR.
GOALS = {
    "db15k": ">= 0.42 (published: 0.396 MoMoK, 0.4125 the best)",
    "mkgw": ">= 0.378 (published: 0.359 MoMoK, 0.370 the best)",
    "wn18rr": ">= 0.60 with text",
    "fb15k237": ">= 0.375 (published: 0.388 with relation prediction)",
}


def run(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    for name in options.sets:
        folder = folder_of(options.data, name)
        if folder is None:
            yield {"data": name, "skipped": f"needs --data FOLDER with {name} in it"}
            continue
        means: dict[str, list[float]] = {}
        for seed in options.seeds:
            for kind in ("features", "shuffled"):
                if kind == "shuffled" and not options.control:
                    continue
                begun = time.perf_counter()
                found = benchmark.run(
                    folder,
                    preset_options(options.preset),
                    load(),
                    seeds=[seed],
                    shuffle=kind == "shuffled",
                )
                means.setdefault(kind, []).append(found["test"]["mrr"])
                yield {
                    "data": name,
                    "preset": options.preset,
                    "features": kind,
                    "seed": seed,
                    "seconds": round(time.perf_counter() - begun),
                    "valid": found.get("valid"),
                    "test": found["test"],
                    "split": found["dataset"]["split_hash"][:16],
                    "goal": GOALS.get(name),
                }
        if len(means.get("shuffled", ())) > 1:
            spread = stdev(means["shuffled"])
            gain = mean(means["features"]) - mean(means["shuffled"])
            yield {"data": name, "gain": round(gain, 4), "in deviations": round(gain / spread, 1)}
