"""Files that are elsewhere, brought here: http and https, and whatever fsspec reads (s3, gs, ...).

A file is copied once and whole, to a temporary folder: readers look at its beginning, count, and
read it more than once, and each time it has to say the same.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from kg_platform.errors import BadInput, Unavailable

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+(?=://|::)")
_WEB = ("http", "https")
_LONGEST = 120  # characters of a name that are kept: file systems have limits
_CONNECT_SECONDS, _SILENCE_SECONDS = 10, 60


class Copy:
    """A file that was brought here; it is gone when nobody holds this any more."""

    def __init__(self, address: str) -> None:
        self.name = name_of(address)
        self._folder = tempfile.TemporaryDirectory(prefix="kg-fetched-")
        ending = PurePosixPath(self.name).name[-_LONGEST:]
        self.path = Path(self._folder.name, ending or "file")
        with _errors(self.name, address), self.path.open("wb") as file:
            if scheme_of(address) in _WEB:
                _from_web(address, self.name, file)
            else:
                import fsspec

                with fsspec.open(address, "rb") as remote:
                    shutil.copyfileobj(remote, file, 2**20)


def scheme_of(location: str) -> str:
    """`s3` of `s3://bucket/file`, in small letters; empty for a path."""
    found = _SCHEME.match(location)
    return found[0].lower() if found else ""


def name_of(address: str) -> str:
    """The address as messages call it: without what may be secret, a user, a password, a
    signature."""
    parts = urlsplit(address)
    host = parts.netloc.rpartition("@")[2]
    return f"{host}{unquote(parts.path)}"


def path_of(address: str) -> Path:
    """The path that a `file:` address says."""
    return Path(url2pathname(urlsplit(address).path))


def _from_web(address: str, name: str, file: BinaryIO) -> None:
    import httpx2

    timeout = httpx2.Timeout(_SILENCE_SECONDS, connect=_CONNECT_SECONDS)
    headers = {"Accept-Encoding": "identity", "User-Agent": "kg-platform"}
    try:
        with httpx2.stream(
            "GET", address, headers=headers, follow_redirects=True, timeout=timeout
        ) as answer:
            if answer.is_client_error:
                raise BadInput(
                    f"{name} cannot be had: its server says {answer.status_code} "
                    f"{answer.reason_phrase}; correct the address."
                )
            answer.raise_for_status()
            for chunk in answer.iter_bytes():
                file.write(chunk)
    except httpx2.InvalidURL as error:
        raise BadInput(f"{name} is no address; correct it.") from error
    except httpx2.HTTPStatusError as error:
        raise Unavailable(
            f"{name} cannot be had: its server says {error.response.status_code}; try again later."
        ) from error
    except httpx2.HTTPError as error:
        why = type(error).__name__ if not str(error) else str(error).partition("\n")[0]
        raise Unavailable(
            f"{name} cannot be had: its server does not answer as it should ({why[:200]}); try "
            "again later."
        ) from error


@contextmanager
def _errors(name: str, address: str) -> Iterator[None]:
    try:
        yield
    except (BadInput, Unavailable):
        raise
    except FileNotFoundError as error:
        raise BadInput(f"{name} is not there; correct the address.") from error
    except ImportError as error:
        raise BadInput(
            f"{name} cannot be had: {scheme_of(address)} addresses need a Python package that is "
            f"not installed ({error})."
        ) from error
    except ValueError as error:
        raise BadInput(
            f"{name} cannot be had: nothing here reads {scheme_of(address)}; a database needs a "
            "`table` or a `query`."
        ) from error
    except Exception as error:  # a driver of fsspec has errors of its own, of any kind
        why = str(error).partition("\n")[0][:200] or type(error).__name__
        for secret in filter(None, (urlsplit(address).password, urlsplit(address).query)):
            why = why.replace(secret, "***")
        raise Unavailable(f"{name} cannot be had ({why}); try again later.") from error
