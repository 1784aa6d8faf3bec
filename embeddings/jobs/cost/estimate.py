"""What an embedding run will cost: seconds, memory and disk, from counts and measured rates.

Arithmetic alone. What there is comes from `survey`, how fast it goes from `speed`, and
`plan` puts them together. An estimate is a range: from `low` to `high`, `likely` in between.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from embeddings.jobs.cost.speed import Encoding, Training
from embeddings.jobs.cost.survey import SplitCounts, Survey
from embeddings.training.options import AGAINST_ALL, TrainOptions

# How far a rate measured for some seconds may be off when the work takes minutes (other programs,
# a processor that warms up, texts of other lengths). Assumed; runs record how far plans were off.
SPREAD = 1.4
# Publishing cannot be tried out without writing. Seconds a published number: 5.6 to 12.7 s for the
# 15,000 x (200 + 384) numbers of MKG-W in docs/benchmarks.md are 0.6 to 1.4e-6; of another
# machine's Neo4j only the order of magnitude is known.
PUBLISHED_NUMBER = 1.2e-6
PUBLISHED_SPREAD = 3.0
# Reckoned from the code, not weighed. Bytes a fact: its row in three copies while splits are made,
# and its groups in both directions.
FACT_BYTES = 200
ENTITY_BYTES = 150  # ids, labels and masks as Python and NumPy hold them
TRIPLE_ON_DISK = 25  # in the snapshot, and once more while it is written
# Bytes of Neo4j's store and vector index for a number of a vector: the property and the index.
PUBLISHED_BYTES = 9


class Estimate(NamedTuple):
    """A quantity that is not known yet."""

    low: float
    likely: float
    high: float

    @classmethod
    def around(cls, likely: float, spread: float = SPREAD) -> Estimate:
        return cls(likely / spread, likely, likely * spread)

    def __add__(self, other: object) -> Estimate:
        assert isinstance(other, Estimate)
        return Estimate(*(a + b for a, b in zip(self, other, strict=True)))


class Publishing(NamedTuple):
    """Seconds a number of a vector takes to be published, and by which factor that may be off."""

    seconds: float = PUBLISHED_NUMBER
    spread: float = PUBLISHED_SPREAD


@dataclass(frozen=True)
class CostPlan:
    """What a run is expected to take. `seconds` by step; `memory` and `disk` in bytes."""

    entities: int
    triples: int
    queries: int
    epochs: int
    to_encode: Mapping[str, int]
    seconds: Mapping[str, Estimate]
    memory: Estimate
    disk: Estimate
    notes: tuple[str, ...]

    @property
    def total(self) -> Estimate:
        """Seconds of the whole run."""
        return sum(self.seconds.values(), Estimate(0, 0, 0))

    def as_dict(self) -> dict[str, Any]:
        """Plain values, rounded, for JSON and the ledger."""
        return {
            **{name: value for name, value in asdict(self).items() if name != "notes"},
            "to_encode": dict(self.to_encode),
            "seconds": {name: _rounded(found) for name, found in self.seconds.items()},
            "total_seconds": _rounded(self.total),
            "memory": _rounded(self.memory, 0),
            "disk": _rounded(self.disk, 0),
            "notes": list(self.notes),
        }


def plan(
    found: Survey,
    encodings: Mapping[str, Encoding],
    training: Training,
    options: TrainOptions,
    publishing: Publishing | None,
) -> CostPlan:
    """The arithmetic. `publishing` is None where nothing is to be published.

    snapshot = rows * seconds a row
    features = contents that are not cached * seconds each
    training = setup + epochs * (steps * step + checkpoint + ranking of validation)
    ranking  = queries of validation and test * seconds each + grouping
    publishing = numbers of all vectors * seconds a number
    """
    facts, scale = found.facts, found.scale
    to_encode = {name: _to_encode(one, scale) for name, one in encodings.items()}
    resolved = options.resolved(max(facts.train, 1), found.entities)
    numbers = found.entities * (
        options.dimension * options.members
        + sum(one.present * one.dimension for one in encodings.values())
    )
    rows = found.entities + facts.all + found.sample.files * scale
    a_row = found.sample.seconds / max(found.sample.rows, 1)
    features = sum(to_encode[name] * one.seconds for name, one in encodings.items())
    seconds = {
        "snapshot": Estimate.around(rows * a_row),
        "features": Estimate.around(features),
        "training": _training_seconds(facts, training, resolved),
        "ranking": Estimate.around(_ranking_seconds(facts, training)),
    }
    if publishing is not None:
        seconds["publishing"] = Estimate.around(numbers * publishing.seconds, publishing.spread)
    return CostPlan(
        entities=found.entities,
        triples=facts.all,
        queries=facts.queries,
        epochs=options.epochs,
        to_encode=to_encode,
        seconds=seconds,
        memory=_memory(found, training, resolved),
        disk=_disk(found, encodings, to_encode, resolved, numbers, publishing is not None),
        notes=_notes(found, training, publishing),
    )


def _to_encode(one: Encoding, scale: float) -> int:
    """Contents of the whole graph that are not in the cache; those of the sample that were encoded
    for the calibration are by now."""
    return max(0, round(one.missing * scale) - one.encoded)


def _training_seconds(facts: SplitCounts, training: Training, options: TrainOptions) -> Estimate:
    """From the earliest that early stopping allows to all epochs."""
    assert options.batch is not None
    against_all = options.loss in AGAINST_ALL
    # A step against all entities grows with them; one against a few does not.
    step = training.step * (training.scale if against_all else 1.0)
    steps = -(-(facts.queries if against_all else 2 * facts.train) // options.batch)
    ranked = 2 * min(facts.valid, options.validation)
    epoch = steps * step + (training.epoch + ranked * training.ranking) * training.scale
    setup = training.setup * training.scale + 2 * facts.all * training.grouping
    stopped = min(options.epochs, options.patience + 1) if facts.valid else options.epochs
    whole = options.members * (setup + options.epochs * epoch)
    earliest = options.members * (setup + stopped * epoch)
    return Estimate(earliest / SPREAD, whole, whole * SPREAD)


def _ranking_seconds(facts: SplitCounts, training: Training) -> float:
    queries = 2 * (facts.valid + facts.test)
    return queries * training.ranking * training.scale + facts.all * training.grouping


def _memory(found: Survey, training: Training, options: TrainOptions) -> Estimate:
    """What the process holds at its peak, in training: tables, best weights, facts."""
    table = 4 * found.entities * options.dimension
    likely = (
        training.held
        + training.memory * training.scale
        + 2 * table  # the best weights so far, and they once more in the checkpoint
        + found.facts.all * FACT_BYTES
        + found.entities * ENTITY_BYTES
    )
    return Estimate(max(float(training.held), likely / 1.2), likely, likely * SPREAD)


def _disk(
    found: Survey,
    encodings: Mapping[str, Encoding],
    to_encode: Mapping[str, int],
    options: TrainOptions,
    numbers: float,
    published: bool,
) -> Estimate:
    """The most that is on disk at a time beyond what is there now."""
    snapshot = found.entities * found.sample.entity_bytes + found.facts.all * TRIPLE_ON_DISK
    cache = sum(to_encode[name] * (32 + 4 * one.dimension) for name, one in encodings.items())
    # Weights, their optimiser's state and the best weights, in an old and in a new checkpoint.
    checkpoint = 2 * 3 * 4 * found.entities * options.dimension
    artifact = 4 * (numbers + found.entities * options.dimension * options.members)
    graph = PUBLISHED_BYTES * numbers if published else 0.0
    return Estimate.around(snapshot + cache + checkpoint + artifact + graph)


def _notes(found: Survey, training: Training, publishing: Publishing | None) -> tuple[str, ...]:
    notes = ["Training is for all epochs; the lower end is where early stopping may end it."]
    if publishing is not None and publishing.spread >= PUBLISHED_SPREAD:
        notes.append(
            "Publishing was never timed on this machine: a factor of "
            f"{publishing.spread:.0f} either way."
        )
    if found.scale > 1:
        notes.append(
            f"Texts and pictures were looked at for {found.sample.entities:,} of "
            f"{found.entities:,} entities."
        )
    if training.scale > 1:
        notes.append(
            f"Training was tried with 1 / {training.scale:.1f} of the entities and scaled up."
        )
    return tuple(notes)


def gib(size: float) -> str:
    """Bytes for people."""
    return f"{size / (1 << 30):.1f} GiB" if size >= 1 << 30 else f"{size / (1 << 20):.0f} MiB"


def _rounded(found: Estimate, digits: int = 2) -> dict[str, float]:
    return {name: round(value, digits) for name, value in found._asdict().items()}
