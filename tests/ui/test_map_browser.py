"""The map in a real browser: drawn, pointed at, selected in by mouse and by keyboard."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect, sync_playwright

from kg_platform.platform import Platform
from tests.support.maps_by_hand import add_map, arrive
from tests.ui.conftest import FLAGS, HOSTILE, browser_path

IDS = [*(f"C{i:02d}" for i in range(24)), "hostile", "nobody-knows"]
SOFTWARE = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader"]


@pytest.fixture(autouse=True)
def maps(world: Platform) -> Iterator[None]:
    """Two runs; in the live one the ring of points is turned by a little, who is not in the graph
    is not on its map, and one that came later is."""
    folder = world.settings.artifacts_dir
    angle = 2 * np.pi * np.arange(len(IDS)) / len(IDS)
    numbers = np.zeros((len(IDS), 8), "f4")
    numbers[:, 0], numbers[:, 1] = np.cos(angle), np.sin(angle)
    arrive(world.graph, "lang-0", numbers[19])
    add_map(
        folder, IDS, names=("alpha, beta", HOSTILE), types=("Country", HOSTILE), numbers=numbers
    )
    add_map(folder, IDS, run="run-0", turned=0.3)
    yield
    shutil.rmtree(folder)


def place(canvas: Locator, across: float, down: float) -> tuple[float, float]:
    box = canvas.bounding_box()
    assert box
    return box["x"] + box["width"] * across, box["y"] + box["height"] * down


def around(page: Page, canvas: Locator, *corners: tuple[float, float]) -> None:
    page.mouse.move(*place(canvas, *corners[0]))
    page.mouse.down()
    for corner in corners[1:]:
        page.mouse.move(*place(canvas, *corner), steps=3)
    page.mouse.up()


def test_a_person_looks_at_a_map(page: Page, address: str) -> None:
    page.goto(f"{address}/map?colour=cluster")
    shown = page.locator(".map[data-drawn='26']")
    expect(shown).to_have_attribute("data-renderer", "canvas")
    expect(page.get_by_text("No graphics acceleration (WebGL) here")).to_be_visible()

    # By keyboard: a cluster of the legend is selected, its kind hidden, the selection ended.
    entry = page.get_by_role("button", name="alpha, beta", exact=False).first
    entry.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("26 points · 13 selected")).to_be_visible()
    expect(page).to_have_url(re.compile("cluster=0"))
    expect(entry).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Hide: alpha, beta")).to_have_attribute(
        "aria-pressed", "true"
    )
    page.keyboard.press("Space")
    canvas = page.locator("canvas.above")
    canvas.focus()
    for key in ("+", "ArrowLeft", "-", "0", "Escape"):
        page.keyboard.press(key)
    expect(page).not_to_have_url(re.compile("cluster="))

    # A lasso around the right half: a table of it, and an address that gives it again.
    page.get_by_role("button", name="Select with a lasso").click()
    around(page, canvas, (0.55, 0.02), (0.99, 0.02), (0.99, 0.98), (0.55, 0.98))
    expect(page.locator(".status")).to_contain_text("selected")
    expect(page).to_have_url(re.compile("lasso=[0-9a-f]{24}"))
    expect(page.get_by_role("list", name="What is selected")).to_be_visible()
    count = page.locator(".status").inner_text()
    page.reload()
    expect(page.locator(".status")).to_have_text(count)

    # Few points in view have names; text of the graph stays text.
    page.get_by_role("button", name="End the selection").click()
    point = place(canvas, 0.5, 0.5)
    page.mouse.move(*point)
    page.get_by_role("button", name="Select what is in view").click()
    expect(page.get_by_text("26 points · 26 selected")).to_be_visible()
    expect(page.get_by_text(HOSTILE).first).to_be_attached()

    # The other run, with arrows from this one.
    page.goto(f"{address}/map?run=run-0&from=run-1")
    expect(page.locator(".map[data-drawn='26']")).to_be_visible()


def test_a_graphics_card_that_gives_up(address: str) -> None:
    path = browser_path()
    if path is None:
        pytest.skip("no chromium here")
    with sync_playwright() as playwright:
        flags = [flag for flag in FLAGS if flag != "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=path, args=[*flags, *SOFTWARE])
        page = browser.new_page(viewport={"width": 390, "height": 844})
        page.set_default_timeout(300_000)
        page.add_init_script("globalThis.KG_MAP_SOFTWARE_GL = true")
        page.goto(f"{address}/map")
        shown = page.locator(".map[data-drawn='26']")
        expect(shown).to_have_attribute("data-renderer", "webgl2")
        # It comes back: drawn again. It stays away: a plain canvas.
        points = page.locator("canvas.points")
        lose = "c => (globalThis.x = c.getContext('webgl2').getExtension('WEBGL_lose_context'), "
        points.evaluate(lose + "x.loseContext())")
        expect(page.get_by_text("The graphics card gave the picture up")).to_be_visible()
        points.evaluate("() => globalThis.x.restoreContext()")
        expect(page.locator(".said")).to_be_hidden()
        expect(shown).to_have_attribute("data-renderer", "webgl2")
        points.evaluate(lose + "x.loseContext())")
        expect(shown).to_have_attribute("data-renderer", "canvas")
        browser.close()
