"""How fast this machine does each thing: a few real steps of training, real encodings, real ranks.

The real code runs on random facts and features of the real sizes. Nothing is kept but the vectors
of contents that were encoded, which the feature cache has from then on.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from embeddings.data.contents import Medium, Text
from embeddings.data.dataset import Dataset
from embeddings.data.feature_matrix import Features
from embeddings.data.triples import Ints, group
from embeddings.evaluation.ranking import rank
from embeddings.features.build import FeatureSummary
from embeddings.features.cache import FeatureCache
from embeddings.features.encoders.protocols import NamedEncoder, width_of
from embeddings.features.modal import Reading, features_of
from embeddings.jobs.cost.survey import Sample, SplitCounts
from embeddings.training.options import TrainOptions
from embeddings.training.train import train
from kg_platform.modality import Modality
from kg_platform.runs.memory import held_bytes, peak_bytes

T = TypeVar("T", Text, Medium)

STEPS = 6  # of training; the first, which warms up, does not count
RANKED = 256  # facts
GROUPED = 100_000  # facts
# A larger graph is calibrated on this many entities, and what grows with them is scaled up.
MOST_ENTITIES = 100_000


@dataclass(frozen=True)
class Encoding:
    """One modality: its contents in the sample, and what encoding one takes.

    `missing` were not in the cache before, `encoded` of them are now. `seconds` is 0 where
    nothing had to be encoded.
    """

    contents: int
    missing: int
    encoded: int
    seconds: float
    dimension: int
    present: float  # share of the entities that have any


@dataclass(frozen=True)
class Training:
    """Seconds of the parts of a training, and the memory that it took.

    `setup` comes once, `step` for each batch, `epoch` once an epoch (checkpoint); `ranking` for
    each query that is ranked; `grouping` for each fact. `held` bytes before it, `memory` more at
    its peak. `scale` is how many of the graph's entities stand behind one here.
    """

    setup: float
    step: float
    epoch: float
    ranking: float
    grouping: float
    held: int
    memory: int
    scale: float


def encoding(
    sample: Sample,
    contents: Sequence[T],
    encode: Callable[[list[T]], FeatureSummary],
    known: set[str],
    dimension: int,
    at_most: int,
) -> Encoding:
    """Encode up to `at_most` contents that are not `known` yet, the first few to warm up."""
    different = {content.content_hash: content for content in contents}
    missing = [content for digest, content in different.items() if digest not in known]
    chosen = [missing[at] for at in np.random.default_rng(0).permutation(len(missing))[:at_most]]
    first, rest = chosen[: len(chosen) // 4], chosen[len(chosen) // 4 :]
    seconds = 0.0
    if first:
        encode(first)
    if rest:
        begun = time.perf_counter()
        encode(rest)
        seconds = (time.perf_counter() - begun) / len(rest)
    present = len({content.entity for content in contents}) / max(sample.entities, 1)
    return Encoding(len(different), len(missing), len(chosen), seconds, dimension, present)


def encode(
    modality: Modality,
    sample: Sample,
    encoder: NamedEncoder,
    cache: FeatureCache,
    reading: Reading,
    at_most: int,
) -> Encoding:
    """How long contents take that are not in the cache, reading and decoding them included."""
    contents = sample.chosen[modality.name]

    def some(chosen: list[Any]) -> FeatureSummary:
        part = sample.with_only(modality, chosen)
        return features_of(modality, part, encoder, cache, reading)[1]

    known = _known(cache, contents, width_of(encoder))
    return encoding(sample, contents, some, known, encoder.dimension, at_most)


def measure_training(
    entities: int, facts: SplitCounts, encodings: Mapping[str, Encoding], options: TrainOptions
) -> Training:
    """A few steps of one epoch, and some ranks, on random facts about as many entities.

    Raises:
        BadInput: the device is not there.
    """
    some = min(entities, MOST_ENTITIES)
    scale = entities / some
    resolved = options.resolved(max(facts.train, 1), entities)
    # Features are learnt from at once: that is what most epochs cost.
    options = replace(resolved, epochs=1, members=1)
    assert options.batch is not None
    # Both directions of a random fact are queries of their own.
    count = max(2, STEPS * options.batch // 2)
    dataset = _random(some, max(facts.relation_types, 1), count, encodings)
    ends: dict[int, float] = {}

    def moment(step: int) -> None:
        ends.setdefault(step, time.perf_counter())

    held = held_bytes()
    with tempfile.TemporaryDirectory(prefix="kg-plan-") as scratch:
        begun = time.perf_counter()
        trained = train(dataset, options, Path(scratch), lambda step, _: moment(step))
        done = time.perf_counter()
    moments = [begun, *ends.values()]
    step = float(np.median(np.diff(moments)[1:] if len(moments) > 2 else np.diff(moments)))
    memory = max(0, peak_bytes() - held)
    rank(trained, replace(dataset, test=dataset.test[:8]), "test")
    begun = time.perf_counter()
    rank(trained, dataset, "test")
    ranked = time.perf_counter()
    whole = _facts(some, dataset.relations, GROUPED)
    grouping = time.perf_counter()
    group(whole, dataset.relations)
    return Training(
        setup=max(0.0, moments[1] - moments[0] - step),
        step=step,
        epoch=done - moments[-1],
        ranking=(ranked - begun) / (2 * RANKED),
        grouping=(time.perf_counter() - grouping) / GROUPED,
        held=held,
        memory=memory,
        scale=scale,
    )


def _random(
    entities: int, relations: int, count: int, encodings: Mapping[str, Encoding]
) -> Dataset:
    """Random facts about entities that have random features of the real sizes."""
    ids = [str(number) for number in range(entities)]
    types = [str(number) for number in range(relations)]
    features = {
        name: _features(name, entities, found)
        for name, found in encodings.items()
        if found.present > 0
    }
    # Without validation facts, so that an epoch ends with its checkpoint alone.
    train, none, test = (_facts(entities, relations, many) for many in (count, 0, RANKED))
    return Dataset(ids, types, train, none, test, features)


def _features(name: str, entities: int, found: Encoding) -> Features:
    generator = np.random.default_rng(0)
    present = generator.random(entities) < found.present
    present[0] = True
    matrix = generator.standard_normal((entities, found.dimension), dtype=np.float32)
    matrix[~present] = 0
    return Features(name, matrix, present, "random", "1")


def _facts(entities: int, relations: int, count: int) -> Ints:
    generator = np.random.default_rng(count)
    ends = generator.integers(entities, size=(count, 3))
    ends[:, 1] %= relations
    return ends


def _known(cache: FeatureCache, contents: Iterable[T], dimension: int) -> set[str]:
    hashes = np.unique(np.array([bytes.fromhex(one.content_hash) for one in contents], dtype="S32"))
    known = cache.fill(hashes, np.empty((len(hashes), dimension), np.float32))
    # numpy drops NULs at the end of bytes.
    return {bytes(digest).ljust(32, b"\0").hex() for digest in hashes[known]}
