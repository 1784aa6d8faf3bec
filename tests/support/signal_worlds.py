"""Worlds with a real signal in their sounds or films: what a recording is can be told by it alone.

Each recording has one fact, of what kind it is; some of these are held out. A model that learns
from facts alone can do no better there than to know which kind is frequent.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from embeddings.data.dataset import Dataset
from embeddings.data.feature_matrix import Features, Vectors
from embeddings.evaluation.ranking import rankings
from embeddings.features.encoders.classical import Classical
from embeddings.features.encoders.logmel import LogMel
from embeddings.features.sequences import packed, sequences
from embeddings.features.shuffle import shuffled
from embeddings.training.options import TrainOptions
from embeddings.training.train import train
from tests.support.recordings import moving, tone

KINDS = 4
OPTIONS = TrainOptions(
    dimension=32, epochs=40, batch=16, structure_dropout=0.9, patience=50, device="cpu",
    precision="fp32",
)  # fmt: skip


def dataset(kinds: list[int], names: int, features: Features, seed: int) -> Dataset:
    """Facts (recording, IS, kind): a third is held out."""
    count = len(kinds)
    ids = [f"recording {number}" for number in range(count)]
    ids += [f"kind {number}" for number in range(names)]
    facts = np.array([(number, 0, count + kind) for number, kind in enumerate(kinds)], np.int64)
    order = np.random.default_rng(seed).permutation(count)
    held = count // 6
    return Dataset(
        ids, ["IS"], facts[order[2 * held :]], facts[order[:held]], facts[order[held : 2 * held]],
        {features.name: features},
    )  # fmt: skip


def with_kinds(features: Features, names: int) -> Features:
    """The features of recordings, and of kinds, which have none."""
    more = np.zeros((names, features.matrix.shape[1]), np.float32)
    return replace(
        features,
        matrix=np.concatenate([features.matrix, more]),
        present=np.concatenate([features.present, np.zeros(names, bool)]),
    )


def sounds(seed: int, count: int = 180) -> Dataset:
    """Tones of any pitch that are heard two to five times a second: the kind is the rhythm."""
    draw = np.random.default_rng(seed)
    kinds = draw.integers(0, KINDS, count).tolist()
    waves = []
    for kind in kinds:
        wave = tone(float(draw.uniform(200, 2_000)), 2.5, beats=2.0 + kind)
        waves.append(wave + draw.normal(0, 0.003, len(wave)).astype(np.float32))
    matrix = LogMel().encode(waves)
    features = Features("audio", matrix, np.ones(count, bool), "log-mel", "1")
    return dataset(kinds, KINDS, with_kinds(features, KINDS), seed)


def films(seed: int, picture: Callable[[int, int], bool], names: int, count: int) -> Dataset:
    """Squares that cross a picture at any height; `picture(kind, number)` says which way."""
    draw = np.random.default_rng(seed)
    kinds = draw.integers(0, names, count).tolist()
    encoder = Classical()
    rows: list[Vectors] = []
    width = 8 * encoder.dimension
    for number, kind in enumerate(kinds):
        top = int(draw.integers(0, 48))
        pictures = moving(8, picture(kind, number), top=top)
        noisy = [
            np.clip(one.astype(int) + draw.normal(0, 6, one.shape), 0, 255).astype(np.uint8)
            for one in pictures
        ]
        rows.append(packed(encoder.encode([Image.fromarray(one) for one in noisy]), width))
    places = np.arange(count)
    found = sequences(np.stack(rows), encoder.dimension, places, places, count)
    features = replace(found, name="video", encoder="classical", revision="1")
    return dataset(kinds, names, with_kinds(features, names), seed)


def directions(seed: int, count: int = 180) -> Dataset:
    """The kind is the way a square goes: forwards and backwards have the same pictures."""
    return films(seed, lambda kind, number: kind == 0, 2, count)


def mrr(world: Dataset, seed: int, control: bool = False, **options: object) -> float:
    """Of the held-out kinds, as tails; with `control`, of the same world whose features were dealt
    out by chance."""
    if control:
        dealt = {name: shuffled(each, seed) for name, each in world.features.items()}
        world = replace(world, features=dealt)
    with tempfile.TemporaryDirectory() as folder:
        chosen = replace(OPTIONS, seed=seed, **options)  # type: ignore[arg-type]
        trained = train(world, chosen, Path(folder))
    tails = rankings(trained.scorer, world, world.test).ranks[: len(world.test)]
    return float((1 / tails).mean())
