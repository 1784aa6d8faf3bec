"""What a person can type or set is written down somewhere."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import typer.main

from kg_platform.cli.main import build
from kg_platform.cli.reference import commands, page
from kg_platform.errors import KgError
from kg_platform.settings import PREFIX, Settings
from tests.support.places import ROOT

PAGES = "\n".join(
    page.read_text(encoding="utf-8") for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
)


COMMANDS = dict(commands(typer.main.get_command(build()), ("kg",)))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_is_explained(name: str) -> None:
    assert COMMANDS[name].help
    for parameter in COMMANDS[name].params:
        if parameter.opts != ["--help"]:
            assert getattr(parameter, "help", None), f"{name} {parameter.opts} has no help text"


def test_the_reference_is_what_the_code_says() -> None:
    written = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    assert written == page(), "run `make reference`"


@pytest.mark.parametrize("setting", list(Settings.model_fields))
def test_every_setting_is_explained_and_documented(setting: str) -> None:
    assert Settings.model_fields[setting].description
    assert PREFIX + setting.upper() in PAGES


def test_every_setting_of_training_is_documented() -> None:
    from dataclasses import fields

    from embeddings.training.options import TrainOptions
    from embeddings.training.presets import NOT_PRESET

    written = (ROOT / "docs" / "engine.md").read_text(encoding="utf-8")
    for each in fields(TrainOptions):
        if each.name not in NOT_PRESET:  # options of the command, and settings
            assert f"| `{each.name}` |" in written, f"docs/engine.md does not explain {each.name}"


def test_every_error_is_in_the_tree_that_the_docstring_draws() -> None:
    import kg_platform.errors

    def below(kind: type[KgError]) -> Iterator[type[KgError]]:
        for child in kind.__subclasses__():
            if child.__module__ == kg_platform.errors.__name__:
                yield child
            yield from below(child)

    drawn = kg_platform.errors.__doc__ or ""
    assert {kind.__name__ for kind in below(KgError)} <= set(drawn.replace("─", " ").split())


def test_links_between_pages_lead_somewhere() -> None:
    import re

    for written in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        text = written.read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
            assert (written.parent / target).exists(), f"{written.name} links to {target}"
