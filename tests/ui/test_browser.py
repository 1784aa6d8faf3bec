"""The explorer as a person meets it: `kg ui`, a real browser, every page."""

from __future__ import annotations

import re
import socket
from urllib.parse import urlsplit

from playwright.sync_api import Page, expect

from tests.ui.conftest import HOSTILE

PAGES = ("Overview", "Browse", "Entity", "Graph", "Query", "Similar", "Review", "Runs")


def test_a_person_looks_around(page: Page, address: str) -> None:
    page.goto(address)
    for name in PAGES:
        page.get_by_role("link", name=name, exact=True).click()
        expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()
        expect(page.locator(".kg-alert[role=alert]")).to_have_count(0)

    # From a list to an entity.
    page.get_by_role("link", name="Browse", exact=True).click()
    page.get_by_placeholder("A name, an id").fill("Country 7")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("browse_q=Country"))
    first = page.locator("ul.rows a").first
    expect(first).to_have_attribute("title", "Country 7")
    first.click()
    expect(page).to_have_url(f"{address}/entity?id=C07")
    expect(page.get_by_role("heading", name="Country 7", exact=True)).to_be_visible()

    # From an entity to a neighbour, and back.
    page.get_by_role("link", name="Language 1").click()
    expect(page).to_have_url(f"{address}/entity?id=lang-1")
    expect(page.get_by_role("heading", name="Language 1", exact=True)).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="Country 7", exact=True)).to_be_visible()
    expect(page).to_have_url(f"{address}/entity?id=C07")


def test_hostile_text_stays_text(page: Page, address: str) -> None:
    page.goto(f"{address}/entity?id=hostile")
    expect(page.get_by_role("heading", name=HOSTILE, exact=True)).to_be_visible()
    expect(page.get_by_title("Country 1", exact=True).first).to_be_visible()
    page.goto(f"{address}/entity?id=C01")
    expect(page.get_by_title(HOSTILE).first).to_be_visible()
    page.get_by_role("link", name="Browse", exact=True).click()
    page.get_by_text("Gallery").click()
    expect(page.locator("ul.cards").get_by_title(HOSTILE)).to_be_visible()
    # Icons and logo are SVG or fonts of the page; nothing of the text became a picture.
    # Asked for at once: the page before may still be on its way out.
    for source in page.locator("img").evaluate_all("all => all.map(one => one.src)"):
        assert source.startswith(("data:", "http://127.0.0.1"))


def test_another_name_for_this_machine_is_refused(address: str) -> None:
    """DNS rebinding: a page elsewhere whose name leads here must not get a session."""
    host, port = urlsplit(address).hostname, urlsplit(address).port
    assert host
    assert port
    for name, status in ((f"{host}:{port}", b" 101 "), (f"evil.example:{port}", b" 403 ")):
        with socket.create_connection((host, port), timeout=300) as connection:
            connection.sendall(
                f"GET /_stcore/stream HTTP/1.1\r\nHost: {name}\r\nUpgrade: websocket\r\n"
                "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
            )
            assert status in connection.recv(1000).split(b"\r\n")[0] + b" "


def test_a_reader_of_chinese(page: Page, address: str) -> None:
    page.goto(f"{address}/browse?lang=zh")
    expect(page.get_by_role("link", name="浏览", exact=True)).to_be_visible()
    # The choice goes on to the next page, and can be taken back.
    page.get_by_role("link", name="总览", exact=True).click()
    expect(page.get_by_role("heading", name="总览", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="浏览", exact=True)).to_be_visible()
    page.get_by_role("combobox", name="Language").click()
    page.get_by_role("option", name="English").click()
    expect(page.get_by_role("link", name="Browse", exact=True)).to_be_visible()
