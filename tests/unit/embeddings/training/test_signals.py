"""A gain from sounds and films is one over features that were dealt out by chance."""

from __future__ import annotations

from tests.support.signal_worlds import directions, mrr, sounds


def test_sounds_tell_what_facts_do_not() -> None:
    world = sounds(seed=0)
    assert mrr(world, 0) > 0.9
    assert mrr(world, 0, control=True) < 0.75


def test_what_moves_is_told_over_time_alone() -> None:
    """Squares that go one way or the other have the same pictures."""
    world = directions(seed=1)
    assert mrr(world, 1, video_pooling="tcn") > 0.9
    assert mrr(world, 1, video_pooling="mean", epochs=4) < 0.9
