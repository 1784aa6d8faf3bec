"""fusion.yaml: read, refused with the line of a mistake, and described for editors."""

from __future__ import annotations

from pathlib import Path

import pytest

from kg_platform.errors import BadInput
from kg_platform.provenance.fusion import FusionRule, FusionRules
from kg_platform.provenance.rules_file import json_schema, read_rules


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "fusion.yaml"
    path.write_text("default: frequent\nproperties:\n  x: {trusted: [b, a]}\n  label: all\n")
    expected = {"x": FusionRule("trusted", ("b", "a")), "label": FusionRule("all")}
    assert read_rules(path) == FusionRules(FusionRule("frequent"), expected)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("default: newest\nproperties:\n  x: oldest\n", "line 3, properties.x: a rule is newest"),
        ("default: trusted\n", "line 1, default: trusted needs its sources"),
        ("properties:\n  x: {trusted: []}\n", "line 2, properties.x: trusted needs a list"),
        ("properties:\n  x: {trusted: [a, a]}\n", "line 2, properties.x: a source stands there"),
        ("defaults: newest\n", "line 1, defaults: is not known here; there are default"),
        ("properties:\n  source: all\n", "line 1, properties: the platform keeps source itself"),
        ("", "is empty; it says `default: newest`"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "fusion.yaml"
    path.write_text(text)
    with pytest.raises(BadInput) as refused:
        read_rules(path)
    assert sentence in str(refused.value)


def test_editors_are_told() -> None:
    schema = json_schema()
    assert schema["properties"]["default"]["anyOf"][0] == {"enum": ["newest", "frequent", "all"]}
