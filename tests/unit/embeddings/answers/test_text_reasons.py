"""What of a text carries its likeness, by an encoder that counts words."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import pytest

from embeddings.answers.text_reasons import Vectors, sentences_of, text_reasons

FILLER = [f"word{i}" for i in range(60)]
FLAG = ["red", "sun", "flag"]


class CountsWords:
    """Vectors of counts of words: those of the flag count, others are of one dimension each."""

    def __init__(self) -> None:
        self.texts = 0

    def __call__(self, texts: Sequence[str]) -> Vectors:
        self.texts += len(texts)
        places = {word: at for at, word in enumerate([*FLAG, *FILLER])}
        rows = np.zeros((len(texts), len(places) + 1), np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in text.lower().replace(".", " ").split():
                row[places.get(word, -1)] += 1
        return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)


def flag(encode: CountsWords) -> Vectors:
    target: Vectors = encode(["red sun flag"])[0]
    return target


def filler(start: int, count: int) -> str:
    return " ".join(FILLER[start : start + count])


def test_the_sentence_that_carries_it_and_its_words() -> None:
    encode = CountsWords()
    text = f"{filler(0, 9)}. {filler(9, 9)}. A red sun flag. {filler(18, 9)}. {filler(27, 12)}."
    found = text_reasons([text], flag(encode), encode)
    assert found is not None
    assert found.sentence is not None
    assert found.sentence.text == "A red sun flag."
    assert text[found.sentence.start : found.sentence.end] == "A red sun flag."
    assert found.sentence.beats >= 0.95 * found.sentence.of
    assert {word.text for word in found.words} <= set(FLAG)
    assert found.cosine == pytest.approx(float(encode([text])[0] @ flag(encode)), abs=1e-5)
    assert encode.texts < 90, "an encoding costs most of the time"


def test_where_every_part_carries_alike_there_is_no_reason() -> None:
    encode = CountsWords()
    text = ". ".join(filler(8 * i, 8) for i in range(6)) + "."
    found = text_reasons([text], encode([text])[0], encode)
    assert found is not None
    assert found.sentence is None
    assert found.words == ()


def test_a_text_too_short_to_say_anything_of() -> None:
    encode = CountsWords()
    found = text_reasons(["Red sun"], flag(encode), encode)
    assert found is not None
    assert (found.sentence, found.words) == (None, ())
    assert text_reasons([], flag(encode), encode) is None


def test_other_texts_of_the_entity_stay() -> None:
    encode = CountsWords()
    long = f"{filler(0, 30)}."
    found = text_reasons(["red sun flag", long], flag(encode), encode)
    assert found is not None
    assert found.text == long
    assert found.cosine > 0.7


def test_sentences() -> None:
    def cut(text: str) -> list[str]:
        return [text[start:end] for start, end in sentences_of(text)]

    assert cut("One 3.5 m wide. Two! And") == ["One 3.5 m wide.", "Two!", "And"]
    assert cut("日本是岛国。人口很多。") == ["日本是岛国。", "人口很多。"]
    assert cut("a\n\n b ... ") == ["a\n\n", "b ..."]
    assert cut(" . ") == []


def test_a_long_text_is_looked_at_in_time_that_grows_with_its_words() -> None:
    encode = CountsWords()
    carries = f"{'red sun flag ' * 6_000}{filler(0, 60)}."
    begun = time.process_time()
    found = text_reasons([f"{carries} {'Far away ' * 18_000}."], flag(encode), encode)
    assert time.process_time() - begun < 12, "each window counted all its words: a minute"
    assert found is not None
    assert found.sentence is not None
    assert found.sentence.text == carries
