"""Small datasets for the engine's tests. Sizes all differ: a transposed shape cannot pass."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from embeddings.data.dataset import Dataset
from embeddings.data.feature_matrix import Features
from embeddings.data.splits import fact_keys, hold_out, id_keys

ENTITIES, RELATIONS = 40, 3


def draw(seed: int = 0, triples: int = 110) -> Dataset:
    """Facts that can be learnt: relation r leads from x to (x + 1 + r) in a ring, and back."""
    generator = np.random.default_rng(seed)
    heads = generator.integers(ENTITIES, size=triples)
    kinds = generator.integers(RELATIONS, size=triples)
    tails = (heads + 1 + kinds) % ENTITIES
    unique = np.unique(np.stack([heads, kinds, tails], 1), axis=0)
    names, types = [f"e{i:02d}" for i in range(ENTITIES)], [f"r{i}" for i in range(RELATIONS)]
    keys = fact_keys(unique, id_keys(names), id_keys(types), seed)
    train, valid, test, _ = hold_out(unique, keys, seed, 0.1, 0.15)
    return Dataset(names, types, train, valid, test)


def features(
    name: str = "text", width: int = 7, share: float = 1.0, seed: int = 0, entities: int = ENTITIES
) -> Features:
    """Random unit rows for a share of the entities; zeros that mean nothing for the others."""
    generator = np.random.default_rng(seed)
    present = generator.random(entities) < share
    matrix = generator.normal(size=(entities, width)).astype(np.float32)
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    matrix[~present] = 0
    return Features("text" if name == "text" else "image", matrix, present, "fake", "1")


def write_split(folder: Path, dataset: Dataset) -> Path:
    """The three files of a published split."""
    folder.mkdir(parents=True)
    for split in ("train", "valid", "test"):
        rows = (
            (dataset.entity_ids[h], dataset.relation_types[r], dataset.entity_ids[t])
            for h, r, t in dataset.split(split)
        )
        (folder / f"{split}.tsv").write_text("".join("\t".join(row) + "\n" for row in rows))
    return folder
