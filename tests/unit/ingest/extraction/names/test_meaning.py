"""Who is meant among those that are called alike."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ingest.extraction.names.meaning import Meant, SelfDescription, Vectors

SAID = {
    "river": SelfDescription("Jordan is a river.", [1.0, 0.0]),
    "country": SelfDescription("Jordan is a kingdom.", [0.0, 2.0]),
    "bare": SelfDescription(""),
}


def describe(ids: Sequence[str], /) -> dict[str, SelfDescription]:
    return {one: SAID[one] for one in ids if one in SAID}


def towards(x: float, y: float) -> Meant:
    def encode(texts: Sequence[str]) -> Vectors:
        return np.array([[x, y]] * len(texts), np.float32)

    return Meant(describe, encode)


def test_the_nearest_vector_goes_if_it_is_ahead() -> None:
    both = ["river", "country"]
    assert towards(0.6, 0.8).choose("Jordan is wide.", both) == "country"
    assert towards(1.0, 0.1).choose("Jordan is a kingdom.", both) == "river"
    assert towards(0.7071, 0.7071).choose("Jordan is wide.", both) is None


def test_a_sentence_is_encoded_once_for_all_its_names() -> None:
    asked: list[str] = []

    def encode(texts: Sequence[str]) -> Vectors:
        asked.extend(texts)
        return np.array([[0, 1]] * len(texts), np.float32)

    meant = Meant(describe, encode)
    for sentence in ("Jordan is wide.", "Jordan is wide.", "Jordan is old.", "Jordan is wide."):
        assert meant.choose(sentence, ["river", "country"]) == "country"
    assert asked == ["Jordan is wide.", "Jordan is old.", "Jordan is wide."]


def test_words_tell_where_there_are_no_vectors() -> None:
    assert Meant(describe).choose("The river Jordan is wide.", ["river", "country"]) == "river"
    assert Meant(describe).choose("Jordan is wide.", ["river", "country"]) is None
    # One has no vector, or nobody can encode the sentence.
    assert towards(0, 1).choose("The river is wide.", ["river", "bare"]) == "river"
    lost = Meant(describe, lambda texts: None)
    assert lost.choose("The river Jordan is wide.", ["river", "country"]) == "river"


def test_nobody_is_meant_where_one_is_gone() -> None:
    assert Meant(describe).choose("The river.", ["river", "gone"]) is None
