"""Media of an entity in an order that people expect, each with a name."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from kg_platform.browse.entities import MediaRow
from ui import resources
from ui.widgets.players import first, in_order, titles


def medium(kind: str, name: str) -> MediaRow:
    given: dict[str, Any] = dict.fromkeys(field.name for field in fields(MediaRow))
    return MediaRow(**{**given, "kind": kind, "id": name})


def test_pictures_come_first_and_what_is_several_is_numbered() -> None:
    media = [medium("video", "a"), medium("image", "b"), medium("audio", "c"), medium("image", "d")]
    found = in_order(media)
    assert [one.id for one in found] == ["b", "d", "c", "a"]
    assert titles(found) == ["Picture 1", "Picture 2", "Sound", "Film"]


def test_no_more_is_looked_for_than_is_shown_and_no_recording_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    def is_kept(digest: str) -> bool:
        asked.append(digest)
        return digest != "gone"

    monkeypatch.setattr(resources, "is_kept", is_kept)
    monkeypatch.setattr(resources, "recording", None)
    media = [medium("video", "c"), *(medium("audio", name) for name in ("a", "gone", "b"))]
    assert [one.id for one in first(media, 2)] == ["a", "b"]
    assert asked == ["a", "gone", "b"]


def test_whether_a_picture_can_be_shown_is_tried_small(monkeypatch: pytest.MonkeyPatch) -> None:
    def thumbnail(digest: str, size: int) -> str | None:
        assert size == resources.SMALL
        return None if digest == "broken" else "data:"

    monkeypatch.setattr(resources, "thumbnail", thumbnail)
    media = [medium("image", name) for name in ("a", "broken", "b")]
    assert [one.id for one in first(media, 9)] == ["a", "b"]
