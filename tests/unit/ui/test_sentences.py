"""Each sentence that an error of ours has, where a page may show it, stands in each language."""

from __future__ import annotations

import re
import string
import tomllib
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

import ui
from kg_platform.collector import rarely_collecting
from tests.support.own_sentences import Sources
from ui import language, sentences

ROOT = Path(ui.__file__).parents[1]
OTHERS = [one for one in language.LANGUAGES if one != "en"]
PACKAGES = ("kg_platform", "ingest", "embeddings", "ui")
# What is not raised and reaches a page all the same: module -> the names in it that have the words,
# or "" for the whole module.
FROM_BELOW: dict[str, tuple[str, ...]] = {
    "embeddings.answers.explanation": ("_SIDES", "sentence"),
    "embeddings.answers.why_similar": ("CAME_AFTER", "FITTED_AGAIN", "_far"),
    "embeddings.jobs.scheduled": ("",),
    "embeddings.publish.gate.decision": ("decide",),
    "embeddings.publish.live_artifact": ("find_live",),
    "embeddings.publish.gate.verdict": (
        "judge", "_finite", "_lengths", "_alone", "_against", "_figure", "_canaries",
    ),
    "ingest.loading.batches": ("",),
    "ingest.loading.summary": ("sentence",),
    "ingest.mapping.apply": ("",),
    "ingest.mapping.expressions": ("",),
    "ingest.mapping.functions": (
        "text_of", "_number", "_integer", "_boolean", "_date", "_datetime", "_split",
    ),
    "ingest.mapping.model": (
        "_expression", "_refuse_braces", "_one_place", "_format", "_says_something", "_one_kind",
        "_loads_something",
    ),
    "ingest.mapping.source": ("",),
    "ingest.mapping.union": ("",),
    "ingest.sources.captions": ("",),
    "ingest.sources.rdf.intake": ("",),
    "ingest.sources.rdf.literals": ("BEYOND", "FINER", "MONTHS", "NO_ZONE"),
    "ingest.sources.rdf.parsing": (
        "STAR", "NUL", "RELATIVE", "REMOTE", "HUGE", "_one_by_one", "_read_document", "_why",
    ),
    "ingest.sources.tabular.cells": ("",),
    "ingest.sources.tabular.columnar.batches": ("",),
    "ingest.sources.tabular.columns": ("",),
    "ingest.sources.tabular.delimited": ("",),
    "ingest.sources.tabular.documents": ("",),
    "ingest.sources.tabular.layout": ("",),
    "ingest.sources.tabular.objects": ("",),
    "ingest.sources.tabular.sql.table": ("__init__", "_refused", "_select", "_unordered"),
    "ingest.sources.tabular.workbook": ("",),
    "ingest.validate": (
        "NUL", "SURROGATE", "KEPT", "PLAIN", "OFFSET", "PLACES", "_ONE", "id_problem",
        "type_problem", "relation_type_problem", "key_problem", "_name_problem", "_value_problem",
        "_offset_problem", "_text", "_label", "_aliases", "_media", "_second",
    ),
    "kg_platform.browse.origin": ("",),
    "kg_platform.browse.streams": ("",),
    "kg_platform.browse.world_drift": ("moved_sentence",),
    "kg_platform.errors": ("note_log",),
    "kg_platform.files.charset": ("",),
    "kg_platform.files.lines": ("",),
    "kg_platform.ledger.errors": ("_SQLITE", "_POSTGRES_CODES", "_POSTGRES_WORDS"),
    "kg_platform.media.span": ("problem", "__str__"),
    "kg_platform.runs.held_out": ("",),
    "kg_platform.scheduling.scheduler": ("_recover", "_do", "_attempt"),
    "kg_platform.scheduling.view": ("_state",),
    "kg_platform.yaml_document": ("_mistakes",),
}  # fmt: skip
# What these read like, and are not.
NO_SENTENCES = {
    "; run `kg embed` again.": "taken off the end of another",
    " or Pillow's": "only a program can give a picture of Pillow's",
    '{{"LANGUAGE": 2, "BORDERS": 0.5}}': "JSON",
    "a value": "a name of the code's",
    "(line {0}, column {1})": "in the middle of what Neo4j says",
    "{0} at {1}": "a database and where it is",
    "kg review propose": "a command",
    "{0}, query": "the name of a source",
    "{0}, table {1}": "the name of a source",
    "unable to open": "in what SQLite says",
    "not a database": "in what SQLite says",
    "disk i/o": "in what SQLite says",
    "no password supplied": "in what PostgreSQL says",
    "does not exist": "in what PostgreSQL says",
    "too many": "in what PostgreSQL says",
    "Value error, ": "cut off what pydantic says",
    "SELECT * FROM {0}": "a query",
    "SELECT * FROM {0} ORDER BY {1}": "a query",
    "{0}: begins.": "printed by `kg scheduler`",
    "{0}: another scheduler has taken it over meanwhile.": "printed by `kg scheduler`",
}


@cache
def said() -> dict[str, str]:
    """Sentence -> one place that says it: in every module that the explorer imports, and so in
    nearly all of jobs. What only `kg` says stands in a `cli`, which it does not import."""
    with rarely_collecting():  # all that is parsed stays
        sources = Sources(ROOT, PACKAGES)
        pages = [name for name in sources.files if name == "ui.app" or name.startswith("ui.views.")]
        modules = sorted(sources.imported(pages))
        errors = sources.subclasses("KgError", modules)
        found = {
            text: f"{module}:{line}"
            for module in modules
            for line, text in sources.raised(module, errors)
        }
        for module, names in FROM_BELOW.items():
            for name in names:
                found |= {text: f"{module}:{line}" for line, text in sources.written(module, name)}
    return {text: place for text, place in found.items() if text not in NO_SENTENCES}


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def literal(text: str) -> str:
    """As a key of TOML."""
    for sign, escaped in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n")):
        text = text.replace(sign, escaped)
    return f'"{text}"'


@pytest.mark.parametrize("tongue", OTHERS)
class TestRows:
    def test_are_there_for_every_sentence(self, tongue: str) -> None:
        there = sentences.rows(tongue)
        missing = "\n".join(
            f'{literal(text)} = "…"  # {place}'
            for text, place in said().items()
            if text not in there
        )
        assert not missing, f"rows for ui/languages/{tongue}/sentences/*.toml:\n{missing}"

    def test_are_there_for_nothing_else(self, tongue: str) -> None:
        gone = sentences.rows(tongue).keys() - said()
        assert not gone, f"nobody says this any more; take its rows away: {sorted(gone)}"

    def test_have_the_same_values(self, tongue: str) -> None:
        rows = sentences.rows(tongue).items()
        assert not {english: text for english, text in rows if fields(english) != fields(text)}

    def test_keep_commands_and_settings(self, tongue: str) -> None:
        for english, text in sentences.rows(tongue).items():
            kept = set(re.findall(r"`[^`]+`|KG_[A-Z_]+|--[a-z-]+", english))
            assert {one for one in kept if one not in text} == set()

    def test_stand_once(self, tongue: str) -> None:
        files = sorted((language.FOLDER / tongue / "sentences").glob("*.toml"))
        counted = Counter(text for file in files for text in tomllib.loads(file.read_text("utf-8")))
        assert [text for text, count in counted.items() if count > 1] == []


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    monkeypatch.setattr(sentences, "language", lambda: "zh")
    return sentences.told


class TestTold:
    def test_keeps_values_and_commands(self, told: Callable[[str], str]) -> None:
        said = told("There is no run embed-1; `kg runs` lists the ones there are.")
        assert said == "没有运行 embed-1；`kg runs` 可列出现有的运行。"

    def test_a_reason_in_a_sentence_is_told_too(self, told: Callable[[str], str]) -> None:
        said = told("The artifact /a b is damaged: x.json cannot be read; run `kg embed` again.")
        assert said == "产物 /a b 已损坏：无法读取 x.json；请重新运行 `kg embed`。"

    def test_reasons_in_a_row(self, told: Callable[[str], str]) -> None:
        assert told("all 3 are numbers; <b>; not published") == "3 个全部是数字；<b>；未发布"

    def test_sentences_in_a_row(self, told: Callable[[str], str]) -> None:
        said = told("x.csv is not there. `kg runs log r-1` has the traceback.")
        assert said == "x.csv 不存在。 `kg runs log r-1` 有完整的错误记录。"

    def test_what_is_wrong_with_the_value_of_an_expression(
        self, told: Callable[[str], str]
    ) -> None:
        said = told("{year | integer} is not a whole number")
        assert said == "{year | integer} 不是整数"

    def test_words_of_ours(self, told: Callable[[str], str]) -> None:
        said = told("This takes the role curator; yours is viewer. Nothing was changed.")
        assert "审核员" in said
        assert "curator" not in said

    @pytest.mark.parametrize("other", ["", "Nobody of ours says this.", "没有运行", "{0} {x}"])
    def test_others_stay_as_they_are(self, told: Callable[[str], str], other: str) -> None:
        assert told(other) == other

    def test_braces_in_a_value_are_text(self, told: Callable[[str], str]) -> None:
        said = told("There is no run {0} {x!r} {{; `kg runs` lists the ones there are.")
        assert said == "没有运行 {0} {x!r} {{；`kg runs` 可列出现有的运行。"

    def test_the_end_of_what_a_job_printed(self, told: Callable[[str], str]) -> None:
        assert sentences.told_end("Reading … kg: x.csv is not there.").endswith(
            "kg: x.csv 不存在。"
        )

    @pytest.mark.parametrize("part", ["; ", " ", "a", ", line 1: ", "cannot be read; "])
    def test_a_long_value_costs_one_pass(self, told: Callable[[str], str], part: str) -> None:
        """Values are found without going back, so ten times as long takes ten times as long: the
        longest of ours is told in a moment, and what is longer is not looked at."""
        name = part * (9_000 // len(part))
        assert (
            told(f"There is no run {name}; `kg runs` lists the ones there are.")[:5] == "没有运行 "
        )
        whole = f"There is no run {name * 100}; `kg runs` lists the ones there are."
        assert told(whole) == whole


class TestOwnSentences:
    def test_are_followed_to_where_they_are_written(self, tmp_path: Path) -> None:
        (tmp_path / "shop").mkdir()
        (tmp_path / "shop" / "errors.py").write_text(
            "class KgError(Exception): pass\nclass Gone(KgError): pass\nWHY = 'it was {}'\n"
        )
        (tmp_path / "shop" / "page.py").write_text(
            "from shop.errors import WHY, Gone\n"
            "def one(n, name, old):\n"
            "    hint = 'look again' if n else f'look for {name}'\n"
            "    if old:\n"
            "        raise Gone(WHY.format(name))\n"
            "    raise Gone(f'{n} row{\"s\"[: n != 1]} of {name!r}; {hint}.' 'Go.') from None\n"
            "def two(): return Gone(_two(3))\n"
            "def _two(n): return 'No ' + str(n) + ' here'\n"
        )
        sources = Sources(tmp_path, ["shop"])
        errors = sources.subclasses("KgError", sources.files)
        assert sources.imported(["shop.page"]) == {"shop.page", "shop.errors"}
        assert {text for _, text in sources.raised("shop.page", errors)} == {
            "it was {0}", "{0} row of {1}; {2}.Go.", "{0} rows of {1}; {2}.Go.", "look again",
            "look for {0}", "No {0} here",
        }  # fmt: skip
