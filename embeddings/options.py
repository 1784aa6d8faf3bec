"""What a person can choose about training, and what is chosen for them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from embeddings.models import kernel
from kg_platform.errors import BadInput

FUSIONS = ("concat", "weighted", "attention")
LOSSES = ("cross-entropy", "margin")


@dataclass(frozen=True)
class TrainOptions:
    """Settings of one training; None means "chosen by model, loss and size" (`resolve`)."""

    model: str = "complex"  # complex | distmult | transe
    dimension: int = 200  # real numbers an entity; ComplEx keeps half of them for imaginary parts
    fusion: str = "weighted"  # concat | weighted | attention; without features there is none
    loss: str = "cross-entropy"  # cross-entropy | margin
    epochs: int = 12  # at most; early stopping may end sooner
    batch: int | None = None  # cross-entropy: queries a step; margin: triples a step
    lr: float | None = None  # Adagrad's step
    regularisation: float | None = None  # weight of the N3 norm
    negatives: int = 32  # margin: corrupted tails a triple
    margin: float = 1.0  # margin: how far a fact must be above a corrupted one
    patience: int = 3  # epochs without a better validation MRR before training ends
    validation: int = 5_000  # at most this many validation triples are ranked after an epoch
    seed: int = 0
    device: str = "auto"  # auto | cpu | cuda

    def __post_init__(self) -> None:
        kind = kernel(self.model)
        if self.dimension < 2 or self.dimension % kind.multiple:
            raise BadInput(
                f"{self.model} needs a dimension that is a multiple of {kind.multiple} and at "
                f"least 2; {self.dimension} is not."
            )
        _one_of("fusion", self.fusion, FUSIONS)
        _one_of("loss", self.loss, LOSSES)
        _one_of("device", self.device, ("auto", "cpu", "cuda"))
        for name in ("epochs", "batch", "negatives", "patience", "validation", "lr"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise BadInput(f"{name} must be greater than 0; {value} is not.")

        if self.regularisation is not None and not self.regularisation >= 0:
            raise BadInput(f"regularisation must not be below 0; {self.regularisation} is.")

    def resolved(self, triples: int) -> TrainOptions:
        """The same with every None filled in, for a training split of this many triples.

        A step of the cross-entropy costs batch x entities; a small graph takes small batches, so
        that an epoch still has about a hundred steps.
        """
        batch = self.batch
        if batch is None and self.loss == "cross-entropy":
            batch = min(500, max(50, triples // 100))
        return replace(
            self,
            batch=batch or 1_000,
            lr=self.lr or 0.1,
            regularisation=self._regularisation(),
        )

    def _regularisation(self) -> float:
        if self.regularisation is not None:
            return self.regularisation
        # N3 bounds a product of three factors; a distance needs no such bound.
        return 0.0 if self.model == "transe" else 0.1 if self.loss == "cross-entropy" else 0.001


PRESETS: dict[str, dict[str, Any]] = {
    "balanced": {},
    "fast": {"dimension": 128, "epochs": 8},
}


def preset_options(preset: str = "balanced", **chosen: Any) -> TrainOptions:
    """The options of a preset, with some of them chosen.

    Raises:
        BadInput: there is no such preset, or a choice is not possible.
    """
    _one_of("preset", preset, tuple(PRESETS))
    return TrainOptions(**{**PRESETS[preset], **chosen})


def _one_of(what: str, value: str, names: tuple[str, ...]) -> None:
    if value not in names:
        raise BadInput(f"There is no {what} {value!r}; choose one of {', '.join(names)}.")
