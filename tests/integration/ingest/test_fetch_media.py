"""`kg ingest --fetch-media`: pictures on the web become media of the graph."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from ingest.media.fetch import MediaFetcher
from ingest.media.web import public_client
from kg_platform.cypher.statement import Statement
from kg_platform.platform import Platform
from tests.support.command_line import kg
from tests.support.web_server import give, web_server


def ok(*words: str) -> str:
    done = kg(*words)
    assert done.code == 0, done.errors
    return done.out


def test_pictures_on_the_web(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = io.BytesIO()
    Image.new("RGB", (4, 3), "red").save(data, "PNG")
    answers = {
        "/a.png": give(data.getvalue(), ETag='"1"'),
        "/gone.png": give(b"", 404),
        "/page": give(b"<html>"),
    }
    with web_server(answers) as (root, asked):
        rows: list[dict[str, Any]] = [
            {"id": "a", "image": f"{root}/a.png"},
            {"id": "b", "images": [f"{root}/a.png", f"{root}/gone.png"]},
            {"id": "c", "image": f"{root}/page"},
        ]
        folder = tmp_path / "web"
        folder.mkdir()
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / "entities.jsonl").write_text(lines)

        said = json.loads(ok("ingest", str(folder), "--json"))
        assert (said["entities"]["new"], said["media"]["stored"], said["rejected"]) == (3, 0, 4)
        assert asked == []
        said = json.loads(ok("ingest", str(folder), "--fetch-media", "--json"))
        assert said["media"]["stored"] == 0  # this machine is not a public address
        assert asked == []
        assert "no public address" in ok("rejections", said["run"], "--json")

        def ours(max_bytes: int) -> MediaFetcher:
            return MediaFetcher(max_bytes, public_client(lambda address: address == "127.0.0.1"))

        monkeypatch.setattr("ingest.loading.load.MediaFetcher", ours)
        said = json.loads(ok("ingest", str(folder), "--fetch-media", "--json"))
        assert (said["entities"]["changed"], said["media"]["stored"], said["rejected"]) == (2, 1, 2)
        assert sorted(asked) == ["/a.png", "/gone.png", "/page"]
        again = json.loads(ok("ingest", str(folder), "--fetch-media", "--json"))
        assert (again["entities"]["unchanged"], again["media"]["stored"]) == (3, 0)
    rows = platform.graph.read(
        Statement(
            "MATCH (n:Entity)-[:HAS_MEDIA]->(m:Media) "
            "RETURN n.id AS id, m.width AS width ORDER BY id"
        )
    )
    assert rows == [{"id": "a", "width": 4}, {"id": "b", "width": 4}]
    assert "--dry-run fetches nothing" in kg("ingest", "x", "--dry-run", "--fetch-media").errors
