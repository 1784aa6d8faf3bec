"""How each page of the explorer looks: two sizes, light and dark, two languages; what axe says.

    kg demo --no-ui && kg ui --no-browser &
    python -m bench.looks http://127.0.0.1:8501 --axe axe.min.js

Writes build/looks/PAGE-LANGUAGE-SCHEME-SIZE.png, to be looked at one by one. `--axe`: the file
`axe.min.js` of axe-core (npm), run on each page of the large size; what it finds serious or
critical is printed, and makes the exit status 1.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from bench.explorer import FLAGS, chromium

OUT = Path("build") / "looks"
SIZES = {"large": (1280, 900), "phone": (390, 844)}
# Pages of the demo world; what is asked of a page stands in its address.
PAGES = {
    "overview": "",
    "browse": "browse?browse_q=island",
    "entity": "entity?id=NOR",
    "entity-gone": "entity?id=nobody",
    "graph": "graph?id=NOR&limit=30",
    "map": "map?colour=cluster",
    "query": "query",
    "similar": "similar?id=NOR",
    "why": "similar?id=NOR&compare=SWE",
    "ingest": "ingest",
    "review": "review",
    "runs": "runs",
    "gate": "runs?show=Gate",
    "media": "media",
    "audit": "audit",
}


def looks(address: str, pages: list[str], axe: Path | None) -> Iterator[str]:
    """Picture after picture; gives what axe finds serious, a line a finding."""
    OUT.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        for language, scheme, size in product(("en", "zh"), ("light", "dark"), SIZES):
            page = opened(browser, language, scheme, size)
            for name in pages:
                page.goto(f"{address}/{PAGES[name]}")
                settle(page)
                page.screenshot(path=OUT / f"{name}-{language}-{scheme}-{size}.png")
                if axe and size == "large":
                    page.add_script_tag(path=axe)
                    for found in page.evaluate("axe.run().then((found) => found.violations)"):
                        if found["impact"] in ("serious", "critical"):
                            places = ", ".join(str(one["target"]) for one in found["nodes"][:3])
                            yield f"{name} {language} {scheme}: {found['help']} ({places})"
            page.close()
        browser.close()


def opened(browser: Browser, language: str, scheme: str, size: str) -> Page:
    width, height = SIZES[size]
    page = browser.new_page(
        viewport={"width": width, "height": height},
        color_scheme=scheme,  # type: ignore[arg-type]
        locale={"en": "en-US", "zh": "zh-CN"}[language],
        reduced_motion="reduce",
    )
    page.set_default_timeout(120_000)
    return page


def settle(page: Page) -> None:
    """Until the page has been still for 1.5 s: what Streamlit runs has ended, no words change."""
    page.locator("[data-testid=stMain] >> css=*").first.wait_for()
    last, still = "", 0
    for _ in range(120):
        page.wait_for_timeout(500)
        state = page.get_by_test_id("stApp").get_attribute("data-test-script-state")
        now = f"{state} {page.inner_text('body')}"
        still = still + 1 if now == last and state == "notRunning" else 0
        if still == 3:
            return
        last = now


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("address")
    parser.add_argument("--pages", nargs="+", choices=PAGES, default=list(PAGES))
    parser.add_argument("--axe", type=Path)
    given = parser.parse_args()
    found = 0
    for line in looks(given.address, given.pages, given.axe):
        found += 1
        print(line)
    print(f"{OUT}: pictures of {len(given.pages)} pages; {found} serious findings")
    sys.exit(bool(found))
