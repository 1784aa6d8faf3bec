"""What training could know of test facts, counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from embeddings.data.dataset import Dataset
from embeddings.evaluation.held_out import HeldOut, held_out
from kg_platform.runs.held_out import NOT_LOOKED_AT, caveat

NOTHING = np.zeros((0, 3), np.int64)


def dataset(train: list[tuple[int, int, int]], test: list[tuple[int, int, int]]) -> Dataset:
    names, types = [f"e{i}" for i in range(7)], ["r", "s", "u"]
    return Dataset(names, types, np.array(train), NOTHING, np.array(test, np.int64).reshape(-1, 3))


def test_each_kind_is_counted() -> None:
    train = [(0, 0, 1), (2, 1, 3), (3, 0, 4), (5, 1, 5)]
    test = [
        (0, 0, 1),  # leaked
        (1, 0, 0),  # its mirror
        (3, 0, 2),  # an inverse
        (3, 1, 4),  # a synonym
        (5, 0, 5),  # a loop beside a loop
        (0, 0, 2),  # nothing
        (0, 0, 6),  # an end that is new
        (1, 2, 2),  # a relation that is new
    ]
    found = held_out(dataset(train, test))
    assert found == HeldOut(8, leaked=1, joined=4, unseen_entities=1, unseen_relations=1)


def test_without_test_facts_there_is_nothing_to_count_or_say() -> None:
    found = held_out(dataset([(0, 0, 1)], []))
    assert found == HeldOut(0, 0, 0, 0, 0)
    assert caveat(found.as_dict(), "pair") is None


@pytest.mark.parametrize(
    ("counts", "unit", "said"),
    [
        ({"joined": 3}, "given", "Of 9 test facts 3 have ends that a training fact joins too"),
        ({"joined": 3}, "fact", "`kg embed --cold` holds such facts out together."),
        ({"leaked": 2, "unseen_relations": 1}, "given", "2 are training facts as well; 1 are of a"),
    ],
)
def test_what_a_person_should_know_is_one_sentence(
    counts: dict[str, int], unit: str, said: str
) -> None:
    assert said in str(caveat({"facts": 9, **counts}, unit))


def test_of_an_earlier_version_is_said_that_nobody_looked() -> None:
    assert caveat(None, None) == caveat(None, "fact") == NOT_LOOKED_AT
    assert caveat(None, "pair") is None
