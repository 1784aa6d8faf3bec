"""What the log-mel statistics tell apart, and what they do not."""

from __future__ import annotations

import numpy as np
import pytest

from embeddings.features.encoders.logmel import LogMel, log_mel, modulation
from kg_platform.media.audio import RATE, Wave
from tests.support.recordings import tone

NOISE = np.random.default_rng(0).normal(0, 0.1, 3 * RATE).astype(np.float32)


def near(one: Wave, other: Wave) -> float:
    first, second = LogMel().encode([one, other])
    return float(first @ second)


def test_a_tone_stands_in_its_band() -> None:
    low, high = (int(log_mel(tone(hertz)).mean(0).argmax()) for hertz in (200, 3_000))
    assert low < 20
    assert 45 < high < 65
    assert log_mel(tone(440, 1.0)).shape == (98, 80)


def test_a_rhythm_stands_at_its_rate() -> None:
    group = int(log_mel(tone(440)).mean(0).argmax()) // 4
    slow, fast = (
        modulation(log_mel(tone(440, 9, beats))).reshape(20, 16)[group].argmax()
        for beats in (1.0, 4.0)
    )
    assert fast - slow in (5, 6)  # 2.8 places an octave


def test_loudness_does_not_count_colour_and_rhythm_do() -> None:
    assert near(tone(440), tone(440, loud=0.01)) > 0.999
    assert near(tone(440, 4, 2), tone(440, 4, 3)) < 0.95
    assert near(tone(440, 4, 2), tone(460, 4, 2)) > near(tone(440, 4, 2), tone(440, 4, 3))
    assert near(tone(440), tone(880)) < 0.5
    assert near(tone(440), NOISE) < 0.5


@pytest.mark.parametrize(
    "wave",
    [np.zeros(RATE, np.float32), np.zeros(1, np.float32), np.ones(5, np.float32), NOISE,
     np.full(10 * RATE, 8, np.float32), tone(440, 0.03), tone(7_999, 12)],
    ids=["silence", "one number", "five", "noise", "constant", "a click", "above all bands"],
)  # fmt: skip
def test_every_window_has_a_vector_of_length_one(wave: Wave) -> None:
    found = LogMel().encode([wave])
    assert np.isfinite(found).all()
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
