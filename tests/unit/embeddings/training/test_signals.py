"""A gain from sounds and films is one over features that were dealt out by chance."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.signal_worlds import directions, mrr, sounds
from tests.support.spoken_digits import digits, espeak


def test_sounds_tell_what_facts_do_not() -> None:
    world = sounds(seed=0)
    assert mrr(world, 0) > 0.9
    assert mrr(world, 0, control=True) < 0.75


def test_what_moves_is_told_over_time_alone() -> None:
    """Squares that go one way or the other have the same pictures."""
    world = directions(seed=1)
    assert mrr(world, 1, video_pooling="tcn") > 0.9
    assert mrr(world, 1, video_pooling="mean", epochs=4) < 0.9


@pytest.mark.nightly
@pytest.mark.skipif(espeak() is None, reason="espeak-ng is not installed")
def test_which_digit_is_said_is_told_whoever_says_it() -> None:
    """By more than three deviations of the gain over three seeds."""
    seeds = (0, 1, 2)
    real = np.array([mrr(digits(seed), seed) for seed in seeds])
    control = np.array([mrr(digits(seed), seed, control=True) for seed in seeds])
    gain = real - control
    assert gain.mean() > 3 * gain.std(ddof=1)
    assert real.min() > 0.8
    assert control.max() < 0.5
