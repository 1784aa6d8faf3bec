from __future__ import annotations

from pathlib import Path

import pytest

from ingest.resolution.matching.document import MatchDocument, read_rules
from ingest.resolution.matching.rules import BlockTerm, MatchRules, json_schema
from kg_platform.errors import BadInput

WHOLE = """\
types: [Person]
across: sources
keys: [isbn, [label, born]]
compare:
  - {column: label, as: name}
  - {column: born, as: date}
  - {vector: text}
  - {neighbours: true}
block:
  - label
  - ["label[:3]", year(born)]
  - words(label)
thresholds: {merge: 0.9, ask: 0.4}
"""


def test_rules_are_read() -> None:
    rules = MatchDocument(Path("m.yaml"), WHOLE).content
    assert rules.keys == [["isbn"], ["label", "born"]]
    assert [one.kind for one in rules.compare] == ["name", "date", "vector", "neighbours"]
    assert rules.terms()[1] == [BlockTerm("label", "first", 3), BlockTerm("born", "year")]
    assert rules.columns() == ["label", "born", "isbn", "aliases"], "names are both"
    assert rules.vectors() == ["text"]
    assert (rules.thresholds.merge, rules.thresholds.ask) == (0.9, 0.4)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("words(label)", "words(label", "line 12, block[2][0]: 'words(label' is no way to look"),
        ("as: date", "as: dat", "line 6, compare[1].as: input should be 'name', 'exact', 'code'"),
        ("ask: 0.4", "ask: 0.95", "line 13, thresholds: ask is at most merge"),
        ("vector: text", "vector: text, column: x", "line 7, compare[2]: give one of column"),
        ("across: sources", "acros: sources", "line 2, acros: is not known here; there are types"),
        ("- label\n", "- near(x)\n", "line 10, block[0][0]: near(x) names no vector"),
        ("true}", "true, levels: [0.1, 0.5]}", "line 8, compare[3]: levels of neighbours fall"),
        ("as: date}", "as: date, levels: [9, 1]}", "line 6, compare[1]: levels of date rise"),
        ("{vector: text}", "{column: label}", "the file: compare has label twice"),
        ("as: date}", "as: exact, levels: [1]}", "what is compared as exact has no levels"),
    ],
)
def test_a_mistake_is_told_with_its_line(old: str, new: str, message: str) -> None:
    assert old in WHOLE
    with pytest.raises(BadInput) as raised:
        MatchDocument(Path("m.yaml"), WHOLE.replace(old, new, 1))
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("types: [A]\n", "give keys, or compare and block"),
        ("compare: [{column: label, as: name}]\n", "compare needs block"),
        ("keys: [isbn]\nblock: [label]\n", "block needs compare"),
        ("", "kg match --infer > match.yaml"),
    ],
)
def test_what_is_missing_is_told(text: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "m.yaml"
    file.write_text(text)
    with pytest.raises(BadInput, match=r"m\.yaml") as raised:
        read_rules(file)
    assert message in str(raised.value)


def test_the_schema_has_every_name_that_rules_take() -> None:
    schema = json_schema()
    assert set(schema["properties"]) == set(MatchRules.model_fields)
    assert "as" in schema["$defs"]["PairComparison"]["properties"]
