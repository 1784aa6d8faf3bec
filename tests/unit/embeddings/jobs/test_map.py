"""Maps are a run of their own: what befalls them is said, and befalls nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from embeddings.answers.maps.stored import StoredMap, open_map
from embeddings.jobs import map as job
from kg_platform.errors import BadInput, Interrupted
from kg_platform.platform import Platform
from kg_platform.settings import load
from tests.support.maps_by_hand import add_map

RUN = "run-1"


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> Iterator[Platform]:
    with Platform.open(load()) as opened:
        monkeypatch.setattr(Platform, "graph", None)
        yield opened


@pytest.fixture
def made(platform: Platform) -> StoredMap:
    """A map to be made again."""
    return add_map(platform.settings.artifacts_dir, ["a", "b", "c"], RUN)


def makes(monkeypatch: pytest.MonkeyPatch, how: Callable[[str], StoredMap]) -> None:
    class Maker:
        def __init__(self, artifact: Any, entities: Any, report: Callable[[str], None]) -> None:
            self.report = report

        def make(self, vectors: str, method: str) -> StoredMap:
            self.report("lays out 3 points")
            return how(vectors)

    class TwoKinds:
        def __init__(self, folder: Any, verify: bool) -> None:
            self.folder, self.names = folder, ["embedding", "text_embedding"]

    monkeypatch.setattr(job, "MapMaker", Maker)
    monkeypatch.setattr(job, "open_artifact", TwoKinds)


def fails(vectors: str) -> StoredMap:
    raise np.linalg.LinAlgError("no such luck")


def stops(vectors: str) -> StoredMap:
    raise KeyboardInterrupt


def test_a_failure_is_a_failed_run_and_a_note(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    makes(monkeypatch, fails)
    note = job.maps_of_new_run(platform, RUN, None)
    assert note == f"The maps could not be made (LinAlgError); `kg map {RUN}` tries again."
    [run] = platform.ledger.runs()
    assert (run.kind, run.status, run.error) == ("map", "failed", "no such luck")


def test_whoever_stops_it_hears_what_is_missing(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    makes(monkeypatch, stops)
    with pytest.raises(Interrupted, match=f"`kg map {RUN}` makes those that are missing"):
        job.maps_of_new_run(platform, RUN, None)
    [run] = platform.ledger.runs()
    assert (run.kind, run.status) == ("map", "interrupted")


def test_what_it_does_is_said_and_vectors_of_nobody_are_passed_over(
    platform: Platform, made: StoredMap, monkeypatch: pytest.MonkeyPatch
) -> None:
    def one_kind(vectors: str) -> StoredMap:
        if vectors != "embedding":
            raise BadInput("No entity has one.")
        return made

    makes(monkeypatch, one_kind)
    said: list[str] = []
    found = job.make_maps(
        platform, RUN, again=True, on_progress=lambda step, done, total: said.append(step)
    )
    assert [one.vectors for one in found] == ["embedding"]
    assert "map: lays out 3 points" in said
    assert open_map(platform.settings.artifacts_dir, RUN, "embedding").count == 3
    with pytest.raises(BadInput, match="No entity"):
        job.make_maps(platform, RUN, by=("text",), again=True)
