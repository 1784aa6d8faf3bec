"""What a pass over a source lets through: identity, unknown ends, pictures."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import signal
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from ingest.loading import batches
from ingest.loading.batches import FactBatch, Nodes, RecordCheck
from ingest.loading.store import Node
from ingest.sources.registry import open_source
from kg_platform.errors import MediaStoreError
from kg_platform.media.described import Looked, describe
from kg_platform.media.gallery import Gallery
from kg_platform.media.store import MediaStore
from kg_platform.records import NO_LIKENESS, Media, MediaRef, Rejection
from tests.support.clips import film, wav
from tests.support.fake_store import FakeStore


class Passed:
    """Everything one pass over `folder` yielded."""

    def __init__(
        self,
        folder: Path,
        *,
        store: FakeStore | None = None,
        media: MediaStore | None = None,
        create_missing: bool = False,
        batch_rows: int = 3,
        max_pixels: int = 1_000_000,
        gallery: Gallery | None = None,
    ) -> None:
        self.rejections: list[Rejection] = []
        gallery = gallery or Gallery(folder, media, max_pixels, max_bytes=1_000_000)
        check = RecordCheck(
            open_source(folder, "test"),
            store or FakeStore(),
            gallery,
            self.rejections.append,
            batch_rows=batch_rows,
            create_missing=create_missing,
        )
        self.batches = list(check.batches())
        nodes = [b for b in self.batches if isinstance(b, Nodes)]
        facts = [b for b in self.batches if isinstance(b, FactBatch)]
        self.nodes = {n.id: n for b in nodes for n in b.nodes}
        self.duplicates = sum(b.duplicates for b in nodes)
        self.relations = [(r.head, r.type, r.tail) for b in facts for r in b.relations]
        self.missing = [i for b in facts for i in b.missing]

    def refused(self) -> list[tuple[int | None, str, str]]:
        return [(r.line, r.field, r.value) for r in self.rejections]


def source(folder: Path, entities: str = "", triples: str = "") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "entities.jsonl").write_text(entities)
    (folder / "triples.tsv").write_text(triples)
    return folder


def picture(path: Path, size: tuple[int, int] = (4, 3), **options: str) -> bytes:
    Image.new(options.get("mode", "RGB"), size, 1).save(path)
    return path.read_bytes()


def test_the_same_id_again(tmp_path: Path) -> None:
    folder = source(
        tmp_path / "s",
        '{"id": "A", "label": "one", "x": 1, "y": 2}\n{"id": "B"}\n'
        '{"y": 2, "x": 1, "label": "one", "id": "A"}\n{"id": "A", "label": "two"}\n',
    )
    passed = Passed(folder)
    assert list(passed.nodes) == ["A", "B"]
    assert passed.nodes["A"].properties["label"] == "one"
    assert passed.duplicates == 1
    [rejection] = passed.rejections
    assert (rejection.line, rejection.field, rejection.value) == (4, "id", "A")
    assert rejection.reason == "line 1 says something else about this id, and stands"


def test_unknown_ends(tmp_path: Path) -> None:
    folder = source(tmp_path / "s", '{"id": "A"}\n', "A\tR\tB\nC\tR\tA\nD\tR\tE\nA\tR\tA\n")
    store = FakeStore()
    store.create_missing(["C"], "elsewhere")
    passed = Passed(folder, store=store)
    assert passed.relations == [("C", "R", "A"), ("A", "R", "A")]
    assert passed.refused() == [(1, "tail", "B"), (3, "head", "D"), (3, "tail", "E")]
    assert passed.missing == []


def test_unknown_ends_can_be_created(tmp_path: Path) -> None:
    long = "x" * 10_000
    folder = source(tmp_path / "s", '{"id": "A"}\n', f"A\tR\tB\nB\tR\tC\nD\tR\t{long}\nB\tR\tA\n")
    passed = Passed(folder, create_missing=True, batch_rows=2)
    assert passed.relations == [("A", "R", "B"), ("B", "R", "C"), ("B", "R", "A")]
    assert passed.missing == ["B", "C"], "each once, and none for a triple that is refused"
    assert [(line, field) for line, field, _ in passed.refused()] == [(3, "tail")]


def test_entities_come_before_the_relations_that_name_them(tmp_path: Path) -> None:
    entities = "".join(f'{{"id": "E{i}"}}\n' for i in range(10))
    triples = "".join(f"E{i}\tR\tE{9 - i}\n" for i in range(10))
    passed = Passed(source(tmp_path / "s", entities, triples), batch_rows=4)
    written: set[str] = set()
    for batch in passed.batches:
        if isinstance(batch, Nodes):
            written |= {n.id for n in batch.nodes}
        else:
            assert {end for r in batch.relations for end in (r.head, r.tail)} <= written
    assert len(passed.relations) == 10
    sizes = [len(b.nodes if isinstance(b, Nodes) else b.relations) for b in passed.batches]
    assert max(sizes) == 4


def test_media_of_a_table_wait_with_their_bytes_so_few_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = picture(tmp_path / "a.png")
    monkeypatch.setattr(batches, "BATCH_HELD", 2 * len(data))
    rows = [{"id": name, "image": {"bytes": base64.b64encode(data).decode()}} for name in "abc"]
    folder = source(tmp_path / "s", "\n".join(map(json.dumps, rows)))
    found = Passed(folder, batch_rows=100)
    nodes = [one for one in found.batches if isinstance(one, Nodes)]
    assert [[node.id for node in one.nodes] for one in nodes] == [["a", "b"], ["c"]]


def test_a_held_out_triple_is_not_also_trained_on(tmp_path: Path) -> None:
    folder = source(tmp_path / "s", '{"id": "A"}\n{"id": "B"}\n')
    (folder / "train.tsv").write_text("A\tR\tB\nA\tR\tA\nA\tR\tA\n")
    (folder / "test.tsv").write_text("A\tR\tB\n")
    passed = Passed(folder)
    assert passed.relations == [("A", "R", "B"), ("A", "R", "A"), ("A", "R", "A")]
    [rejection] = passed.rejections
    assert (rejection.source, rejection.line, rejection.field) == ("train.tsv", 1, "relation")
    assert "split test" in rejection.reason


def test_pictures(tmp_path: Path) -> None:
    folder = source(
        tmp_path / "s",
        '{"id": "A", "image": "one.png"}\n{"id": "B", "images": ["one.png", "two.png"]}\n',
    )
    one, two = picture(folder / "one.png"), picture(folder / "two.png", (5, 5))
    media = MediaStore(str(tmp_path / "media"))
    passed = Passed(folder, media=media)
    digests = [hashlib.sha256(data).hexdigest() for data in (one, two)]
    assert passed.nodes["A"].media == [(digests[0], MediaRef("one.png"))]
    assert [(d, r.rank) for d, r in passed.nodes["B"].media] == [(digests[0], 0), (digests[1], 1)]
    assert passed.nodes["A"].new_media == [
        Media(
            digests[0],
            "image",
            "image/png",
            media.uri(digests[0]),
            len(one),
            4,
            3,
            likeness=NO_LIKENESS,
        )
    ]
    assert media.read(digests[1]) == two


def test_sound_and_film(tmp_path: Path) -> None:
    folder = source(
        tmp_path / "s",
        '{"id": "A", "audio": {"path": "misnamed.png", "from": 0.25, "to": 0.5}, "video": "b.mp4"}'
        '\n{"id": "B", "audio": ["list.mp4", "misnamed.png"]}\n',
    )
    (folder / "misnamed.png").write_bytes(wav())
    (folder / "b.mp4").write_bytes(film())
    (folder / "list.mp4").write_text("#EXTM3U\nhttp://127.0.0.1:1/x.ts\n")
    passed = Passed(folder, media=MediaStore(str(tmp_path / "media")))
    kinds = [(m.kind, m.mime, m.duration) for m in passed.nodes["A"].new_media]
    assert kinds == [("audio", "audio/wav", 1.0), ("video", "video/mp4", 1.0)]
    about = [ref.about() for _, ref in passed.nodes["A"].media]
    assert about == [
        {"role": "audio", "rank": 0, "start_seconds": 0.25, "end_seconds": 0.5},
        {"role": "video", "rank": 0},
    ]
    assert [ref.rank for _, ref in passed.nodes["B"].media] == [1]
    [(line, field, value)] = passed.refused()
    assert (line, field, value) == (2, "audio", "list.mp4")
    assert "playlist" in passed.rejections[0].reason


def test_documents_where_they_are_asked_for_and_nowhere_else(tmp_path: Path) -> None:
    folder = source(
        tmp_path / "s",
        '{"id": "A", "document": ["a.txt", {"path": "b.bin", "caption": "A page"}]}\n'
        '{"id": "B", "image": "b.bin", "document": {"path": "a.txt", "role": "guide"}}\n'
        '{"id": "C", "image": {"path": "a.txt", "role": "document"}}\n',
    )
    (folder / "a.txt").write_text("Made of brass.")
    (folder / "b.bin").write_text("<html><p>404: not found</p></html>")
    passed = Passed(folder, media=MediaStore(str(tmp_path / "media")))
    found = [(m.kind, m.mime, m.characters, m.texts) for m in passed.nodes["A"].new_media]
    assert found == [
        ("document", "text/plain", 14, ("Made of brass.",)),
        ("document", "text/html", 14, ("404: not found",)),
    ]
    assert passed.nodes["A"].new_media[0].about()["texts"] == ["Made of brass."]
    assert [(ref.role, ref.rank) for _, ref in passed.nodes["A"].media] == [
        ("document", 0), ("document", 1),
    ]  # fmt: skip
    assert [one.field for one in passed.rejections] == ["document", "image", "image"]
    assert "always `document`" in passed.rejections[0].reason


def test_a_part_behind_the_end_is_refused_also_of_what_the_graph_knows(tmp_path: Path) -> None:
    part = '{"id": "A", "audio": {"path": "a.wav", "from": 3, "to": 4}}\n'
    folder = source(tmp_path / "s", part)
    (folder / "a.wav").write_bytes(wav())
    media, store = MediaStore(str(tmp_path / "media")), FakeStore()
    why = "its part begins at 3 s, but the recording ends at 1 s; give a smaller `from`"
    first = Passed(folder, store=store, media=media)
    assert [(r.field, r.reason) for r in first.rejections] == [("audio", why)]
    assert first.nodes["A"].media == []
    more = '{"id": "B", "audio": {"path": "a.wav", "from": 0.5, "to": 9}}\n'
    (folder / "entities.jsonl").write_text(more)
    store.put_entities(list(Passed(folder, store=store, media=media).nodes.values()))
    (folder / "entities.jsonl").write_text(part + more)
    second = Passed(folder, store=store, media=media)
    assert [(r.field, r.reason) for r in second.rejections] == [("audio", why)]
    assert second.nodes["A"].media == []
    assert [ref.start for _, ref in second.nodes["B"].media] == [0.5]


def die_of_some(data: bytes, max_pixels: int) -> Looked:
    """A decoder with a fault."""
    if data.endswith(b"die"):
        os.kill(os.getpid(), signal.SIGSEGV)
    return describe(data, max_pixels)


def test_a_decoder_that_dies_loses_one_medium(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kg_platform.media.gallery.describe", die_of_some)
    rows = "".join(f'{{"id": "{n}", "image": "{n}.png"}}\n' for n in range(6))
    folder = source(tmp_path / "s", rows)
    for number in range(6):
        data = picture(folder / f"{number}.png", (4, 3 + number))
        if number % 3 == 0:
            (folder / f"{number}.png").write_bytes(data + b"die")
    passed = Passed(folder, media=MediaStore(str(tmp_path / "media")))
    assert sorted(passed.nodes) == ["0", "1", "2", "3", "4", "5"]
    assert [n for n in sorted(passed.nodes) if not passed.nodes[n].media] == ["0", "3"]
    assert [r.field for r in passed.rejections] == ["image", "image"]
    assert {r.reason.partition("(")[0] for r in passed.rejections} == {"its decoder died "}


class FullOnce(MediaStore):
    """Has no space left, once."""

    full = True

    def put(self, data: bytes) -> str:
        was, self.full = self.full, False
        if was:
            raise MediaStoreError("no space")
        return super().put(data)


def test_a_gallery_serves_again_after_a_store_was_full(tmp_path: Path) -> None:
    folder = source(tmp_path / "s", '{"id": "A", "image": "a.png"}\n')
    picture(folder / "a.png")
    with Gallery(folder, FullOnce(str(tmp_path / "media")), 100, 10_000) as gallery:
        with pytest.raises(MediaStoreError):
            Passed(folder, gallery=gallery)
        passed = Passed(folder, gallery=gallery)
    assert len(passed.nodes["A"].new_media) == 1


def claiming(width: int, height: int, png: bytes) -> bytes:
    """A PNG whose header says that it is this large."""
    header = b"IHDR" + struct.pack(">II", width, height) + png[24:29]
    return png[:12] + header + struct.pack(">I", zlib.crc32(header)) + png[33:]


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A folder with every picture that must not get in."""
    folder = source(tmp_path / "s")
    data = picture(folder / "good.png", (64, 64))
    (folder / "zero.png").write_bytes(b"")
    (folder / "cut.png").write_bytes(data[: len(data) // 2])
    (folder / "text.png").write_text("I am no picture")
    (folder / "heavy.png").write_bytes(data + b"\0" * 1_000_000)
    (folder / "huge.png").write_bytes(claiming(30_000, 30_000, data))
    picture(tmp_path / "outside.png")
    (folder / "link.png").symlink_to(tmp_path / "outside.png")
    (folder / "loop.png").symlink_to(folder / "loop.png")
    (folder / "folder.png").mkdir()
    os.mkfifo(folder / "pipe.png")
    return folder


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("zero.png", "0 bytes"),
        ("cut.png", "cut off"),
        ("text.png", "of no kind that is read"),
        ("heavy.png", "KG_MAX_MEDIA_BYTES"),
        ("huge.png", "30,000 x 30,000"),
        ("missing.png", "no such file"),
        ("../outside.png", "out of the source"),
        ("../../../../etc/passwd", "out of the source"),
        ("/etc/passwd", "out of the source"),
        ("link.png", "out of the source"),
        ("loop.png", "cannot be read"),
        ("folder.png", "not a file"),
        ("pipe.png", "not a file"),
        ("good.png/x", "cannot be read"),
        ("x" * 300, "cannot be read"),
        ("https://example.org/a.png", "--fetch-media"),
    ],
)
def test_a_bad_picture_is_rejected_and_its_entity_stays(
    hostile: Path, location: str, reason: str
) -> None:
    (hostile / "entities.jsonl").write_text(
        f'{{"id": "A", "images": ["{location}", "good.png"]}}\n'
    )
    passed = Passed(hostile)
    assert [ref.location for _, ref in passed.nodes["A"].media] == ["good.png"]
    [rejection] = passed.rejections
    assert (rejection.line, rejection.field) == (1, "image")
    assert reason in rejection.reason


@pytest.mark.parametrize(
    ("name", "mode"), [("cmyk.jpg", "CMYK"), ("deep.png", "I;16"), ("alpha.png", "RGBA")]
)
def test_unusual_pictures_are_pictures(tmp_path: Path, name: str, mode: str) -> None:
    folder = source(tmp_path / "s", f'{{"id": "A", "image": "{name}"}}\n')
    Image.new(mode, (8, 8)).save(folder / name)
    passed = Passed(folder)
    assert len(passed.nodes["A"].media) == 1
    assert passed.rejections == []


def test_an_animated_picture_is_a_picture(tmp_path: Path) -> None:
    folder = source(tmp_path / "s", '{"id": "A", "image": "a.gif"}\n')
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    frames[0].save(folder / "a.gif", save_all=True, append_images=frames[1:])
    assert len(Passed(folder).nodes["A"].media) == 1


def test_a_picture_the_graph_knows_is_not_decoded_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = source(tmp_path / "s", '{"id": "A", "image": "one.png"}\n')
    picture(folder / "one.png")
    media, store = MediaStore(str(tmp_path / "media")), FakeStore()
    first = Passed(folder, store=store, media=media)
    store.put_entities(list(first.nodes.values()))

    def decode(*_: object) -> None:
        raise AssertionError("decoded again")

    monkeypatch.setattr("kg_platform.media.isolated.Isolated.run", decode)
    second = Passed(folder, store=store, media=media)
    assert second.nodes["A"].new_media == []
    assert second.nodes["A"].media == first.nodes["A"].media
    with pytest.raises(AssertionError, match="decoded again"):
        Passed(folder, store=store, media=MediaStore(str(tmp_path / "another")))


def test_the_content_hash_follows_the_content(tmp_path: Path) -> None:
    folder = source(tmp_path / "s", '{"id": "A", "x": 1, "image": "a.png"}\n')
    picture(folder / "a.png")
    first = only(Passed(folder))
    assert only(Passed(folder)).content_hash == first.content_hash
    picture(folder / "a.png", (9, 9))
    assert only(Passed(folder)).content_hash != first.content_hash, "other bytes, same name"
    source(folder, '{"id": "A", "x": 2, "image": "a.png"}\n')
    assert only(Passed(folder)).content_hash != first.content_hash


def only(passed: Passed) -> Node:
    [node] = passed.nodes.values()
    return node


def test_an_id_that_was_merged_is_the_one_that_stands(tmp_path: Path) -> None:
    store = FakeStore()
    store.merged = {"B": "A", "gone": "A"}
    folder = source(
        tmp_path / "s",
        '{"id": "A"}\n{"id": "B", "label": "b"}\n{"id": "C"}\n',
        "B\tKNOWS\tC\nC\tKNOWS\tgone\nA\tSAME\tB\nB\tLIKES\tB\nA\tKNOWS\tA\n",
    )
    found = Passed(folder, store=store)
    assert {node.id: node.entity for node in found.nodes.values()} == {"A": "A", "B": "A", "C": "C"}
    assert found.relations == [
        ("A", "KNOWS", "C"),
        ("C", "KNOWS", "A"),
        ("A", "LIKES", "A"),
        ("A", "KNOWS", "A"),
    ]
    assert found.rejections == []
    assert sum(b.merged for b in found.batches) == 1 + 4


def test_a_password_in_an_address_is_not_kept(hostile: Path) -> None:
    (hostile / "entities.jsonl").write_text(
        '{"id": "A", "image": "http://ann:s3cret@example.org/a.png?x=1@2"}\n'
    )
    [rejection] = Passed(hostile).rejections
    assert rejection.value == "http://***@example.org/a.png?x=1@2"
