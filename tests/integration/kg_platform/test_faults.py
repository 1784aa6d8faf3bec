"""`kill -9` of the job, of the server, of both: one more run, and everything is right."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.faults import faults
from kg_platform.server.local import LocalServer
from kg_platform.settings import load
from tests.support.servers import short_lived_java


@pytest.mark.parametrize("count", [1, pytest.param(40, marks=pytest.mark.nightly)])
@pytest.mark.timeout(7_200)
def test_every_kill_ends_right_after_one_more_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setenv("KG_NEO4J_HEAP", "512m")
    monkeypatch.setenv("KG_JAVA", str(short_lived_java()))
    settings = load()
    try:
        *each, whole = faults(settings, tmp_path / "worlds", count, seed=0)
    finally:
        LocalServer(settings).stop()
    assert [line for line in each if line["wrong"]] == []
    assert (whole["right"], whole["of"]) == (count, count)
