"""Which sentence of a text, and which words, carry its likeness to a vector.

A part is taken out of the text and the rest is encoded: what the cosine loses is what the part
carries. Any removal loses something, so each part is held against as many words in a row, taken
out elsewhere: a sentence that does not lose more than nearly all of those, and stand out from them,
is no reason, and neither is a word that does not from other words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Encodings cost most of the time: so many of each kind at most.
SENTENCES, WINDOWS, WORDS = 8, 20, 24
LEAST = 8  # random removals, below which nothing can be said
NEARLY_ALL = 0.95
OUT = 2.5  # standard deviations that a reason stands out by: the best of many always beats most
SHOWN_WORDS = 5
SEED = 0

Vectors = NDArray[np.float32]
Span = tuple[int, int]

# A word, or one sign of a script without blanks.
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W_]+(?:['’-][^\W_]+)*")
_END = re.compile(r"[.!?]+(?=\s|$)|[。！？]+|[;；]|\n+")
# Words that are in every text.
_EMPTY = frozenset({
    "a", "an", "and", "are", "as", "at", "be", "been", "but", "by", "for", "from", "had",
    "has", "have", "he", "her", "his", "i", "in", "into", "is", "it", "its", "of", "on",
    "or", "our", "she", "so", "such", "than", "that", "the", "their", "them", "then",
    "there", "these", "they", "this", "to", "was", "we", "were", "which", "who", "will",
    "with", "you", "not", "no", "also",
})  # fmt: skip


@dataclass(frozen=True)
class Reason:
    """A part of a text, [start, end) of its characters; by how much the cosine falls without it,
    and of how many random removals of the same size it `beats` how many."""

    start: int
    end: int
    text: str
    drop: float
    beats: int
    of: int


@dataclass(frozen=True)
class TextReasons:
    """The text that was looked at, its cosine with the other's vector, and what carries it. Without
    a sentence and words there is no single reason."""

    text: str
    cosine: float
    sentence: Reason | None
    words: tuple[Reason, ...]


def text_reasons(
    texts: Sequence[str],
    target: Vectors,
    encode: Callable[[Sequence[str]], Vectors],
    seed: int = SEED,
) -> TextReasons | None:
    """What of the texts of an entity carries their likeness to `target` (d,), of length 1.

    An entity's vector is the mean of its texts', so each part is taken out of the one it stands in;
    the longest text is looked at, as the others stay as they are. None: there is no text.
    """
    if not texts:
        return None
    which = max(range(len(texts)), key=lambda at: len(texts[at]))
    text = texts[which]
    whole = encode(list(texts))
    rest = whole.sum(0) - whole[which]

    def cosines(parts: Sequence[str]) -> NDArray[np.float32]:
        vectors = encode(list(parts)) + rest
        found: NDArray[np.float32] = vectors @ target / np.linalg.norm(vectors, axis=1)
        return found

    base = float(whole.sum(0) @ target / np.linalg.norm(whole.sum(0)))
    words = [match.span() for match in _WORD.finditer(text)]
    random = np.random.default_rng(seed)
    sentence = _sentence(text, words, base, cosines, random)
    inside = (sentence.start, sentence.end) if sentence else (0, len(text))
    found = _words(text, words, inside, base, cosines, random)
    return TextReasons(text, base, sentence, found)


Cosines = Callable[[Sequence[str]], NDArray[np.float32]]


def _sentence(
    text: str, words: Sequence[Span], base: float, cosines: Cosines, random: np.random.Generator
) -> Reason | None:
    sentences = sentences_of(text)
    if len(sentences) < 2:
        return None
    sentences = sorted(sorted(sentences, key=lambda one: one[0] - one[1])[:SENTENCES])
    drops = base - cosines([_without(text, one) for one in sentences])
    best = int(drops.argmax())
    start, end = sentences[best]
    inside = [at for at, (a, b) in enumerate(words) if start <= a and b <= end]
    first, size = inside[0], len(inside)
    # Others of as many words in a row, that are not mostly the sentence itself.
    others = [
        (words[at][0], words[at + size - 1][1])
        for at in range(len(words) - size + 1)
        if 2 * max(0, size - abs(at - first)) <= size
    ]
    return _held(text, sentences[best], float(drops[best]), others, base, cosines, random)


def _held(
    text: str,
    part: Span,
    drop: float,
    others: Sequence[Span],
    base: float,
    cosines: Cosines,
    random: np.random.Generator,
) -> Reason | None:
    if len(others) < LEAST or drop <= 0:
        return None
    chosen = random.choice(len(others), min(WINDOWS, len(others)), replace=False)
    losses = base - cosines([_without(text, others[at]) for at in chosen])
    return _reason(text, part, drop, losses)


def _reason(text: str, part: Span, drop: float, others: NDArray[np.float32]) -> Reason | None:
    beats = int((others < drop).sum())
    if len(others) < LEAST or drop <= 0 or beats < NEARLY_ALL * len(others):
        return None
    if drop < others.mean() + OUT * others.std():
        return None
    return Reason(*part, text[slice(*part)].strip(), round(drop, 4), beats, len(others))


def _words(
    text: str,
    words: Sequence[Span],
    inside: Span,
    base: float,
    cosines: Cosines,
    random: np.random.Generator,
) -> tuple[Reason, ...]:
    """The words inside that carry most, among all words that were taken out one by one."""
    content = [
        at
        for at, (start, end) in enumerate(words)
        if inside[0] <= start
        and end <= inside[1]
        and text[start:end].casefold() not in _EMPTY
        and (end - start > 2 or not text[start:end].isascii())
    ]
    if len(content) > WORDS // 2:
        content = sorted(random.choice(content, WORDS // 2, replace=False).tolist())
    among = set(content)
    rest = [at for at in range(len(words)) if at not in among]
    more = min(WORDS - len(content), len(rest))
    tried = [*content, *random.choice(rest, more, replace=False).tolist()] if more else content
    if len(tried) <= LEAST or not content:
        return ()
    losses = base - cosines([_without(text, words[at]) for at in tried])
    found = [
        _reason(text, words[at], float(losses[place]), np.delete(losses, place))
        for place, at in enumerate(content)
    ]
    reasons = sorted((one for one in found if one), key=lambda one: -one.drop)
    return tuple(reasons[:SHOWN_WORDS])


def sentences_of(text: str) -> list[Span]:
    """[start, end) of each sentence that has a word."""
    spans, start = [], 0
    for end in [*(match.end() for match in _END.finditer(text)), len(text)]:
        begin = start + len(text[start:end]) - len(text[start:end].lstrip())
        if _WORD.search(text, begin, end):
            spans.append((begin, end))
        start = end
    return spans


def _without(text: str, part: Span) -> str:
    return " ".join((text[: part[0]] + " " + text[part[1] :]).split())
