"""The page Browse in a real browser, by keyboard alone: facets, pages, back."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect


def test_facets_by_keyboard(page: Page, address: str) -> None:
    page.goto(f"{address}/browse")
    country = page.get_by_role("button", name="Country 24")
    country.focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{address}/browse?browse_type=Country")
    expect(page.get_by_text("1 to 24 of 24")).to_be_visible()
    expect(country).to_have_attribute("aria-pressed", "true")
    expect(country).to_be_focused()
    picture = page.get_by_role("button", name="Picture 16")
    picture.focus()
    page.keyboard.press("Space")
    expect(page.get_by_text("1 to 16 of 16")).to_be_visible()
    page.locator("ul.rows a").first.focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{address}/entity?id=C01")
    expect(page.get_by_role("heading", name="Country 1", exact=True)).to_be_visible()
    page.go_back()  # one step, though the other page has a query of its own
    expect(page).to_have_url(f"{address}/browse?browse_type=Country&browse_has=image")
    expect(page.get_by_text("1 to 16 of 16")).to_be_visible()
    expect(picture).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Clear all").click()
    expect(page).to_have_url(f"{address}/browse")
    expect(page.get_by_text("1 to 30 of 32")).to_be_visible()

    # Of Streamlit's own links too, where the next page has more in its address than the link.
    page.goto(f"{address}/browse?browse_q=country&browse_type=Country")
    expect(page.get_by_text("1 to 24 of 24")).to_be_visible()
    steps = page.evaluate("history.length")
    page.get_by_role("link", name="Media", exact=True).click()
    expect(page).to_have_url(re.compile(r"/media\?show="))
    page.go_back()
    expect(page).to_have_url(f"{address}/browse?browse_q=country&browse_type=Country")
    expect(page.get_by_text("1 to 24 of 24")).to_be_visible()
    assert page.evaluate("history.length") == steps + 1
