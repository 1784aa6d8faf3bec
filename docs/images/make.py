"""Take the pictures of the explorer that the README shows, light and dark.

    kg demo --no-ui && kg ui --no-browser &
    python docs/images/make.py http://127.0.0.1:8501

Needs a Chromium (`apt-get install chromium`, or name one in CHROMIUM).
"""

from __future__ import annotations

import io
import os
import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

HERE = Path(__file__).parent
WIDTH, HEIGHT = 1280, 860
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


def overview(page: Page, address: str) -> None:
    page.goto(address)


def entity(page: Page, address: str) -> None:
    page.goto(f"{address}/entity?id=NOR")


def query(page: Page, address: str) -> None:
    page.goto(f"{address}/query")
    page.get_by_test_id("stMain").get_by_text("Similar", exact=True).click()
    page.get_by_text("rows in").wait_for()


def graph(page: Page, address: str) -> None:
    page.goto(f"{address}/graph?id=NOR&limit=30")
    page.wait_for_timeout(6_000)  # until it has been laid out


def map(page: Page, address: str) -> None:
    page.goto(f"{address}/map")
    page.wait_for_timeout(4_000)


def why(page: Page, address: str) -> None:
    page.goto(f"{address}/similar?id=NOR&compare=SWE")
    page.wait_for_timeout(8_000)  # reasons are held against random removals


def review(page: Page, address: str) -> None:
    page.goto(f"{address}/review")


SHOTS = (overview, entity, graph, map, why, review, query)


def settle(page: Page) -> None:
    """Wait until the page's script has ended and its pictures and charts are drawn."""
    page.wait_for_timeout(1_000)
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')
    page.wait_for_function("() => !document.querySelector('[data-testid=stSkeleton]')")
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1_500)


def main(address: str) -> None:
    browser_path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=FLAGS)
        for scheme in ("light", "dark"):
            page = browser.new_page(
                viewport={"width": WIDTH, "height": HEIGHT}, color_scheme=scheme
            )
            page.set_default_timeout(60_000)
            for shot in SHOTS:
                shot(page, address.rstrip("/"))
                settle(page)
                save(page.screenshot(), HERE / f"explorer-{shot.__name__}-{scheme}.png")
        browser.close()


def save(png: bytes, path: Path) -> None:
    """In all colours: a palette of 256 shifts those of flags and surfaces visibly."""
    Image.open(io.BytesIO(png)).convert("RGB").save(path, optimize=True)
    print(f"{path.name}: {path.stat().st_size // 1000} kB", flush=True)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8501")
