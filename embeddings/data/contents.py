"""What has texts, pictures, sounds and films to be encoded.

A snapshot, a part of one, a folder of files, entities as the graph has them now.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import NamedTuple, Protocol

from kg_platform.media.span import WHOLE, Span
from kg_platform.modality import Modality


class Text(NamedTuple):
    """One text of an entity, and the SHA-256 of that text in hex."""

    entity: int
    text: str
    content_hash: str


class Medium(NamedTuple):
    """A picture, sound or film of an entity, or a part of one: its place among the others, the
    SHA-256 of its bytes, in hex, and which part of them is meant."""

    entity: int
    rank: int
    sha256: str
    span: Span = WHOLE

    @property
    def content_hash(self) -> str:
        """What its vector is known by."""
        return self.span.content_hash(self.sha256)


class HasTexts(Protocol):
    """`size` entities, numbered from 0, and their texts in the order of entity."""

    @property
    def size(self) -> int: ...
    def texts(self) -> Iterator[Text]: ...


class HasMedia(Protocol):
    """`size` entities, numbered from 0, and what they have of a modality that is made of media, in
    the order of entity and rank."""

    @property
    def size(self) -> int: ...
    def media(self, modality: Modality) -> Iterator[Medium]: ...


class Contents(HasTexts, HasMedia, Protocol):
    """Both."""


def text_hash(text: str) -> str:
    """What a text is known by: the SHA-256 of its UTF-8, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()
