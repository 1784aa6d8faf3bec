"""Which files of a folder are read, and which are named as left out."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from ingest.sources.listing import look_into
from ingest.sources.registry import open_source
from kg_platform.errors import BadInput
from kg_platform.records import Entity, Rejection, Relation
from tests.support.packing import PACKERS

FACT = "A\tR\tB\n"


def write(path: Path, content: str | bytes = FACT) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(path: Path) -> tuple[list[str], list[str]]:
    """(names of the files that gave records, notes)"""
    source = open_source(path)
    records = list(source.records())
    assert not [r for r in records if isinstance(r, Rejection)]
    return list(dict.fromkeys(r.source for r in records)), list(source.notes)


def test_names_are_read_in_any_case_and_packed(tmp_path: Path) -> None:
    write(tmp_path / "Entities.JSONL", '{"id": "A"}')
    write(tmp_path / "entities.jsonl.gz", gzip.compress(b'{"id": "B"}'))
    write(tmp_path / "FACTS.CSV", "head,relation,tail\nA,R,B\n")
    write(tmp_path / "a.tsv.gz", gzip.compress(FACT.encode()))
    write(tmp_path / "b.Tsv.BZ2", PACKERS[".bz2"](FACT.encode()))
    write(tmp_path / "c.tsv.xz", PACKERS[".xz"](FACT.encode()))
    write(tmp_path / "c.tsv.zst", PACKERS[".zst"](FACT.encode()))
    write(tmp_path / "d.txt")
    write(tmp_path / "e.tsv", gzip.compress(FACT.encode()))
    names, notes = read(tmp_path)
    assert names == [
        "Entities.JSONL", "entities.jsonl.gz", "FACTS.CSV", "a.tsv.gz", "b.Tsv.BZ2", "c.tsv.xz",
        "c.tsv.zst", "d.txt", "e.tsv",
    ]  # fmt: skip
    assert notes == []


@pytest.mark.parametrize("name", ["FACTS.TSV", "facts.tsv.gz", "facts.txt", "facts.csv"])
def test_a_file_by_itself(tmp_path: Path, name: str) -> None:
    text = FACT.replace("\t", ",") if name.endswith("csv") else FACT
    data = gzip.compress(text.encode()) if name.endswith("gz") else text.encode()
    source = open_source(write(tmp_path / name, data))
    assert [r for r in source.records() if isinstance(r, Relation)]
    assert source.name == name.partition(".")[0]


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([".hidden.tsv"], ".hidden.tsv is left out: hidden files, locks and backups are not read."),
        (
            ["~$facts.tsv", "._facts.tsv", "facts.tsv~", ".~lock.facts.csv#"],
            "._facts.tsv, .~lock.facts.csv#, facts.tsv~ and ~$facts.tsv are left out: hidden files,"
            " locks and backups are not read.",
        ),
        (["people.jsonl"], "people.jsonl is left out: entities of a folder stand in entities"),
        (["README.txt"], "README.txt is left out: no three columns with tabs between them."),
        (["facts.xlsx", "facts"], "facts and facts.xlsx are left out: ingest reads .jsonl, .tsv"),
        (["a/b/facts.tsv"], "a/b/facts.tsv is left out: sub-folders are not read; ingest each"),
        ([f"x{i}/f.csv" for i in range(7)], "x4/f.csv and 2 more are left out: sub-folders"),
    ],
)
def test_what_is_left_out_is_named_in_one_line(tmp_path: Path, names: list[str], said: str) -> None:
    write(tmp_path / "good.tsv")
    for name in names:
        write(tmp_path / name, "some words")
    read_from, [note] = read(tmp_path)
    assert read_from == ["good.tsv"]
    assert said in note


def test_nothing_is_said_of_pictures_and_of_what_systems_leave(tmp_path: Path) -> None:
    for name in ("good.tsv", "a.png", "b.JPG", ".DS_Store", "flags/a.png", ".git/x.tsv"):
        write(tmp_path / name)
    assert read(tmp_path) == (["good.tsv"], [])


def test_a_link_that_leads_nowhere_is_named(tmp_path: Path) -> None:
    write(tmp_path / "good.tsv")
    (tmp_path / "facts.tsv").symlink_to(tmp_path / "gone.tsv")
    assert read(tmp_path)[1] == ["facts.tsv is left out: it cannot be opened as a file."]


def test_a_split_in_any_case(tmp_path: Path) -> None:
    for name in ("Train.TXT", "TEST.tsv", "test.csv", "facts.tsv", "entity2id.txt"):
        write(tmp_path / name)
    source = open_source(tmp_path)
    found = [(r.source, r.properties["split"]) for r in source.records() if isinstance(r, Relation)]
    assert found == [("TEST.tsv", "test"), ("Train.TXT", "train")]
    assert list(source.notes) == [
        "entity2id.txt, facts.tsv and test.csv are left out: train, valid and test are the triples."
    ]


def test_nothing_that_is_read_says_what_was_there(tmp_path: Path) -> None:
    write(tmp_path / "sub" / "facts.tsv")
    with pytest.raises(BadInput, match=r"Nothing in .* sub/facts.tsv is left out: sub-folders"):
        open_source(tmp_path)


@pytest.mark.parametrize("suffix", PACKERS)
def test_a_packed_file_that_is_cut_off_is_one_sentence(tmp_path: Path, suffix: str) -> None:
    data = PACKERS[suffix](b"".join(b"A%d\tR\tB\n" % (i * i) for i in range(9_000)))
    path = write(tmp_path / "f.tsv.gz", data[: len(data) // 2])
    with pytest.raises(BadInput, match=r"f.tsv.gz is cut off or damaged; unpack it"):
        list(open_source(path).records())


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("name", ["f.tsv", "f.csv", "f.txt", "entities.jsonl"])
def test_utf16_is_named_before_anything_is_begun(tmp_path: Path, encoding: str, name: str) -> None:
    text = '{"id": "A"}\n' if name.endswith("l") else "A,R,B\n" if name == "f.csv" else FACT
    write(tmp_path / name, (text * 3).encode(encoding))
    for place in (tmp_path, tmp_path / name):
        with pytest.raises(BadInput, match="is UTF-16 text; save it as UTF-8"):
            open_source(place)


def test_a_text_in_utf16_beside_others_is_left_out_and_triples_are_not(tmp_path: Path) -> None:
    write(tmp_path / "entities.jsonl", '{"id": "A"}\n')
    write(tmp_path / "about.txt", "A horn, and how it is made.\n".encode("utf-16"))
    found = look_into(tmp_path)
    assert found.notes == ["about.txt is left out: texts of triples are UTF-8."]
    write(tmp_path / "facts.txt", FACT.encode("utf-16"))
    with pytest.raises(BadInput, match=r"facts.txt is UTF-16 text; save it as UTF-8"):
        look_into(tmp_path)


def test_entities_with_marks_and_carriage_returns(tmp_path: Path) -> None:
    write(tmp_path / "entities.jsonl", '\ufeff{"id": "A"}\r\ufeff{"id": "B"}\r')
    source = open_source(tmp_path)
    assert [(r.id, r.line) for r in source.records() if isinstance(r, Entity)] == [
        ("A", 1), ("B", 2)
    ]  # fmt: skip
    assert source.count() == 2
