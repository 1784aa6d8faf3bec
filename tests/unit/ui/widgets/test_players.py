"""Media of an entity in an order that people expect, each with a name."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from kg_platform.browse.entities import MediaRow
from ui.widgets.players import in_order, titles


def medium(kind: str, name: str) -> MediaRow:
    given: dict[str, Any] = dict.fromkeys(field.name for field in fields(MediaRow))
    return MediaRow(**{**given, "kind": kind, "id": name})


def test_pictures_come_first_and_what_is_several_is_numbered() -> None:
    media = [medium("video", "a"), medium("image", "b"), medium("audio", "c"), medium("image", "d")]
    found = in_order(media)
    assert [one.id for one in found] == ["b", "d", "c", "a"]
    assert titles(found) == ["Picture 1", "Picture 2", "Sound", "Film"]
