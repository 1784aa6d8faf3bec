"""What may be asked for, and how much each way counts."""

from __future__ import annotations

import pytest

from embeddings.answers.question import (
    Example,
    SimilarQuestion,
    examples,
    parsed_weights,
    part,
    weights_of,
)
from kg_platform.errors import BadInput
from kg_platform.media.span import WHOLE, Span
from kg_platform.modality import IMAGE, TEXT


def test_what_nobody_weighs() -> None:
    assert SimilarQuestion(like=("a",)).ways() == {"embedding": 1.0}
    text = Example(TEXT, "island")
    assert SimilarQuestion(examples=(text,)).ways() == {"text_embedding": 1.0}
    mixed = SimilarQuestion(like=("a",), examples=(text, Example(IMAGE, b"x")))
    assert mixed.ways() == pytest.approx(
        {"embedding": 1 / 3, "text_embedding": 1 / 3, "image_embedding": 1 / 3}
    )


def test_weights_by_hand_add_up_to_one() -> None:
    asked = SimilarQuestion(like=("a",), weights={"text": 3.0, "embedding": 1.0, "image": 0.0})
    assert asked.ways() == {"text_embedding": 0.75, "embedding": 0.25}


@pytest.mark.parametrize("weights", [{"text": -1.0}, {"text": 0.0}, {"text": float("nan")},
                                     {"text": float("inf")}, {"smell": 1.0}])  # fmt: skip
def test_weights_that_mean_nothing(weights: dict[str, float]) -> None:
    with pytest.raises(BadInput):
        SimilarQuestion(like=("a",), weights=weights).ways()


def test_questions_without_an_answer() -> None:
    with pytest.raises(BadInput, match="to compare with"):
        SimilarQuestion()
    with pytest.raises(BadInput, match="beside what it should not"):
        SimilarQuestion(unlike=("a",))
    with pytest.raises(BadInput, match="like a and not like a"):
        SimilarQuestion(like=("a", "b"), unlike=("a",))
    with pytest.raises(BadInput, match="50 entities"):
        SimilarQuestion(like=tuple(map(str, range(51))))
    with pytest.raises(BadInput, match="1 to 10,000"):
        SimilarQuestion(like=("a",), k=0)


def test_one_way_or_several() -> None:
    assert weights_of("embedding", None) == {}
    assert weights_of("text", {}) == {"text": 1.0}
    assert weights_of("embedding", {"text": 2.0}) == {"text": 2.0}
    with pytest.raises(BadInput, match="not both"):
        weights_of("text", {"image": 1.0})
    assert parsed_weights(["text=2", "image=.5"]) == {"text": 2.0, "image": 0.5}
    with pytest.raises(BadInput, match="way=number"):
        parsed_weights(["text"])
    assert examples("a", image=None, audio=b"x")[1].modality.name == "audio"


def test_a_part_is_one_of_a_sound_or_a_film() -> None:
    assert part(None, None) == WHOLE
    given = examples("a", part(2, None), image=b"p", audio=b"x")
    assert [one.span for one in given] == [WHOLE, WHOLE, Span(2.0)]
    with pytest.raises(BadInput, match="one of a sound or a film"):
        examples("a", part(2, None), image=b"p")
    for start, end in ((-1, None), (None, float("nan"))):
        with pytest.raises(BadInput, match="in seconds, 0 or more"):
            part(start, end)
    for start, end in ((2, 2), (None, 0)):
        with pytest.raises(BadInput, match="ends after it begins"):
            part(start, end)
