"""Addresses become media: once a load, and from the store where their server says so."""

from __future__ import annotations

import gc
import io
import threading
import weakref
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ingest.media.fetch import Fetched
from ingest.media.fetched import FetchedMedia
from kg_platform.errors import BadMedium
from kg_platform.ledger.media_addresses import AddressRow
from kg_platform.media.gallery import Gallery
from kg_platform.media.store import MediaStore
from kg_platform.records import Media, MediaRef

ADDRESS = "https://example.org/a.png"


class Web:
    """Addresses, what each gives, and which were asked for."""

    def __init__(self, given: dict[str, bytes]) -> None:
        self.given = given
        self.asked: list[tuple[str, str]] = []

    def fetch(self, address: str, known: AddressRow | None = None) -> Fetched:
        self.asked.append((address, known.etag if known else ""))
        if address not in self.given:
            raise BadMedium("it is gone: its server says 404")
        data = self.given[address]
        etag = str(hash(data))
        return Fetched(None if known and known.etag == etag else data, etag)


class Memory:
    """Addresses in a dictionary."""

    def __init__(self) -> None:
        self.rows: dict[str, AddressRow] = {}

    def known(self, address: str) -> AddressRow | None:
        return self.rows.get(address)

    def remember(self, row: AddressRow) -> None:
        self.rows[row.address] = row


def picture(colour: str) -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (3, 2), colour).save(data, "PNG")
    return data.getvalue()


def gallery(web: Web, memory: Memory, store: MediaStore | None) -> Gallery:
    return Gallery(Path(), store, 1_000, 10_000, FetchedMedia(web, memory, store))


def test_each_address_once_a_load_and_the_next_load_asks_whether_it_changed(tmp_path: Path) -> None:
    web, memory, store = Web({ADDRESS: picture("red")}), Memory(), MediaStore(str(tmp_path))
    ref = MediaRef(ADDRESS)
    first = gallery(web, memory, store)
    digest = first.digest(ref)
    media = first.keep(ref)
    assert (media.id, media.width, media.height) == (digest, 3, 2)
    assert store.read(digest) == web.given[ADDRESS]
    assert len(web.asked) == 1

    assert gallery(web, memory, store).keep(ref) == media
    assert web.asked[1] == (ADDRESS, memory.rows[ADDRESS].etag)

    web.given[ADDRESS] = picture("blue")
    changed = gallery(web, memory, store).digest(ref)
    assert changed != digest
    assert memory.rows[ADDRESS].digest == changed


def test_bytes_that_the_store_has_lost_are_fetched_whole(tmp_path: Path) -> None:
    web, memory = Web({ADDRESS: picture("red")}), Memory()
    digest = gallery(web, memory, MediaStore(str(tmp_path / "a"))).digest(MediaRef(ADDRESS))
    other = MediaStore(str(tmp_path / "b"))
    assert gallery(web, memory, other).digest(MediaRef(ADDRESS)) == digest
    assert web.asked[1] == (ADDRESS, "")
    assert other.exists(digest)


def test_what_cannot_be_had_is_said_and_asked_once(tmp_path: Path) -> None:
    web, memory = Web({"https://example.org/text": b"no picture"}), Memory()
    found = gallery(web, memory, MediaStore(str(tmp_path)))
    for _ in range(2):
        with pytest.raises(BadMedium, match="gone"):
            found.digest(MediaRef("https://example.org/gone"))
        with pytest.raises(BadMedium, match="picture"):
            found.digest(MediaRef("https://example.org/text"))
    assert len(web.asked) == 2
    assert memory.rows == {}


def test_what_was_refused_does_not_stay_in_memory() -> None:
    alive: list[weakref.ref[np.ndarray]] = []

    def refuse(data: bytes) -> Media:
        held = np.frombuffer(data, np.uint8)  # bytes themselves cannot be watched
        alive.append(weakref.ref(held))
        raise BadMedium(f"of {len(held)} bytes none is right")

    web = FetchedMedia(Web({ADDRESS: bytes(100)}), Memory(), None)
    for _ in range(2):
        with pytest.raises(BadMedium, match="of 100 bytes"):
            web.media(ADDRESS, refuse)
    gc.collect()
    assert [one() is None for one in alive] == [True]


def test_only_a_check_keeps_nothing() -> None:
    web, memory = Web({ADDRESS: picture("red")}), Memory()
    assert gallery(web, memory, None).keep(MediaRef(ADDRESS)).size == len(web.given[ADDRESS])
    assert memory.rows == {}


def test_without_leave_an_address_is_refused() -> None:
    plain = Gallery(Path(), None, 1_000, 10_000)
    with pytest.raises(BadMedium, match="--fetch-media fetches"):
        plain.digest(MediaRef(ADDRESS))


def test_threads_share_an_answer(tmp_path: Path) -> None:
    web, memory = Web({ADDRESS: picture("red")}), Memory()
    found = gallery(web, memory, MediaStore(str(tmp_path)))
    threads = [threading.Thread(target=found.digest, args=(MediaRef(ADDRESS),)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(web.asked) == 1
