"""Two machines, each with a KG_HOME of its own, on one Neo4j: one of them writes vectors."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from embeddings.jobs.embed import embed
from embeddings.jobs.embed_new import embed_new
from embeddings.jobs.embed_options import EmbedOptions
from embeddings.jobs.lock import only_one
from embeddings.jobs.publish import publish_run, resume_publish, rollback
from embeddings.jobs.watch import WatchOptions, watch
from kg_platform.errors import BadInput, KgError, NotFound
from kg_platform.platform import Platform
from kg_platform.settings import load

BUSY = "works on this graph: process"


@pytest.fixture
def other(platform: Platform, tmp_path: Path) -> Iterator[Platform]:
    with Platform.open(load(home=tmp_path / "another home")) as opened:
        yield opened


@pytest.mark.parametrize(
    "job",
    [
        lambda platform: embed(platform, EmbedOptions()),
        embed_new,
        publish_run,
        resume_publish,
        rollback,
    ],
)
def test_what_writes_vectors_is_refused_while_another_home_does(
    job: Callable[[Platform], object], platform: Platform, other: Platform
) -> None:
    with only_one(other), pytest.raises(BadInput, match=f"embedding job {BUSY}"):
        job(platform)
    assert platform.ledger.runs() == []


def test_what_writes_none_is_not_refused(platform: Platform, other: Platform) -> None:
    with only_one(other):
        with pytest.raises(KgError, match="Nothing to embed"):
            embed(platform, EmbedOptions(), publish_vectors=False)
        with only_one(platform, writes=False):
            pass
        with pytest.raises(NotFound, match="No vectors are published"):  # it goes beside a training
            watch(platform, WatchOptions(once=True))


def test_one_watch_a_graph(platform: Platform, other: Platform) -> None:
    with only_one(other, "watch"), pytest.raises(BadInput, match=f"`kg watch` {BUSY}"):
        watch(platform, WatchOptions(once=True))


def test_two_on_one_home_say_what_they_always_said(platform: Platform) -> None:
    said: list[str] = []

    def second() -> None:
        try:
            publish_run(platform)
        except BadInput as error:
            said.append(str(error))

    with only_one(platform):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()
    assert said == [
        "Another embedding job of this platform is running; wait for it, or stop it first."
    ]
