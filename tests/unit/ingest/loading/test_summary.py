from __future__ import annotations

import pytest

from ingest.loading.summary import so_far


@pytest.mark.parametrize(
    ("done", "about", "said"), [(5, 10, (5, 10)), (12, 10, (10, 10)), (5, 0, (5, None))]
)
def test_progress_beside_a_guess(done: int, about: int, said: tuple[int, int | None]) -> None:
    assert so_far(done, about) == said
