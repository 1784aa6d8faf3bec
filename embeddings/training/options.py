"""What a person can choose about training, and what is chosen for them."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from embeddings.models.interactions.registry import interaction
from embeddings.models.modalities import POOLINGS
from embeddings.training import presets
from kg_platform.errors import BadInput

FUSIONS = ("concat", "weighted", "attention", "gated")
AGAINST_ALL = ("1-vs-all", "k-vs-all")
SAMPLED = ("margin", "logistic", "self-adversarial")
LOSSES = AGAINST_ALL + SAMPLED
OPTIMISERS = ("adagrad", "adam")
REGULARISERS = ("n3", "l2")
LOOPS = ("learnt", "none")
PRECISIONS = ("auto", "fp32", "bf16")
# Options that version 714e04c did not have, and the values that change nothing.
LATER: dict[str, Any] = {"relation_weights": "", "video_pooling": "attention"}
_WEIGHTS = '{"LANGUAGE": 2, "BORDERS": 0.5}'
# Triples an entity, below which N3 holds a graph back more, and from which predicting relations
# weighs more (docs/benchmarks.md).
SPARSE, DENSE = 4, 10
POSITIVE = (
    "epochs", "batch", "negatives", "patience", "validation", "lr", "members", "temperature",
)  # fmt: skip


@dataclass(frozen=True)
class TrainOptions:
    """Settings of one training; None means "chosen by model, loss and size" (`resolved`)."""

    model: str = "complex"  # see interactions/registry.py
    dimension: int = 200  # real numbers an entity; ComplEx keeps half of them for imaginary parts
    fusion: str = "concat"  # concat | weighted | attention | gated; none without features
    loss: str = "1-vs-all"  # 1-vs-all | k-vs-all | margin | logistic | self-adversarial
    epochs: int = 12  # at most; early stopping may end sooner
    batch: int | None = None  # against all: queries a step; sampled: triples a step
    optimiser: str = "adagrad"  # adagrad | adam
    lr: float | None = None  # the optimiser's step
    regulariser: str = "n3"  # n3 | l2
    regularisation: float | None = None  # its weight
    # Weight of predicting the relation between two ends; of members, every second one does.
    # None: 0.25, or 4 where an entity has ten triples or more
    relation_prediction: float | None = 0.0
    loops: str = "learnt"  # learnt | none: a relation's bias for (h, r, h), see scorer.py
    rejected_weight: float = 1.0  # of what reviews rejected: how many facts one weighs in a step
    relation_weights: str = ""  # how much facts of a type weigh, as JSON: {"LANGUAGE": 2}; else 1
    label_smoothing: float = 0.0  # against all: the share of the truth spread over all entities
    negatives: int = 32  # sampled: corrupted tails a step, shared by the triples of a block
    margin: float = 1.0  # sampled: how far a fact must be above a corrupted one
    temperature: float = 1.0  # self-adversarial: how much more the likelier negatives weigh
    modality_dropout: float = 0.0  # how often an entity's text or picture is hidden in a step
    structure_dropout: float = 0.0  # how often its free vector is hidden, where it has features
    # mean | attention | tcn: how the pictures of an entity's films become one; tcn learns what
    # follows what, and is published
    video_pooling: str = "attention"
    members: int = 1  # models trained with seeds of their own and joined into one
    patience: int = 3  # validations without a better MRR before training ends
    validation: int = 5_000  # at most this many validation triples are ranked after an epoch
    precision: str = "auto"  # auto | fp32 | bf16: of matrix products while training
    seed: int = 0
    device: str = "auto"  # auto | cpu | cuda

    def __post_init__(self) -> None:
        interaction(self.model).check(self.dimension)
        _one_of("fusion", self.fusion, FUSIONS)
        _one_of("loss", self.loss, LOSSES)
        _one_of("optimiser", self.optimiser, OPTIMISERS)
        _one_of("regulariser", self.regulariser, REGULARISERS)
        _one_of("loops", self.loops, LOOPS)
        _one_of("video_pooling", self.video_pooling, POOLINGS)
        _one_of("precision", self.precision, PRECISIONS)
        _one_of("device", self.device, ("auto", "cpu", "cuda"))
        for name in POSITIVE:
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise BadInput(f"{name} must be greater than 0; {value} is not.")
        for name in ("regularisation", "relation_prediction", "margin", "rejected_weight"):
            value = getattr(self, name)
            if value is not None and not value >= 0:
                raise BadInput(f"{name} must not be below 0; {value} is.")
        if self.members > 1 and (not interaction(self.model).product or self.fusion == "gated"):
            raise BadInput(
                "Several members are joined by adding their scores, which needs a model whose "
                "scores are products (complex, distmult, simple) and a fusion without gates; "
                "choose members 1."
            )
        read_weights(self.relation_weights)
        for name in ("label_smoothing", "modality_dropout", "structure_dropout"):
            if not 0 <= getattr(self, name) < 1:
                raise BadInput(
                    f"{name} is a share from 0 to below 1; {getattr(self, name)} is not."
                )

    def resolved(self, triples: int, entities: int) -> TrainOptions:
        """The same with every None filled in, for a training split of this many triples.

        A step against all entities costs batch x entities; a small graph takes small batches, so
        that an epoch still has about a hundred steps. N3 must hold back more where an entity has
        few triples to be known by.
        """
        batch = self.batch
        if batch is None and self.loss in AGAINST_ALL:
            batch = min(500, max(50, triples // 100))
        return replace(
            self,
            batch=batch or 1_000,
            lr=self.lr or (0.1 if self.optimiser == "adagrad" else 0.001),
            regularisation=self._regularisation(triples, entities),
            relation_prediction=self._relation_prediction(triples, entities),
        )

    def _regularisation(self, triples: int, entities: int) -> float:
        if self.regularisation is not None:
            return self.regularisation
        # N3 bounds a product of three factors; a distance needs no such bound.
        if not interaction(self.model).product:
            return 0.0
        if self.loss in SAMPLED:
            return 0.001
        return 0.1 if triples < SPARSE * entities else 0.05

    def _relation_prediction(self, triples: int, entities: int) -> float:
        if self.relation_prediction is not None:
            return self.relation_prediction
        return 4.0 if triples >= DENSE * entities else 0.25


def read_weights(text: str) -> dict[str, float]:
    """`relation_weights` by relationship type.

    Raises:
        BadInput: it is not JSON of that form, or a weight is not above 0.
    """
    try:
        found = json.loads(text or "{}")
    except ValueError as error:
        raise BadInput(f"relation_weights is JSON, such as {_WEIGHTS}; {error}.") from error
    if not isinstance(found, dict) or any(type(one) not in (int, float) for one in found.values()):
        raise BadInput(f"relation_weights has a number a type, such as {_WEIGHTS}.")
    for name, weight in found.items():
        if not 0 < weight < math.inf:
            raise BadInput(
                f"The weight of {name} must be above 0, not {weight}; to leave a type out, name "
                "the others (--relationship-type)."
            )
    return {name: float(weight) for name, weight in found.items()}


def preset_options(preset: str = "balanced", **chosen: Any) -> TrainOptions:
    """The options of a preset, by its name or its file, with some of them chosen.

    Raises:
        BadInput: there is no such preset, or a choice is not possible.
        NotFound: there is no such file.
    """
    if presets.is_file(preset):
        return TrainOptions(**{**presets.read(Path(preset), TrainOptions), **chosen})
    _one_of("preset", preset, tuple(presets.PRESETS))
    return TrainOptions(**{**presets.PRESETS[preset], **chosen})


def _one_of(what: str, value: str, names: tuple[str, ...]) -> None:
    if value not in names:
        raise BadInput(f"There is no {what} {value!r}; choose one of {', '.join(names)}.")
