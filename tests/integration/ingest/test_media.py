"""Media of every kind in a graph: their states, and those that failed tried again."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ingest.loading.load import ingest
from ingest.loading.retry import retry
from ingest.media.fetch import MediaFetcher
from ingest.media.web import public_client
from ingest.versions.undo import undo
from kg_platform.browse.standing import standing
from kg_platform.curation.forget import forget
from kg_platform.curation.merge import merge
from kg_platform.cypher.statement import Statement
from kg_platform.errors import Interrupted
from kg_platform.graph.client import Graph, Run
from kg_platform.media.gallery import Gallery
from kg_platform.media.isolated import Isolated
from kg_platform.platform import Platform
from kg_platform.records import Media, MediaRef
from tests.support.clips import film, tone, wav
from tests.support.command_line import kg
from tests.support.graph_dump import dump
from tests.support.web_server import give, web_server


def ok(*words: str) -> Any:
    done = kg("media", *words, "--json")
    assert done.code == 0, done.errors
    return json.loads(done.out)


def links(graph: Graph) -> list[tuple[Any, ...]]:
    rows = graph.read(
        Statement(
            "MATCH (n:Entity)-[h:HAS_MEDIA]->(m:Media) RETURN n.id AS id, m.kind AS kind, "
            "h.role AS role, h.rank AS rank, h.start_seconds AS start, m.duration AS duration "
            "ORDER BY id, role, rank"
        )
    )
    return [tuple(row.values()) for row in rows]


def landscape(size: tuple[int, int], **options: Any) -> bytes:
    spots = np.random.default_rng(0).integers(0, 255, (7, 9, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(spots).resize(size, Image.Resampling.BICUBIC).save(out, **options)
    return out.getvalue()


@pytest.mark.neo4j_both
def test_what_failed_is_kept_tried_again_and_can_be_undone(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph, folder = platform.graph, tmp_path / "horns"
    folder.mkdir()
    (folder / "a.png").write_bytes(landscape((300, 200), format="PNG"))
    (folder / "b.mp4").write_bytes(b"#EXTM3U\n")
    answers = {"/late.webm": give(b"", 503), "/gone.wav": give(b"", 404)}

    def ours(max_bytes: int) -> MediaFetcher:
        client = public_client(lambda address: address == "127.0.0.1")
        return MediaFetcher(max_bytes, client, sleep=lambda _: None)

    for place in ("ingest.loading.load", "ingest.loading.retry"):
        monkeypatch.setattr(f"{place}.MediaFetcher", ours)
    with web_server(answers) as (root, _):
        rows = [
            {"id": "a", "image": "a.png", "audio": {"path": "later.wav", "from": 0.5}},
            {"id": "b", "video": ["b.mp4", f"{root}/late.webm"], "audio": f"{root}/gone.wav"},
        ]
        (folder / "entities.jsonl").write_text("\n".join(map(json.dumps, rows)))
        first = ingest(platform, folder, fetch_media=True)
        assert (first.media_stored, first.rejected) == (1, 4)
        listed = ok("list")
        assert listed["counts"] == {"stored": 1, "failed": 2, "gone": 2}
        states = {
            (one["entity"], one["role"]): (one["state"], one["tries"])
            for one in listed["media"]
            if one["state"] != "stored"
        }
        assert states == {
            ("a", "audio"): ("gone", 1), ("b", "audio"): ("gone", 1),
            ("b", "video"): ("failed", 1),
        }  # fmt: skip
        assert [one["entity"] for one in ok("list", "--state", "gone")["media"]] == ["a", "b"]
        before = dump(graph)

        (folder / "later.wav").write_bytes(wav())
        (folder / "b.mp4").write_bytes(film())
        answers["/late.webm"] = give(film("webm", "libvpx-vp9"))
        assert ok("retry") == {"stored": 3, "failed": 0, "gone": 1, "unnamed": 0}
        expected = [
            ("a", "audio", "audio", 0, 0.5, 1.0),
            ("a", "image", "image", 0, None, None),
            ("b", "video", "video", 0, None, 1.0),
            ("b", "video", "video", 1, None, 1.0),
        ]
        assert links(graph) == expected
        [left] = [one for one in ok("list")["media"] if one["state"] != "stored"]
        assert (left["state"], left["tries"]) == ("gone", 2)
        [run, *_] = platform.ledger.runs("ingest")
        assert run.metrics["entities"]["changed"] == 2

        undone = undo(platform, run.id)
        assert dump(graph) == before
        undo(platform, undone.run)  # and forth: the media nodes come back with all their figures
        assert links(graph) == expected
        again = ingest(platform, folder, fetch_media=True)
        assert (again.entities_changed, again.rejected) == (2, 1)
        assert links(graph) == expected
        del rows[1]["audio"]
        (folder / "entities.jsonl").write_text("\n".join(map(json.dumps, rows)))
        ingest(platform, folder, fetch_media=True)
        assert ok("list")["counts"] == {"stored": 4, "failed": 0, "gone": 0}
        rows[1]["audio"] = "never.wav"
        (folder / "entities.jsonl").write_text("\n".join(map(json.dumps, rows)))
        ingest(platform, folder, fetch_media=True)
        forget(graph, ["b"])
        assert ok("retry") == {"stored": 0, "failed": 0, "gone": 0, "unnamed": 1}
        assert ok("retry")["unnamed"] == 0


def test_what_is_stored_is_shown_checked_and_compared(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "large.png").write_bytes(landscape((1_400, 900), format="PNG"))
    (folder / "small.jpg").write_bytes(landscape((300, 193), format="JPEG", quality=40))
    (folder / "other.mp4").write_bytes(film())
    for name in ("red", "blue"):  # which look like nothing, and not like each other
        Image.new("RGB", (8, 8), name).save(folder / f"{name}.png")
    ingest(platform, folder)
    [pair] = ok("duplicates")["pairs"]
    assert (pair["kind"], pair["distance"] <= 4) == ("image", True)
    assert ok("duplicates", "--distance", "0")["total"] <= 1
    kinds = {one["kind"]: one for one in ok("list")["media"]}
    film_id = kinds["video"]["id"]
    shown = ok("show", film_id[:10])
    assert (shown["state"], shown["width"], shown["duration"]) == ("stored", 64, 1.0)
    assert [one["id"] for one in shown["entities"]] == ["other.mp4"]
    assert kg("media", "show", "nonsense").code == 2
    assert kg("media", "show", "0000000000").code in (3,)
    for words in (["list"], ["show", film_id], ["check"], ["duplicates"], ["retry"]):
        assert kg("media", *words).code == 0, "for people, too"

    # As an earlier version left it: without figures, and without a small picture.
    platform.graph.write(Statement("MATCH (m:Media) REMOVE m.likeness, m.duration, m.codec"))
    store = platform.media
    place = store.local_file(film_id)
    assert place is not None
    place.with_name(f"{film_id}.small").unlink()
    assert ok("check")["completed"] == 5
    assert ok("show", film_id)["duration"] == 1.0
    assert store.small(film_id) is not None
    with monkeypatch.context() as patch:
        patch.setattr(Isolated, "run", None)  # nothing is decoded for what is complete
        assert ok("check")["completed"] == 0

    large = next(p["id"] for p in ok("list")["media"] if p["width"] == 1_400)
    other = store.local_file(large)
    assert other is not None
    other.write_bytes(other.read_bytes()[:-1] + b"x")
    place.unlink()
    done = kg("media", "check", "--json")
    assert done.code == 6
    assert json.loads(done.out)["missing"] == [film_id]
    assert json.loads(done.out)["changed"] == [large]
    assert "--discard" in done.errors
    assert kg("media", "check", "--discard").code == 6
    assert ingest(platform, folder).media_stored == 2
    assert ok("check")["checked"] == 5


def test_a_medium_comes_to_whom_its_entity_is_merged_into_meanwhile(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = platform.graph
    (tmp_path / "entities.jsonl").write_text('{"id": "a", "audio": "a.wav"}\n{"id": "b"}\n')
    ingest(platform, tmp_path)
    (tmp_path / "a.wav").write_bytes(wav())
    looked: list[dict[str, str]] = []

    def merged_then(run: Run, ids: Iterable[str]) -> dict[str, str]:
        found = standing(run, ids)
        looked.append(found)
        if len(looked) == 2:  # in the transaction, before the locks
            merge(graph, "m", kept="b", gone="a", about={"by": "ann"})
        return found

    monkeypatch.setattr("ingest.loading.late_media.standing", merged_then)
    assert retry(platform).stored == 1
    assert looked[1:3] == [{"a": "a"}, {"a": "b"}]
    assert [row[0] for row in links(graph)] == ["b"]


def test_a_retry_loses_nothing_to_others_or_to_ctrl_c(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph, keep = platform.graph, Gallery.keep
    (tmp_path / "entities.jsonl").write_text(
        '{"id": "a", "audio": "a.wav", "n": 1}\n{"id": "b", "audio": "b.wav", "n": 1}\n'
    )
    ingest(platform, tmp_path)
    (tmp_path / "a.wav").write_bytes(wav())
    (tmp_path / "b.wav").write_bytes(wav(tone(0.5)))

    def slow(self: Gallery, ref: MediaRef) -> Media:
        found = keep(self, ref)
        # What others write while a medium is had.
        graph.write(Statement("MATCH (n:Entity) SET n.n = 2"))
        return found

    def stop(step: str, done: int, total: int | None) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Gallery, "keep", slow)
    with pytest.raises(Interrupted):
        retry(platform, on_progress=stop)
    assert len(links(graph)) == 1
    told: list[tuple[int, int | None]] = []
    done = retry(platform, on_progress=lambda _, done, total: told.append((done, total)))
    assert (done.stored, told) == (1, [(1, 1)])
    assert [(row[0], row[5]) for row in links(graph)] == [("a", 1.0), ("b", 0.5)]
    values = graph.read(Statement("MATCH (n:Entity) RETURN n.n AS n"))
    assert [row["n"] for row in values] == [2, 2]
    assert [run.status for run in platform.ledger.runs("ingest")][:2] == [
        "succeeded",
        "interrupted",
    ]
