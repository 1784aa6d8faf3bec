from __future__ import annotations

import pytest

from ingest.loading.summary import IngestSummary, so_far
from kg_platform.records import Rejection


@pytest.mark.parametrize(
    ("done", "about", "said"), [(5, 10, (5, 10)), (12, 10, (10, 10)), (5, 0, (5, None))]
)
def test_progress_beside_a_guess(done: int, about: int, said: tuple[int, int | None]) -> None:
    assert so_far(done, about) == said


def test_reasons_that_differ_in_numbers_are_one() -> None:
    summary = IngestSummary("run", "films")
    for number in ("10.0.0.1", "127.0.0.1", "1,204", "1.5", "7"):
        summary.reject(Rejection("a.csv", 1, "x", f"{number} is too much", ""))
    summary.reject(Rejection("a.csv", 2, "x", "P-31 of utf-8 is not v2.", ""))
    assert summary.reasons == {("x", "… is too much"): 5, ("x", "P-31 of utf-8 is not v2."): 1}
