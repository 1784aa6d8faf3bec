"""Communities of what is drawn."""

from __future__ import annotations

from kg_platform.browse.communities import communities
from kg_platform.browse.neighbourhood import Edge, shares


def test_two_that_hang_together_loosely() -> None:
    one = [Edge(a, "R", b) for a in "abcd" for b in "abcd" if a < b]
    other = [Edge(a, "R", b) for a in "xyz" for b in "xyz" if a < b]
    found = communities("zyxabcdq", [*one, *other, Edge("a", "R", "x"), Edge("q", "R", "q")])
    assert {found[id] for id in "abcd"} == {0}
    assert {found[id] for id in "xyz"} == {1}
    assert found["q"] == 2
    assert communities("abcdxyzq", [*other, *one, Edge("a", "R", "x")]) == found


def test_nothing() -> None:
    assert communities([], []) == {}


def test_shares_are_fair() -> None:
    assert shares([1, 50, 1000], 21) == [1, 10, 10]
    assert shares([1000, 1, 50], 5) == [2, 1, 2]
    assert shares([3, 3], 100) == [3, 3]
    assert shares([5, 5, 5], 2) == [1, 1, 0]
    assert sum(shares([7] * 9, 50)) == 50
    assert shares([], 10) == []
