"""Whether an encoder's tokenizer knows anything of a text.

Where it does not, as with Thai in a vocabulary of English, every word becomes the same unknown
piece (or its bytes, which mean nothing): all such texts have one vector, which says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

# Every tokenizer has pieces for these; a piece has a letter at least, so it is not cut off.
_PLAIN = re.compile("[A-Za-z]")
_LOOKED_AT = 64
_BYTE = re.compile(r"<0x[0-9A-Fa-f]{2}>")  # SentencePiece's byte fallback

# texts -> the pieces of each, without the model's special ones but for the unknown one
Pieces = Callable[[list[str]], list[list[str]]]


def readable(texts: Sequence[str], pieces: Pieces, unknown: str | None) -> NDArray[np.bool_]:
    """(n,) whether a known piece of a text has a letter, or nothing in it is unknown."""
    found = np.ones(len(texts), dtype=bool)
    asked = [row for row, text in enumerate(texts) if not _PLAIN.search(text[:_LOOKED_AT])]
    if asked:
        for row, own in zip(asked, pieces([texts[row] for row in asked]), strict=True):
            known = [piece for piece in own if piece != unknown and not _BYTE.fullmatch(piece)]
            found[row] = len(known) == len(own) or any(map(_has_letter, known))
    return found


def unreadable_note(count: int, encoder: str) -> str:
    """How many texts have no vector, and what helps."""
    return f"Texts without a vector: {count:,}; {_why(encoder)}"


def unreadable_query(encoder: str) -> str:
    """Why a text cannot be searched for, and what helps."""
    return f"This text cannot be compared: {_why(encoder)}"


def _why(encoder: str) -> str:
    lacks = f"the text encoder {encoder} has no pieces for such a script"
    if "multilingual" in encoder:
        return f"{lacks}; set KG_TEXT_ENCODER to a model that has, and run `kg embed` again."
    return (
        f"{lacks}; KG_TEXT_ENCODER=multilingual-e5-small reads about 100 languages, "
        "set it and run `kg embed` again."
    )


def _has_letter(piece: str) -> bool:
    return any(map(str.isalpha, piece))
