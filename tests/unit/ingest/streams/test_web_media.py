"""A batch waits for its media for a limited time, and what was so once is not so forever."""

from __future__ import annotations

import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ingest.media.fetch import MediaFetcher
from ingest.media.web import public_client
from ingest.streams import web_media
from ingest.streams.web_media import WebMedia
from kg_platform.errors import BadMedium
from kg_platform.media.store import MediaStore
from kg_platform.platform import Platform
from kg_platform.records import Media
from tests.support.web_server import give, web_server


def ours(max_bytes: int, **more: Any) -> MediaFetcher:
    client = public_client(lambda address: address == "127.0.0.1")
    return MediaFetcher(max_bytes, client, sleep=lambda _: None, **more)


@pytest.fixture
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WebMedia:
    monkeypatch.setattr(web_media, "MediaFetcher", ours)
    addresses = SimpleNamespace(known=lambda _: None, remember=lambda _: None)
    platform = SimpleNamespace(
        settings=SimpleNamespace(max_media_bytes=1_000),
        ledger=SimpleNamespace(media_addresses=addresses),
        media=MediaStore(str(tmp_path)),
    )
    return WebMedia(cast(Platform, platform), seconds=1.0)


def checked(data: bytes) -> Media:
    return Media(data.decode(), "image", "image/png", "", len(data))


def problem(web: WebMedia, address: str) -> str:
    with pytest.raises(BadMedium) as error:
        web.media(address, checked)
    return str(error.value)


def test_a_slow_server_costs_a_batch_its_time_and_the_next_batch_asks_again(web: WebMedia) -> None:
    def slow(to: BaseHTTPRequestHandler) -> None:
        if len(asked) < 2:
            time.sleep(2)
        give(b"there")(to)

    with web_server({"/a": slow, "/b": give(b"quick")}) as (root, asked):
        web.begin_batch()
        assert "no time left" in problem(web, f"{root}/a")
        assert "no time left" in problem(web, f"{root}/b")
        assert asked == ["/a"]
        web.begin_batch()
        assert web.media(f"{root}/a", checked).id == "there"
        assert web.media(f"{root}/b", checked).id == "quick"
    web.close()


def test_what_an_address_gave_counts_for_some_minutes(
    web: WebMedia, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = {"/a": give(b"", 404)}
    with web_server(answers) as (root, asked):
        for _ in range(2):
            web.begin_batch()
            assert "gone" in problem(web, f"{root}/a")
        assert asked == ["/a"]
        answers["/a"] = give(b"there")
        monkeypatch.setattr(web_media, "REMEMBERED_SECONDS", 0.0)
        web.begin_batch()
        assert web.media(f"{root}/a", checked).id == "there"
    web.close()
