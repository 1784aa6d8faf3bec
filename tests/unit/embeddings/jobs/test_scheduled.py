"""When a schedule that waits for drift runs."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from embeddings.jobs import scheduled
from embeddings.refresh.world_drift import MadeBefore, WorldDrift
from kg_platform.errors import NotFound


def found(drift: float | None) -> WorldDrift:
    return WorldDrift("r", 40, 40, 0, drift, 0.01, 0.2, 0.3)


@pytest.mark.parametrize(
    ("measured", "says"),
    [
        (found(0.1), None),
        (found(0.099), "40 facts that arrived are ranked 9.9% worse"),
        (found(None), "40 facts have arrived, too few"),
        (MadeBefore("made before"), None),  # a new run can be measured
        (NotFound("held no facts out"), "held no facts out"),
    ],
)
def test_it_runs_when_the_world_has_moved(
    monkeypatch: pytest.MonkeyPatch, measured: Any, says: str | None
) -> None:
    def measure(platform: object) -> WorldDrift:
        if isinstance(measured, Exception):
            raise measured
        return measured  # type: ignore[no-any-return]

    ran = []
    monkeypatch.setattr(scheduled, "world_drift", measure)
    monkeypatch.setattr(scheduled, "current_run", lambda graph: {"id": "r"})
    monkeypatch.setattr(scheduled, "embed_options", lambda job, device: None)
    monkeypatch.setattr(
        scheduled, "embed", lambda *given, **names: ran.append(1) or SimpleNamespace(published=None)
    )
    row: Any = SimpleNamespace(name="n", job={}, when_changed=None, when_drift="10%")
    platform: Any = SimpleNamespace(graph=None, settings=SimpleNamespace(device="cpu"))
    ending = scheduled.run(platform, row, lambda *given: None)
    assert (ending.status == "succeeded") == bool(ran) == (says is None)
    assert says is None or says in ending.note
