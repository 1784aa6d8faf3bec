"""The media store keeps its promises on a disk and on an object store (fsspec's in-memory one)."""

import errno
import hashlib
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kg_platform.errors import MediaStoreError, NotFound
from kg_platform.media.store import MediaStore


@pytest.fixture(params=["disk", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> MediaStore:
    place = tmp_path / "media store ü" if request.param == "disk" else f"memory://{tmp_path.name}"
    return MediaStore(str(place))


def test_bytes_come_back_under_their_hash(store: MediaStore) -> None:
    data = bytes(range(256)) * 50
    digest = store.put(data)
    assert digest == hashlib.sha256(data).hexdigest()
    assert store.exists(digest)
    assert store.read(digest) == data


def test_the_same_bytes_twice_are_one_copy(store: MediaStore) -> None:
    assert store.put(b"twice") == store.put(b"twice")
    assert store.read(store.put(b"twice")) == b"twice"


def test_a_small_picture_goes_with_what_it_is_of(store: MediaStore) -> None:
    digest, later = store.put(b"large"), time.time() + 60
    assert store.small(digest) is None
    store.put_small(digest, b"first")
    store.put_small(digest, b"small")
    assert store.small(digest) == b"small"
    assert [one.digest for one in store.kept()] == [digest], "it is no medium itself"
    assert list(store.leftovers(later)) == []
    assert store.discard(digest, later)
    assert store.small(digest) is None
    store.put_small(digest, b"alone")
    assert [size for _, size in store.leftovers(later)] == [5]
    assert store.clear_leftovers(later) == (1, 5)
    assert store.small(digest) is None


def test_what_is_not_there_is_said(store: MediaStore) -> None:
    missing = "0" * 64
    assert not store.exists(missing)
    with pytest.raises(NotFound, match="ingest its source again"):
        store.read(missing)


def test_a_copy_cut_off_by_a_crash_is_written_again(tmp_path: Path) -> None:
    store = MediaStore(str(tmp_path))
    digest = store.put(b"whole")
    (tmp_path / digest[:2] / digest).write_bytes(b"who")
    assert store.put(b"whole") == digest
    assert store.read(digest) == b"whole"


def test_a_full_disk_is_one_sentence_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = MediaStore(str(tmp_path))

    def no_space(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", no_space)
    with pytest.raises(MediaStoreError, match="no space left; make room"):
        store.put(b"too much")
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(MediaStoreError, match="cannot be written"):
        MediaStore(str(tmp_path / "file")).put(b"x")


def test_an_unknown_kind_of_url_is_said() -> None:
    with pytest.raises(MediaStoreError, match="KG_MEDIA_URL"):
        MediaStore("nosuch://bucket")


def test_what_is_kept_is_listed_renewed_and_discarded(store: MediaStore) -> None:
    assert list(store.kept()) == []
    old, young = store.put(b"old"), store.put(b"young")
    assert sorted(store.kept()) == sorted([(old, 3), (young, 5)])
    start = time.time() - 60
    assert not store.is_older(old, start)
    assert not store.discard(old, start), "it was written since"
    assert store.renew(old)
    assert not store.renew("0" * 64)
    assert store.is_older("0" * 64, start)
    assert not store.discard("0" * 64, start + 3600)
    assert store.discard(old, start + 3600)
    assert [kept.digest for kept in store.kept()] == [young]
    assert store.put(b"old") == old, "and it can come back"
    assert store.read(old) == b"old"


def age(store: MediaStore, digest: str) -> None:
    """Its bytes were written long ago."""
    path = store._path(digest)
    if store._on_disk:
        os.utime(path, (0, 0))
    else:
        store._fs.store[path].modified = datetime.fromtimestamp(0, UTC)


def test_bytes_that_are_asked_for_again_are_young(store: MediaStore) -> None:
    digest = store.put(b"old")
    start = time.time() - 60
    for again in (lambda: store.put(b"old"), lambda: store.renew(digest)):
        age(store, digest)
        assert store.is_older(digest, start)
        again()
        assert not store.discard(digest, start)
        assert store.read(digest) == b"old"


def test_what_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    store = MediaStore(str(tmp_path))
    digest = store.put(b"ours")
    (tmp_path / "stranger.txt").write_text("not ours")
    (tmp_path / "stranger.part").write_text("not ours")
    assert [kept.digest for kept in store.kept()] == [digest]
    assert store.clear_leftovers(time.time() + 60) == (0, 0)


@pytest.mark.parametrize("renews", ["put", "renew"])
def test_a_put_between_the_look_and_the_removal_of_a_sweep_is_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, renews: str
) -> None:
    store = MediaStore(f"memory://{tmp_path.name}")
    digest = store.put(b"data")
    age(store, digest)
    looked, written = threading.Event(), threading.Event()
    real = store._fs.rm_file

    def slow(path: str) -> None:
        if path == store._path(digest):
            looked.set()
            written.wait(10)
        real(path)

    real_exists = store._fs.exists

    def exists(path: str, **options: object) -> bool:
        found = bool(real_exists(path, **options))
        if path.endswith(".going"):
            written.set()  # the bytes are there; the sweep goes on and removes them
        return found

    monkeypatch.setattr(store._fs, "rm_file", slow)
    monkeypatch.setattr(store._fs, "exists", exists)
    with ThreadPoolExecutor() as pool:
        sweep = pool.submit(store.discard, digest, time.time() - 60)
        assert looked.wait(60)
        assert store.put(b"data") == digest if renews == "put" else store.renew(digest)
        assert sweep.result()
    assert store.read(digest) == b"data"
    assert list(store.leftovers(time.time() + 60)) == []


def test_what_a_kill_leaves_is_swept_and_what_was_put_aside_comes_back(tmp_path: Path) -> None:
    store = MediaStore(str(tmp_path))
    kept, aside = store.put(b"kept"), store.put(b"aside")
    path = tmp_path / aside[:2] / aside
    path.rename(f"{path}.{'0' * 32}.part")
    (tmp_path / kept[:2] / f"{kept}.{'1' * 32}.part").write_bytes(b"kept")
    (tmp_path / kept[:2] / f"{kept}~host~123~{'2' * 32}.part").write_bytes(b"ke")
    assert list(store.leftovers(time.time() - 60)) == [], "somebody may be at it"
    later = time.time() + 60
    assert sorted(size for _, size in store.leftovers(later)) == [2, 4, 5]
    assert store.clear_leftovers(later) == (2, 6)
    assert store.read(aside) == b"aside"
    assert list(store.leftovers(later)) == []
    assert {one.digest for one in store.kept()} == {kept, aside}


def test_a_sweep_that_was_killed_does_not_hold_a_put_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kg_platform.media.store._SWEEP_SECONDS", 0.1)
    store = MediaStore(f"memory://{tmp_path.name}")
    digest = store.put(b"data")
    store._fs.pipe_file(store._path(digest) + ".going", b"-")
    assert store.put(b"data") == digest
    assert store.clear_leftovers(time.time() + 60) == (1, 1)
