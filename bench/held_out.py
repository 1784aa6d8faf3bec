"""What test figures are worth where facts have mirrors, inverses or synonyms.

Random pairs, of which nothing can be learnt: with single facts held out, and with pairs of ends.

    python -m bench.held_out
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from embeddings.data.dataset import Dataset
from embeddings.data.splits import Unit, hold_out, id_keys, split_keys
from embeddings.data.triples import Ints
from embeddings.evaluation.held_out import held_out
from embeddings.evaluation.ranking import rank
from embeddings.training.options import preset_options
from embeddings.training.train import train

ENTITIES, FACTS, EPOCHS, SEEDS = 200, 800, 30, 2


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


def main() -> None:
    units: tuple[Unit, ...] = ("fact", "pair")
    print("facts       held out  test MRR of each seed    mean    test facts  joined")
    for name in variants(0):
        for unit in units:
            figures, counts = [], []
            for seed in range(SEEDS):
                made = dataset(variants(seed)[name], unit, seed)
                options = preset_options("fast", seed=seed, epochs=EPOCHS, device="cpu")
                with tempfile.TemporaryDirectory() as folder:
                    figures.append(rank(train(made, options, Path(folder)), made).mrr)
                counts.append(held_out(made))
            each = "  ".join(f"{figure:.3f}" for figure in figures)
            facts, joined = (sum(getattr(c, n) for c in counts) for n in ("facts", "joined"))
            mean = np.mean(figures)
            print(f"{name:11} {unit:8}  {each:22}  {mean:.3f}  {facts:10,}  {joined:6,}")


if __name__ == "__main__":
    main()
