"""What test figures are worth where facts have mirrors, inverses or synonyms.

Random pairs, of which nothing can be learnt: with single facts held out, and with pairs of ends.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from embeddings.data.dataset import Dataset
from embeddings.data.splits import Unit, hold_out, id_keys, split_keys
from embeddings.data.triples import Ints
from embeddings.evaluation.held_out import held_out
from embeddings.evaluation.ranking import rank
from embeddings.training.options import preset_options
from embeddings.training.train import train

ENTITIES, FACTS, EPOCHS = 200, 800, 30


def variants(seed: int) -> dict[str, Ints]:
    """Random pairs under relation 0; the same with what can be read off them."""
    generator = np.random.default_rng(seed)
    pairs = np.unique(np.sort(generator.integers(ENTITIES, size=(3 * FACTS, 2)), axis=1), axis=0)
    pairs = generator.permutation(pairs[pairs[:, 0] != pairs[:, 1]])[:FACTS]
    plain = np.insert(pairs, 1, 0, axis=1)
    back = plain[:, [2, 1, 0]]
    one = np.array([0, 1, 0])
    return {
        "plain": plain,
        "mirrors": np.concatenate([plain, back]),
        "an inverse": np.concatenate([plain, back + one]),
        "a synonym": np.concatenate([plain, plain + one]),
    }


def dataset(triples: Ints, unit: Unit, seed: int) -> Dataset:
    names = [f"n{row}" for row in range(ENTITIES)]
    types = ["knows", "other"][: int(triples[:, 1].max()) + 1]
    keys = split_keys(unit, triples, id_keys(names), id_keys(types), seed)
    train_facts, valid, test, rule = hold_out(triples, keys, seed, 0.05, 0.05, unit=unit)
    return Dataset(names, types, train_facts, valid, test, rule=rule)


def run(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    units: tuple[Unit, ...] = ("fact", "pair")
    for name in variants(0):
        for unit in units:
            figures, counts = [], []
            for seed in options.seeds:
                made = dataset(variants(seed)[name], unit, seed)
                training = preset_options("fast", seed=seed, epochs=EPOCHS, device="cpu")
                with tempfile.TemporaryDirectory() as folder:
                    figures.append(rank(train(made, training, Path(folder)), made).mrr)
                counts.append(held_out(made))
            yield {
                "facts": name,
                "held_out": unit,
                "test_mrr": [round(figure, 3) for figure in figures],
                "mean": round(float(np.mean(figures)), 3),
                "test_facts": sum(each.facts for each in counts),
                "joined": sum(each.joined for each in counts),
                "seeds": options.seeds,
            }
