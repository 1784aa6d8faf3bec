"""Jars are fetched once, verified, and taken up where a download broke off."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from kg_platform.errors import ServerError
from kg_platform.server import lock
from kg_platform.server.jars import Jar, fetch_jars, read_lock

BODIES = {f"part-{n}": bytes([n]) * (300_000 + n) for n in range(1, 6)}


class Repository(ThreadingHTTPServer):
    """A Maven repository on the loopback address. `cut` answers break off in the middle."""

    def __init__(self, *, ranges: bool = True) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.ranges = ranges
        self.cut = 0
        self.status = 200
        self.requests: list[tuple[str, str | None]] = []
        self.guard = threading.Lock()
        self.bodies = dict(BODIES)
        self.url = f"http://127.0.0.1:{self.server_port}/maven2/"


class _Answer(BaseHTTPRequestHandler):
    server: Repository

    def do_GET(self) -> None:
        range_asked = self.headers.get("Range")
        with self.server.guard:
            self.server.requests.append((self.path, range_asked))
            cut = self.server.cut > 0
            self.server.cut -= cut
        if self.server.status != 200:
            self.send_error(self.server.status)
            return
        body = self.server.bodies[self.path.split("/")[-3]]
        start = 0
        if range_asked and self.server.ranges:
            start = int(range_asked.removeprefix("bytes=").rstrip("-"))
            if start >= len(body):
                self.send_error(416)
                return
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        else:
            self.send_response(200)
        rest = body[start:]
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(rest[: len(rest) // 2] if cut else rest)

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def serving(repository: Repository) -> Iterator[Repository]:
    thread = threading.Thread(target=repository.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield repository
    finally:
        repository.shutdown()
        repository.server_close()
        thread.join()


@pytest.fixture
def repository() -> Iterator[Repository]:
    with serving(Repository()) as served:
        yield served


@pytest.fixture
def lock_file(tmp_path: Path) -> Path:
    path = tmp_path / "test.lock"
    lock.write_lock("org.example:all:1", jars(), path)
    return path


def jars(names: tuple[str, ...] = tuple(BODIES)) -> list[Jar]:
    return [
        Jar("org.example", name, "1.0", "", hashlib.sha256(BODIES[name]).hexdigest())
        for name in names
    ]


def test_jars_arrive_in_the_locks_order_and_once(
    repository: Repository, lock_file: Path, tmp_path: Path
) -> None:
    seen: list[tuple[int, int]] = []
    files = fetch_jars(lock_file, tmp_path, repository.url, lambda *state: seen.append(state))
    assert [file.read_bytes() for file in files] == list(BODIES.values())
    assert seen == [(n, 5) for n in range(6)]
    assert len(repository.requests) == 5

    assert fetch_jars(lock_file, tmp_path, "http://127.0.0.1:1/") == files  # needs no network
    assert not list(tmp_path.rglob("*.part"))


def test_cut_answers_are_continued(repository: Repository, lock_file: Path, tmp_path: Path) -> None:
    repository.cut = 5
    files = fetch_jars(lock_file, tmp_path, repository.url)
    assert [file.read_bytes() for file in files] == list(BODIES.values())
    assert sum(asked is not None for _, asked in repository.requests) == 5


def test_a_killed_download_is_continued_by_the_next_one(
    repository: Repository, lock_file: Path, tmp_path: Path
) -> None:
    first = jars()[0].path(tmp_path)
    first.parent.mkdir(parents=True)
    (first.parent / f"{first.name}.part").write_bytes(BODIES["part-1"][:1_000])
    files = fetch_jars(lock_file, tmp_path, repository.url)
    assert files[0].read_bytes() == BODIES["part-1"]
    assert [asked for _, asked in repository.requests if asked] == ["bytes=1000-"]


@pytest.mark.parametrize("left", [b"other bytes", b"x" * 400_000])
@pytest.mark.parametrize("ranges", [True, False])
def test_a_wrong_half_is_thrown_away(
    left: bytes, ranges: bool, lock_file: Path, tmp_path: Path
) -> None:
    first = jars()[0].path(tmp_path)
    first.parent.mkdir(parents=True)
    (first.parent / f"{first.name}.part").write_bytes(left)
    with serving(Repository(ranges=ranges)) as repository:
        files = fetch_jars(lock_file, tmp_path, repository.url)
    assert files[0].read_bytes() == BODIES["part-1"]


def test_a_server_without_ranges_is_asked_anew(lock_file: Path, tmp_path: Path) -> None:
    with serving(Repository(ranges=False)) as repository:
        repository.cut = 5
        files = fetch_jars(lock_file, tmp_path, repository.url)
    assert [file.read_bytes() for file in files] == list(BODIES.values())


def test_a_wrong_checksum_is_refused_and_not_kept(
    repository: Repository, lock_file: Path, tmp_path: Path
) -> None:
    repository.bodies["part-3"] = b"something else"
    with pytest.raises(ServerError, match=r"part-3-1\.0\.jar .* is not used; check KG_MAVEN_URL"):
        fetch_jars(lock_file, tmp_path, repository.url)
    assert not list(tmp_path.rglob("part-3*"))


@pytest.mark.parametrize("status", [404, 503])
def test_a_refusing_repository_is_one_sentence(
    status: int, repository: Repository, lock_file: Path, tmp_path: Path
) -> None:
    repository.status = status
    with pytest.raises(ServerError, match=rf"answers {status} .*; connect once, or set KG_MAVEN"):
        fetch_jars(lock_file, tmp_path, repository.url)


def test_no_network_is_one_sentence_without_the_login(lock_file: Path, tmp_path: Path) -> None:
    with pytest.raises(ServerError, match="connect once, or set KG_MAVEN_URL") as caught:
        fetch_jars(lock_file, tmp_path, "http://me:secret@127.0.0.1:1/")
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_full_disk_is_one_sentence(
    repository: Repository, lock_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("kg_platform.server.jars.os.fsync", full)
    with pytest.raises(ServerError, match="is full; make room or set KG_CACHE"):
        fetch_jars(lock_file, tmp_path, repository.url)


def test_a_cache_that_cannot_be_made_is_one_sentence(lock_file: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ServerError, match="set KG_CACHE to a folder you can write"):
        fetch_jars(lock_file, tmp_path / "file", "http://127.0.0.1:1/")


def test_two_at_once_fetch_each_jar_once(
    repository: Repository, lock_file: Path, tmp_path: Path
) -> None:
    with ThreadPoolExecutor(4) as pool:
        runs = [pool.submit(fetch_jars, lock_file, tmp_path, repository.url) for _ in range(4)]
    assert {tuple(run.result()) for run in runs} == {tuple(j.path(tmp_path) for j in jars())}
    assert len(repository.requests) == 5


def test_classifiers_and_comments() -> None:
    native = Jar("io.netty", "netty-epoll", "4.2.17.Final", "linux-x86_64", "a" * 64)
    assert native.url_path == (
        "io/netty/netty-epoll/4.2.17.Final/netty-epoll-4.2.17.Final-linux-x86_64.jar"
    )
    assert native.line == f"io.netty:netty-epoll:4.2.17.Final:linux-x86_64 sha256={'a' * 64}"


@pytest.mark.parametrize(
    "line",
    [
        "org.example:a:1.0",
        "org.example:a:1.0 sha256=abc",
        f"org.example:a sha256={'a' * 64}",
        f"org.example:../../x:1.0 sha256={'a' * 64}",
        f"a:b:c:d:e sha256={'a' * 64}",
    ],
)
def test_a_broken_line_is_named(line: str, tmp_path: Path) -> None:
    path = tmp_path / "x.lock"
    path.write_text(f"# head\n\n{line}\n")
    with pytest.raises(ServerError, match=r"Line 3 of the jar lock"):
        read_lock(path)


def test_an_empty_or_missing_lock_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.lock").write_text("# nothing\n")
    with pytest.raises(ServerError, match="names no jars"):
        read_lock(tmp_path / "x.lock")
    with pytest.raises(ServerError, match="cannot be read"):
        read_lock(tmp_path / "y.lock")


@pytest.mark.parametrize("version", lock.locked_versions())
def test_the_committed_locks_are_whole(version: str) -> None:
    found = read_lock(lock.lock_path(version))
    assert len({jar.path(Path()) for jar in found}) == len(found) > 200
    assert [jar.line for jar in found] == sorted(jar.line for jar in found)
    assert sum(jar.artifact == "neo4j" and jar.version == version for jar in found) == 1


def test_a_lock_is_made_from_what_jgo_writes(tmp_path: Path) -> None:
    written = tmp_path / "jgo.lock.toml"
    written.write_text(
        f'[[dependencies]]\ngroupId = "b"\nartifactId = "x"\nversion = "1"\nsha256 = "{"b" * 64}"\n'
        f'[[dependencies]]\ngroupId = "a"\nartifactId = "y"\nversion = "2"\n'
        f'classifier = "linux"\nsha256 = "{"a" * 64}"\n'
    )
    path = tmp_path / "made.lock"
    lock.write_lock("b:x:1", lock.jars_of(written), path)
    assert [jar.file_name for jar in read_lock(path)] == ["y-2-linux.jar", "x-1.jar"]
