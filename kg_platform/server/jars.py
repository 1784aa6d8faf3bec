"""Jars from a committed lock: fetched in parallel, verified, resumed, kept once per user.

A lock names one jar a line, `group:artifact:version[:classifier] sha256=<hex>`; `#` starts a
comment. A jar is kept as `<cache>/jars/<first 16 digits of its SHA-256>/<file name>` and gets that
name only after its checksum was verified, so a jar that is there is complete and never asked for
again. What an interrupted download left is in `<file name>.part` and is continued.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from filelock import FileLock

from kg_platform.errors import ServerError

if TYPE_CHECKING:
    import httpx2

THREADS = 12
ATTEMPTS = 4
_LINE = re.compile(r"(?P<name>[\w.\-]+(?::[\w.\-]+){2,3})\s+sha256=(?P<sha256>[0-9a-f]{64})")


@dataclass(frozen=True)
class Jar:
    """One line of a lock."""

    group: str
    artifact: str
    version: str
    classifier: str
    sha256: str

    @property
    def file_name(self) -> str:
        tail = f"-{self.classifier}" if self.classifier else ""
        return f"{self.artifact}-{self.version}{tail}.jar"

    @property
    def url_path(self) -> str:
        """Where a Maven repository keeps it, below the repository's address."""
        folder = self.group.replace(".", "/")
        return f"{folder}/{self.artifact}/{self.version}/{self.file_name}"

    @property
    def line(self) -> str:
        names = [self.group, self.artifact, self.version]
        names += [self.classifier] if self.classifier else []
        return f"{':'.join(names)} sha256={self.sha256}"

    def path(self, cache_dir: Path) -> Path:
        return cache_dir / "jars" / self.sha256[:16] / self.file_name


class _Stopped(Exception):
    """Another jar failed or a person stopped us; this download ends where it is."""


def read_lock(lock_path: Path) -> list[Jar]:
    """The jars of a lock, in its order.

    Raises:
        ServerError: the file cannot be read, or a line is not a jar with its checksum.
    """
    try:
        text = lock_path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ServerError(f"The jar lock {lock_path} cannot be read: {error}.") from error
    jars: list[Jar] = []
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.partition("#")[0].strip()
        if not line:
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise ServerError(
                f"Line {number} of the jar lock {lock_path} is not "
                "`group:artifact:version[:classifier] sha256=<64 hex digits>`; restore the file."
            )
        group, artifact, version, *rest = match["name"].split(":")
        jars.append(Jar(group, artifact, version, rest[0] if rest else "", match["sha256"]))
    if not jars:
        raise ServerError(f"The jar lock {lock_path} names no jars; restore the file.")
    return jars


def fetch_jars(
    lock_path: Path,
    cache_dir: Path,
    base_url: str | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> list[Path]:
    """The files of every jar of a lock, in the lock's order; fetches those not in the cache.

    Uses no network when all are there. Any number of processes may call it at once: one fetches,
    the others wait for it. Proxies and certificates come from the environment (`HTTPS_PROXY`,
    `SSL_CERT_FILE`).

    Args:
        base_url: address of the Maven repository; None for Maven's central one.
        on_progress: called with (jars that are there, jars in the lock) as they arrive.

    Raises:
        ServerError: no network, a wrong checksum, a full disk, a lock that cannot be read.
    """
    jars = read_lock(lock_path)
    if any(not jar.path(cache_dir).is_file() for jar in jars):
        folder = cache_dir / "jars"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with FileLock(folder / ".lock"):
                missing = [jar for jar in jars if not jar.path(cache_dir).is_file()]
                _fetch_all(missing, len(jars), cache_dir, base_url, on_progress)
        except OSError as error:
            raise _disk_error(error, cache_dir) from error
    return [jar.path(cache_dir) for jar in jars]


def central_url() -> str:
    """The address of Maven's central repository, as jgo knows it."""
    from jgo.constants import MAVEN_CENTRAL_URL  # 1 s, so only when something has to be fetched

    return str(MAVEN_CENTRAL_URL)


def _fetch_all(
    missing: list[Jar],
    total: int,
    cache_dir: Path,
    base_url: str | None,
    on_progress: Callable[[int, int], None] | None,
) -> None:
    import httpx2

    base = (base_url or central_url()).rstrip("/")
    done = total - len(missing)
    stop = threading.Event()
    report = on_progress or (lambda _done, _total: None)
    report(done, total)
    timeout = httpx2.Timeout(30, connect=10)
    headers = {"Accept-Encoding": "identity", "User-Agent": "kg-platform"}
    with (
        httpx2.Client(timeout=timeout, headers=headers, follow_redirects=True) as client,
        ThreadPoolExecutor(THREADS, thread_name_prefix="jar") as pool,
    ):
        futures = [
            pool.submit(_fetch, client, f"{base}/{jar.url_path}", jar, jar.path(cache_dir), stop)
            for jar in missing
        ]
        try:
            for future in as_completed(futures):
                future.result()
                done += 1
                report(done, total)
        except BaseException:
            stop.set()
            pool.shutdown(cancel_futures=True)
            raise


def _fetch(client: httpx2.Client, url: str, jar: Jar, target: Path, stop: threading.Event) -> None:
    """Bring one jar to `target`. Lost connections are taken up where they broke off."""
    import httpx2

    part = target.with_name(target.name + ".part")
    target.parent.mkdir(parents=True, exist_ok=True)
    for attempt in range(1, ATTEMPTS + 1):
        resumed = part.exists()
        try:
            _download(client, url, part, stop)
        except (httpx2.TransportError, httpx2.HTTPStatusError) as error:
            if attempt < ATTEMPTS and _worth_retrying(error):
                if stop.wait(0.2 * 2**attempt):
                    raise _Stopped from error
                continue
            raise _network_error(error, url, jar) from error
        found = _sha256(part)
        if found == jar.sha256:
            os.replace(part, target)
            return
        part.unlink()
        if not resumed:  # what we took up may have been another file's half; a whole one is wrong
            raise ServerError(
                f"{jar.file_name} from {_host(url)} has the SHA-256 {found[:12]}… and not the "
                f"{jar.sha256[:12]}… of the lock, so it is not used; check KG_MAVEN_URL and the "
                "proxy."
            )
    raise ServerError(
        f"{jar.file_name} from {_host(url)} never arrived whole; run the same command again to "
        "go on, or set KG_MAVEN_URL to another repository."
    )


def _download(client: httpx2.Client, url: str, part: Path, stop: threading.Event) -> None:
    """Fetch what is missing of `part`, on disk when this returns."""
    have = part.stat().st_size if part.exists() else 0
    headers = {"Range": f"bytes={have}-"} if have else {}
    with client.stream("GET", url, headers=headers) as answer:
        if answer.status_code == 416:  # nothing is missing, or the rest of another file
            return
        answer.raise_for_status()
        goes_on = answer.status_code == 206 and answer.headers.get("Content-Range", "").startswith(
            f"bytes {have}-"
        )
        if answer.status_code == 206 and not goes_on:
            part.unlink()
            raise _broken_range(answer)
        with part.open("ab" if goes_on else "wb") as file:
            for chunk in answer.iter_bytes():
                if stop.is_set():
                    raise _Stopped
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())


def _broken_range(answer: httpx2.Response) -> httpx2.TransportError:
    import httpx2

    return httpx2.RemoteProtocolError("answered with another range", request=answer.request)


def _worth_retrying(error: Exception) -> bool:
    import httpx2

    if isinstance(error, httpx2.HTTPStatusError):
        return error.response.status_code == 429 or error.response.status_code >= 500
    return not isinstance(error, httpx2.UnsupportedProtocol)


def _network_error(error: Exception, url: str, jar: Jar) -> ServerError:
    import httpx2

    if isinstance(error, httpx2.HTTPStatusError):
        reason = f"{_host(url)} answers {error.response.status_code} for {jar.file_name}"
    else:
        reason = f"{_host(url)} cannot be reached: {error or type(error).__name__}"
    return ServerError(
        f"The jars cannot be fetched ({reason}); connect once, or set KG_MAVEN_URL to a repository "
        "that can be reached. What has arrived is kept."
    )


def _disk_error(error: OSError, cache_dir: Path) -> ServerError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return ServerError(
            f"The disk of {cache_dir} is full; make room or set KG_CACHE to another folder, then "
            "run the same command again to go on."
        )
    return ServerError(
        f"The jars cannot be kept in {cache_dir} ({error.strerror or error}); set KG_CACHE to a "
        "folder you can write."
    )


def _host(url: str) -> str:
    """The address without path and without a user's password in it."""
    parts = urlsplit(url)
    return parts.hostname or url


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
