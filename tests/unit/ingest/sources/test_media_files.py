"""Folders and archives of media alone: each is an entity of its kind."""

from __future__ import annotations

import zipfile
from pathlib import Path

from ingest.mapping.choose import open_any
from ingest.sources.media_files import has_only_media
from kg_platform.records import Entity, MediaRef


def test_each_medium_is_an_entity_by_its_name(tmp_path: Path) -> None:
    place = tmp_path / "zoo"
    for name in (
        "cats/purr.FLAC",
        "cats/tom.heic",
        "walk.mkv",
        "notes.pdf",
        "about.md",
        ".hidden.png",
    ):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(b"x")
    assert has_only_media(place)
    with zipfile.ZipFile(tmp_path / "zoo.zip", "w") as packed:
        for path in sorted(place.rglob("*.*")):
            packed.write(path, path.relative_to(place))
    for given in (place, tmp_path / "zoo.zip"):
        source = open_any(given)
        assert (source.name, source.count()) == ("zoo", 4)
        found = [one for one in source.records() if isinstance(one, Entity)]
        assert [(e.id, e.type, e.label, e.properties) for e in found] == [
            ("notes.pdf", "Document", "notes", {}),
            ("walk.mkv", "Video", "walk", {}),
            ("cats/purr.FLAC", "Audio", "purr", {"folder": "cats"}),
            ("cats/tom.heic", "Image", "tom", {"folder": "cats"}),
        ]
        assert [one.media for one in found[:2]] == [
            (MediaRef("notes.pdf", "document"),),
            (MediaRef("walk.mkv", "video"),),
        ]
    (place / "facts.tsv").write_text("A\tR\tB\n")
    assert not has_only_media(place)
