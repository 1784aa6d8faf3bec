"""What sounds and films add, against the same model whose features were dealt out by chance.

The worlds are made (`tests/support/signal_worlds.py`): tones of any pitch, to be told by their
rhythm; squares, to be told by the way they go, which is in the order of pictures alone, so that a
mean cannot tell it and a network over time can. Figures are MRR of held-out kinds, over the seeds.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from embeddings.data.dataset import Dataset
from tests.support.signal_worlds import directions, mrr, sounds

SETS: tuple[tuple[str, Callable[[int], Dataset], Mapping[str, str]], ...] = (
    ("sounds", sounds, {}),
    ("films, tcn", directions, {"video_pooling": "tcn"}),
    ("films, mean", directions, {"video_pooling": "mean"}),
)
GOAL = 3  # standard deviations of the gain


def run(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    for name, make, chosen in SETS:
        real, control = [], []
        for seed in options.seeds:
            world = make(seed)
            real.append(mrr(world, seed, **chosen))
            control.append(mrr(world, seed, control=True, **chosen))
        gain = np.array(real) - np.array(control)
        spread = float(gain.std(ddof=1)) if len(gain) > 1 else float("nan")
        yield {
            "set": name,
            "mrr": [round(one, 3) for one in real],
            "control": [round(one, 3) for one in control],
            "gain": round(float(gain.mean()), 3),
            "deviations": round(float(gain.mean()) / max(spread, 1e-3), 1),
            "goal": GOAL if name != "films, mean" else None,
        }
