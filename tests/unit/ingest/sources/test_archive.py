from __future__ import annotations

import gc
import io
import random
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from ingest.mapping.choose import open_any
from ingest.sources.archive import Unpacked
from kg_platform.errors import BadInput, KgError
from kg_platform.records import Entity, Relation

FILES = {"world/facts.tsv": b"A\tR\tB\n", "world/entities.jsonl": b'{"id": "A"}\n{"id": "B"}\n'}


def zipped(path: Path, files: dict[str, bytes] = FILES) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return path


def tarred(mode: str) -> Callable[[Path], Path]:
    def make(path: Path) -> Path:
        with tarfile.open(path, mode) as packed:  # type: ignore[call-overload]
            for name, content in FILES.items():
                info = tarfile.TarInfo(name)
                info.size = len(content)
                packed.addfile(info, io.BytesIO(content))
        return path

    return make


@pytest.mark.parametrize(
    ("name", "make"),
    [("w.zip", zipped), ("w.tar", tarred("w:")), ("w.tar.gz", tarred("w:gz")),
     ("w.TGZ", tarred("w:gz")), ("w.tar.bz2", tarred("w:bz2")), ("w.tar.xz", tarred("w:xz"))],
)  # fmt: skip
def test_an_archive_is_the_folder_in_it(
    tmp_path: Path, name: str, make: Callable[[Path], Path]
) -> None:
    source = open_any(make(tmp_path / name))
    records = list(source.records())
    assert source.name == "w"
    assert [one.id for one in records if isinstance(one, Entity)] == ["A", "B"]
    assert [one.tail for one in records if isinstance(one, Relation)] == ["B"]


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    unpacked = Unpacked(zipped(tmp_path / "w.zip"))
    folder = unpacked.folder
    assert folder.is_dir()
    del unpacked
    gc.collect()
    assert not folder.exists()


def test_paths_that_lead_out_links_and_devices_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "evil.tar"
    with tarfile.open(path, "w") as packed:
        for name in ("../out.tsv", "/abs.tsv", "a/../../up.tsv", "good.tsv"):
            info = tarfile.TarInfo(name)
            info.size = 6
            packed.addfile(info, io.BytesIO(b"A\tR\tB\n"))
        link = tarfile.TarInfo("link.tsv")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        packed.addfile(link)
        device = tarfile.TarInfo("device")
        device.type = tarfile.CHRTYPE
        packed.addfile(device)
    unpacked = Unpacked(path)
    assert [p.name for p in unpacked.folder.iterdir()] == ["good.tsv"]
    assert not (unpacked.folder.parent / "out.tsv").exists()
    [note] = unpacked.notes
    assert note.startswith("../out.tsv, /abs.tsv, a/../../up.tsv and 2 more of evil.tar left out")

    zip_path = tmp_path / "evil.zip"
    with zipfile.ZipFile(zip_path, "w") as packed_zip:
        info_zip = zipfile.ZipInfo("link")
        info_zip.external_attr = 0o120777 << 16
        packed_zip.writestr(info_zip, "/etc/passwd")
        packed_zip.writestr("..\\up.tsv", "x")
        packed_zip.writestr("C:/c.tsv", "x")
        packed_zip.writestr("good.tsv", "A\tR\tB\n")
    unpacked = Unpacked(zip_path)
    assert [p.name for p in unpacked.folder.iterdir()] == ["good.tsv"]


def test_a_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.sources.archive.ROOM_BYTES", 1_000)
    path = zipped(tmp_path / "bomb.zip", {"a.tsv": b"\0" * 10_000_000})
    with pytest.raises(BadInput, match="more than 200 times its size"):
        Unpacked(path)


def sentence_of(path: Path) -> str:
    try:
        list(open_any(path).records())
    except KgError as error:
        return str(error)
    return "It was read."


def test_what_is_cut_off_or_broken_is_a_sentence(tmp_path: Path) -> None:
    chance = random.Random(0)
    for name, make in (("w.zip", zipped), ("w.tar.gz", tarred("w:gz")), ("w.tar", tarred("w:"))):
        whole = make(tmp_path / name).read_bytes()
        broken = tmp_path / f"broken-{name}"
        for _ in range(25):
            broken.write_bytes(whole[: chance.randrange(1, len(whole) - 1)])
            assert sentence_of(broken).endswith(".")
            flipped = bytearray(whole)
            flipped[chance.randrange(len(whole))] ^= 0xFF
            broken.write_bytes(flipped)
            assert sentence_of(broken).endswith(".")


def test_a_file_that_is_also_a_folder(tmp_path: Path) -> None:
    path = zipped(tmp_path / "w.zip", {"a": b"1", "a/b.tsv": b"A\tR\tB\n"})
    with pytest.raises(BadInput, match=r"cannot be unpacked: .*; unpack it yourself"):
        Unpacked(path)


def test_a_folder_of_pictures(tmp_path: Path) -> None:
    for place in ("a.png", "deep/b.png", ".hidden.png"):
        (tmp_path / place).parent.mkdir(exist_ok=True)
        Image.new("RGB", (8, 8), "red").save(tmp_path / place)
    (tmp_path / "README").write_text("words", encoding="utf-8")
    source = open_any(tmp_path)
    found = [one for one in source.records() if isinstance(one, Entity)]
    assert [(one.id, one.type, one.label) for one in found] == [
        ("a.png", "Image", "a"), ("deep/b.png", "Image", "b"),
    ]  # fmt: skip
    assert found[1].properties == {"folder": "deep"}
    assert found[1].media[0].location == "deep/b.png"
    assert source.count() == 2
    (tmp_path / "deep" / "facts.tsv").write_text("A\tR\tB\n", encoding="utf-8")
    with pytest.raises(BadInput, match=r"deep/facts.tsv"):
        open_any(tmp_path)
