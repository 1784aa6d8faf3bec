"""Films as pictures: by time and by scene, upright, few, and a sentence where there are none."""

from __future__ import annotations

import numpy as np
import pytest

from kg_platform.errors import BadMedium
from kg_platform.media import video
from kg_platform.media.span import Span
from kg_platform.media.video import MOST, chosen, stills
from tests.support.recordings import film, moving, plain, sound, tone

PIXELS = 1_000_000


def brightest_column(picture: object) -> float:
    """Where the square of `moving` is, 0 to 1."""
    grey = np.asarray(picture, np.float32).mean(axis=(0, 2))
    return float((grey * np.arange(len(grey))).sum() / grey.sum() / len(grey))


def test_a_short_film_is_seen_whole_and_in_order() -> None:
    found = stills(film(moving(16)), PIXELS)
    assert [round(one.seconds * 8) for one in found] == list(range(16))
    places = [brightest_column(one.picture) for one in found]
    assert places == sorted(places)
    assert places[0] < 0.15
    assert places[-1] > 0.85
    assert {one.picture.size for one in found} == {(336, 224)}  # the shorter side is 224
    assert {one.picture.mode for one in found} == {"RGB"}
    again = [brightest_column(one.picture) for one in stills(film(moving(16, False)), PIXELS)]
    np.testing.assert_allclose(again, places[::-1], atol=0.02)


@pytest.mark.parametrize("keys", [12, 400, 1])
@pytest.mark.parametrize("live", [False, True])
def test_a_part_is_what_is_seen_between_two_times(keys: int, live: bool) -> None:
    """Five seconds each of red, green and blue."""
    colours = ((220, 10, 10), (10, 220, 10), (10, 10, 220))
    pictures = [one for colour in colours for one in plain(colour, 40)]
    data = film(pictures, keys=keys, live=live)

    def seen(span: Span) -> tuple[list[int], float]:
        found = stills(data, PIXELS, span=span)
        strongest = [int(np.asarray(one.picture)[100, 100].argmax()) for one in found]
        return sorted(set(strongest)), found[-1].seconds

    assert seen(Span(5, 10)) == ([1], pytest.approx(4.8, abs=0.2))
    assert seen(Span(10))[0] == [2]
    assert seen(Span(0, 5))[0] == [0]
    assert seen(Span(4, 11))[0] == [0, 1, 2]
    assert seen(Span(12, 60)) == seen(Span(12))
    if not live:  # which says not how long it is
        with pytest.raises(BadMedium, match="no picture from 15 s to 20 s"):
            stills(data, PIXELS, span=Span(15, 20))


def test_of_a_part_between_two_pictures_the_one_is_seen_that_stands() -> None:
    slides = [one for grey in (10, 120, 240) for one in plain((grey, grey, grey))]
    data = film(slides, times=[0, 10, 20], keys=1)
    (only,) = stills(data, PIXELS, span=Span(12, 15))
    assert int(np.asarray(only.picture)[100, 100, 0]) == pytest.approx(120, abs=4)
    assert [one.seconds for one in stills(data, PIXELS, span=Span(12))] == [0, 8]


@pytest.mark.parametrize("keys", [12, 400, 1])
def test_a_longer_one_by_time_and_where_scenes_begin(keys: int) -> None:
    """A flash of half a second in 50 seconds: between two of the evenly spaced pictures, seen for
    its change; whether the film can be sought in or not."""
    pictures = plain((40, 40, 40), 210) + plain((250, 30, 30), 6) + plain((40, 40, 40), 184)
    found = stills(film(pictures, keys=keys), PIXELS)
    assert len(found) == MOST
    times = [one.seconds for one in found]
    assert times == sorted(set(times))
    assert times[0] < 1
    assert times[-1] > 46
    assert max(np.diff(times)) < 5
    red = [one for one in found if np.asarray(one.picture)[100, 100, 0] > 150]
    assert [round(one.seconds) for one in red] in ([26], [26, 27], [27])


@pytest.mark.parametrize(
    ("length", "every", "keys"), [(1_800, 2, 5), (180, 0.5, 4), (7_200, 10, 2)]
)
def test_a_long_one_is_looked_at_over_its_whole_length(
    length: int, every: float, keys: int
) -> None:
    """Also where key frames lie a little before the places that are meant."""
    times = np.arange(0, length, every)
    found = stills(film(plain((40, 40, 40), len(times)), times=times.tolist(), keys=keys), PIXELS)
    places = [one.seconds for one in found]
    assert len(places) == MOST
    assert places[-1] > 0.95 * length
    assert max(np.diff(places)) < 1.5 * length / (MOST // 2)


def test_changes_are_chosen_beside_even_places() -> None:
    thumbnails = [np.full((2, 2), 100 * (place >= 13), np.int16) for place in range(20)]
    assert chosen(thumbnails, 4) == [0, 1, 13, 19]
    assert chosen(thumbnails[:3], 4) == [0, 1, 2]
    assert chosen([], 4) == []


def test_one_picture_is_a_film_of_one() -> None:
    (only,) = stills(film(plain((0, 0, 200))), PIXELS)
    assert only.seconds == 0
    assert np.asarray(only.picture)[10, 10].tolist()[2] > 150


def test_time_stamps_do_not_make_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two pictures ten hours apart; and pictures at odd times."""
    far = stills(film(moving(2), times=[0, 36_000], kind="matroska"), PIXELS)
    assert [round(one.seconds) for one in far] == [0, 36_000]
    odd = stills(film(moving(5), times=[0, 0.01, 0.5, 0.55, 3]), PIXELS)
    assert [round(one.seconds, 2) for one in odd] == [0, 0.5, 3]
    # However long it is, no more is decoded than is worth it.
    monkeypatch.setattr(video, "MOST_DECODED", 100)
    assert stills(film(plain((9, 9, 9), 400), keys=1_000), PIXELS)[-1].seconds < 14


def test_a_film_that_does_not_say_how_long_it_is() -> None:
    live = film(plain((9, 9, 9), 40) + plain((200, 9, 9), 400), live=True)
    found = stills(live, PIXELS)
    assert len(found) == MOST
    assert found[-1].seconds > 45


def turned(data: bytes) -> bytes:
    """The same film with a matrix in its track that turns it clockwise by 90 degrees."""
    straight = b"".join(
        number.to_bytes(4, "big") for number in (1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    )
    right = b"".join(
        (number % (1 << 32)).to_bytes(4, "big")
        for number in (0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30)
    )
    track = data.index(b"tkhd")
    place = data.index(straight, track)
    return data[:place] + right + data[place + 36 :]


def test_it_is_upright() -> None:
    """As a telephone films that is held upright: what lies left in the file is at the top."""
    picture = np.zeros((64, 96, 3), np.uint8)
    picture[:, :20] = 255
    (only,) = stills(turned(film([picture])), PIXELS)
    assert only.picture.size == (224, 336)
    seen = np.asarray(only.picture)[..., 0]
    assert seen[:40].mean() > 200 > 50 > seen[-200:].mean()


def test_the_cover_of_a_record_is_no_film() -> None:
    with pytest.raises(BadMedium, match="no moving pictures"):
        stills(sound(tone(440)), PIXELS)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b"not a film " * 99, "no kind that is read"),
        (film(moving(16))[:200], "cut off"),
    ],
)
def test_what_is_no_film_is_said(data: bytes, said: str) -> None:
    with pytest.raises(BadMedium, match=said):
        stills(data, PIXELS)


def test_large_ones_are_refused_before_they_are_decoded() -> None:
    with pytest.raises(BadMedium, match=r"96 x 64 pixels.*KG_MAX_PICTURE_PIXELS"):
        stills(film(moving(2)), 6_000)
