"""The whole `kg embed` on MKG-W, from an ingested graph and an empty feature cache."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from typing import Any

from bench.stage import folder_of, fresh_platform, in_child
from ingest.loading.load import ingest


def run(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    folder = folder_of(options.data, "mkgw")
    if folder is None:
        yield {"skipped": "needs --data FOLDER with mkgw in it"}
        return
    with fresh_platform() as platform:
        ingest(platform, folder)
        for number, seed in enumerate(options.seeds):
            begun = time.perf_counter()
            words = ("embed", "--model", "complex", "--seed", str(seed), "--json")
            answer = in_child("kg_platform.cli.main", *words)
            yield {
                "what": "kg embed on MKG-W, ComplEx",
                "seed": seed,
                "seconds": round(time.perf_counter() - begun, 1),
                "features": "encoded" if number == 0 else "from the cache",
                "test_mrr": round(answer["metrics"]["test_mrr"], 4),
                "test_hits@10": round(answer["metrics"]["test_hits@10"], 4),
                "steps": answer["seconds"],
                "goal": "< 300 s, test MRR >= 0.33",
            }
