"""The editor of the page Query in a real browser: typed in, completed, run by keys, downloaded."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pyarrow.parquet as pq
from playwright.sync_api import Page, expect


def test_a_person_asks(page: Page, address: str) -> None:
    page.goto(f"{address}/query")
    text = page.get_by_role("textbox", name="Cypher")
    text.click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("MATCH (n:Coun")
    page.get_by_role("option", name="Country").click()
    # The bracket is closed already: what is typed goes over it.
    page.keyboard.type(") RETURN n.id AS id, '<b>' AS x ORDER BY id LIMIT 2")
    expect(text).to_have_text("MATCH (n:Country) RETURN n.id AS id, '<b>' AS x ORDER BY id LIMIT 2")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("2 rows in")).to_be_visible()
    got = {}
    for kind in ("CSV", "JSON", "Parquet"):
        with page.expect_download() as download:
            page.get_by_role("button", name=kind, exact=True).click()
        got[kind] = Path(download.value.path()).read_bytes()
    assert got["CSV"].decode().split() == ["id,x", "C00,<b>", "C01,<b>"]
    rows = [{"id": "C00", "x": "<b>"}, {"id": "C01", "x": "<b>"}]
    assert json.loads(got["JSON"]) == rows
    assert pq.read_table(io.BytesIO(got["Parquet"])).to_pylist() == rows

    # What is typed is there after a rerun, and Tab leaves the editor for the button that runs it.
    page.get_by_text("Gallery").click()
    expect(page.get_by_role("link", name="Country 1", exact=False).first).to_be_visible()
    text.click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("PROFILE MATCH (n) RETURN count(n) AS `<i>`")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Run")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("ProduceResults")).to_be_visible()
    expect(page.get_by_text("Database accesses")).to_be_visible()

    text.click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("CREATE (n:Hack) RETURN n")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".kg-alert[role=alert]")).to_be_visible()
    expect(page.get_by_text("ProduceResults")).to_have_count(0)
