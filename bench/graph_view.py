"""The graph page in a real browser: from a click on Expand to the picture, and how smooth it moves.

A made graph of 100,000 entities and 1,000,000 relations has centres with so many neighbours, these
with facts between each other, and a hub that everything is in. Beside it, in the same run: the same
neighbours as the entity page lists them.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from bench.explorer import HERE, explorer
from bench.stage import fresh_platform
from kg_platform.browse.neighbourhood import neighbourhood
from kg_platform.cypher.statement import Statement
from kg_platform.graph.client import Graph

ENTITIES, RELATIONS = 100_000, 1_000_000
# name -> centres that are expanded together, neighbours of each
SIZES = {"300": (1, 299), "1000": (1, 999), "5000": (5, 999)}
SEED = 0
FRAMES = """() => { window.frames_ = []; let last = performance.now();
const tick = (now) => { window.frames_.push(now - last); last = now; requestAnimationFrame(tick) };
requestAnimationFrame(tick) }"""


def run(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    entities = min(options.entities, ENTITIES)
    relations = min(options.triples, RELATIONS)
    repeats = options.repeats
    browser = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if browser is None:
        yield {"skipped": "needs chromium"}
        return
    yield {"entities": entities, "relations": relations, "repeats": repeats, "seed": SEED}
    with fresh_platform() as platform:
        begun = time.perf_counter()
        fill(platform.graph, entities, relations, repeats)
        yield {"filled": seconds(begun)}
        yield {"hub of": entities, **hub(platform.graph)}
        with (
            tempfile.TemporaryDirectory() as folder,
            explorer(HERE, dict(os.environ), Path(folder) / "ui.log") as (address, _),
            sync_playwright() as playwright,
        ):
            opened = playwright.chromium.launch(
                executable_path=browser, args=["--no-sandbox", "--disable-gpu"]
            )
            page = opened.new_page(viewport={"width": 1360, "height": 1000})
            page.set_default_timeout(300_000)
            page.goto(address)
            page.get_by_role("heading", name="Overview", exact=True).wait_for()
            page.goto(f"{address}/graph?with=e1")  # the component's files, and the code
            page.wait_for_selector("[data-drawn]")
            for name in SIZES:
                yield {"nodes": int(name), **drawn(page, address, name, repeats)}
            opened.close()


def hub(graph: Graph) -> dict[str, Any]:
    taken = []
    for _ in range(5):
        begun = time.perf_counter()
        found = neighbourhood(graph, ["hub"], limit=300)
        taken.append(seconds(begun))
    told = found.expanded["hub"]
    return {"shown": told.shown, "of": told.total, "first": taken[0], "then": min(taken[1:])}


def drawn(page: Page, address: str, name: str, repeats: int) -> dict[str, Any]:
    count, neighbours = SIZES[name]
    total = count * (neighbours + 1)
    expand, load, listed = [], [], []
    for each in range(repeats):
        ids = [f"c{name}-{each}-{i}" for i in range(count)]
        page.goto(f"{address}/graph?limit=1000&" + "&".join(f"with={id}" for id in ids))
        page.wait_for_selector(f"[data-drawn='{count}']")
        for id in ids:
            page.locator(".drawn").get_by_role("button", name=id).click(modifiers=["Shift"])
        begun = time.perf_counter()
        page.get_by_role("button", name="Expand", exact=True).click()
        page.wait_for_selector(f"[data-drawn='{total}']")
        expand.append(seconds(begun))
    moved = frames(page)
    time.sleep(11)  # readings are kept for 10 s
    for each in range(repeats):
        ids = [f"c{name}-{each}-{i}" for i in range(count)]
        begun = time.perf_counter()
        page.goto(f"{address}/graph?limit=1000&" + "&".join(f"id={id}" for id in ids))
        page.wait_for_selector(f"[data-drawn='{total}']")
        load.append(seconds(begun))
        begun = time.perf_counter()
        page.goto(f"{address}/entity?id={ids[0]}")
        page.get_by_title("e", exact=False).first.wait_for()
        listed.append(seconds(begun))
    return {
        "click to picture": statistics.median(expand),
        "address to picture": statistics.median(load),
        "entity page, its first 12 of each relation": statistics.median(listed),
        **moved,
    }


def frames(page: Page) -> dict[str, Any]:
    """Milliseconds between frames while the picture is dragged."""
    box = page.locator(".stage").bounding_box()
    assert box is not None
    x, y = box["x"] + 20, box["y"] + 20
    page.mouse.move(x, y)
    page.mouse.down()
    page.evaluate(FRAMES)
    for step in range(60):
        page.mouse.move(x + 4 * step, y + 3 * step)
    found = sorted(page.evaluate("() => window.frames_"))
    page.mouse.up()
    if not found:
        return {}
    return {
        "frame ms, median": round(statistics.median(found), 1),
        "frame ms, p95": round(found[int(0.95 * (len(found) - 1))], 1),
    }


def fill(graph: Graph, entities: int, relations: int, repeats: int) -> None:
    in_parts = "IN 2 CONCURRENT TRANSACTIONS OF 5000 ROWS"
    graph.run_schema(
        f"UNWIND range(0, {entities - 1}) AS i CALL (i) {{ CREATE (n:Entity:$('T' + (i % 12)) "
        f"{{id: 'e' + i, label: 'e' + i + ' of many'}}) }} {in_parts}"
    )
    draw = random.Random(SEED)
    types = ", ".join(f"'R{i}'" for i in range(20))
    per = 500_000
    for start in range(0, relations - entities, per):
        rows = min(per, relations - entities - start)
        a, b = draw.randrange(1, entities, 2), draw.randrange(entities)
        graph.run_schema(
            f"UNWIND range(0, {rows - 1}) AS i CALL (i) {{ WITH i, [{types}][i % 20] AS t "
            f"MATCH (x:Entity {{id: 'e' + ((i * {a}) % {entities})}}) "
            f"MATCH (y:Entity {{id: 'e' + ((i * 7 + i / 3 + {b}) % {entities})}}) "
            f"CREATE (x)-[:$(t)]->(y) }} {in_parts}"
        )
    graph.write(Statement("CREATE (:Entity:Hub {id: 'hub', label: 'hub'})"))
    graph.run_schema(
        f"MATCH (h:Hub) UNWIND range(0, {entities - 1}) AS i CALL (h, i) {{ "
        "MATCH (x:Entity {id: 'e' + i}) CREATE (x)-[:IN]->(h) } IN TRANSACTIONS OF 20000 ROWS"
    )
    for name, (count, neighbours) in SIZES.items():
        for each in range(repeats):
            for i in range(count):
                id = f"c{name}-{each}-{i}"
                rows = [{"id": f"{id}-n{j}", "type": f"T{j % 6}"} for j in range(neighbours)]
                pairs = [draw.sample(range(neighbours), 2) for _ in range(neighbours)]
                lines = [{"a": f"{id}-n{a}", "b": f"{id}-n{b}"} for a, b in pairs]
                graph.write(
                    Statement(
                        "CREATE (c:Entity:Centre {id: $id, label: $id}) WITH c "
                        "UNWIND $rows AS row CREATE (n:Entity:$(row.type) "
                        "{id: row.id, label: 'e of ' + row.id}) CREATE (c)-[:HAS]->(n)",
                        {"id": id, "rows": rows},
                    )
                )
                graph.write(
                    Statement(
                        "UNWIND $rows AS row MATCH (a:Entity {id: row.a}) "
                        "MATCH (b:Entity {id: row.b}) CREATE (a)-[:NEXT]->(b)",
                        {"rows": lines},
                    )
                )


def seconds(begun: float) -> float:
    return round(time.perf_counter() - begun, 3)
