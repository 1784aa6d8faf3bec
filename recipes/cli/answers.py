"""Writes into a recipe's page what its questions print: `python -m recipes.cli.answers medicine`,
in the KG_HOME that the recipe was made in."""

from __future__ import annotations

import io
import os
import sys
from contextlib import redirect_stdout

from recipes.cli.running import run
from recipes.page import Question, questions, with_answer
from recipes.recipe import PAGE, recipe

WIDTH = "100"


def printed(question: Question) -> str:
    """What it prints, on a screen of `WIDTH` letters."""
    os.environ["COLUMNS"] = WIDTH
    with redirect_stdout(io.StringIO()) as out:
        run(question.words)
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().rstrip().splitlines())


def main(name: str) -> None:
    """Raises: NotFound: there is no such recipe. KgError: whatever a question raises."""
    page = recipe(name).package / PAGE
    for question in questions(page):
        text = with_answer(page.read_text(encoding="utf-8"), question, printed(question))
        page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
