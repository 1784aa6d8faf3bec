"""What a recipe is: files that a person may read and change, and data that a seed makes."""

from __future__ import annotations

import hashlib
import importlib
import shutil
from dataclasses import dataclass
from pathlib import Path

from kg_platform import atomic
from kg_platform.errors import BadInput, NotFound
from kg_platform.settings import Settings

DATA = "data"
HELD_OUT = "held_out.tsv"  # head, relation, tail: facts that are true and that no table states
MATCH = "match.yaml"
PAGE = "README.md"
PRESET = "embed.toml"
_HERE = Path(__file__).parent
_STAMP = "made_from.json"


@dataclass(frozen=True)
class FieldRecipe:
    """`mappings` are ingested in this order, each a source of the name in `sources`."""

    name: str
    about: str
    mappings: tuple[str, ...]
    sources: tuple[str, ...]

    @property
    def package(self) -> Path:
        return _HERE / self.name

    def folder(self, settings: Settings) -> Path:
        """Where its files are, once they were written."""
        return settings.home / "recipes" / self.name


RECIPES = (
    FieldRecipe(
        "medicine",
        "drugs in two registries, conditions, targets, trials, side effects and cases",
        ("mapping.yaml", "labels.yaml"),
        ("european-registry", "american-labels"),
    ),
    FieldRecipe(
        "finance",
        "companies, people, ownership, filings and payments, and a list of sanctions",
        ("mapping.yaml", "watchlist.yaml"),
        ("company-register", "sanctions-list"),
    ),
)


def recipe(name: str) -> FieldRecipe:
    """Raises: NotFound: there is no such recipe."""
    for one in RECIPES:
        if one.name == name:
            return one
    names = " and ".join(one.name for one in RECIPES)
    raise NotFound(f"There is no recipe {name!r}; there are {names}.")


def write(chosen: FieldRecipe, settings: Settings) -> Path:
    """Its folder in KG_HOME with its files and its data, unless it is there as this version has it.

    Raises:
        BadInput: the folder cannot be written.
    """
    folder = chosen.folder(settings)
    made_from = _made_from(chosen)
    stamp = folder / _STAMP
    try:
        if stamp.is_file() and stamp.read_text(encoding="utf-8") == made_from:
            return folder
        with atomic.folder(folder) as made:
            for file in _files(chosen):
                shutil.copyfile(file, made / file.name)
            (made / DATA).mkdir()
            importlib.import_module(f"recipes.{chosen.name}.world").write(made / DATA)
            (made / _STAMP).write_text(made_from, encoding="utf-8")
    except OSError as error:
        raise BadInput(
            f"The recipe cannot be written to {folder}: {error.strerror or error}."
        ) from error
    return folder


def _files(chosen: FieldRecipe) -> list[Path]:
    return [chosen.package / name for name in (*chosen.mappings, MATCH, PRESET, PAGE)]


def _made_from(chosen: FieldRecipe) -> str:
    """What tells one version of a recipe from another: the content of its files, code included."""
    digest = hashlib.sha256()
    for file in sorted(chosen.package.iterdir()):
        if file.is_file() and file.suffix != ".pyc":
            digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return f'{{"sha256": "{digest.hexdigest()}"}}\n'
