"""The control of every claim about features: the same model, features dealt out by chance."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from embeddings.data.feature_matrix import Features


def shuffled(features: Features, seed: int) -> Features:
    """The features of a modality permuted among the entities that have them.

    What remains is what features do without meaning anything: more parameters, another start. A
    gain over this control is a gain from what the contents say.
    """
    there = np.flatnonzero(features.present)
    receivers = np.random.default_rng(seed).permutation(there)
    matrix = features.matrix.copy()
    matrix[receivers] = features.matrix[there]
    if features.items is None or features.owners is None:
        return replace(features, matrix=matrix)
    goes_to = np.arange(len(matrix))
    goes_to[there] = receivers
    owners = goes_to[features.owners]
    order = np.argsort(owners, kind="stable")
    parts = None if features.parts is None else features.parts[order]
    return replace(
        features, matrix=matrix, items=features.items[order], owners=owners[order], parts=parts
    )
