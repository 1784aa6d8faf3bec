"""What `kg follow` says before it needs a graph or a broker."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from kg_platform.errors import SettingsError
from kg_platform.settings import Settings, load
from tests.support.command_line import kg

ADDRESS = "kafka://broker/topic"


def test_the_schema_of_a_message() -> None:
    done = kg("follow", "--schema")
    assert done.code == 0
    assert json.loads(done.out)["properties"]["kg"]["const"] == 1


def test_nothing_is_named() -> None:
    done = kg("follow")
    assert (done.code, done.errors) == (
        2,
        "Name what to follow: kafka://BROKER/TOPIC, or a folder.",
    )


def test_without_the_extra_one_sentence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "faststream.kafka", None)
    done = kg("follow", ADDRESS)
    assert (done.code, done.errors) == (
        2,
        "Topics of Kafka need the extra `kafka`; install it: pip install 'kg-platform[kafka]'.",
    )


@pytest.mark.parametrize("address", ["kafka://broker", "kafka:///topic", "kafka://broker/a/b"])
def test_what_is_no_address(address: str) -> None:
    done = kg("follow", address)
    assert (done.code, done.errors) == (2, "Write the topic like kafka://broker:9092/topic.")


def test_a_user_in_an_address_is_refused_and_not_shown() -> None:
    done = kg("follow", "kafka://me:secret@broker/topic")
    assert done.code == 2
    assert "KG_KAFKA_PASSWORD" in done.errors
    assert "secret" not in done.errors


def test_brokers_have_a_port() -> None:
    from ingest.streams.kafka_address import KafkaAddress

    found = KafkaAddress.of("kafka://one,two:9999/topic")
    assert found.servers == ("one:9092", "two:9999")
    assert str(found) == "kafka://one:9092,two:9999/topic"


def test_a_user_needs_a_password_and_a_certificate_a_file(tmp_path: Path) -> None:
    from ingest.streams.kafka import KafkaFeed
    from ingest.streams.kafka_address import KafkaAddress, KafkaMember

    def open_with(settings: Settings) -> None:
        member = KafkaMember("group", "member", "letters")
        KafkaFeed(KafkaAddress.of(ADDRESS), "source", member, settings, lambda _: {})

    with pytest.raises(SettingsError, match="KG_KAFKA_PASSWORD is not; set both"):
        open_with(load(kafka_username="me"))
    with pytest.raises(SettingsError, match="name a PEM file"):
        open_with(load(kafka_tls=True, kafka_ca=tmp_path / "nowhere.pem"))


def test_the_password_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KG_KAFKA_PASSWORD", "deepest-secret")
    assert "deepest-secret" not in kg("settings").out
    assert "deepest-secret" not in repr(load())


def test_media_are_in_a_folder(tmp_path: Path) -> None:
    done = kg("follow", ADDRESS, "--media", str(tmp_path / "nowhere"))
    assert (done.code, done.errors.endswith("nowhere is no folder.")) == (2, True)
