"""`kg follow --fetch-media`: media that messages name by web address."""

from __future__ import annotations

import json
import os
import signal
from http.server import BaseHTTPRequestHandler
from io import BytesIO
from pathlib import Path
from threading import Event
from typing import Any
from unittest.mock import patch

import pytest
from PIL import Image

from ingest.media.fetch import MediaFetcher
from ingest.media.web import public_client
from ingest.streams.follow import Follower, FollowOptions
from ingest.streams.reading import EnvelopeReader
from ingest.streams.web_media import WebMedia
from ingest.streams.writer import StreamTarget
from kg_platform.cypher.statement import Statement
from kg_platform.graph.client import Graph
from kg_platform.media.gallery import Gallery
from kg_platform.platform import Platform
from tests.support.command_line import kg
from tests.support.fake_feed import FakeFeed
from tests.support.forked import begin
from tests.support.web_server import give, web_server


def ours(max_bytes: int, **more: Any) -> MediaFetcher:
    """One that may ask this machine."""
    client = public_client(lambda address: address == "127.0.0.1")
    return MediaFetcher(max_bytes, client, sleep=lambda _: None, **more)


@pytest.fixture(autouse=True)
def this_machine_may_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for place in ("ingest.streams.web_media", "ingest.loading.retry"):
        monkeypatch.setattr(f"{place}.MediaFetcher", ours)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "arrivals"
    made.mkdir()
    return made


def picture(colour: str) -> bytes:
    made = BytesIO()
    Image.new("RGB", (4, 3), colour).save(made, "PNG")
    return made.getvalue()


def said(op: str = "put", **what: Any) -> dict[str, Any]:
    return {"kg": 1, "op": op, **what}


def put(folder: Path, name: str, *messages: dict[str, Any]) -> None:
    (folder / name).write_text("".join(json.dumps(one) + "\n" for one in messages))


def follow(folder: Path, *words: str) -> dict[str, Any]:
    done = kg("follow", str(folder), "--until-idle", "1.5", "--json", *words)
    assert done.code == 0, done.errors
    found: dict[str, Any] = json.loads(done.out)
    return found


def linked(graph: Graph) -> list[tuple[str, str]]:
    text = "MATCH (n:Entity)-[h:HAS_MEDIA]->(:Media) RETURN n.id AS id, h.role AS r ORDER BY id, r"
    return [(row["id"], row["r"]) for row in graph.read(Statement(text))]


def waiting() -> list[tuple[str, str, str, int]]:
    """Entity, role, state and tries of what could not be had."""
    rows = json.loads(kg("media", "list", "--json").out)["media"]
    return sorted(
        (one["entity"], one["role"], one["state"], one["tries"])
        for one in rows
        if one["state"] != "stored"
    )


def test_media_are_fetched_and_what_fails_can_be_tried_again(
    platform: Platform, graph: Graph, folder: Path
) -> None:
    answers = {
        "/red.png": give(picture("red")),
        "/blue.png": give(b"", 503),
        "/gone.png": give(b"", 404),
        "/page": give(b"<html>"),
    }
    with web_server(answers) as (root, asked):
        images = [f"{root}/red.png", {"url": f"{root}/blue.png", "role": "flag"}]
        put(
            folder,
            "1.jsonl",
            said(entity={"id": "A", "images": images}),
            said(entity={"id": "B", "image": f"{root}/page"}),
            said(media={"entity": "B", "url": f"{root}/red.png", "role": "flag"}),
            said(media={"entity": "B", "url": f"{root}/gone.png", "role": "map"}),
            said(relation={"head": "A", "type": "knows", "tail": "B"}),
        )
        done = follow(folder, "--source", "plain")
        assert (done["messages"], done["refused"], asked, waiting()) == (5, 4, [], [])

        done = follow(folder, "--fetch-media")
        assert (done["messages"], done["refused"]) == (5, 3)
        assert linked(graph) == [("A", "image"), ("B", "flag")]
        assert waiting() == [
            ("A", "flag", "failed", 1), ("B", "image", "failed", 1), ("B", "map", "gone", 1)
        ]  # fmt: skip
        facts = "MATCH (:Entity)-[r:knows]->(:Entity) RETURN count(r) AS n"
        assert graph.read(Statement(facts)) == [{"n": 1}]

        # What the source says anew is not waited for any more, nor is what it takes back.
        put(
            folder,
            "2.jsonl",
            said(entity={"id": "B", "label": "no page"}),
            said("delete", media={"entity": "B", "role": "map"}),
        )
        follow(folder, "--fetch-media")
        assert waiting() == [("A", "flag", "failed", 1)]

        answers["/blue.png"] = give(picture("blue"))
        assert json.loads(kg("media", "retry", "--json").out)["stored"] == 1
        assert linked(graph) == [("A", "flag"), ("A", "image")]
        assert waiting() == []


def test_a_message_whose_server_is_away_is_no_letter(
    platform: Platform, graph: Graph, folder: Path
) -> None:
    settings = platform.settings
    with web_server({"/away.png": give(b"", 503)}) as (root, _):
        values = [
            said(entity={"id": "A", "image": f"{root}/away.png"}),
            said(entity={"id": "B", "image": "nowhere.png"}),
        ]
        feed = FakeFeed({"p": [json.dumps(one).encode() for one in values]}, {})
        web = WebMedia(platform)
        limits = settings.max_picture_pixels, settings.max_media_bytes
        with Gallery(folder, platform.media, *limits, web) as gallery:
            target = StreamTarget(platform, "s", folder, gallery, web)
            options = FollowOptions(until_idle=0.5)
            done = Follower(target, feed, EnvelopeReader(), options, print).follow(lambda: False)
        web.close()
    assert done.refused == 2
    assert [one.rejection.value for one in feed.letters] == ["nowhere.png"]
    assert [row[0] for row in waiting()] == ["A", "B"]


def follow_from_here(folder: str) -> None:
    with patch("ingest.streams.web_media.MediaFetcher", ours):
        follow(Path(folder), "--fetch-media")


def test_a_kill_while_media_are_fetched_changes_nothing(
    platform: Platform, graph: Graph, folder: Path
) -> None:
    asked_for, go_on = Event(), Event()

    def slow(to: BaseHTTPRequestHandler) -> None:
        asked_for.set()
        go_on.wait(300)
        give(picture("red"))(to)

    with web_server({"/a.png": slow}) as (root, _):
        put(
            folder,
            "1.jsonl",
            said(entity={"id": "A", "image": f"{root}/a.png"}),
            said(relation={"head": "A", "type": "knows", "tail": "B"}),
        )
        child = begin(follow_from_here, str(folder))
        assert asked_for.wait(300)
        assert child.pid is not None
        os.kill(child.pid, signal.SIGKILL)
        child.join()
        go_on.set()
        assert graph.read(Statement("MATCH (n:Entity) RETURN n.id AS id")) == []
        done = follow(folder, "--fetch-media")
    assert (done["messages"], done["entities_new"], done["relations_new"]) == (2, 1, 1)
    assert (linked(graph), waiting()) == ([("A", "image")], [])
    (row,) = graph.read(Statement("MATCH (o:StreamOffset) RETURN o.changes AS n"))
    assert row["n"] == 2
