"""Every text of the explorer's own stands in each catalogue, and no page says one past it."""

from __future__ import annotations

import ast
import string
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import ui
from ui import language

ROOT = Path(ui.__file__).parent
SHOWN = [ROOT / "app.py", *sorted((ROOT / "views").glob("*.py"))]
SHOWN += [*sorted((ROOT / "widgets").rglob("*.py")), *sorted((ROOT / "components").rglob("*.py"))]
# What these words of a call are is read by a person.
NAMED = ("label", "title", "placeholder", "help", "alt", "caption")
SAYS = {"title", "header", "subheader", "caption", "button", "metric", "note", "hint", "alert"}
OTHERS = [one for one in language.LANGUAGES if one != "en"]


def said(file: Path) -> Iterator[str]:
    """The literals that `say` is called with."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and _name(node) == "say":
            assert isinstance(node.args[0], ast.Constant), f"{file}: say() takes one literal"
            yield node.args[0].value


def of_tables() -> set[str]:
    """The texts of the tables that `named` is called with, which stand in the same file."""
    found = set()
    for file in ROOT.rglob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        asked = {ast.unparse(one) for node in ast.walk(tree) for one in _table(node)}
        for node in tree.body:
            if isinstance(node, ast.AnnAssign):
                targets: list[ast.expr] = [node.target]
            else:
                targets = node.targets if isinstance(node, ast.Assign) else []
            if asked & {ast.unparse(one) for one in targets}:
                of = node.value.values if isinstance(node.value, ast.Dict) else [node.value]
                found |= {n.value for part in of for n in ast.walk(part) if _is_text(n)}
    assert found
    return found


def _table(node: ast.AST) -> list[ast.expr]:
    """The table of `named(table, ...)` or `partial(named, table)`."""
    if not isinstance(node, ast.Call) or not node.args:
        return []
    if _name(node) == "partial" and ast.unparse(node.args[0]) == "named":
        return node.args[1:2]
    return node.args[:1] if _name(node) == "named" else []


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def literals(file: Path) -> set[str]:
    tree = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    return {n.value for n in tree if isinstance(n, ast.Constant) and isinstance(n.value, str)}


def _name(call: ast.Call) -> str:
    at = call.func
    return at.id if isinstance(at, ast.Name) else at.attr if isinstance(at, ast.Attribute) else ""


def _fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("tongue", OTHERS)
class TestCatalogue:
    def test_has_all_that_is_said(self, tongue: str) -> None:
        there = language.catalogue(tongue)
        missing = {text for file in ROOT.rglob("*.py") for text in said(file)}
        missing = (missing | of_tables()) - there.keys()
        assert not missing

    def test_has_nothing_that_nobody_says(self, tongue: str) -> None:
        used = set().union(*(literals(file) for file in ROOT.rglob("*.py")))
        assert not language.catalogue(tongue).keys() - used

    def test_fills_in_the_same(self, tongue: str) -> None:
        other = {e: t for e, t in language.catalogue(tongue).items() if _fields(e) != _fields(t)}
        assert not other

    def test_says_each_text_once(self, tongue: str) -> None:
        files = sorted((language.FOLDER / tongue).glob("*.toml"))
        counted = Counter(text for file in files for text in tomllib.loads(file.read_text("utf-8")))
        assert [text for text, count in counted.items() if count > 1] == []


def test_no_page_says_a_text_past_the_catalogue() -> None:
    past = []
    for file in SHOWN:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or _name(node) == "say":
                continue
            shown = [word.value for word in node.keywords if word.arg in NAMED]
            if _name(node) in SAYS:
                shown += node.args[:1]
            if _name(node) == "answer" and node.args and isinstance(node.args[0], ast.List):
                shown += node.args[0].elts  # the columns of a table
            past += [
                f"{file.name}:{one.lineno}: {one.value!r}"
                for one in shown
                if isinstance(one, ast.Constant)
                and isinstance(one.value, str)
                and any(map(str.isalpha, one.value))
            ]
    assert past == []
