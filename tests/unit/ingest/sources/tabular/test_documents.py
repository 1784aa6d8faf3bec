"""JSON, as one document and as lines: rows that are none, and what comes after them."""

from __future__ import annotations

import gzip
import json
import random
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from ingest.sources.tabular import documents, scanner
from kg_platform.errors import BadInput
from kg_platform.records import Rejection
from tests.support.tables import read, rows_of, written

ROW = {"a": 1, "b": {"c": [1, None, "x, ]}"], "d": {}}, "e": 'say "so" \\'}


def test_nested_rows_of_a_document_and_of_lines(tmp_path: Path) -> None:
    for indent in (None, 2):
        table = written(
            tmp_path / "f.json", "\ufeff" + json.dumps([ROW, {"z": 1.5}], indent=indent)
        )
        assert rows_of(table) == [ROW, {"z": 1.5}]
        assert [number for number, _ in table.rows()] == [1, 2]
        assert (table.columns(), table.count()) == (["a", "b", "e", "z"], 2)
    table = written(tmp_path / "f.jsonl", f'{json.dumps(ROW)}\r\n\n{{"z": 1.5}}')
    assert rows_of(table) == [ROW, {"z": 1.5}]
    assert [number for number, _ in table.rows()] == [1, 3]
    assert table.columns() == ["a", "b", "e", "z"]


def test_a_list_inside_a_document(tmp_path: Path) -> None:
    whole = {"meta": {"items": [9], "s": "]}"}, "n": [1, [2]], "data": {"x": 1, "items": [ROW]}}
    table = written(tmp_path / "f.json", json.dumps(whole), rows="data.items")
    assert rows_of(table) == [ROW]
    packed = gzip.compress(json.dumps(whole).encode("utf-16"))
    assert rows_of(written(tmp_path / "f.json.gz", packed, rows="data.items")) == [ROW]


@pytest.mark.parametrize(
    ("text", "rows", "reason"),
    [
        ('{"a": {}}', "a.b", "has no list at 'a.b': there is no key 'b'"),
        ('{"a": 1}', "a.b", "there is no key 'b'"),
        ('{"a": 1}', "a", "What stands at 'a' in f.json is no list"),
        ('{"m": 1, "a": [], "b": [1]}', None, "an object (lists are at 'a', 'b'); give `rows`"),
        ('{"a": 1}\n{"a": 2}', None, "or the format jsonl if each line is an object"),
        ("3", None, "f.json is no JSON list of rows"),
        ("", None, "f.json is no JSON list of rows"),
        ("{a: 1}", "a", "there is no key 'a'"),
    ],
)
def test_documents_without_such_a_list(
    tmp_path: Path, text: str, rows: str | None, reason: str
) -> None:
    with pytest.raises(BadInput) as refused:
        written(tmp_path / "f.json", text, rows=rows)
    assert reason in str(refused.value)


BAD = [
    ('{"a": NaN}', "NaN is no number of JSON"),
    ('{"a": [-Infinity]}', "-Infinity is no number of JSON"),
    ('{"a": 1e999}', "1e999 is beyond the numbers"),
    ('{"a": {"k": 1, "k": 2}}', 'the key "k" stands twice in one object'),
    ('{"a": "\\ud800x"}', "half of a character"),
    ('{"a": ' + "[" * 101 + "]" * 101 + "}", "more than 100 lists and objects"),
    ('{"a": ' + "[" * 90_000 + "]" * 90_000 + "}", "more than 100 lists and objects"),
    ('{"a": ' + "1" * 5_000 + "}", "a number of too many digits"),
    ("[1]", "the row is not a JSON object"),
    ("nul", "the row is not JSON"),
    ('{"a" 1}', "the row is not JSON"),
    ('{"a": 1} {"b": 2}', "the row is not JSON"),
    ('{"a": "\tx"}', "the row is not JSON"),
]


@pytest.mark.parametrize(("bad", "reason"), BAD)
def test_a_bad_row_costs_itself_alone(tmp_path: Path, bad: str, reason: str) -> None:
    good: list[Any] = [{"id": 1}, {"id": "\U0001f600"}]
    for name, text in (
        ("f.json", f'[{{"id": 1}}, {bad}, {{"id": "\\ud83d\\ude00"}}]'),
        ("f.jsonl", f'{{"id": 1}}\n{bad}\n{{"id": "\\ud83d\\ude00"}}\n'),
    ):
        found = read(written(tmp_path / name, text))
        assert [found[0], found[2]] == good
        assert reason in str(found[1])


@pytest.mark.parametrize("bad", ['{"a": [1}', '{"a": "x}', '{"a": "x\\}'])
def test_an_open_bracket_or_quote_ends_with_its_object_or_line(tmp_path: Path, bad: str) -> None:
    found = read(written(tmp_path / "f.json", f'[{{"id": 1}},\n{bad}\n,{{"id": 2}}]'))
    assert [found[0], found[2]] == [{"id": 1}, {"id": 2}]
    assert "the row is not JSON" in str(found[1])


def test_an_open_quote_in_a_row_of_many_lines_costs_no_other(tmp_path: Path) -> None:
    text = json.dumps([ROW, {"id": 2}, {"id": 3}], indent=1)
    found = read(written(tmp_path / "f.json", text.replace('": 1', ": 1", 1)))
    assert found[-2:] == [{"id": 2}, {"id": 3}]
    assert all(isinstance(row, str) for row in found[:-2])


def test_what_an_open_bracket_takes_with_it_is_said(tmp_path: Path) -> None:
    found = read(written(tmp_path / "f.json", '[{"id": 1}, {"a": 1, {"id": 2}]'))
    assert found[0] == {"id": 1}
    assert "a bracket or quote in it is not closed" in str(found[1])
    assert len(found) == 2


def test_a_document_that_is_cut_off_or_goes_on(tmp_path: Path) -> None:
    for text in ('[{"id": 1}', '[{"id": 1},', '[{"id": 1} {"id": 2}]', '[{"id": 1}, {"id'):
        *_, last = read(written(tmp_path / "f.json", text))
        assert isinstance(last, str), text
    assert read(written(tmp_path / "f.json", '[{"id": 1}] x')) == [
        {"id": 1},
        "after the list of rows stands more text",
    ]
    assert read(written(tmp_path / "f.json", "[]")) == []


def test_bytes_that_are_not_utf8_cost_their_row(tmp_path: Path) -> None:
    content = '[{"a": "ö"}, {"a": "'.encode() + b'\xff"}, {"a": 2}]'
    found = read(written(tmp_path / "f.json", content, encoding="utf-8"))
    assert found == [{"a": "ö"}, "the row is not valid utf-8", {"a": 2}]


def test_rows_longer_than_what_is_read_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanner, "_BLOCK", 7)
    monkeypatch.setattr(scanner, "_AHEAD", 5)
    rows = [{"id": n, "text": 'x\\"],}' * n, "more": [[n], {"y": "ö"}]} for n in range(20)]
    text = json.dumps({"skipped": rows, "rows": rows}, ensure_ascii=False)
    assert rows_of(written(tmp_path / "f.json", text, rows="rows")) == rows
    monkeypatch.setattr(scanner, "MAX_LINE_BYTES", 100)
    found = read(written(tmp_path / "f.json", json.dumps([{"a": "x" * 200}, {"a": 1}])))
    assert found == ["the row is longer than 16 MiB", {"a": 1}]


def test_the_count_of_a_long_document_is_about_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "_COUNTED", 50)
    table = written(tmp_path / "f.json", json.dumps([{"id": 1000 + n} for n in range(2_000)]))
    assert 1_900 < table.count() < 2_100


def test_a_document_is_what_python_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanner, "_BLOCK", 50)
    monkeypatch.setattr(scanner, "_AHEAD", 20)
    chance = random.Random(6)

    def value(depth: int) -> Any:
        kind = chance.randrange(8) if depth else 7
        if kind == 0:
            return [value(depth - 1) for _ in range(chance.randrange(4))]
        if kind == 1:
            keys = ("".join(chance.choices('ab"]},:é\\', k=4)) for _ in range(3))
            return {key: value(depth - 1) for key in keys}
        return chance.choice([1, 1.5, None, True, 'x]"}, {[', "\u2028\n", "\\"])

    for _ in range(60):
        rows = [{str(at): value(4) for at in range(3)} for _ in range(chance.randrange(20))]
        whole = {"a": value(3), "data": {"q": value(3), "items": rows, "z": 1}, "t": value(2)}
        indent, ascii_only = chance.choice([None, 1]), chance.random() < 0.5
        text = json.dumps(whole, ensure_ascii=ascii_only, indent=indent)
        assert rows_of(written(tmp_path / "f.json", text, rows="data.items")) == rows


def test_documents_cut_or_changed_anywhere(tmp_path: Path) -> None:
    """Each row is an object or a rejection, or the table is a `BadInput`."""
    chance = random.Random(1)
    content = json.dumps({"m": [1], "rows": [ROW, ROW, {"x": "\ud83d\ude00"}]}).encode()
    for _ in range(600):
        cut = bytearray(content[: chance.choice([len(content), chance.randrange(len(content))])])
        for _ in range(chance.randrange(4) if cut else 0):
            cut[chance.randrange(len(cut))] = chance.choice(b'"{}[],:\\ \n\xff1')
        with suppress(BadInput):
            for _, row in written(tmp_path / "f.json", bytes(cut), rows="rows").rows():
                assert isinstance(row, Rejection | dict)
