from __future__ import annotations

import itertools

import pytest

from ingest.resolution.matching.grouping import Grouped, ScoredPair, group

SOURCES = {f"{source}{i}": frozenset(source) for source in "abc" for i in range(5)}


def pair(one: str, other: str, weight: float, key: str = "") -> ScoredPair:
    return ScoredPair(one, other, 1 / (1 + 2**-weight), weight, key)


def grouped(*pairs: ScoredPair, across: bool = True, **more: object) -> Grouped:
    sources = SOURCES if across else None
    return group(pairs, 0.9, 0.5, sources, **more)  # type: ignore[arg-type]


def test_thresholds_merge_ask_and_leave_alone() -> None:
    found = grouped(pair("a1", "b1", 5), pair("a2", "b2", 1), pair("a3", "b3", -1))
    assert found.groups == [["a1", "b1"]]
    assert [one.ends for one, _ in found.asked] == [("a2", "b2")]


def test_it_is_one_to_one_and_the_best_pair_comes_first() -> None:
    found = grouped(pair("a1", "b1", 9), pair("a2", "b1", 6), pair("a1", "b2", 5))
    assert found.groups == [["a1", "b1"]]
    assert found.asked == []
    assert found.apart == 2, "who has a better partner is neither merged nor asked about"


def test_no_two_of_one_source_are_chained_together() -> None:
    found = grouped(pair("a1", "b1", 9), pair("b1", "c1", 8), pair("a2", "c1", 7))
    assert found.groups == [["a1", "b1", "c1"]]
    assert found.apart == 1


def test_where_any_two_may_be_one_they_are_chained() -> None:
    found = grouped(pair("a1", "a2", 9), pair("a2", "a3", 8), across=False)
    assert found.groups == [["a1", "a2", "a3"]]


def test_two_partners_as_good_as_each_other_are_asked_about() -> None:
    found = grouped(pair("a1", "b1", 7), pair("a1", "b2", 6.8), pair("a2", "b3", 7))
    assert found.groups == [["a2", "b3"]]
    assert [(one.ends, why) for one, why in found.asked] == [
        (("a1", "b1"), "tie"),
        (("a1", "b2"), "tie"),
    ]


def test_a_key_goes_before_every_score() -> None:
    found = grouped(pair("a1", "b2", 60), pair("a1", "b1", 20, "isbn"))
    assert found.groups == [["a1", "b1"]]
    assert found.asked == []


def test_what_was_rejected_is_never_joined_not_even_through_others() -> None:
    rejected = {("a1", "c1")}
    found = grouped(
        pair("a1", "b1", 9), pair("b1", "c1", 8), pair("a1", "c1", 20), rejected=rejected
    )
    assert found.groups == [["a1", "b1"]]
    assert found.rejected == 2


@pytest.mark.parametrize("order", range(6))
def test_the_order_of_pairs_changes_nothing(order: int) -> None:
    pairs = [pair("a1", "b1", 5), pair("b1", "c1", 5), pair("a1", "c2", 5)]
    turned = list(itertools.permutations(pairs))[order]
    assert grouped(*turned).groups == grouped(*pairs).groups


def test_an_entity_that_stands_for_two_sources_takes_a_partner_of_neither() -> None:
    sources = {**SOURCES, "ab": frozenset("ab")}
    found = group([pair("ab", "b1", 9), pair("ab", "c1", 8)], 0.9, 0.5, sources)
    assert found.groups == [["ab", "c1"]]
