"""Sentences are encoded by the encoder of the run that is live."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from embeddings.answers import sentence_encoder as module
from kg_platform.errors import NotFound
from kg_platform.platform import Platform
from tests.support.fake_encoders import FakeText


def test_an_encoder_is_checked_once_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    live = {"id": "one", "text_encoder": "fake", "text_revision": "1"}
    reads: list[object] = []
    loads: list[str] = []
    told: list[str] = []

    def published_run(graph: object) -> dict[str, Any]:
        reads.append(graph)
        if not live["id"]:
            raise NotFound("nothing is published")
        return dict(live)

    def load(name: str, device: str) -> FakeText:
        loads.append(name)
        return FakeText()

    monkeypatch.setattr(module, "published_run", published_run)
    monkeypatch.setattr(module, "load_text_encoder", load)
    platform = SimpleNamespace(graph=None, settings=SimpleNamespace(device="cpu"))
    encode = module.sentence_encoder(cast(Platform, platform), told.append)
    for _ in range(3):
        rows = encode(["A sentence."])
        assert rows is not None
        assert rows.shape == (1, 7)
    assert (len(reads), loads) == (3, ["fake"])
    live["id"] = "two"
    assert encode(["A sentence."]) is not None
    live |= {"id": "three", "text_revision": "2"}
    assert encode(["A sentence."]) is None
    assert encode(["A sentence."]) is None
    assert loads == ["fake"]
    assert len(told) == 1
    assert "revision 2" in told[0]
