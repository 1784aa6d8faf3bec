"""Patterns as data, and those that a relation's name gives."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.extraction.languages.language import FOLDER, language
from ingest.extraction.patterns.pattern import NameSlot, Pattern
from ingest.extraction.patterns.pattern_file import read_patterns, written
from ingest.extraction.patterns.templates import default_patterns, unspoken, words_of
from kg_platform.errors import BadInput
from tests.support.extraction_world import TYPES


def test_a_pattern_is_read() -> None:
    pattern = Pattern.of("{head:Person|Poet} was .. born~ in {tail} -> BORN_IN")
    head, *_, tail = pattern.parts
    assert head == NameSlot("head", ("Person", "Poet"))
    assert tail == NameSlot("tail")
    assert pattern.relation == "BORN_IN"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{head} knows {tail}", "which relation"),
        ("{head} knows -> KNOWS", "needs {head} and {tail}"),
        ("{head} {head} knows {tail} -> KNOWS", "needs {head} and {tail}"),
        ("{head} ... {tail} -> KNOWS", "fit anything"),
        ("{head} (knows {tail} -> KNOWS", "cannot be read"),
        ("{head} () {tail} -> KNOWS", "without a word"),
    ],
)
def test_a_mistake_is_one_sentence(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Pattern.of(text)


def test_a_file_tells_the_line_of_a_mistake(tmp_path: Path) -> None:
    path = tmp_path / "patterns.yaml"
    path.write_text('patterns:\n  - "{head} knows {tail} -> KNOWS"\n  - "{head} is -> X"\n')
    with pytest.raises(BadInput, match=r"line 3, patterns\[1\]: .*needs"):
        read_patterns(path)


def test_what_is_proposed_can_be_read_again(tmp_path: Path) -> None:
    patterns = default_patterns(TYPES.ends)
    path = tmp_path / "patterns.yaml"
    path.write_text(written(patterns), encoding="utf-8")
    again = read_patterns(path)
    assert again == patterns
    assert len({one.score for one in again}) > 1


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ('{pattern: "{head} knows {tail} -> X", score: 2}', "at most 1, and 2 does not"),
        ('{pattern: "{head} knows {tail} -> X", score: yes}', "at most 1, and True does not"),
        ('{pattern: "{head} is -> X", score: 0.5}', "needs {head} and {tail}"),
        ('{text: "{head} knows {tail} -> X"}', "this is no pattern; write it as text"),
        ("7", "this is no pattern; write it as text"),
    ],
)
def test_an_entry_that_is_no_pattern(tmp_path: Path, entry: str, why: str) -> None:
    path = tmp_path / "patterns.yaml"
    path.write_text(f"patterns:\n  - {entry}\n")
    with pytest.raises(BadInput, match=rf"line 2, patterns\[0\]: .*{why}"):
        read_patterns(path)


def test_the_words_of_a_relation() -> None:
    assert words_of("DIRECTED_BY") == ["directed", "by"]
    assert words_of("hasOwner") == ["has", "owner"]
    assert words_of("http://schema.org/birthPlace") == ["birth", "place"]


@pytest.mark.parametrize(
    "relation", ["REVIEWED_BY", "hasMentor", "ADVISES", "IN_GALLERY", "OWNER_OF", "作曲家", "P31"]
)
def test_a_relation_that_no_file_knows_is_said_by_its_own_words(relation: str) -> None:
    assert default_patterns([relation])
    assert unspoken(default_patterns([relation]), [relation]) == []


def test_a_relation_of_signs_alone_is_not_said() -> None:
    relations = ["★", "->", "-", "_", "", "BORN_IN"]
    assert unspoken(default_patterns(relations), relations) == ["", "-", "->", "_", "★"]


def test_every_language_says_relations_that_can_be_read() -> None:
    names = [path.stem for path in FOLDER.glob("*.yaml")]
    assert sorted(names) == ["chinese", "english"]
    for name in names:
        default_patterns([word.upper() for word in language(name).words])
