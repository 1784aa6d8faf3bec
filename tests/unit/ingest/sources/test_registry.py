"""Files into records: formats, file order, and rows that cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.sources.registry import open_source
from ingest.sources.source import Record
from kg_platform.errors import BadInput
from kg_platform.files import lines
from kg_platform.records import Entity, MediaRef, Rejection, Relation


def write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(path: Path) -> list[Record]:
    return list(open_source(path).records())


def triples(records: list[Record]) -> list[tuple[str, str, str]]:
    return [(r.head, r.type, r.tail) for r in records if isinstance(r, Relation)]


def rejections(records: list[Record]) -> list[tuple[str, int | None, str, str]]:
    return [(r.source, r.line, r.field, r.reason) for r in records if isinstance(r, Rejection)]


def test_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "world"
    write(
        folder / "entities.jsonl",
        '{"id": "A", "type": "T", "label": "a", "aliases": ["x"], "area": 3, "image": "a.png"}\n'
        "\n"
        '{"id": "B", "images": ["b.png", "c.png"]}\n',
    )
    write(folder / "triples.tsv", "A\tR\tB\n")
    source = open_source(folder)
    assert (source.name, source.count(), list(source.notes)) == ("world", 4, [])
    first, second, fact = source.records()
    assert isinstance(first, Entity)
    assert isinstance(second, Entity)
    assert (first.id, first.type, first.label, first.properties) == ("A", "T", "a", {"area": 3})
    assert first.media == (MediaRef("a.png"),)
    assert second.media == (MediaRef("b.png"), MediaRef("c.png", rank=1))
    assert (second.source, second.line) == ("entities.jsonl", 3)
    assert fact == Relation("A", "R", "B", {}, "triples.tsv", 1)
    assert list(source.records())[2] == fact, "records can be read again"


@pytest.mark.parametrize("header", ["head\trelation\ttail", "Subject\tPredicate\tObject"])
def test_a_header_is_recognised(tmp_path: Path, header: str) -> None:
    path = write(tmp_path / "facts.tsv", f"\ufeff{header}\r\nA\tR\tB\r\n")
    assert triples(read(path)) == [("A", "R", "B")]


def test_without_a_header_the_first_line_is_a_triple(tmp_path: Path) -> None:
    assert triples(read(write(tmp_path / "f.tsv", "A\tR\tB"))) == [("A", "R", "B")]


def test_tsv_is_literal_and_csv_quotes(tmp_path: Path) -> None:
    write(tmp_path / "d/a.csv", 'head,relation,tail\n"Paris, ""Texas""","is\nin",B\n')
    write(tmp_path / "d/b.tsv", '"A"\tR\tB, C\n')
    assert triples(read(tmp_path / "d")) == [
        ('Paris, "Texas"', "is\nin", "B"),
        ('"A"', "R", "B, C"),
    ]


def test_a_wrong_number_of_columns(tmp_path: Path) -> None:
    records = read(write(tmp_path / "f.tsv", "A\tR\tB\nA\tR\n\nA\tR\tB\tC\n"))
    assert [(line, reason) for _, line, _, reason in rejections(records)] == [
        (2, "a triple has three columns: head, relation, tail; here are 2"),
        (4, "a triple has three columns: head, relation, tail; here are 4"),
    ]


def test_a_published_split(tmp_path: Path) -> None:
    for name in ("train", "valid", "test", "train_less_valid"):
        write(tmp_path / f"{name}.tsv", f"A\tR\t{name}\n")
    source = open_source(tmp_path)
    found = [r for r in source.records() if isinstance(r, Relation)]
    assert [(r.tail, r.properties["split"]) for r in found] == [
        ("test", "test"), ("valid", "valid"), ("train", "train")
    ]  # fmt: skip
    assert list(source.notes) == [
        "train_less_valid.tsv is left out: train, valid and test are the triples."
    ]


@pytest.mark.parametrize("name", ["f.tsv", "f.csv", "e.jsonl", "c.csv"])
def test_invalid_utf8_costs_one_line(tmp_path: Path, name: str) -> None:
    content = {
        "f.tsv": b"A\tR\tB\nA\tR\t\xff\nC\tR\tD\n",
        "f.csv": b"head,relation,tail\nA,R,\xff\nC,R,D\n",
        "e.jsonl": b'{"id": "A"}\n{"id": "\xff"}\n{"id": "C"}\n',
        "c.csv": b"image_path,text_description\na.png,\xff\nb.png,fine\n",
    }[name]
    records = read(write(tmp_path / name, content))
    assert rejections(records) == [(name, 2, "line", lines.NOT_UTF8)]
    good = [r for r in records if not isinstance(r, Rejection)]
    assert good, "the lines around it are read"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{", "not JSON"),
        (b"[1]", "not a JSON object"),
        (b"3", "not a JSON object"),
        (b"[" * 100_000, "not usable JSON"),
        (b'{"id": ' + b"1" * 5_000 + b"}", "not usable JSON"),
    ],
)
def test_a_line_that_is_no_json_object(tmp_path: Path, line: bytes, reason: str) -> None:
    records = read(write(tmp_path / "e.jsonl", b'{"id": "A"}\n' + line + b'\n{"id": "B"}\n'))
    [(_, number, field, why)] = rejections(records)
    assert (number, field) == (2, "line")
    assert reason in why
    assert [r.id for r in records if isinstance(r, Entity)] == ["A", "B"]


def test_a_line_without_end_is_not_read_into_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "MAX_LINE_BYTES", 100)
    for size in (99, 100, 101, 200, 250):
        path = write(tmp_path / "f.tsv", b"x" * size + b"\nA\tR\tB\n")
        found = list(lines.read_lines(path))
        first = "x" * size + "\n" if size <= 100 else lines.Unread(lines.TOO_LONG)
        assert found == [(1, first), (2, "A\tR\tB\n")]


def test_an_unclosed_quote_says_how_far_it_goes(tmp_path: Path) -> None:
    path = write(tmp_path / "f.csv", 'head,relation,tail\nA,R,"B\nC,R,D\n')
    [(_, line, field, reason)] = rejections(read(path))
    assert (line, field) == (2, "line")
    assert "up to line 3" in reason


def test_captions(tmp_path: Path) -> None:
    path = write(
        tmp_path / "flickr.csv",
        "image_path,text_description,split,number\n"
        "a/1.jpg,A dog runs.,train,0\n"
        'a/2.jpg,"A cat, asleep.",test,0\n'
        "a/1.jpg,The dog.,train,1\n"
        "a/1.jpg,A dog runs.,train,2\n",
    )
    dog, cat = open_source(path).records()
    assert isinstance(dog, Entity)
    assert isinstance(cat, Entity)
    assert (dog.id, dog.type, dog.label, dog.description) == (
        "a/1.jpg", "Image", "1.jpg", "A dog runs."
    )  # fmt: skip
    assert dog.properties == {
        "captions": ["A dog runs.", "The dog."], "split": "train", "number": ["0", "1", "2"]
    }  # fmt: skip
    assert dog.media == (MediaRef("a/1.jpg", caption="A dog runs."),)
    assert (cat.description, cat.line) == ("A cat, asleep.", 3)
    assert open_source(tmp_path).name == "flickr", "a folder with one caption table is that table"


def test_bad_caption_rows(tmp_path: Path) -> None:
    path = write(
        tmp_path / "c.csv",
        "image_path,text_description\n,no picture\na.png,\nb.png\nc.png,too,many\nd.png,fine\n",
    )
    records = read(path)
    assert [(line, field) for _, line, field, _ in rejections(records)] == [
        (2, "image_path"), (3, "text_description"), (4, "line"), (5, "line")
    ]  # fmt: skip
    assert [r.id for r in records if isinstance(r, Entity)] == ["a.png", "d.png"]


@pytest.mark.parametrize(
    ("header", "missing"),
    [
        ("image_path,text", "no column text_description"),
        ("image,text_description", "no column image_path"),
        ("image_path,text_description,x,x", "'x' twice"),
    ],
)
def test_a_missing_column_is_named(tmp_path: Path, header: str, missing: str) -> None:
    with pytest.raises(BadInput, match=missing):
        open_source(write(tmp_path / "c.csv", f"{header}\nv,w\n"))


@pytest.mark.parametrize(
    ("name", "text"), [("c.csv", "a,b\nv,w\n"), ("c.csv", "\nv,w\n"), ("c.tsv", "a\tb\n"),
                     ("c.json", "[]")],
)  # fmt: skip
def test_other_tables_need_a_mapping(tmp_path: Path, name: str, text: str) -> None:
    with pytest.raises(BadInput, match=r"kg ingest --infer FILE... > mapping.yaml` writes a map"):
        open_source(write(tmp_path / name, text))
    with pytest.raises(BadInput, match=r"Nothing in .* can be ingested"):
        open_source(tmp_path)


def test_a_table_of_other_columns_is_left_out_by_name(tmp_path: Path) -> None:
    write(tmp_path / "wide.csv", "id,name\n1,A\n")
    write(tmp_path / "facts.csv", "a,b\nA,R,B\n")  # a row of another kind may be the first
    source = open_source(tmp_path)
    facts = [one.tail for one in source.records() if isinstance(one, Relation)]
    assert facts == ["B"]
    assert any(note.startswith("wide.csv is left out: triples have three") for note in source.notes)


def test_nothing_to_ingest_says_what_was_expected(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    for path in (empty, tmp_path / "nowhere", write(tmp_path / "a.parquet", "x")):
        with pytest.raises(BadInput, match=r"expected a folder with entities\.jsonl"):
            open_source(path)


def test_utf16_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "f.tsv", "A\tR\tB\n".encode("utf-16"))
    with pytest.raises(BadInput, match="UTF-16"):
        read(path)


def test_the_name_can_be_chosen(tmp_path: Path) -> None:
    write(tmp_path / "entities.jsonl", '{"id": "A"}')
    assert open_source(tmp_path / "entities.jsonl").name == tmp_path.name
    assert open_source(tmp_path, "mine").name == "mine"
