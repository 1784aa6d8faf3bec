"""Folders that are there whole, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from kg_platform import atomic


def test_a_folder_takes_its_place_whole_or_not_at_all(tmp_path: Path) -> None:
    place = tmp_path / "new" / "folder"
    with atomic.folder(place) as made:
        (made / "a").write_text("1")
        assert not place.exists()
    with pytest.raises(FileNotFoundError), atomic.folder(place) as made:
        (made / "nowhere" / "b").write_text("2")
    assert [file.name for file in place.parent.iterdir()] == ["folder"]
    with atomic.folder(place) as made:
        (made / "c").write_text("3")
    assert [file.name for file in place.iterdir()] == ["c"]
