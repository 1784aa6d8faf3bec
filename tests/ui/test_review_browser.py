"""The queue in a real browser: decided by keys, with the focus kept and nothing rendered."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from kg_platform.ledger.review_rows import Candidate
from kg_platform.platform import Platform
from tests.ui.conftest import HOSTILE


def test_a_person_decides_by_keys(world: Platform, page: Page, address: str) -> None:
    first, hostile, pair = (item.id for item in world.ledger.reviews.items())
    page.goto(f"{address}/review")
    rows = page.locator("ol.rows li")
    expect(rows).to_have_count(3)
    expect(rows.nth(1)).to_contain_text(HOSTILE[:40])
    rows.nth(0).get_by_role("button").focus()
    page.keyboard.press("j")
    expect(rows.nth(1).get_by_role("button")).to_be_focused()
    expect(page).to_have_url(re.compile(f"item={hostile}"))
    page.keyboard.press("k")
    page.keyboard.press("r")
    expect(page.get_by_text(f"Item {first} is rejected.")).to_be_visible()
    expect(rows.nth(1).get_by_role("button")).to_be_focused()
    page.keyboard.press("u")
    expect(page.get_by_text(f"Item {first} is undecided.")).to_be_visible()
    page.keyboard.press("d")
    expect(page.get_by_text("comes last now")).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.get_by_text("Decide on many · 1")).to_be_visible()
    assert world.ledger.reviews.item(first).status == "open"
    assert world.ledger.reviews.item(pair).status == "open"


def test_quick_keys_lose_no_decision(world: Platform, page: Page, address: str) -> None:
    reviews = world.ledger.reviews
    some = [Candidate("link", f"C{n:02}", "KNOWS", "lang-1", 0.5, 1.0) for n in range(2, 8)]
    reviews.propose("run-3", some)
    page.goto(f"{address}/review?relation=KNOWS")
    rows = page.locator("ol.rows li")
    expect(rows).to_have_count(6)
    rows.nth(0).get_by_role("button").focus()
    # The first waits for the ledger while the others are pressed; the last moves on.
    with world.ledger._database.write():
        for key in "aaarj":
            page.keyboard.press(key)
            page.wait_for_timeout(200)
    expect(page.locator("ol.rows li.accepted")).to_have_count(3)
    expect(page.locator("ol.rows li.rejected")).to_have_count(1)
    expect(page.locator("ol.rows li.busy")).to_have_count(0)
    expect(rows.nth(5).get_by_role("button")).to_be_focused()
    assert len(reviews.items("accepted")) == 3
