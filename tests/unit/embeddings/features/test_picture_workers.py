"""Pictures decoded by other processes: the same ones, in order, and no process left behind."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from multiprocessing import active_children
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

from embeddings.data.contents import Medium
from embeddings.features.cache import FeatureCache
from embeddings.features.picture_workers import MOST, prepared, worker_count
from embeddings.features.readers import PictureReader
from kg_platform.errors import MediaStoreError, Unavailable
from kg_platform.media.store import MediaStore
from tests.support.fake_encoders import Deadly, FakeImage, pixels
from tests.support.places import ROOT
from tests.unit.embeddings.features.test_build import Contents, encode_pictures


def png(width: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, 2), (width, 0, 7)).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def media(tmp_path: Path) -> MediaStore:
    return MediaStore(str(tmp_path / "media"))


def test_workers_give_what_this_process_gives_in_order(media: MediaStore) -> None:
    digests = [media.put(png(width)) for width in range(1, 40)]
    digests[7:7] = [media.put(b"no picture"), "0" * 64]
    reader = PictureReader(pixels, 1_000)
    here = list(prepared(iter(digests), media, reader, workers=0, ahead=16))
    there = list(prepared(iter(digests), media, reader, workers=2, ahead=16))
    assert [one.sha256 for one in here] == [one.sha256 for one in there] == digests
    assert [one.problem for one in here] == [one.problem for one in there]
    assert [bool(one.problem) for one in here] == [i in (7, 8) for i in range(41)]
    for one, other in zip(here, there, strict=True):
        np.testing.assert_array_equal(one.parts, other.parts)


def test_no_more_is_read_than_is_asked_for(media: MediaStore) -> None:
    taken: list[str] = []

    def digests():  # type: ignore[no-untyped-def]
        for _ in range(1_000):
            taken.append(media.put(png(1)))
            yield taken[-1]

    ready = prepared(digests(), media, PictureReader(pixels, 1_000), 1, ahead=16)
    next(ready)
    assert len(taken) <= 8 * (2 + 16 // 8)
    ready.close()
    assert not active_children()


def test_features_are_the_same_with_workers(media: MediaStore, tmp_path: Path) -> None:
    digests = [media.put(png(width)) for width in range(1, 30)]
    digests.append(media.put(png(30)[:45]))
    snapshot = Contents(30, [], [Medium(i, 0, digest) for i, digest in enumerate(digests)])
    found = []
    for workers in (0, 1):
        encoder = FakeImage()
        cache = FeatureCache(tmp_path / str(workers), encoder)
        found.append(encode_pictures(snapshot, media, encoder, cache, workers=workers))
        assert encoder.asked == 29
    (here, summary), (there, same) = found
    np.testing.assert_array_equal(here.matrix, there.matrix)
    assert summary == same
    assert (summary.encoded, summary.skipped) == (29, 1)
    assert "cut off or damaged" in summary.skipped_examples[0]
    assert not here.present[29]


def test_a_worker_that_the_system_ends_is_one_sentence_and_costs_no_vectors(
    media: MediaStore, tmp_path: Path
) -> None:
    digests = [media.put(png(width)) for width in range(1, 65)]
    snapshot = Contents(64, [], [Medium(i, 0, digest) for i, digest in enumerate(digests)])

    class Fatal(FakeImage):
        @property
        def preparer(self) -> Deadly:
            return Deadly(64)

    encoder = Fatal()
    cache = FeatureCache(tmp_path / "features", encoder)
    with pytest.raises(Unavailable, match=r"ended from outside.*memory.*KG_PICTURE_WORKERS"):
        encode_pictures(snapshot, media, encoder, cache, workers=1)
    assert not active_children()
    # What was encoded before is kept, and the next run goes on from there.
    kept = encoder.asked
    assert kept >= 8
    again = FakeImage()
    encode_pictures(snapshot, media, again, cache, workers=0)
    assert again.asked == 64 - kept


def test_a_store_that_cannot_be_read_ends_the_run(media: MediaStore, tmp_path: Path) -> None:
    digest = media.put(png(3))
    file = tmp_path / "media" / digest[:2] / digest
    file.unlink()
    file.mkdir()  # reading a folder is an error of the disk, not a missing picture
    reader = PictureReader(pixels, 1_000)
    for workers in (0, 1):
        with pytest.raises(MediaStoreError, match="cannot be read"):
            list(prepared(iter([digest]), media, reader, workers, ahead=8))


SCRIPT = """
import itertools, sys
from embeddings.features.picture_workers import prepared
from embeddings.features.readers import PictureReader
from kg_platform.media.store import MediaStore
from tests.support.fake_encoders import pixels
if __name__ == "__main__":
    media = MediaStore(sys.argv[1])
    digests = itertools.repeat(sys.argv[2])
    for one in prepared(digests, media, PictureReader(pixels, 1_000), 2, 8):
        print("ready", flush=True)
"""


def test_workers_end_with_a_parent_that_is_killed(media: MediaStore, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    command = [sys.executable, str(script), media.url, media.put(png(3))]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        workers = psutil.Process(process.pid).children(recursive=True)
        assert workers
        process.send_signal(signal.SIGKILL)
        process.stdout.close()
    until = time.monotonic() + 300
    while any(w.is_running() and w.status() != psutil.STATUS_ZOMBIE for w in workers):
        assert time.monotonic() < until, "workers outlive their parent"
        time.sleep(0.1)


def test_how_many_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: range(4), raising=False)
    assert worker_count(99, 100, None) == 0
    assert worker_count(100, 100, None) == 4
    assert worker_count(1, 100, 3) == 3
    assert worker_count(10**6, 100, 0) == 0
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: range(1), raising=False)
    assert worker_count(100, 100, None) == 0
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: range(200), raising=False)
    assert worker_count(100, 100, None) == MOST
