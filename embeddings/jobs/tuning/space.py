"""Which settings `kg tune` tries: the ones that matter, on log scales, in sensible combinations.

The preset a search starts from is a point of the space: where a range would leave its value out,
the range is widened. So the first trial is the preset itself, and the best is never worse. The next
ones are drawn around it: somebody has chosen it, and most of the space is far worse.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol, TypeVar

import numpy as np

from embeddings.data.dataset import Dataset
from embeddings.models.interactions.registry import interaction
from embeddings.training.options import AGAINST_ALL, FUSIONS, SAMPLED, TrainOptions

T = TypeVar("T")

# A product against every entity, a step: beyond this many entities it is not worth trying.
MANY_ENTITIES = 100_000
NEAR = 0.15  # standard deviation of draws around the preset, as a share of a (log) range
STAY = 0.75  # how often such a draw keeps the preset's word
UNIT = 8  # dimensions are tried in multiples of this: what matrix products like

RANGES: dict[str, tuple[float, float]] = {
    "dimension": (64, 512),
    "lr/adagrad": (0.01, 0.5),
    "lr/adam": (1e-4, 0.02),
    "batch/against all": (32, 1024),
    "batch/sampled": (128, 4096),
    "regularisation/n3/against all": (1e-3, 1.0),
    "regularisation/n3/sampled": (1e-6, 0.1),
    "regularisation/l2/against all": (1e-7, 1e-2),
    "regularisation/l2/sampled": (1e-7, 1e-2),
    "relation_prediction": (0.01, 5.0),
    "negatives": (16, 512),
    "margin": (0.5, 12.0),
    "temperature": (0.25, 4.0),
    # shares: even steps, from none
    "label_smoothing": (0.0, 0.3),
    "modality_dropout": (0.0, 0.5),
}


class Trial(Protocol):
    """What chooses: Optuna's trial, or `_Own`."""

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float: ...

    def suggest_int(self, name: str, low: int, high: int, *, log: bool = False) -> int: ...

    def suggest_categorical(self, name: str, choices: Sequence[str]) -> str: ...


@dataclass(frozen=True)
class SearchSpace:
    """What may be chosen for one dataset, around `base`; settings in `fixed` keep base's value."""

    base: TrainOptions
    models: tuple[str, ...]
    fixed: frozenset[str]
    entities: int
    triples: int
    features: bool

    @classmethod
    def of(
        cls,
        dataset: Dataset,
        base: TrainOptions,
        models: Iterable[str] = (),
        fixed: Iterable[str] = (),
    ) -> SearchSpace:
        """The space around `base`; no `models` means base's own.

        Raises:
            BadInput: one of the models does not exist, or cannot have the dimension that is fixed.
        """
        chosen = tuple(dict.fromkeys(models)) or (base.model,)
        fixed = frozenset(fixed)
        if "dimension" not in fixed:
            unit = _unit(chosen, base.dimension)
            base = replace(base, dimension=max(unit, base.dimension // unit * unit))
        for model in chosen:
            replace(base, model=model)  # refuses what cannot be
        if base.model not in chosen:
            base = replace(base, model=chosen[0])
        whole = base.resolved(len(dataset.train), dataset.entities)
        base = replace(base, relation_prediction=whole.relation_prediction)
        return cls(
            base, chosen, fixed, dataset.entities, len(dataset.train), bool(dataset.features)
        )

    def describe(self) -> dict[str, Any]:
        """Everything that decides what is tried, as JSON: two equal descriptions, one search."""
        return {**asdict(self), "fixed": sorted(self.fixed), "ranges": RANGES}

    def own(self) -> dict[str, Any]:
        """The parameters that make `suggest` return the base itself."""
        asked = _Own(self.base.resolved(self.triples, self.entities))
        self.suggest(asked)
        return asked.answers

    def near(self, generator: np.random.Generator) -> dict[str, Any]:
        """The parameters of a draw around the base."""
        asked = _Near(self, generator)
        self.suggest(asked)
        return asked.answers

    def suggest(self, trial: Trial) -> TrainOptions:
        """The options a trial chooses. Which questions follow depends on the answers before."""
        model = self._word(trial, "model", self.base.model, self.models)
        loss = self._loss(trial, model)
        own = self._own(model, loss)
        values: dict[str, Any] = {
            "dimension": self._dimension(trial),
            "lr": self._real(trial, f"lr/{own.optimiser}", own.lr),
            "batch": self._whole(trial, f"batch/{_family(loss)}", own.batch),
        }
        if own.regularisation:  # a model that goes without, a distance, goes without
            question = f"regularisation/{own.regulariser}/{_family(loss)}"
            values["regularisation"] = self._real(trial, question, own.regularisation)
        values["relation_prediction"] = self._relation_prediction(trial)
        if loss == "k-vs-all":
            values["label_smoothing"] = self._share(trial, "label_smoothing", own.label_smoothing)
        if loss in SAMPLED:
            values["negatives"] = self._whole(trial, "negatives", own.negatives)
        if loss in ("margin", "self-adversarial"):
            values["margin"] = self._real(trial, "margin", own.margin)
        if loss == "self-adversarial":
            values["temperature"] = self._real(trial, "temperature", own.temperature)
        if self.features:
            values["fusion"] = self._word(trial, "fusion", own.fusion, FUSIONS)
            values["modality_dropout"] = self._share(
                trial, "modality_dropout", own.modality_dropout
            )
        return replace(own, **values)

    def _loss(self, trial: Trial, model: str) -> str:
        """Against all where that is affordable; sampled negatives; margin for distances only.

        A list of answers has one name: distances, which have another list, are asked by another.
        """
        distance = not interaction(model).product
        many = self.entities > MANY_ENTITIES
        choices = ["self-adversarial", "logistic"] if many else [*AGAINST_ALL, "self-adversarial"]
        if distance:
            choices.append("margin")
        if self.base.loss not in choices:
            choices.append(self.base.loss)
        question = "loss/distance" if distance else "loss"
        return self._word(trial, question, self.base.loss, tuple(choices))

    def _own(self, model: str, loss: str) -> TrainOptions:
        """The base with another model and loss, everything that depends on them filled in."""
        return replace(self.base, model=model, loss=loss).resolved(self.triples, self.entities)

    def _word(self, trial: Trial, question: str, own: str, choices: tuple[str, ...]) -> str:
        if setting(question) in self.fixed or len(choices) == 1:
            return own
        return trial.suggest_categorical(question, choices)

    def _dimension(self, trial: Trial) -> int:
        own = self.base.dimension
        if "dimension" in self.fixed:
            return own
        unit = _unit(self.models, own)
        low, high = (round(end) // unit for end in self._range("dimension", own))
        return unit * trial.suggest_int(f"dimension/{unit}", max(low, 1), high, log=True)

    def _real(self, trial: Trial, question: str, own: float | None) -> float:
        assert own is not None
        if setting(question) in self.fixed:
            return own
        return trial.suggest_float(question, *self._range(question, own), log=True)

    def _whole(self, trial: Trial, question: str, own: int | None) -> int:
        assert own is not None
        if setting(question) in self.fixed:
            return own
        low, high = self._range(question, own)
        return trial.suggest_int(question, round(low), round(high), log=True)

    def _share(self, trial: Trial, name: str, own: float) -> float:
        if name in self.fixed:
            return own
        low, high = RANGES[name]
        return trial.suggest_float(name, low, max(high, own))

    def _relation_prediction(self, trial: Trial) -> float:
        """None, or a weight on a log scale: two questions, so that none is one of the answers."""
        name = "relation_prediction"
        own = self.base.relation_prediction or 0.0  # which `of` has chosen
        if name in self.fixed:
            return own
        if trial.suggest_categorical(f"{name}?", ("no", "yes")) == "no":
            return 0.0
        low, high = self._range(name, own or RANGES[name][0])
        return trial.suggest_float(name, low, high, log=True)

    def _range(self, name: str, own: float) -> tuple[float, float]:
        """Widened to the own value, where it is one that a log scale has."""
        low, high = RANGES[name]
        return (min(low, own), max(high, own)) if own > 0 else (low, high)


class _Own:
    """Answers every question with a given option's value, and remembers question and answer."""

    def __init__(self, options: TrainOptions) -> None:
        self.options = options
        self.answers: dict[str, Any] = {}

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float:
        del log
        return self._answer(name, min(max(float(self._value(name)), low), high))

    def suggest_int(self, name: str, low: int, high: int, *, log: bool = False) -> int:
        del log
        unit = int(name.removeprefix("dimension/")) if name.startswith("dimension/") else 1
        return self._answer(name, min(max(int(self._value(name)) // unit, low), high))

    def suggest_categorical(self, name: str, choices: Sequence[str]) -> str:
        if name.endswith("?"):
            return self._answer(name, "yes" if self._value(name) else "no")
        assert self._value(name) in choices
        return self._answer(name, str(self._value(name)))

    def _value(self, name: str) -> Any:
        return getattr(self.options, setting(name))

    def _answer(self, name: str, value: T) -> T:
        self.answers[name] = value
        return value


class _Near(_Own):
    """Answers with values around the base's, or around what is usual with the model and the loss
    it has answered with: normal on the scale the question has."""

    def __init__(self, space: SearchSpace, generator: np.random.Generator) -> None:
        super().__init__(space.base.resolved(space.triples, space.entities))
        self.space, self.generator = space, generator

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float:
        if not low <= self._value(name) <= high:  # the weight of what the preset goes without
            return self._answer(name, float(low * (high / low) ** self.generator.random()))
        own = super().suggest_float(name, low, high)
        return self._answer(name, self._around(own, low, high, log))

    def suggest_int(self, name: str, low: int, high: int, *, log: bool = False) -> int:
        own = super().suggest_int(name, low, high)
        return self._answer(name, round(self._around(own, low, high, log)))

    def suggest_categorical(self, name: str, choices: Sequence[str]) -> str:
        word = own = super().suggest_categorical(name, choices)
        if self.generator.random() >= STAY:
            word = str(self.generator.choice([choice for choice in choices if choice != own]))
        if setting(name) in ("model", "loss"):
            chosen = {"model": self.options.model, "loss": self.options.loss, setting(name): word}
            self.options = self.space._own(**chosen)
        return self._answer(name, word)

    def _around(self, own: float, low: float, high: float, log: bool) -> float:
        step = self.generator.normal() * NEAR
        drawn = own * (high / low) ** step if log else own + step * (high - low)
        return float(min(max(drawn, low), high))


def setting(question: str) -> str:
    """The setting a question is about: "lr/adam" -> "lr", "relation_prediction?" likewise."""
    return question.split("/")[0].removesuffix("?")


def _family(loss: str) -> str:
    return "against all" if loss in AGAINST_ALL else "sampled"


def _unit(models: Iterable[str], own: int) -> int:
    """Dimensions are multiples of this: all models can have them, and `own` is one if it can be."""
    possible = math.lcm(*(interaction(model).multiple for model in models))
    fast = math.lcm(possible, UNIT)
    return possible if own % fast else fast
