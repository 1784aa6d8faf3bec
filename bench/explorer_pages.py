"""How soon a page of the explorer is of use, beside an earlier version on the same graph.

    git worktree add /tmp/earlier 33a2dc9
    python -m bench.explorer_pages --other /tmp/earlier

It makes a graph of drawn entities and relations in a Neo4j of its own, starts `kg ui` of this tree
and of the other, and opens pages of both in chromium, one side after the other: from the click on a
link to the first thing that is of use there, after the first page of the visit. Then `--people`
visits go on at once on this side alone (`visitors.py`, without browsers): the 95th percentile of a
whole page, and the server's memory.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bench.explorer import FLAGS, HERE, chromium, explorer, resident
from bench.visitors import together

TYPES, RELATIONS, DIMENSION, SEED = 20, 15, 32, 0
# What is of use on a page: in this tree, and in one that had metrics and grids.
USEFUL = {
    "Overview": ".kg-figures, [data-testid=stMetric]",
    "Browse": "ul.rows a, [data-testid=stDataFrame]",
    "Entity": "h1.kg-title",
}
MAKE = """
UNWIND $rows AS row
CREATE (n:Entity:$(row.type) {id: row.id, label: row.label, description: row.text, source: 'bench'})
SET n.embedding_run = 'bench'
WITH n, row CALL db.create.setNodeVectorProperty(n, 'embedding', row.vector)
"""
CONNECT = """
UNWIND $rows AS row MATCH (a:Entity {id: row.a}) MATCH (b:Entity {id: row.b})
CREATE (a)-[:$(row.type) {source: 'bench'}]->(b)
"""


def make(entities: int, relations: int) -> None:
    """Drawn entities; the first is at one end of a tenth of all relations."""
    from embeddings.publish.vector_indexes import create_and_wait
    from kg_platform.cypher.statement import Statement
    from kg_platform.platform import Platform
    from kg_platform.settings import load

    draw = np.random.default_rng(SEED)
    with Platform.open(load()) as platform:
        graph = platform.graph
        words = [f"word{i}" for i in range(2_000)]

        def rows() -> Iterator[dict[str, object]]:
            for i in range(entities):
                some = draw.integers(0, len(words), 12)
                vector = draw.normal(size=(1, DIMENSION)).astype(np.float32)
                yield {
                    "id": f"E{i:06d}",
                    "type": f"Type{int(draw.integers(0, TYPES))}",
                    "label": f"{words[some[0]]} {words[some[1]]} {i}".title(),
                    "text": " ".join(words[w] for w in some),
                    "vector": graph.vectors(vector)[0],
                }

        def ends() -> Iterator[dict[str, object]]:
            for _ in range(relations):
                a, b = draw.integers(0, entities, 2)
                a = 0 if draw.random() < 0.1 else a
                kind = f"REL_{int(draw.integers(0, RELATIONS))}"
                yield {"a": f"E{a:06d}", "b": f"E{b:06d}", "type": kind}

        graph.write_rows(MAKE, rows(), batch_rows=2_000)
        graph.write_rows(CONNECT, ends(), batch_rows=5_000)
        create_and_wait(graph, {"embedding": DIMENSION}, lambda *_: None)
        run = {"model": "none", "dimension": DIMENSION, "published_at": "2026-01-01T00:00:00Z"}
        text = "MERGE (r:EmbeddingRun {id: 'bench'}) SET r += $run, r.current = true"
        graph.write(Statement(text, {"run": run}))


def visit(page: object, name: str) -> float:
    """Seconds from the click to what is of use; the entity is the first that the overview names."""
    from playwright.sync_api import Page

    assert isinstance(page, Page)
    if name == "Entity":
        page.get_by_role("link", name="Overview", exact=True).first.click()
        link = page.locator("ul.chips a").first
        link.wait_for()
    else:
        link = page.get_by_role("link", name=name, exact=True).first
    begun = time.perf_counter()
    link.click()
    if name != "Entity":
        heading = page.get_by_role("heading", name=name, exact=True)
        heading.wait_for()
    page.locator(USEFUL[name]).first.wait_for()
    return time.perf_counter() - begun


def measure(
    addresses: dict[str, str], rounds: int, pause: float
) -> dict[tuple[str, str], list[float]]:
    from playwright.sync_api import sync_playwright

    found: dict[tuple[str, str], list[float]] = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        pages = {}
        for side, address in addresses.items():
            pages[side] = browser.new_page()
            pages[side].set_default_timeout(120_000)
            pages[side].goto(f"{address}/query")
            pages[side].get_by_role("heading", name="Query", exact=True).wait_for()
        for number in range(rounds + 1):
            for name in USEFUL:
                for side, page in pages.items():
                    page.get_by_role("link", name="Query", exact=True).first.click()
                    page.get_by_role("heading", name="Query", exact=True).wait_for()
                    seconds = visit(page, name)
                    if number:  # the first round warms the server up
                        found.setdefault((side, name), []).append(seconds)
            time.sleep(pause)
        browser.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--entities", type=int, default=100_000)
    parser.add_argument("--relations", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pause", type=float, default=11, help="seconds between rounds")
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--clicks", type=int, default=9)
    parser.add_argument(
        "--think", type=float, nargs="+", default=[5.0, 0.0], help="seconds between two clicks"
    )
    parser.add_argument("--other", type=Path, help="a checkout of an earlier version")
    parser.add_argument("--home", type=Path, help="a KG_HOME that an earlier call has made")
    given = parser.parse_args()
    home = given.home or Path(tempfile.mkdtemp(prefix="bench-pages-"))
    environment = {**os.environ, "KG_HOME": str(home)}
    os.environ["KG_HOME"] = str(home)
    print(f"{vars(given)}, seed {SEED}, load {os.getloadavg()[0]:.1f}, KG_HOME {home}")
    if not (home / "made").exists():
        begun = time.perf_counter()
        make(given.entities, given.relations)
        (home / "made").touch()
        print(f"made in {time.perf_counter() - begun:.0f} s")
    with explorer(HERE, environment, home / "ours.log") as (ours, pid):
        if given.other:
            with explorer(given.other.resolve(), environment, home / "other.log") as (other, _):
                found = measure({"now": ours, "earlier": other}, given.rounds, given.pause)
        else:
            found = measure({"now": ours}, given.rounds, given.pause)
        for name in USEFUL:
            now = statistics.median(found["now", name])
            line = f"{name}: {now:.2f} s"
            if ("earlier", name) in found:
                before = statistics.median(found["earlier", name])
                line += f", earlier {before:.2f} s, ratio {now / before:.2f}"
            print(f"{line}, load {os.getloadavg()[0]:.1f}")
        if given.people:
            ids = [f"E{number:06d}" for number in range(1, given.entities)]
            for think in given.think:
                found, failed = together(ours, given.people, given.clicks, ids, think)
                p50, p95 = np.percentile(found, [50, 95])
                print(
                    f"{given.people} people, {think:g} s between two clicks: whole pages, median "
                    f"{p50:.2f} s, p95 {p95:.2f} s of {len(found)}, {failed} failed, "
                    f"{resident(pid):.2f} GiB, load {os.getloadavg()[0]:.1f}"
                )


if __name__ == "__main__":
    main()
