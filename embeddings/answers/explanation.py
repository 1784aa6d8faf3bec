"""What moved a prediction: shares of modalities, and what their absence would change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from kg_platform.modality import MODALITIES

SIDES = ("head", "tail")


@dataclass(frozen=True)
class LeftOut:
    """The prediction without a part (structure, text, image) on one side, or on both."""

    part: str
    side: str  # head | tail | both
    score: float
    rank: float


@dataclass(frozen=True)
class Share:
    """What the meeting of a part of the head and a part of the tail adds to the score."""

    head: str
    tail: str
    value: float


@dataclass(frozen=True)
class Explanation:
    """A fact's score; its rank among `entities` candidates, facts of the graph left out, ties at
    the mean; the same without each part; and the shares of the score, none for a distance.

    A part is left out only where the entity has it and something else beside it, and never of a
    `provisional` end, which came after training: see `explain_provisional.py`.
    """

    score: float
    rank: float
    entities: int
    left_out: tuple[LeftOut, ...]
    shares: tuple[Share, ...]
    provisional: bool = False

    @property
    def mover(self) -> LeftOut | None:
        """The part that the rank suffers most without, left out wherever it can be."""
        widest = {one.part: one for one in self.left_out}  # "both" comes after single sides
        by_loss = sorted(widest.values(), key=lambda one: (-one.rank, one.score))
        return by_loss[0] if by_loss and by_loss[0].rank > self.rank else None

    @property
    def sentence(self) -> str:
        """Which modality moved this prediction, in one sentence."""
        rank, of = rank_text(self.rank), f"of {self.entities:,}"
        if self.provisional and self.mover is None:
            return (
                f"It ranks {rank} {of}; an end has a provisional vector, of which no part can be "
                "left out, and of the other end none carries it."
            )
        if not self.left_out:
            return f"Each end has one part only: nothing can be left out, and it ranks {rank} {of}."
        if self.mover is None:
            return (
                f"No single part carries this prediction: without any one it ranks {rank} {of} or "
                "better."
            )
        one = self.mover
        return (
            f"The {_WORDS.get(one.part, one.part)} moved this prediction most: without it at "
            f"{_SIDES[one.side]} the fact ranks {rank_text(one.rank)} {of} instead of {rank}."
        )


class Named(Protocol):
    """An entity as a list shows it, or a prediction of one."""

    @property
    def id(self) -> str: ...
    @property
    def label(self) -> str: ...


@dataclass(frozen=True)
class Explained:
    """A fact, and what moved its prediction."""

    head: Named
    relation: str
    tail: Named
    explanation: Explanation


def rank_text(rank: float) -> str:
    """A rank for people; ties make halves."""
    return f"{rank:,.1f}".removesuffix(".0")


_SIDES = {"head": "the head", "tail": "the tail", "both": "both ends"}
_WORDS = {one.name: one.item for one in MODALITIES}
