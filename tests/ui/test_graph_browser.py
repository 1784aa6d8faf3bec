"""The drawn graph in a real browser: by mouse, by keyboard, and what it saves."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

from playwright.sync_api import Page, expect

from kg_platform.browse import entities
from kg_platform.platform import Platform
from tests.ui.conftest import HOSTILE


def save(page: Page, kind: str) -> bytes:
    with page.expect_download() as download:
        page.get_by_role("button", name=kind, exact=True).click()
    return Path(download.value.path()).read_bytes()


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def test_a_person_works_in_the_graph(page: Page, address: str, world: Platform) -> None:
    page.goto(f"{address}/graph?with=C01")
    drawn = page.locator("[data-drawn='1'] .canvas")
    expect(drawn).to_be_visible()
    # The only one stands in the middle; by mouse it is selected, and twice expanded.
    chosen = page.locator(".chosen .name")
    drawn.click()
    expect(chosen).to_have_text("Country 1")
    drawn.dblclick()
    expect(page).to_have_url(f"{address}/graph?id=C01")

    # By keyboard, in the list of what is drawn.
    page.get_by_role("searchbox", name="Search in what is drawn").fill("country 4")
    expect(page.locator(".drawn").get_by_title("Country 4", exact=True)).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(chosen).to_have_text("Country 4")
    for name, query in (
        ("Expand", "id=C01&id=C04"),
        ("Pin", "id=C01&id=C04&pin=C04"),
        ("Hide", "id=C01&without=C04"),
        ("Undo", "id=C01&id=C04&pin=C04"),
        ("Undo", "id=C01&id=C04"),
    ):
        press(page, name)
        expect(page).to_have_url(f"{address}/graph?{query}")

    # A proposed link is accepted, in the name of who is here.
    page.get_by_role("button", name=re.compile("Country 1 → LANGUAGE → Language 0")).first.click()
    press(page, "Accept")
    expect(page.get_by_text("Accepted: it is in the graph now.")).to_be_visible()
    facts = entities.neighbours(world.graph, "C01", "LANGUAGE", outgoing=True)
    [fact] = [fact for fact in facts if fact.entity.id == "lang-0"]
    assert fact.properties["accepted_by"]
    expect(page.locator(".dash")).to_have_count(0)

    # Review takes it back, as what was decided last.
    page.get_by_role("link", name="Review", exact=True).click()
    page.locator("ol.rows li").first.get_by_role("button").focus()
    page.keyboard.press("u")
    expect(page.get_by_text("is undecided.")).to_be_visible()
    facts = entities.neighbours(world.graph, "C01", "LANGUAGE", outgoing=True)
    assert "lang-0" not in {fact.entity.id for fact in facts}


def test_hostile_text_is_drawn_and_saved_as_text(page: Page, address: str) -> None:
    page.goto(f"{address}/graph?id=hostile&lang=zh")
    expect(page.locator("[data-drawn]")).to_be_visible()
    page.locator(".drawn").get_by_role("button", name=HOSTILE[:40]).first.click()
    expect(page.locator(".chosen .name")).to_have_text(HOSTILE)
    expect(page.get_by_role("button", name="展开", exact=True).or_(
        page.get_by_role("button", name="收起", exact=True)
    )).to_be_visible()  # fmt: skip
    said = json.loads(save(page, "JSON"))
    assert HOSTILE in {node["label"] for node in said["nodes"]}
    assert {(edge["head"], edge["tail"]) for edge in said["edges"]} >= {("hostile", "C01")}
    picture = ElementTree.fromstring(save(page, "SVG"))
    assert {one.tag.rpartition("}")[2] for one in picture.iter()} <= {
        "svg", "rect", "path", "polygon", "circle", "clipPath", "image", "text"
    }  # fmt: skip
    assert any((one.text or "").startswith("<script>") for one in picture.iter())
    assert save(page, "PNG").startswith(b"\x89PNG")
