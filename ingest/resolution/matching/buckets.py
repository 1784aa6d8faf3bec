"""Which entities may be near each other by a vector, without comparing all with all.

Each of `TABLES` draws as many random directions as tell the entities apart; what lies on the same
side of all of them is in one bucket. Of two vectors at an angle a, one direction has both on a side
with probability 1 - a / pi. Charikar, "Similarity estimation techniques from rounding algorithms",
STOC 2002.
"""

from __future__ import annotations

import math

import numpy as np

from ingest.resolution.matching.store import MatchStore

TABLES = 24
FEWEST_BITS = 6
AT_ONCE = 50_000


def bucket(store: MatchStore, name: str, vector: str, seed: int = 1) -> None:
    """Add `near_<vector>` to a table: the buckets of each entity, empty without a vector."""
    column = f"v_{vector}"
    ((count,),) = store.rows(f"SELECT count({column}) FROM {name}")
    bits = max(FEWEST_BITS, math.ceil(math.log2(count + 1)) - 1)
    draw = np.random.default_rng(seed)
    planes = mean = None
    table = f"{name}_near"
    store.run(f"CREATE OR REPLACE TABLE {table} (n BIGINT, near BIGINT[])")
    for numbers, rows in store.vectors(name, column, AT_ONCE):
        if planes is None or mean is None:
            planes = draw.standard_normal((rows.shape[1], TABLES * bits), np.float32)
            mean = rows.mean(axis=0)  # what all have in common tells none apart
        sides = ((rows - mean) @ planes > 0).reshape(len(rows), TABLES, bits)
        codes = sides @ (1 << np.arange(bits, dtype=np.int64))
        codes += np.arange(TABLES, dtype=np.int64) << bits
        store.append_arrays(table, {"n": numbers, "near": codes})
    store.run(
        f"CREATE OR REPLACE TABLE {name} AS SELECT a.*, coalesce(b.near, []) AS near_{vector} "
        f"FROM {name} a LEFT JOIN {table} b USING (n) ORDER BY a.uid"
    )
    store.run(f"DROP TABLE {table}")
