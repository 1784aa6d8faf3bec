"""Rows of entities.jsonl in which a key stands twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.sources.entities import read_entities
from kg_platform.records import Entity, Rejection


@pytest.mark.parametrize(
    ("line", "field", "reason", "value"),
    [
        ('{"id": "A", "x": 1, "x": true}', "x", "the key stands twice", "1, true"),
        ('{"id": "A", "label": "a", "label": "a"}', "label", "the key stands twice", '"a", "a"'),
        ('{"id": "A", "x": {"a": {"b": 1, "b": 2}}}', "x", 'the key "b" stands twice in it', "{"),
        ('{"id": "A", "aliases": [{"a": 1, "a": 2}]}', "aliases", 'the key "a" stands twice', "["),
    ],
)
def test_a_key_that_stands_twice_is_named_and_its_field_left_out(
    tmp_path: Path, line: str, field: str, reason: str, value: str
) -> None:
    (tmp_path / "e.jsonl").write_text(f'{line[:-1]}, "y": 2}}\n')
    rejection, entity = read_entities(tmp_path / "e.jsonl")
    assert isinstance(rejection, Rejection)
    assert (rejection.line, rejection.field) == (1, field)
    assert rejection.reason.startswith(reason)
    assert rejection.value.startswith(value)
    assert isinstance(entity, Entity)
    assert (entity.id, entity.properties, entity.label, entity.aliases) == (
        "A", {"y": 2}, None, None
    )  # fmt: skip


def test_an_id_that_stands_twice_rejects_the_row(tmp_path: Path) -> None:
    (tmp_path / "e.jsonl").write_text('{"id": "A", "id": "B"}\n{"id": "C"}\n')
    rejection, entity = read_entities(tmp_path / "e.jsonl")
    assert isinstance(rejection, Rejection)
    assert (rejection.field, rejection.value) == ("id", '"A", "B"')
    assert isinstance(entity, Entity)
    assert entity.id == "C"
