"""Tables at addresses: from a web server, from what fsspec reads, and what is said when not."""

from __future__ import annotations

import gc
import gzip
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import fsspec
import pytest

from ingest.sources.fetching import name_of, scheme_of
from ingest.sources.table import RowTable, TableOptions
from ingest.sources.tables import open_table
from kg_platform.errors import BadInput, Unavailable
from tests.support.tables import rows_of


class Served(BaseHTTPRequestHandler):
    """/films.csv and a packed one, one that moved, one that is cut off, one that fails."""

    asked = 0

    def do_GET(self) -> None:
        type(self).asked += 1
        path = self.path.partition("?")[0]
        content = gzip.compress(b"id\n7\n") if path.endswith(".gz") else b"id,n\n1,x\n"
        status = {"/moved.csv": 302, "/wrong.csv": 500}.get(path, 200)
        self.send_response(404 if path == "/none.csv" else status)
        if status == 302:
            self.send_header("Location", "/films.csv")
        self.send_header("Content-Length", str(len(content) + (100 if path == "/cut.csv" else 0)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    Served.asked = 0
    with ThreadingHTTPServer(("127.0.0.1", 0), Served) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


def opened(address: str, **options: str) -> RowTable:
    return open_table(address, TableOptions(**options), Path("/nowhere"))  # type: ignore[arg-type]


def test_from_a_web_server_once(web: str) -> None:
    table = opened(f"http://someone:secret@{web}/films.csv?signature=secret")
    assert rows_of(table) == rows_of(table) == [{"id": "1", "n": "x"}]
    assert (table.name, table.folder, Served.asked) == (f"{web}/films.csv", Path("/nowhere"), 1)
    assert rows_of(opened(f"http://{web}/films.csv.gz")) == [{"id": "7"}]
    assert rows_of(opened(f"http://{web}/moved.csv")) == [{"id": "1", "n": "x"}]


def test_the_copy_goes_with_its_table(
    web: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    table = opened(f"http://{web}/films.csv", null="x")  # whatever is put around it
    assert len(list(tmp_path.iterdir())) == 1
    assert rows_of(table) == [{"id": "1", "n": None}]
    del table
    gc.collect()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("address", "kind", "reason"),
    [
        ("http://{}/none.csv", BadInput, "says 404 Not Found; correct the address"),
        ("http://{}/wrong.csv", Unavailable, "says 500; try again later"),
        ("http://{}/cut.csv", Unavailable, "does not answer as it should"),
        ("http://127.0.0.1:9/films.csv", Unavailable, "does not answer as it should"),
        ("memory://nowhere/films.csv", BadInput, "nowhere/films.csv is not there"),
        ("nosuch://secret@host/films.csv", BadInput, "nothing here reads nosuch"),
        ("postgresql://u:secret@h/films", BadInput, "a database needs a `table` or a `query`"),
        ("http://{}/films", BadInput, "is of no known kind of table; give its format"),
        ("file:///nowhere/films.csv", BadInput, "films.csv is not there"),
    ],
)
def test_what_cannot_be_had(web: str, address: str, kind: type[Exception], reason: str) -> None:
    with pytest.raises(kind) as refused:
        opened(address.format(web))
    assert reason in str(refused.value)
    assert "secret" not in str(refused.value)


def test_what_fsspec_reads(tmp_path: Path) -> None:
    with fsspec.open("memory://bucket/a b/films.tsv", "wb") as file:
        file.write(b"id\tn\n1\tx\n")
    table = opened("memory://bucket/a b/films.tsv")
    assert (rows_of(table), table.name) == ([{"id": "1", "n": "x"}], "bucket/a b/films.tsv")
    (tmp_path / "a b.csv").write_text("id\n1\n")
    table = opened((tmp_path / "a b.csv").as_uri())
    assert (rows_of(table), table.name, table.folder) == ([{"id": "1"}], "a b.csv", tmp_path)


def test_addresses_are_told_from_paths() -> None:
    assert [scheme_of(one) for one in ("S3://b/f", "a/b.csv", "C:\\f", "x:y", "https://h")] == [
        "s3", "", "", "", "https"
    ]  # fmt: skip
    assert name_of("https://u:p@host:1/a%20b.csv?sig=x#y") == "host:1/a b.csv"
