"""What a list of runs says of each."""

from __future__ import annotations

from typing import Any

import pytest

from kg_platform.ledger.rows import RunRow
from kg_platform.runs.figures import headlines, in_a_line, seconds


def run(metrics: dict[str, Any], error: str = "") -> RunRow:
    return RunRow("r", "embed", "succeeded", {}, metrics, error, "2026-01-01", None, "h", 1)


@pytest.mark.parametrize(
    ("found", "line"),
    [
        (
            run({"entities": {"new": 5192}, "relations": {"new": 3}, "rejected": 0}),
            "entities 5,192  facts 3  rejected 0",
        ),
        (
            run({"valid_mrr": 0.1, "test_mrr": 0.123456, "test_hits@10": 0.5}),
            "MRR 0.1235  Hits@10 0.5",
        ),
        (run({"run_id": "r", "entities": 5192, "missing": 0}), "entities 5,192"),
        (run({"continued_as": "other"}), "went on as other"),
        (run({}, "The disk is full."), "The disk is full."),
        (run({"rejected": 5}, "5 rows are rejected."), "5 rows are rejected."),
        (run({"maps": 4}), "maps 4"),
        (run({}), ""),
    ],
)
def test_in_a_line(found: RunRow, line: str) -> None:
    assert in_a_line(found) == line


def test_headlines_are_test_figures_not_those_the_settings_were_chosen_on() -> None:
    assert headlines(run({"valid_mrr": 0.9, "test_mrr": 0.5})) == [("MRR", "0.5")]


def test_seconds() -> None:
    assert seconds("2026-01-01T00:00:00+00:00", "2026-01-01T00:01:01.5+00:00") == 61.5
    assert seconds("2026-01-01T00:00:00+00:00", None) is None
