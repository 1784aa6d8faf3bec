"""A small world in the real database for the explorer, with text that tries to be markup in it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
import streamlit as st
from playwright.sync_api import Page, expect, sync_playwright
from streamlit import config
from streamlit.testing.v1 import AppTest

import ui
from kg_platform.graph.client import Connection, Graph
from kg_platform.ledger.review_rows import Candidate
from kg_platform.platform import Platform
from kg_platform.settings import load
from tests.support.kept_world import KeptWorld
from tests.support.servers import Servers
from tests.support.vectors_by_hand import add_vectors
from tests.support.worlds import write_world

APP = Path(ui.__file__).with_name("app.py")
HOSTILE = (
    "<script>alert(1)</script> ![x](http://outside.example/x.png) :red[red] $x^2$ :material/home: "
    "<img src=http://outside.example/y.png> [a](http://outside.example) `c` **b** :smile: "
    "www.outside.example"
)

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# On a deep link Streamlit first looks for its server below the page's own address.
PROBED = re.compile(r"/\w+/_stcore/(health|host-config)$")

Open = Callable[..., AppTest]

# A machine that is busy with other tests needs its time.
expect.set_options(timeout=300_000)
# As `kg ui` has it (`ui/serve.py`): 0.2 s a run of a page.
config.set_option("runner.postScriptGC", False)


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    """No platform, reading or thumbnail of an earlier test."""
    st.cache_resource.clear()
    st.cache_data.clear()
    yield
    st.cache_resource.clear()
    st.cache_data.clear()


@pytest.fixture(scope="session")
def kept_world(tmp_path_factory: pytest.TempPathFactory) -> KeptWorld:
    return KeptWorld(tmp_path_factory.mktemp("kept") / "home")


@pytest.fixture
def world(
    kept_world: KeptWorld,
    neo4j_environment: Connection,
    servers: Servers,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Platform]:
    """The small world, ingested, with hostile texts and vectors on its countries."""
    monkeypatch.setenv("KG_HOME", str(kept_world.home))
    with Graph(neo4j_environment) as graph:
        if not kept_world.stands(graph):
            shutil.rmtree(kept_world.home, ignore_errors=True)
            servers.schema(neo4j_environment).restore(graph)
            with Platform.open(load()) as platform:
                make(platform)
            kept_world.note(graph)
    with Platform.open(load()) as platform:
        yield platform


def make(platform: Platform) -> None:
    from ingest.loading.load import ingest

    folder = write_world(platform.settings.home.with_name("world"))
    with (folder / "entities.jsonl").open("a", encoding="utf-8") as file:
        row = {
            "id": "hostile",
            "type": HOSTILE,
            "label": HOSTILE,
            "description": HOSTILE,
            "aliases": [HOSTILE],
            "motto": HOSTILE,
        }
        file.write(json.dumps(row) + "\n")
    with (folder / "triples.tsv").open("a", encoding="utf-8") as file:
        file.write(f"hostile\t{HOSTILE}\tC01\nhostile\tBORDERS\tnobody\n")
    ingest(platform, folder)
    add_vectors(platform, [*(f"C{i:02d}" for i in range(24)), "hostile"])
    platform.ledger.reviews.propose("run-1", proposals())


def proposals() -> list[Candidate]:
    """Two facts, one of them in hostile words, and two that may be one."""
    alike = {"id": "hostile", "label": HOSTILE, "cosine": 0.5}
    path = {
        "nodes": [{"id": "hostile", "label": HOSTILE}, {"id": "C01", "label": "Country 1"}],
        "steps": [{"type": HOSTILE, "from": "hostile"}],
    }
    said = {
        "head_label": HOSTILE,
        "tail_label": HOSTILE,
        "sentence": HOSTILE,
        "paths": [path],
        "similar_heads": [alike],
        "similar_tails": [alike],
    }
    labels = {"head_label": "Country 1", "tail_label": "Country 4"}
    grounds = {"grounds": [["names", "0.91"], [HOSTILE, HOSTILE]]}
    why = {"sentence": "The text moved this prediction most."}
    return [
        Candidate("link", "C01", "LANGUAGE", "lang-0", 0.97, 5.0, labels | why),
        Candidate("link", "hostile", HOSTILE, "C01", 0.93, 4.0, said),
        Candidate("duplicate", "C01", "", "C04", None, 0.8, labels | grounds),
    ]


@pytest.fixture
def explorer() -> Open:
    """Open a page of the explorer without a browser, as `explorer("entity", id="C01")`."""

    def open_page(page: str = "overview", **query: str) -> AppTest:
        app = AppTest.from_file(str(APP), default_timeout=300)
        if page == "overview":
            return app.run()
        app.run()
        app.switch_page(f"views/{page}.py")
        for name, value in query.items():
            app.query_params[name] = value
        return app.run()

    return open_page


def browser_path() -> str | None:
    """Debian's chromium, or the browser that CHROMIUM names."""
    return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")


@pytest.fixture
def address(world: Platform, tmp_path: Path) -> Iterator[str]:
    """`kg ui` running on a free port, which it was told is taken; stopped by Ctrl-C."""
    with taken_port() as port, (tmp_path / "ui.log").open("w+") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "kg_platform.cli.main", "ui", "--no-browser", "--port", port],
            stderr=log,
            stdout=log,
        )
        try:
            yield when_it_answers(process, tmp_path / "ui.log")
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=300) == 0
        finally:
            process.kill()
            process.wait()
        log.seek(0)
        said = log.read()
    assert f"Port {port} is taken" in said
    assert "Traceback" not in said


@contextmanager
def taken_port() -> Iterator[str]:
    """A port somebody listens on."""
    with _bound() as taken:
        taken.listen()
        yield str(taken.getsockname()[1])


def own_port() -> str:
    """A free port that nothing else takes before it is used."""
    with _bound() as free:
        return str(free.getsockname()[1])


def _bound() -> socket.socket:
    """Below the ports that Neo4j and outgoing connections get; each worker has a hundred."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first = 12_000 + 100 * (worker % 50)
    for port in range(first, first + 100):
        found = socket.socket()
        try:
            found.bind(("127.0.0.1", port))
        except OSError:
            found.close()
        else:
            return found
    raise AssertionError(f"no port from {first} to {first + 99} is free")


def when_it_answers(process: subprocess.Popen[bytes], log: Path) -> str:
    """The address `kg ui` prints, once it answers there."""
    while process.poll() is None:
        told = re.search(r"Explorer: (\S+)", log.read_text())
        with suppress(httpx2.TransportError):
            if told and httpx2.get(f"{told[1]}/_stcore/health", trust_env=False).text == "ok":
                return told[1]
        time.sleep(0.1)
    raise AssertionError(f"kg ui ended: {log.read_text()}")


@pytest.fixture
def page(address: str) -> Iterator[Page]:
    """A page that fails the test on a console error or a request to another host."""
    path = browser_path()
    if path is None:
        pytest.skip("no chromium here; `apt-get install chromium`, or name one in CHROMIUM")
    wrong: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        opened = browser.new_page(viewport={"width": 1360, "height": 900})
        opened.set_default_timeout(300_000)
        opened.on("pageerror", lambda error: wrong.append(str(error)))
        opened.on(
            "console",
            lambda said: (
                wrong.append(f"{said.text} {said.location.get('url')}")
                if said.type == "error" and not PROBED.search(said.location.get("url", ""))
                else None
            ),
        )
        opened.on(
            "request",
            lambda asked: (
                wrong.append(asked.url)
                if urlsplit(asked.url).hostname not in (None, "127.0.0.1")
                else None
            ),
        )
        yield opened
        browser.close()
    assert wrong == []
