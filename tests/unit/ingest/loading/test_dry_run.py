"""What a dry run counts, and how it is written."""

from __future__ import annotations

from collections import Counter

import pytest

from ingest.loading.dry_run import OTHER, Preview, count_types
from kg_platform.records import Rejection


def test_types_beyond_many_are_counted_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.loading.dry_run.TYPES", 2)
    counter: Counter[str] = Counter()
    count_types(counter, ["A", "B", "C", "A", "D"])
    assert counter == {"A": 2, "B": 1, OTHER: 2}


def test_a_preview_is_written_as_json_has_it() -> None:
    found = Preview("films")
    found.entities["Film"] = 2
    found.summary.reject(Rejection("a.csv", 3, "year", "is not a number", "soon"))
    found.refused.append(Rejection("a.csv", 3, "year", "is not a number", "soon"))
    said = found.as_dict()
    assert said["entities"] == {"Film": 2}
    assert said["rejected"] == 1
    assert said["samples"]["rejections"][0]["line"] == 3
