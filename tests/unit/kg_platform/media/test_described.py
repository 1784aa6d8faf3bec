"""What a medium is, whatever its name and its header say."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image

from kg_platform.errors import BadMedium
from kg_platform.media.described import Described, describe
from tests.support.clips import film, sound, tone, wav

LIMIT = 1_000_000


def described(data: bytes) -> Described:
    return describe(data, LIMIT)


@pytest.mark.parametrize(
    ("form", "codec", "mime", "said"),
    [
        ("flac", "flac", "audio/flac", "flac"),
        ("mp3", "mp3", "audio/mpeg", "mp3"),
        ("ogg", "libopus", "audio/ogg", "opus"),
        ("ipod", "aac", "audio/mp4", "aac"),
    ],
)
def test_sound(form: str, codec: str, mime: str, said: str) -> None:
    found = described(sound(form, codec, tone(1.0, 48_000, channels=2), 48_000))
    assert (found.kind, found.mime, found.codec) == ("audio", mime, said)
    assert (found.rate, found.channels, found.width) == (48_000, 2, None)
    assert found.duration == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize(
    ("form", "codec", "mime"),
    [
        ("mp4", "libx264", "video/mp4"),
        ("webm", "libvpx-vp9", "video/webm"),
        ("matroska", "libx264", "video/x-matroska"),
    ],
)
def test_film(form: str, codec: str, mime: str) -> None:
    found = described(film(form, codec, size=(64, 48)))
    assert (found.kind, found.mime) == ("video", mime)
    assert (found.width, found.height, found.rate) == (64, 48, None)
    assert found.duration == pytest.approx(1.0, abs=0.02)
    assert found.frame_rate == pytest.approx(10, rel=0.02)


def test_film_with_sound() -> None:
    found = described(film(sounding=True))
    assert (found.kind, found.rate, found.channels, found.codec) == ("video", 48_000, 1, "h264")


def test_a_wav_whose_header_lies_is_as_long_as_its_sound() -> None:
    data = bytearray(wav(tone(2.0)))
    data[40:44] = struct.pack("<I", 100 * len(data))
    assert described(bytes(data)).duration == pytest.approx(2.0)
    assert described(bytes(data[: len(data) // 2])).duration == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize(
    ("samples", "rate"),
    [
        (np.zeros((8_000, 1), np.int16), 8_000),  # silent
        (np.sign(tone(1.0)) * np.int16(32_767), 8_000),  # clipped
        (tone(1.0, 192_000), 192_000),
    ],
)
def test_odd_sound_is_sound(samples: np.ndarray, rate: int) -> None:
    found = described(wav(samples, rate))
    assert (found.rate, found.duration) == (rate, pytest.approx(1.0))


def test_five_channels_and_one() -> None:
    found = described(sound("flac", "flac", tone(0.5, 48_000, channels=6)))
    assert (found.channels, found.duration) == (6, pytest.approx(0.5))


def test_a_film_of_ten_hours_by_its_time_stamps() -> None:
    hours = film(frames=3, times=[0, 180_000, 360_000])
    # The file gives its last picture as long as the one before.
    assert described(hours).duration == pytest.approx(54_000)
    assert described(film(frames=1)).duration == pytest.approx(0.1)
    uneven = film("matroska", frames=4, times=[0, 1, 10, 30])
    assert described(uneven).duration == pytest.approx(3.1, abs=0.1)


def test_a_film_on_its_side() -> None:
    found = described(film(size=(64, 48), rotated=90))
    assert (found.width, found.height) == (48, 64)


def test_a_picture_is_one_under_any_name() -> None:
    packed = io.BytesIO()
    Image.new("RGB", (7, 5)).save(packed, "PNG")
    assert described(packed.getvalue()) == Described("image", "image/png", 7, 5)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "empty"),
        (b"#EXTM3U\n#EXTINF:5,\nhttp://127.0.0.1:1/x.ts\n", "playlist"),
        (b"I am text", "of no kind that is read"),
        (wav(tone(0.0)), "no sound"),
        (film()[:700], "cut off or damaged"),
        (film(size=(1_600, 1_200), frames=1), "1,600 x 1,200 pixels"),
    ],
)
def test_what_is_none_is_refused_in_one_sentence(data: bytes, why: str) -> None:
    with pytest.raises(BadMedium, match=why) as caught:
        described(data)
    assert "\n" not in str(caught.value)
