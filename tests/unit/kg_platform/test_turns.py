from __future__ import annotations

import sys
from contextlib import suppress

import pytest

from kg_platform.turns import short_turns


def test_turns_are_short_and_then_as_before() -> None:
    before = sys.getswitchinterval()
    with suppress(KeyboardInterrupt), short_turns():
        assert sys.getswitchinterval() < 0.001
        raise KeyboardInterrupt
    assert sys.getswitchinterval() == before


def test_who_wants_shorter_ones_keeps_them() -> None:
    before = sys.getswitchinterval()
    sys.setswitchinterval(0.0001)
    try:
        with short_turns():
            assert sys.getswitchinterval() == pytest.approx(0.0001, abs=0.00001)
    finally:
        sys.setswitchinterval(before)
