"""Why two entities are alike: seconds of an answer, and how often a reason holds.

    KG_HOME=... python -m bench.why [--pairs 12]

On a platform that is published, as `kg demo` leaves one. Each pair is an entity that has a text and
a picture, and one of its ten nearest. Beside the time: how many pairs get a sentence or a word, and
how many a region; and the same of pairs that have nothing in common, drawn at random.
"""

from __future__ import annotations

import argparse
import os
import time

import numpy as np

from kg_platform import connect
from kg_platform.cypher.statement import Statement

SEED = 0
WITH_BOTH = (
    "MATCH (n:Entity) WHERE n.text_embedding IS NOT NULL AND n.image_embedding IS NOT NULL "
    "RETURN n.id AS id ORDER BY id"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=12)
    pairs = parser.parse_args().pairs
    random = np.random.default_rng(SEED)
    with connect() as kg:
        ids = [row["id"] for row in kg.graph.read(Statement(WITH_BOTH))]
        there = set(ids)
        drawn = random.choice(ids, min(pairs, len(ids)), replace=False).tolist()
        nearest = {
            one: [each.id for each in kg.similar(one, k=20, by="image") if each.id in there]
            for one in drawn
        }
        chosen = [one for one in drawn if nearest[one]]
        if not chosen:
            parser.error("no two entities near each other have a text and a picture; try kg demo")
        near = [nearest[one][0] for one in chosen]
        others = random.choice(ids, len(chosen), replace=False).tolist()
        begun = time.perf_counter()
        kg.why(chosen[0], near[0])
        print(f"first answer, which loads: {time.perf_counter() - begun:.1f} s")
        for name, second in (("nearest", near), ("drawn at random", others)):
            times, own, texts, pictures = [], [], 0, 0
            for one, other in zip(chosen, second, strict=True):
                if one == other:
                    continue
                begun, busy = time.perf_counter(), time.process_time()
                found = kg.why(one, other)
                times.append(time.perf_counter() - begun)
                own.append(time.process_time() - busy)
                texts += found.text is not None and found.text.found
                pictures += found.picture is not None and found.picture.found
            p50, p95 = np.percentile(times, [50, 95])
            print(
                f"{name}: {len(times)} pairs, p50 {p50:.2f} s, p95 {p95:.2f} s, "
                f"processor {np.median(own):.2f} s without the server's; a reason in the "
                f"texts {texts}, in the pictures {pictures}; load {os.getloadavg()[0]:.1f}"
            )


if __name__ == "__main__":
    main()
