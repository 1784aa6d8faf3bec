"""The house as docs/architecture.md describes it: what import rules alone do not hold."""

from __future__ import annotations

import ast
import re
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.places import ROOT

PACKAGES = ("kg_platform", "ingest", "embeddings", "ui", "recipes")
FOLDERS = sorted(
    {
        str(file.parent.relative_to(ROOT))
        for package in PACKAGES
        for file in (ROOT / package).rglob("*.py")
    }
)
FILES = sorted(file for package in PACKAGES for file in (ROOT / package).rglob("*.py"))


def tracked(*patterns: str) -> list[Path]:
    command = ["git", "ls-files", "-co", "--exclude-standard", *patterns]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / line for line in found.stdout.splitlines() if (ROOT / line).is_file()]


def of_ours(file: Path) -> Iterator[tuple[ast.ImportFrom, str]]:
    """Every `from a.module of ours import name`, and the module."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PACKAGES):
            yield node, str(node.module)


@pytest.mark.parametrize("folder", FOLDERS)
def test_each_package_has_its_sentence_and_its_beginning(folder: str) -> None:
    file = ROOT / folder / "__init__.py"
    tree = ast.parse(file.read_text(encoding="utf-8"))
    said = ast.get_docstring(tree)
    assert said, f"{folder} does not say what it is"
    begin = re.search(r"Begin at (\S+\.py)\b", said)
    assert begin, f"{folder} does not say where to begin"
    assert (file.parent / begin.group(1)).is_file()


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_package_imports_nothing_by_being_imported(folder: str) -> None:
    tree = ast.parse((ROOT / folder / "__init__.py").read_text(encoding="utf-8"))
    for node in tree.body:  # for type checkers alone
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    imported = {
        node.module if isinstance(node, ast.ImportFrom) else node.names[0].name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert imported <= {"__future__", "typing", "importlib.metadata"}


def test_no_file_lies_loose_in_embeddings() -> None:
    loose = {file.name for file in (ROOT / "embeddings").glob("*.py")}
    assert loose == {"__init__.py", "session.py"}


def test_a_class_name_is_used_once() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for file in FILES:
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef):
                places[node.name].append(str(file.relative_to(ROOT)))
    twice = {name: where for name, where in places.items() if len(where) > 1}
    assert twice == {}


def test_no_private_name_crosses_a_module() -> None:
    crossing = [
        f"{file.relative_to(ROOT)}: {alias.name} of {module}"
        for file in FILES
        for node, module in of_ours(file)
        for alias in node.names
        if alias.name.startswith("_")
    ]
    assert crossing == []


def test_a_prefix_shared_by_three_files_is_a_package() -> None:
    crowds: list[str] = []
    for folder in FOLDERS:
        prefixes: dict[str, set[str]] = defaultdict(set)
        for file in (ROOT / folder).glob("*_*.py"):
            prefixes[file.stem.split("_")[0]].add(file.stem)
        crowds += [f"{folder}: {sorted(names)}" for names in prefixes.values() if len(names) > 2]
    assert crowds == []


def test_a_test_stands_where_its_file_stands() -> None:
    """tests/unit mirrors the packages, folder by folder; tests/unit/project is about the whole."""
    strangers = []
    for file in (ROOT / "tests" / "unit").rglob("test_*.py"):
        folder = file.parent.relative_to(ROOT / "tests" / "unit")
        if folder.parts[0] != "project" and str(folder) not in FOLDERS:
            strangers.append(str(file.relative_to(ROOT)))
    assert strangers == []


def test_a_file_that_is_named_is_there() -> None:
    """Comments, docstrings and pages name files; when a file moves they move with it."""
    there = {str(path.relative_to(ROOT)) for path in tracked()}
    gone = []
    for path in tracked("*.py", "*.md", "*.toml", "*.css", "*.js", "Makefile"):
        if path == Path(__file__):
            continue
        for name in re.findall(
            r"(?<![\w/.<])((?:[\w-]+/)*[\w-]+\.py)\b", path.read_text(encoding="utf-8")
        ):
            if name not in there and not any(other.endswith(f"/{name}") for other in there):
                gone.append(f"{path.relative_to(ROOT)}: {name}")
    # Files of others, and those that tests make.
    others = ("pykeen/nn/__init__.py", "pykeen/metrics/__init__.py", "script.py", "test_suite.py")
    assert [line for line in gone if not line.endswith(others)] == []
