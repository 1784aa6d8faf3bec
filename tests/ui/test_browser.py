"""The explorer as a person meets it: `kg ui`, a real browser, every page."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
from playwright.sync_api import Page, expect, sync_playwright

from kg_platform.platform import Platform
from tests.ui.conftest import HOSTILE

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PAGES = ("Overview", "Browse", "Entity", "Query", "Similar", "Review", "Runs")
# On a deep link Streamlit first looks for its server below the page's own address.
PROBED = re.compile(r"/\w+/_stcore/(health|host-config)$")

# A machine that is busy with other tests needs its time.
expect.set_options(timeout=300_000)


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
    """A port somebody listens on. Below those that outgoing connections get, ours among them."""
    for port in range(20_000, 30_000):
        with socket.socket() as taken:
            try:
                taken.bind(("127.0.0.1", port))
            except OSError:
                continue
            taken.listen()
            yield str(port)
            return


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


def test_a_person_looks_around(page: Page, address: str) -> None:
    page.goto(address)
    for name in PAGES:
        page.get_by_role("link", name=name, exact=True).click()
        expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()
        expect(page.locator(".kg-alert[role=alert]")).to_have_count(0)

    # From a list to an entity: the table is drawn on a canvas, so click where its row is.
    page.get_by_role("link", name="Browse", exact=True).click()
    page.get_by_placeholder("A name, an id").fill("Country 7")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("browse_q=Country"))
    table = page.get_by_test_id("stDataFrame")
    expect(table.get_by_test_id("glide-cell-1-0")).to_have_text("Country 7")
    table.click(position={"x": 160, "y": 60})
    expect(page).to_have_url(f"{address}/entity?id=C07")
    expect(page.get_by_role("heading", name="Country 7", exact=True)).to_be_visible()

    # From an entity to a neighbour, and back.
    page.get_by_role("link", name="Language 1").click()
    expect(page).to_have_url(f"{address}/entity?id=lang-1")
    expect(page.get_by_role("heading", name="Language 1", exact=True)).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="Country 7", exact=True)).to_be_visible()
    expect(page).to_have_url(f"{address}/entity?id=C07")


def test_hostile_text_stays_text(page: Page, address: str) -> None:
    page.goto(f"{address}/entity?id=hostile")
    expect(page.get_by_role("heading", name=HOSTILE, exact=True)).to_be_visible()
    expect(page.get_by_title("Country 1", exact=True).first).to_be_visible()
    page.goto(f"{address}/entity?id=C01")
    expect(page.get_by_title(HOSTILE).first).to_be_visible()
    page.get_by_role("link", name="Browse", exact=True).click()
    page.get_by_text("Gallery").click()
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_title(HOSTILE)).to_be_visible()
    # Icons and logo are SVG or fonts of the page; nothing of the text became a picture.
    # Asked for at once: the page before may still be on its way out.
    for source in page.locator("img").evaluate_all("all => all.map(one => one.src)"):
        assert source.startswith(("data:", "http://127.0.0.1"))


def test_another_name_for_this_machine_is_refused(address: str) -> None:
    """DNS rebinding: a page elsewhere whose name leads here must not get a session."""
    host, port = urlsplit(address).hostname, urlsplit(address).port
    assert host
    assert port
    for name, status in ((f"{host}:{port}", b" 101 "), (f"evil.example:{port}", b" 403 ")):
        with socket.create_connection((host, port), timeout=300) as connection:
            connection.sendall(
                f"GET /_stcore/stream HTTP/1.1\r\nHost: {name}\r\nUpgrade: websocket\r\n"
                "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
            )
            assert status in connection.recv(1000).split(b"\r\n")[0] + b" "


def test_a_reader_of_chinese(page: Page, address: str) -> None:
    page.goto(f"{address}/browse?lang=zh")
    expect(page.get_by_role("link", name="浏览", exact=True)).to_be_visible()
    # The choice goes on to the next page, and can be taken back.
    page.get_by_role("link", name="总览", exact=True).click()
    expect(page.get_by_role("heading", name="Overview", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="浏览", exact=True)).to_be_visible()
    page.get_by_role("combobox", name="Language").click()
    page.get_by_role("option", name="English").click()
    expect(page.get_by_role("link", name="Browse", exact=True)).to_be_visible()
