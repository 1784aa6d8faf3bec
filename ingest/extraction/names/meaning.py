"""Who is meant, where several are called alike: by what the sentence and the entities say.

Types decide first, in `rules.py`. Among those that are left the one goes whose published text
vector is nearest to the sentence's, if there are vectors and somebody who encodes the sentence;
else the one whose description shares the most words with it. Where two are as near, nobody is
meant: a guess is no fact.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ingest.extraction.tokens import tokens

MARGIN = 0.02  # of cosines, by which the first has to be ahead
_SHORT = 3  # letters of words that say nothing
Vectors = npt.NDArray[np.float32]
# Texts -> (n, d) rows of length 1, in the space of the published text vectors; None: not to be had.
SentenceEncoder = Callable[[Sequence[str]], Vectors | None]


@dataclass(frozen=True)
class SelfDescription:
    """What an entity says of itself: its words, and its published text vector, if it has one."""

    text: str
    vector: Sequence[float] | None = None


class Describes(Protocol):
    """Ids -> what these entities say of themselves."""

    def __call__(self, ids: Sequence[str], /) -> Mapping[str, SelfDescription]: ...


class Meant:
    """Chooses among entities that are called alike."""

    def __init__(self, describe: Describes, encode: SentenceEncoder | None = None) -> None:
        self._describe, self._encode = describe, encode
        self._known: dict[str, SelfDescription] = {}
        # A sentence with several such names is asked about once for each.
        self._last: tuple[str, Vectors | None] = "", None

    def choose(self, sentence: str, ids: Sequence[str]) -> str | None:
        """The one of these that the sentence means; None: it cannot be told."""
        lacking = [one for one in ids if one not in self._known]
        if lacking:
            if len(self._known) > _KEPT:
                self._known.clear()
                lacking = list(ids)
            self._known.update(self._describe(lacking))
        said = {one: self._known[one] for one in ids if one in self._known}
        if len(said) < 2:
            return None
        if all(one.vector is not None for one in said.values()):
            row = self._encoded(sentence)
            if row is not None:
                near = {i: _cosine(row, one.vector or ()) for i, one in said.items()}
                return _first(near, MARGIN)
        words = _content(sentence)
        return _first({i: float(len(words & _content(one.text))) for i, one in said.items()}, 0.5)

    def _encoded(self, sentence: str) -> Vectors | None:
        if self._encode is not None and self._last[0] != sentence:
            rows = self._encode([sentence])
            self._last = sentence, None if rows is None else rows[0]
        return self._last[1]


_KEPT = 10_000  # entities that are remembered


def _first(scores: Mapping[str, float], margin: float) -> str | None:
    best, second = sorted(scores, key=lambda one: -scores[one])[:2]
    return best if scores[best] - scores[second] >= margin else None


def _cosine(one: Vectors, other: Sequence[float]) -> float:
    row = np.asarray(other, np.float32)
    if row.shape != one.shape:
        return 0.0
    length = float(np.linalg.norm(row)) * float(np.linalg.norm(one))
    return float(one @ row) / length if length else 0.0


def _content(text: str) -> set[str]:
    return {
        word.norm
        for word in tokens(text)
        if word.is_word and (len(word.norm) > _SHORT or not word.text.isascii())
    }
