"""`kill -9` of the follower, the broker and Neo4j, again and again: nothing is lost or doubled."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.follow import kills
from kg_platform.platform import Platform
from kg_platform.server.local import LocalServer
from kg_platform.settings import load
from tests.support.kafka_broker import KafkaServer
from tests.support.servers import short_lived_java


@pytest.mark.nightly
@pytest.mark.timeout(7_200)
def test_kills_lose_and_double_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kafka: KafkaServer
) -> None:
    monkeypatch.setenv("KG_NEO4J_HEAP", "512m")
    monkeypatch.setenv("KG_JAVA", str(short_lived_java()))
    settings = load()
    try:
        with Platform.open(settings) as platform:
            done = kills(platform, kafka, 12, seed=2)
    finally:
        LocalServer(settings).stop()
    assert (done["lost"], done["doubled"], done["dead_letters"]) == (0, 0, 0)
