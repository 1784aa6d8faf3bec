"""The page Similar: how soon an answer is there, by an entity and by a text.

    KG_HOME=... python -m bench.similar_page [--questions 12]

On a platform that is published, as `kg demo` leaves one. By entity: from the question until the
whole page has come, over a connection as a browser has it (`visitors.py`). By text: in chromium,
from Enter until the page shows the answer. Every question is one that was not asked before; the
first of each kind, which loads what it takes, stands apart.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

import numpy as np

from bench.explorer import FLAGS, HERE, chromium, explorer
from bench.visitors import Visit
from kg_platform import connect
from kg_platform.cypher.statement import Statement

SEED = 0
SOME = "MATCH (n:Entity) WHERE n.text_embedding IS NOT NULL RETURN n.id AS id, n.label AS label"


def by_entity(address: str, ids: list[str]) -> list[float]:
    visit = Visit(address)
    visit.page("similar")
    found = []
    for one in ids:
        seconds, well = visit.page("similar", id=one)
        assert well, one
        found.append(seconds)
    visit.close()
    return found


def by_text(address: str, texts: list[str]) -> list[float]:
    from playwright.sync_api import sync_playwright

    found = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        page = browser.new_page()
        page.set_default_timeout(60_000)
        page.goto(f"{address}/similar?similar_text=anything")
        answer = page.locator(".st-key-similar_found ol, .st-key-similar_found ul").first
        answer.wait_for()
        for text in texts:
            before = answer.inner_text()
            box = page.get_by_label("Like a text")
            box.fill(text)
            begun = time.perf_counter()
            box.press("Enter")
            while answer.inner_text() == before:
                time.sleep(0.005)
            found.append(time.perf_counter() - begun)
        browser.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--questions", type=int, default=12)
    given = parser.parse_args()
    random = np.random.default_rng(SEED)
    with connect() as kg:
        rows = list(kg.graph.read(Statement(SOME)))
    chosen = [rows[i] for i in random.permutation(len(rows))[: given.questions + 1].tolist()]
    with (
        tempfile.TemporaryDirectory() as folder,
        explorer(HERE, dict(os.environ), Path(folder) / "ui.log") as (address, _),
    ):
        kinds = {
            "entity": by_entity(address, [row["id"] for row in chosen]),
            "text": by_text(address, [f"{row['label']} and the like" for row in chosen]),
        }
    print(f"{len(rows):,} entities with texts, seed {SEED}, load {os.getloadavg()[0]:.1f}")
    for name, seconds in kinds.items():
        p50, p95 = np.percentile(seconds[1:], [50, 95])
        print(f"by {name}: first {seconds[0]:.2f} s, then p50 {p50:.2f} s, p95 {p95:.2f} s")


if __name__ == "__main__":
    main()
