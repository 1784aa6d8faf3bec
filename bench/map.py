"""The page Map: how long a map takes to make, to come, to select in, and what is sent.

The projection is measured in a process of its own, on made vectors in clusters: one from the
beginning, and a second one of vectors that moved a little (cosine 0.95), from the first one's
points and, beside it, from the beginning again. The page is measured in a real browser with
software drawing (so what a graphics card does is not in it): made maps of 300,000 and 1,000,000
points, page to first picture on a warm server, a lasso of a tenth of the points until its list is
there, and every byte that the browser received. Beside it, how long those take who came later.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from bench.explorer import HERE, chromium, explorer
from bench.stage import fresh_platform
from embeddings.answers.maps.projection import placed
from embeddings.answers.maps.since import AT_ONCE
from embeddings.answers.maps.stored import StoredMap, frame_of, save
from kg_platform.platform import Platform

POINTS, MORE, SELECTED = 300_000, 1_000_000, 0.1
DIMENSION, CLUSTERS, NOISE = 256, 40, 0.5
PROJECTION = """
import json, sys, time
import numpy as np
from bench.stage import peak_mib
from embeddings.answers.maps.projection import project
count, dimension, clusters, noise, seed = map(float, sys.argv[1:])
rng = np.random.default_rng(int(seed))
middles = rng.normal(size=(int(clusters), int(dimension)))
of = rng.integers(int(clusters), size=int(count))
vectors = (middles[of] + noise * rng.normal(size=(int(count), int(dimension)))).astype("f4")
begun = time.perf_counter()
project(vectors[:500], "umap")  # libraries and their compiling
ready = time.perf_counter()
first = project(vectors, "umap")
one = time.perf_counter()
length = np.linalg.norm(vectors, axis=1, keepdims=True) / vectors.shape[1] ** 0.5
moved = (vectors + 0.33 * length * rng.normal(size=vectors.shape)).astype("f4")
a, b = (v / np.linalg.norm(v, axis=1, keepdims=True) for v in (vectors, moved))
cosine = float((a * b).sum(1).mean())
del a, b
two = time.perf_counter()
second = project(moved, "umap", first.points)
three = time.perf_counter()
print(json.dumps({
    "by": "umap", "points": int(count), "dimension": int(dimension), "seed": int(seed),
    "to_begin_seconds": round(ready - begun, 1), "first_seconds": round(one - ready, 1),
    "second_seconds": round(three - two, 1), "cosine": round(cosine, 3),
    "second_of_first": round((three - two) / (one - ready), 2),
    "moved_median_p95_max": [round(each, 4) for each in second.moved],
    "peak_mib": round(peak_mib()),
}))
"""


def run(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    numbers = [options.map_points, DIMENSION, CLUSTERS, NOISE, options.seeds[0]]
    child = [sys.executable, "-c", PROJECTION, *map(str, numbers)]
    yield {"what": "projection", **json.loads(subprocess.check_output(child))}
    yield arriving(options.map_points, options.seeds[0])
    with fresh_platform() as platform:
        make_map(platform, "20260101-000000-0001", MORE)
        make_map(platform, "20260102-000000-0002", POINTS)
        platform.graph.write_rows(
            "UNWIND $rows AS row CREATE (n:Entity:Thing {id: row.id, label: row.id})",
            [{"id": f"E{i}"} for i in range(POINTS)],
            batch_rows=20_000,
        )
        yield from in_a_browser(platform, options.repeats)


def arriving(count: int, seed: int) -> dict[str, Any]:
    """Entities that came later, as many as are placed at a time, amid those of the run."""
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(count + AT_ONCE, DIMENSION)).astype("f4")
    points = rng.normal(size=(len(vectors), 2)).astype("f4")
    begun = time.perf_counter()
    placed(vectors, points, np.arange(len(vectors)) < count)
    took = round(time.perf_counter() - begun, 2)
    return {"what": "arriving", "points": count, "placed": AT_ONCE, "seconds": took}


def make_map(platform: Platform, run_id: str, count: int) -> None:
    """A made map: the first tenth of its points lies on the left, away from the others."""
    folder = platform.settings.artifacts_dir / run_id
    folder.mkdir(parents=True)
    (folder / "entities.jsonl").write_text("".join(f'"E{i}"\n' for i in range(count)))
    about = {"format": 2, "files": {}, "entities": count, "vectors": {}}
    (folder / "manifest.json").write_text(json.dumps(about))
    rng = np.random.default_rng(0)
    middles = rng.uniform(-1, 1, size=(CLUSTERS, 2)) * [3, 5] + [4, 0]
    of = rng.integers(CLUSTERS, size=count).astype(np.int16)
    points = (middles[of] + 0.3 * rng.normal(size=(count, 2))).astype("f4")
    left = int(count * SELECTED)
    points[:left] = rng.normal(size=(left, 2)) * 0.4 + [-6, 0]
    save(
        folder,
        StoredMap(
            run_id,
            "embedding",
            points,
            np.arange(count, dtype=np.int32),
            {"cluster": of, "type": (of % 8).astype(np.int16), "source": np.zeros(count, "i2")},
            {},
            {
                "cluster": [f"words {i}" for i in range(CLUSTERS)],
                "type": [f"Type {i}" for i in range(8)],
                "source": ["made"],
            },
            frame_of(points),
            {"method": "umap", "laid_over": None, "moved": None},
        ),
    )


def in_a_browser(platform: Platform, repeats: int) -> Iterator[dict[str, Any]]:
    from playwright.sync_api import sync_playwright

    del platform
    with (
        tempfile.TemporaryDirectory() as folder,
        explorer(HERE, dict(os.environ), Path(folder) / "ui.log") as (at, _),
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=chromium(),
            args=["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"],
        )
        for run_id, count in (("20260102-000000-0002", POINTS), ("20260101-000000-0001", MORE)):
            page = browser.new_page(viewport={"width": 1280, "height": 1000})
            page.set_default_timeout(60_000)
            wire = Wire()
            page.on("websocket", wire.listen)
            yield one_map(page, f"{at}/map?run={run_id}", count, repeats, wire)
            page.close()
        browser.close()


class Wire:
    """Counts what a browser receives over its websocket."""

    def __init__(self) -> None:
        self.bytes = 0

    def listen(self, socket: Any) -> None:
        socket.on("framereceived", self._count)

    def _count(self, frame: bytes | str) -> None:
        self.bytes += len(frame)


def one_map(page: Any, address: str, count: int, repeats: int, wire: Wire) -> Any:
    first = []
    for _ in range(repeats + 1):  # the first one warms the server up
        wire.bytes = 0
        begun = time.perf_counter()
        page.goto(address)
        page.locator(f".map[data-drawn='{count}']").wait_for()
        first.append(time.perf_counter() - begun)
        page.get_by_test_id("stStatusWidget").wait_for(state="detached")
    page.wait_for_timeout(1_500)
    sent = wire.bytes
    box = page.locator("canvas.above").bounding_box()
    x, y, wide, high = (box[name] for name in ("x", "y", "width", "height"))
    page.get_by_role("button", name="Select with a lasso").click()
    took, rerun = [], 0
    for at in range(repeats + 1):  # the first one of a visit is said apart
        if at:
            wire.bytes = 0
            page.get_by_role("button", name="End the selection").click()
            page.get_by_text("Draw a lasso").wait_for()
            page.wait_for_timeout(1_500)
            rerun = wire.bytes  # the page without a selection once more
        wire.bytes = 0
        # around the left tenth, beside the tools
        corners = [(0.1, 0.1), (0.3, 0.1), (0.3, 0.9), (0.1, 0.9)]
        page.mouse.move(x + wide * corners[0][0], y + high * corners[0][1])
        page.mouse.down()
        for across, down in corners[1:]:
            page.mouse.move(x + wide * across, y + high * down, steps=4)
        begun = time.perf_counter()
        page.mouse.up()
        page.get_by_role("list", name="What is selected").wait_for()
        took.append(time.perf_counter() - begun)
    page.wait_for_timeout(1_500)
    again = wire.bytes
    selected = page.locator(".status").inner_text()
    page.get_by_role("button", name="Move the map").click()
    begun = time.perf_counter()
    page.mouse.click(x + wide * 0.7, y + high * 0.5)
    page.locator(".tip").wait_for()
    picked = time.perf_counter() - begun
    return {
        "what": "page",
        "points": count,
        "drawn_by": page.locator(".map").get_attribute("data-renderer"),
        "first_picture_seconds": round(statistics.median(first[1:]), 2),
        "first_picture_cold_seconds": round(first[0], 2),
        "received_bytes": sent,
        "lasso_to_list_seconds": round(statistics.median(took[1:]), 2),
        "first_lasso_to_list_seconds": round(took[0], 2),
        "lasso_received_bytes": again,
        "rerun_received_bytes": rerun,
        "click_to_tip_seconds": round(picked, 2),
        "status": selected,
        "repeats": repeats,
    }
