"""What is asked for: like these, not like those, compared in these ways with these weights."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from embeddings.answers.filtering import EVERYBODY, Filter
from kg_platform.cypher import vectors as cypher
from kg_platform.errors import BadInput
from kg_platform.media.span import WHOLE, Span
from kg_platform.modality import BY_NAME, IMAGE, MODALITIES, TEXT, Modality

if TYPE_CHECKING:
    from PIL.Image import Image

# What a person types -> the property; the property's own name does as well.
WAYS = {
    "embedding": "embedding",
    "structure": "structure_embedding",
    **{one.name: one.vector for one in MODALITIES},
}
MOST = 10_000  # neighbours of one answer
MOST_EXAMPLES = 50


@dataclass(frozen=True)
class Example:
    """A text, or a picture, sound or film (a file, its bytes, or Pillow's picture), or a part of a
    sound or film."""

    modality: Modality
    content: str | Path | bytes | Image
    span: Span = WHOLE


@dataclass(frozen=True)
class SimilarQuestion:
    """`like` and `unlike` are ids of entities; `examples` are contents that it should be like, each
    entity and content counting the same, in every way where it has a vector. `weights` are how much
    each way counts, by its name in `WAYS`."""

    like: tuple[str, ...] = ()
    unlike: tuple[str, ...] = ()
    examples: tuple[Example, ...] = ()
    weights: Mapping[str, float] = field(default_factory=dict)
    kept: Filter = EVERYBODY
    k: int = 10

    def __post_init__(self) -> None:
        """Raises: BadInput: what is asked for has no answer."""
        if not self.like and not self.examples:
            if self.unlike:
                raise BadInput("Give something that it should be like, beside what it should not.")
            raise BadInput("Give an entity, a text, a picture, a sound or a film to compare with.")
        both = sorted(set(self.like) & set(self.unlike))
        if both:
            raise BadInput(f"It cannot be like {both[0]} and not like {both[0]}; leave one out.")
        if len(self.like) + len(self.unlike) > MOST_EXAMPLES:
            raise BadInput(f"Give {MOST_EXAMPLES} entities to compare with at most.")
        if not 1 <= self.k <= MOST:
            raise BadInput(f"Ask for 1 to {MOST:,} neighbours, not {self.k}.")

    def ways(self) -> dict[str, float]:
        """Property -> its share of the answer; they add up to 1. Without weights entities are
        compared by everything, and a content with what is of its kind."""
        if self.weights:
            given = {property_of(way): float(weight) for way, weight in self.weights.items()}
        else:
            given = {"embedding": 1.0} if self.like or self.unlike else {}
            given |= {example.modality.vector: 1.0 for example in self.examples}
        total = sum(given.values())
        if any(not 0 <= weight < float("inf") for weight in given.values()) or not total > 0:
            raise BadInput("Give weights from 0 on, and one of them above 0.")
        return {name: weight / total for name, weight in given.items() if weight}


def examples(
    text: str | None, span: Span = WHOLE, **files: str | Path | bytes | Image | None
) -> tuple[Example, ...]:
    """A text, and files by the names of their modalities, as far as they are given; of a sound and
    a film this part.

    Raises: BadInput: there is neither to have a part of.
    """
    found = [] if text is None else [Example(TEXT, text)]
    for name, file in files.items():
        if file is not None:
            part = WHOLE if BY_NAME[name] is IMAGE else span
            found.append(Example(BY_NAME[name], file, part))
    if span != WHOLE and all(one.span == WHOLE for one in found):
        raise BadInput("A part, in seconds, is one of a sound or a film; give one.")
    return tuple(found)


def part(start: float | None, end: float | None) -> Span:
    """The part of a recording between these seconds. Raises: BadInput: there is none."""
    for second in (start, end):
        if second is not None and not 0 <= second < float("inf"):
            raise BadInput(f"A part of a recording is in seconds, 0 or more, not {second:g}.")
    if end is not None and end <= (start or 0):
        raise BadInput(f"A part ends after it begins; it begins at {start or 0:g} s, give more.")
    return Span.of(start, end)


def weights_of(by: str, weights: Mapping[str, float] | None) -> dict[str, float]:
    """The weights of a question that names one way, `by`, or several. Nothing for "embedding",
    which is what it says when nobody says anything.

    Raises: BadInput: there is no such way, or both are given.
    """
    name = property_of(by)
    if weights:
        if name != "embedding":
            raise BadInput("Give one way to compare by, or weights of several, not both.")
        for way in weights:
            property_of(way)
        return dict(weights)
    return {} if name == "embedding" else {by: 1.0}


def property_of(by: str) -> str:
    """The vector property a person means by `by`. Raises: BadInput: there is no such way."""
    name = WAYS.get(by, by)
    if name not in cypher.INDEXES:
        raise BadInput(f"Entities are not compared by {by!r}; compare by {', '.join(WAYS)}.")
    return name


def way_of(name: str) -> str:
    """What a person types for a vector property."""
    return next(way for way, other in WAYS.items() if other == name)


def parsed_weights(pairs: Iterable[str]) -> dict[str, float]:
    """`way=number`, as a person types it. Raises: BadInput: one is not of that form."""
    found = {}
    for pair in pairs:
        way, _, number = pair.partition("=")
        try:
            found[way.strip()] = float(number)
        except ValueError as error:
            raise BadInput(f"{pair!r} is no weight; write it as way=number: text=2.") from error
    return found


def either(names: Sequence[str] | Iterable[str]) -> str:
    """Names as a choice in a sentence."""
    *most, last = names
    return f"{', '.join(most)} or {last}" if most else last
