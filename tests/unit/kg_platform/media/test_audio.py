"""Sound as numbers: one channel, one rate, windows; a sentence where there is none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kg_platform.errors import BadMedium
from kg_platform.media.audio import RATE, Wave, audible, is_mute, windows
from kg_platform.media.span import Span
from tests.support.recordings import film, moving, plain, sound, tone

NOTHING = sound(tone(440)).partition(b"data")[0] + b"data" + bytes(4)  # a WAV without numbers


def heard(data: bytes, **how: Any) -> list[Wave]:
    return list(windows(data, **how))


def pitch(wave: Wave) -> float:
    return float(np.abs(np.fft.rfft(wave)).argmax() * RATE / len(wave))


@pytest.mark.parametrize(
    ("rate", "layout", "kind", "codec"),
    [
        (16_000, "mono", "wav", "pcm_s16le"),
        (8_000, "mono", "wav", "pcm_u8"),
        (192_000, "stereo", "wav", "pcm_f32le"),
        (48_000, "5.1", "flac", "flac"),
        (44_100, "stereo", "mp3", "libmp3lame"),
        (48_000, "stereo", "ogg", "libopus"),
        (44_100, "stereo", "mp4", "aac"),
    ],
)
def test_whatever_the_file_it_is_one_channel_at_one_rate(
    rate: int, layout: str, kind: str, codec: str
) -> None:
    time = np.arange(2 * rate) / rate
    wave = (0.25 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)
    found = np.concatenate(heard(sound(wave, rate, layout, kind, codec)))
    assert found.dtype == np.float32
    assert abs(len(found) - 2 * RATE) < RATE / 10  # codecs add a little at the ends
    assert abs(pitch(found) - 440) < 2
    assert 0.1 < np.abs(found).max() < 1.0


def test_windows_follow_each_other() -> None:
    wave = tone(300, 2.6)
    data = sound(wave)
    found = heard(data, seconds=1.0)
    assert [len(one) for one in found] == [RATE, RATE, round(0.6 * RATE)]
    np.testing.assert_allclose(np.concatenate(found), wave, atol=1e-4)
    # The rest of a long one that is hardly anything is left out; so is what is too long.
    assert [len(one) for one in heard(sound(tone(300, 2.1)), seconds=1.0)] == [RATE, RATE]
    assert sum(map(len, heard(data, seconds=1.0, most_seconds=1.5))) == 1.5 * RATE


@pytest.mark.parametrize(
    ("rate", "kind", "codec"),
    [
        (16_000, "wav", "pcm_s16le"),
        (48_000, "flac", "flac"),
        (44_100, "mp3", "libmp3lame"),
        (48_000, "ogg", "libopus"),
        (44_100, "mp4", "aac"),
    ],
)
def test_a_part_is_what_is_heard_between_two_times(rate: int, kind: str, codec: str) -> None:
    time = np.arange(rate * 40) / rate
    second = np.floor(time)  # another pitch each second
    wave = (0.25 * np.sin(2 * np.pi * (300 + 50 * second) * (time - second))).astype(np.float32)
    data = sound(wave, rate, "mono", kind, codec)
    for start, end in ((3, 5), (33.5, 35.5), (0, 2)):
        found = np.concatenate(heard(data, span=Span(start, end)))
        assert len(found) == 2 * RATE
        middle = RATE // 2 + np.arange(RATE // 2)  # of what is whole within it
        at = int(start + 0.6)
        assert abs(pitch(found[middle]) - (300 + 50 * at)) < 5, (start, codec)
    rest = np.concatenate(heard(data, span=Span(38.0)))
    assert abs(len(rest) - 2 * RATE) < RATE / 10
    beyond = np.concatenate(heard(data, span=Span(38.0, 100.0)))
    assert len(beyond) == len(rest)
    with pytest.raises(BadMedium, match="no sound from 50 s to the end"):
        heard(data, span=Span(50.0))
    with pytest.raises(BadMedium, match="no sound from 50 s to 60 s"):
        list(audible(data, span=Span(50.0, 60.0)))


def test_silence_is_of_the_part() -> None:
    data = sound(np.concatenate([tone(440), np.zeros(2 * RATE, np.float32)]))
    assert len(list(audible(data, span=Span(0, 2)))) == 1
    with pytest.raises(BadMedium, match="silent from 2 s to the end"):
        list(audible(data, span=Span(2.0)))


def test_what_is_shorter_than_a_window_is_heard() -> None:
    assert [len(one) for one in heard(sound(tone(300, 0.01)))] == [160]


def test_numbers_that_are_none_are_silence() -> None:
    wave = tone(440)
    wave[1_000], wave[2_000], wave[3_000] = np.nan, np.inf, 1e30
    (found,) = heard(sound(wave, codec="pcm_f32le"))
    assert np.isfinite(found).all()
    assert np.abs(found).max() <= 8


def test_silence_is_one_sentence_and_a_pause_is_left_out() -> None:
    silent = np.zeros(12 * RATE, np.float32)
    with pytest.raises(BadMedium, match="silent from beginning to end"):
        list(audible(sound(silent)))
    with pytest.raises(BadMedium, match="silent"):  # a constant is not heard either
        list(audible(sound(silent + np.float32(0.5))))
    both = np.concatenate([silent[: 10 * RATE], tone(440, 3)])
    assert [len(one) for one in audible(sound(both))] == [3 * RATE]


def test_a_film_is_heard_or_has_nothing_to_be_heard() -> None:
    with_sound = film(moving(), wave=tone(440))
    assert not is_mute(with_sound)
    assert abs(pitch(np.concatenate(heard(with_sound))) - 440) < 2
    mute = film(moving())
    assert is_mute(mute)
    with pytest.raises(BadMedium, match="has no sound"):
        heard(mute)
    assert not is_mute(sound(tone(440)))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (
            b"no sound at all, but a text that is long enough to be looked at" * 9,
            "no kind that is read|playlist",
        ),
        (b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/a.mp3\n", "no kind that is read|playlist"),
        (b"ffconcat version 1.0\nfile '/etc/passwd'\n", "no kind that is read|playlist"),
        (NOTHING, "0 seconds long"),
        (sound(tone(440))[:30], "0 seconds|cut off"),
    ],
)
def test_what_is_no_sound_is_said(data: bytes, said: str) -> None:
    with pytest.raises(BadMedium, match=said):
        heard(data)


def test_a_file_that_was_cut_off_is_heard_as_far_as_it_goes() -> None:
    whole = sound(tone(440, 4), kind="mp3", codec="libmp3lame")
    found = np.concatenate(heard(whole[: len(whole) // 2]))
    assert RATE < len(found) < 3 * RATE
    damaged = bytearray(whole)
    damaged[len(whole) // 3 : len(whole) // 3 + 400] = bytes(400)
    assert len(np.concatenate(heard(bytes(damaged)))) > 2 * RATE


def test_one_picture_is_no_sound() -> None:
    assert is_mute(film(plain((9, 9, 9))))
