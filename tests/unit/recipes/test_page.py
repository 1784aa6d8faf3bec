"""A recipe's page: its questions, and another answer to one of them."""

from __future__ import annotations

import pytest

from recipes.page import questions, with_answer
from recipes.recipe import PAGE, RECIPES, FieldRecipe


@pytest.mark.parametrize("chosen", RECIPES, ids=lambda one: one.name)
def test_five_questions_each_with_what_asks_it_and_an_answer(chosen: FieldRecipe) -> None:
    page = chosen.package / PAGE
    found = questions(page)
    assert [one.title[:2] for one in found] == ["1.", "2.", "3.", "4.", "5."]
    for one in found:
        assert one.words[0] in ("query", "similar", "explain", "recipe")
        assert one.cypher is (one.words[0] == "query")
        assert len(one.answer.splitlines()) > 3
    text = page.read_text(encoding="utf-8")
    for one in found:
        assert with_answer(text, one, one.answer) == text
    changed = with_answer(text, found[1], "nothing\n")
    assert changed.count("nothing\n") == 1
    assert found[2].answer in changed
