"""The media that a JSON object names."""

from __future__ import annotations

from typing import Any

import pytest

from ingest.sources.media_refs import media_of
from kg_platform.records import HeldMedium, MediaRef


def test_each_key_is_one_or_several_and_ranks_count_by_role() -> None:
    row: dict[str, Any] = {
        "image": "a.png",
        "images": ["b.png"],
        "audio": {"path": "a.mp3", "caption": "A horn.", "from": 2, "to": 3.5},
        "video": ["a.mp4", {"url": "https://example.org/b.mp4", "rank": 7}],
        "colour": "red",
    }
    assert media_of(row) == (
        MediaRef("a.png"),
        MediaRef("b.png", rank=1),
        MediaRef("a.mp3", "audio", 0, "A horn.", 2, 3.5),
        MediaRef("a.mp4", "video"),
        MediaRef("https://example.org/b.mp4", "video", 7),
    )
    assert row == {"colour": "red"}
    assert media_of({"image": None, "audio": []}) == ()


def test_bytes_may_stand_in_the_object_itself() -> None:
    row = {"image": ["data:image/png;base64,AAEC", {"url": "data:,a%20b", "caption": "x"}]}
    first, second = media_of(row)
    assert isinstance(first.location, HeldMedium)
    assert isinstance(second.location, HeldMedium)
    assert (first.location.data, second.location.data) == (b"\x00\x01\x02", b"a b")
    [broken] = media_of({"audio": "data:audio/wav;base64,%"})
    assert broken.location == "data:audio/wav;base64,%"


def test_an_object_says_its_role_and_may_hold_its_bytes() -> None:
    flag, own = media_of({"images": [{"bytes": "aGk=", "role": "flag"}, "b.png"]})
    assert isinstance(flag.location, HeldMedium)
    assert (flag.location.data, flag.role, flag.rank) == (b"hi", "flag", 0)
    assert flag.location.startswith("picture:")
    assert HeldMedium.is_name(flag.location)
    [song] = media_of({"audio": {"url": "data:,hi", "role": "a://b"}})
    assert isinstance(song.location, HeldMedium)
    assert (song.location.kind, song.role) == ("audio", "a://b")
    assert not HeldMedium.is_name("https://example.org/a:" + "0" * 64)
    assert (own.role, own.rank) == ("image", 0)


@pytest.mark.parametrize(
    "given",
    [
        {"bytes": "*"},
        {"bytes": 3},
        {"path": "a.mp3", "bytes": "aGk="},
        {"path": "a.mp3", "url": "https://example.org/a.mp3"},
        {"caption": "of nothing"},
        {"path": "a.mp3", "volume": 3},
        {"url": "a.mp3"},
        3,
    ],
)
def test_what_is_no_place_of_a_medium_is_left_for_validate(given: Any) -> None:
    assert media_of({"audio": given}) == (MediaRef(given, "audio"),)
