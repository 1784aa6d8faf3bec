"""What `--when-drift` takes."""

from __future__ import annotations

import pytest

from kg_platform.errors import BadInput
from kg_platform.scheduling.times import drift_share


def test_a_share() -> None:
    assert drift_share("10%") == 0.1
    assert drift_share(" 2.5 % ") == 0.025


@pytest.mark.parametrize("wrong", ["10", "0%", "100%", "-1%", "much"])
def test_what_is_none(wrong: str) -> None:
    with pytest.raises(BadInput, match="--when-drift takes a share"):
        drift_share(wrong)
