from __future__ import annotations

from pathlib import Path

import pytest

from ingest.resolution.matching.plan import (
    MatchPlan,
    PlannedMerge,
    PlannedQuestion,
    load_models,
    load_plan,
    save_models,
    save_plan,
)
from ingest.resolution.matching.scoring import ScoreModel
from kg_platform.errors import NotFound


def test_a_plan_comes_back_as_it_was(tmp_path: Path) -> None:
    assert load_plan(tmp_path) is None
    plan = MatchPlan(
        [PlannedMerge("T", "a", "b\ud800", ["a", "b"], 0.99, "isbn", [["sum", "+1.0 bits"]])],
        [PlannedQuestion("T", "a", "c", ["A", "C"], 0.6, "60% likely", [])],
        {"entities": 3},
        ["a note."],
    )
    save_plan(tmp_path / "match", plan)
    assert load_plan(tmp_path / "match") == plan


def test_models_come_back_by_type(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="Run r1 has left no model"):
        load_models(tmp_path, "r1")
    models = {name: ScoreModel({"x": name}, ["label"], trusted=False) for name in ("B/..", "A")}
    save_models(tmp_path, {"keys": [["isbn"]]}, models)
    found = load_models(tmp_path, "r1")
    assert found.models == models
    assert found.files == {"A": "0", "B/..": "1"}
    assert found.rules == {"keys": [["isbn"]]}
