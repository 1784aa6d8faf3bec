"""What is kept between a page that asks for a login and the same page after it."""

from __future__ import annotations

import pytest

from ui import return_to
from ui.return_to import Asked, token


def test_the_token_is_the_same_under_every_mask() -> None:
    # As Tornado writes it: the token bytes, each with one of the mask's four.
    assert token("2|01020304|0103020c0504|1700000000") == "000101080406"
    assert token("2|00000000|000101080406|1700000001") == "000101080406"
    assert token('"2|00000000|000101080406|1700000001"') == "000101080406"


@pytest.mark.parametrize("cookie", ["", "2", "2|zz|00|1", "2||00|1", "1|2", "2|00000000||1"])
def test_what_is_no_token_is_nobody(cookie: str) -> None:
    assert token(cookie) == ""


def test_a_page_is_given_to_its_browser_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Asked()
    asked.keep("b", "entity", {"id": ["C01", "C02"]})
    asked.keep("c", "runs", {})
    asked.keep("b", "map", {"by": ["text"]})
    assert asked.take("a") is None
    assert asked.take("b") == ("map", {"by": ["text"]})
    assert asked.take("b") is None
    monkeypatch.setattr(return_to, "SECONDS", 0.0)
    assert asked.take("c") is None


def test_who_knocks_often_makes_the_oldest_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(return_to, "KEPT", 2)
    asked = Asked()
    for browser in "abc":
        asked.keep(browser, "runs", {})
    assert [browser for browser in "abc" if asked.take(browser)] == ["b", "c"]
