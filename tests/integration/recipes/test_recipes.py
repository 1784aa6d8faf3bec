"""Recipes on a real database: what is loaded, who is one, and the answers that pages give."""

from __future__ import annotations

import importlib
import json
import re

import pytest

from kg_platform.cypher.statement import Statement
from kg_platform.graph.client import Graph
from kg_platform.platform import Platform
from recipes.page import Question, questions
from recipes.recipe import PAGE, RECIPES, FieldRecipe, recipe, write
from recipes.steps import loading
from tests.support.command_line import kg

# Of the pairs that are one, how many the rules merge without asking, at least.
MERGED = {"medicine": 0.9, "finance": 0.25}


def ok(*words: str) -> str:
    done = kg(*words)
    assert done.code == 0, done.errors
    return done.out


def cells(text: str) -> set[str]:
    """The first cell of each row of a printed table."""
    rows = [line for line in text.splitlines() if "\u2502" in line]
    return {row.partition("\u2502")[0].strip() for row in rows} - {""}


def check(question: Question, out: str, share: float) -> None:
    """Most of what the page answers is answered again; scores may differ in their last digits, and
    what is nearly alike may change places."""
    told = cells(question.answer)
    assert told, question.title
    assert len(told & cells(out)) >= share * len(told), (question.title, out)


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")


@pytest.mark.parametrize("chosen", RECIPES, ids=lambda one: one.name)
def test_it_is_loaded_matched_and_asked_in_cypher(
    chosen: FieldRecipe, platform: Platform, graph: Graph
) -> None:
    folder = write(chosen, platform.settings)
    for words in loading(chosen, folder):
        ok(*words)
    gone = graph.read(
        Statement(
            "MATCH (t:Tombstone) WHERE t.merged_into IS NOT NULL "
            "RETURN t.merged_into AS kept, t.id AS gone"
        )
    )
    merged = {(row["kept"], row["gone"]) for row in gone}
    same = set(importlib.import_module(f"recipes.{chosen.name}.world").build().same)
    assert merged <= same, "what is not one was merged"
    assert len(merged) >= MERGED[chosen.name] * len(same)
    for question in questions(folder / PAGE):
        if question.cypher and "vector" not in question.asked:
            check(question, ok(*question.words), 0.5)
    before = graph.read(Statement("MATCH (n) RETURN count(n) AS nodes, max(n.updated_at) AS at"))
    for words in loading(chosen, folder):  # done again, nothing changes
        ok(*words)
    after = graph.read(Statement("MATCH (n) RETURN count(n) AS nodes, max(n.updated_at) AS at"))
    assert after == before


def test_entities_of_somebody_else_are_left_alone(platform: Platform, graph: Graph) -> None:
    graph.write(Statement("CREATE (:Entity {id: 'mine', source: 'me'})"))
    done = kg("recipe", "finance", "--no-ui")
    assert done.code == 2
    assert "not this recipe's ('mine' is one); set KG_HOME to another folder" in done.errors
    refused = kg("recipe", "held-out", "medicine")
    assert refused.code == 3
    assert "this recipe was not made in this KG_HOME; run `kg recipe medicine`" in refused.errors
    assert "finance" in ok("recipe", "list")


@pytest.mark.nightly
@pytest.mark.never_published
@pytest.mark.parametrize("name", ["medicine", "finance"])
def test_one_command_makes_it_and_answers_every_question(
    name: str, platform: Platform, graph: Graph
) -> None:
    first = ok("recipe", name, "--no-ui")
    page = recipe(name).folder(platform.settings) / PAGE
    for question in questions(page):
        assert question.title in first
        check(question, ok(*question.words), 0.5)
    ranks = json.loads(ok("recipe", "held-out", name, "--json"))
    assert sum(one["tail_rank"] <= 3 for one in ranks) >= 0.7 * len(ranks)
    runs = graph.read(Statement("MATCH (r:EmbeddingRun) RETURN count(r) AS runs"))
    second = ok("recipe", name, "--no-ui")
    assert graph.read(Statement("MATCH (r:EmbeddingRun) RETURN count(r) AS runs")) == runs
    told = re.sub(r"\s+", " ", second[second.index("1. ") :])
    assert told == re.sub(r"\s+", " ", first[first.index("1. ") :])
