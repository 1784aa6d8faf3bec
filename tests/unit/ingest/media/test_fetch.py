"""Media from the web: a server of this machine that may be asked, and all that must not be."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler

import pytest

from ingest.media.fetch import MediaFetcher
from ingest.media.web import public_client
from kg_platform.errors import BadMedium
from kg_platform.ledger.media_addresses import AddressRow
from tests.support.web_server import Answer, give, web_server


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def fetcher(waits: list[float]) -> Iterator[MediaFetcher]:
    """One that may ask this machine."""
    client = public_client(allowed=lambda address: address == "127.0.0.1")
    made = MediaFetcher(1_000, client, seconds=3, sleep=waits.append)
    yield made
    made.close()


def problem(fetcher: MediaFetcher, address: str) -> str:
    with pytest.raises(BadMedium) as error:
        fetcher.fetch(address)
    return str(error.value)


def test_bytes_and_the_marks_of_their_version(fetcher: MediaFetcher) -> None:
    answers = {"/a.png": give(b"bytes", ETag='"1"', Last_Modified="Sat, 01 Jan 2000 00:00:00 GMT")}
    with web_server(answers) as (root, _):
        found = fetcher.fetch(f"{root}/a.png")
    assert found.data == b"bytes"
    assert (found.etag, found.modified) == ('"1"', "Sat, 01 Jan 2000 00:00:00 GMT")


def test_what_did_not_change_is_not_sent_again(fetcher: MediaFetcher) -> None:
    def answer(to: BaseHTTPRequestHandler) -> None:
        same = to.headers.get("If-None-Match") == '"1"'
        give(b"" if same else b"bytes", 304 if same else 200)(to)

    with web_server({"/a": answer}) as (root, _):
        known = AddressRow(f"{root}/a", "0" * 64, '"1"', "")
        assert fetcher.fetch(f"{root}/a", known).data is None
        assert fetcher.fetch(f"{root}/a").data == b"bytes"


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("ftp://example.org/a.png", "only http and https are fetched, not ftp"),
        ("file:///etc/passwd", "only http and https"),
        ("gopher://example.org/", "only http and https"),
        ("http://user:secret@example.org/a.png", "user name or password"),
        ("http:///a.png", "names no server"),
        ("http://[::1/a.png", "no address"),
        ("http://example.org:port/a", "no address"),
    ],
)
def test_addresses_that_are_not_fetched(address: str, words: str) -> None:
    found = problem(MediaFetcher(1_000), address)
    assert words in found
    assert "secret" not in found


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0",
        "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]",
        "169.254.169.254", "100.64.0.1", "10.0.0.1", "[fe80::1]", "[fc00::1]", "0.0.0.0",
    ],
)  # fmt: skip
def test_nothing_of_ours_is_asked(host: str) -> None:
    """Every way of writing this machine or its networks; a connection would be seen."""
    asked = []
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.settimeout(0.05)
        port = listener.getsockname()[1]
        fetcher = MediaFetcher(1_000, sleep=lambda _: None)
        found = problem(fetcher, f"http://{host}:{port}/a.png")
        with suppress(TimeoutError):
            asked.append(listener.accept())
    assert asked == []
    assert re.search("no public address|is not known|no address", found)


def test_a_name_of_which_one_address_is_private() -> None:
    client = public_client(resolve=lambda host, port: ["93.184.215.14", "10.0.0.7"])
    assert "leads to 10.0.0.7" in problem(MediaFetcher(1, client), "http://example.org/a")


def test_a_name_that_means_something_else_the_next_time(fetcher: MediaFetcher) -> None:
    """Looked up once: what was checked is what is connected to."""
    answers: list[list[str]] = []
    with web_server({"/a": give(b"bytes")}) as (root, _):
        port = root.rpartition(":")[2]

        def resolve(host: str, port: int) -> list[str]:
            answers.append(["127.0.0.1"] if not answers else ["10.0.0.1"])
            return answers[-1]

        client = public_client(lambda address: address == "127.0.0.1", resolve)
        rebinding = MediaFetcher(1_000, client)
        assert rebinding.fetch(f"http://rebind.test:{port}/a").data == b"bytes"
        assert "10.0.0.1" in problem(rebinding, f"http://rebind.test:{port}/a")
    assert len(answers) == 2


def test_redirects_are_looked_at_each(fetcher: MediaFetcher) -> None:
    answers: dict[str, Answer] = {
        "/a": give(b"", 302, Location="/b"),
        "/b": give(b"there"),
        "/private": give(b"", 302, Location="http://10.0.0.1/"),
        "/file": give(b"", 302, Location="file:///etc/passwd"),
        "/user": give(b"", 301, Location="http://me:secret@127.0.0.1/"),
        "/round": give(b"", 307, Location="/round"),
        "/nowhere": give(b"", 308),
    }
    with web_server(answers) as (root, asked):
        assert fetcher.fetch(f"{root}/a").data == b"there"
        assert "10.0.0.1, which is no public" in problem(fetcher, f"{root}/private")
        assert "only http and https" in problem(fetcher, f"{root}/file")
        assert "password" in problem(fetcher, f"{root}/user")
        assert "leads on more than 5 times" in problem(fetcher, f"{root}/round")
        assert "without saying where" in problem(fetcher, f"{root}/nowhere")
    assert asked.count("/round") == 6


def test_what_is_too_large_is_not_read_to_its_end(fetcher: MediaFetcher) -> None:
    sent = []

    def endless(to: BaseHTTPRequestHandler) -> None:
        to.send_response(200)
        to.end_headers()
        for _ in range(10_000):
            to.wfile.write(b"x" * 10_000)
            sent.append(1)

    answers = {
        "/says so": give(b"", Content_Length="1001"),
        "/says%20so": give(b"x", Content_Length="1001"),
        "/lies": give(b"x" * 5_000, Content_Length="5000"),
        "/endless": endless,
    }
    with web_server(answers) as (root, _):
        for path in ("/says%20so", "/lies", "/endless"):
            assert "larger than the 1,000 bytes" in problem(fetcher, root + path)
    assert len(sent) < 10_000


@pytest.mark.parametrize("part", ["head", "body"])
def test_a_byte_now_and_then_ends_with_the_time(part: str) -> None:
    stop = threading.Event()

    def dripping(to: BaseHTTPRequestHandler) -> None:
        if part == "body":
            to.send_response(200)
            to.end_headers()
        else:
            to.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
        while not stop.wait(0.05):
            to.wfile.write(b"x")
            to.wfile.flush()

    fetcher = MediaFetcher(
        10**6, public_client(lambda address: True), seconds=0.5, sleep=lambda _: None
    )
    with web_server({"/a": dripping}) as (root, _):
        begun = time.monotonic()
        found = problem(fetcher, f"{root}/a")
        took = time.monotonic() - begun
        stop.set()
    assert "in time" in found or "longer than 0.5 seconds" in found
    assert took < 10


def test_what_may_pass_is_asked_again(fetcher: MediaFetcher, waits: list[float]) -> None:
    given = [give(b"", 503, Retry_After="2"), give(b"", 500), give(b"bytes")]
    with web_server({"/a": lambda to: given.pop(0)(to)}) as (root, asked):
        # The wait that was asked for is longer than there is time.
        assert fetcher.fetch(f"{root}/a").data == b"bytes"
    assert len(asked) == 3
    assert waits == [2.0, 1.0]


def test_a_wait_longer_than_there_is_time(fetcher: MediaFetcher, waits: list[float]) -> None:
    with web_server({"/a": give(b"", 429, Retry_After="3600")}) as (root, asked):
        assert "its server says 429" in problem(fetcher, f"{root}/a")
    assert (len(asked), waits) == (1, [])


def test_what_will_not_pass_is_asked_once(fetcher: MediaFetcher) -> None:
    answers = {
        "/gone": give(b"", 410),
        "/none": give(b"", 404),
        "/mine": give(b"", 403),
        "/packed": give(b"x", Content_Encoding="gzip"),
    }
    with web_server(answers) as (root, asked):
        assert "gone: its server says 410" in problem(fetcher, f"{root}/gone")
        assert "gone: its server says 404" in problem(fetcher, f"{root}/none")
        assert "its server says 403" in problem(fetcher, f"{root}/mine")
        assert "packed" in problem(fetcher, f"{root}/packed")
    assert len(asked) == 4


def test_a_server_that_is_gone_is_left_alone(fetcher: MediaFetcher) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        root = f"http://127.0.0.1:{free.getsockname()[1]}"
    said = [problem(fetcher, f"{root}/{number}") for number in range(10)]
    assert "cannot be spoken to" in said[0]
    assert "left alone" in said[-1]


def test_two_at_once_of_one_server(fetcher: MediaFetcher) -> None:
    busy, most = [], []
    lock = threading.Lock()

    def answer(to: BaseHTTPRequestHandler) -> None:
        with lock:
            busy.append(1)
            most.append(len(busy))
        time.sleep(0.05)
        with lock:
            busy.pop()
        give(b"bytes")(to)

    with web_server({"/a": answer}) as (root, _):
        threads = [threading.Thread(target=fetcher.fetch, args=(f"{root}/a",)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(most) == 8
    assert max(most) == 2
