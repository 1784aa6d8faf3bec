"""Settings: where each comes from, what is masked, what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kg_platform.cli.main import build
from kg_platform.errors import SettingsError
from kg_platform.settings import Settings, load
from tests.support.places import ROOT


def shown(*words: str) -> str:
    done = CliRunner().invoke(build("settings"), ["settings", *words])
    assert done.exit_code == 0, done.output
    return done.stdout


def rows() -> dict[str, dict[str, str]]:
    return {row["variable"]: row for row in json.loads(shown("--json"))}


def test_every_setting_is_shown_with_its_meaning() -> None:
    found = rows()
    assert set(found) == {f"KG_{name.upper()}" for name in Settings.model_fields}
    assert all(row["meaning"] for row in found.values())
    assert "KG_NEO4J_HEAP" in shown()


def test_the_environment_wins_over_the_file_and_the_file_over_the_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path(".env").write_text("KG_NEO4J_HEAP=2g\nKG_NEO4J_PAGECACHE=1g\nOTHER=1\n")
    monkeypatch.setenv("KG_NEO4J_HEAP", "3g")
    found = rows()
    assert (found["KG_NEO4J_HEAP"]["value"], found["KG_NEO4J_HEAP"]["origin"]) == (
        "3g",
        "environment",
    )
    assert (found["KG_NEO4J_PAGECACHE"]["value"], found["KG_NEO4J_PAGECACHE"]["origin"]) == (
        "1g",
        ".env",
    )
    assert found["KG_BATCH_ROWS"]["origin"] == "default"
    assert load().neo4j_heap == "3g"


def test_secrets_are_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KG_NEO4J_PASSWORD", "hunter2")
    monkeypatch.setenv("KG_LEDGER_URL", "postgresql://me:hunter2@db/kg")
    monkeypatch.setenv("KG_MAVEN_URL", "https://me:hunter2@mirror.example/maven2")
    for text in (shown(), shown("--json")):
        assert "hunter2" not in text
    assert rows()["KG_MAVEN_URL"]["value"].endswith("@mirror.example/maven2")
    assert rows()["KG_NEO4J_PASSWORD"]["value"] == "**********"
    monkeypatch.delenv("KG_MAVEN_URL")
    assert "hunter2" not in repr(load())


@pytest.mark.parametrize("place", ["environment", "file"])
def test_an_unknown_variable_is_refused_with_the_nearest(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if place == "file":
        Path(".env").write_text("KG_NEO4J_HAEP=2g\n")
    else:
        monkeypatch.setenv("KG_NEO4J_HAEP", "2g")
    with pytest.raises(SettingsError, match="did you mean KG_NEO4J_HEAP"):
        load()


@pytest.mark.parametrize(
    ("variable", "value"),
    [("KG_BATCH_ROWS", "0"), ("KG_UI_PORT", "70000"), ("KG_DEVICE", "tpu")],
)
def test_a_wrong_value_names_its_variable(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=f"{variable} is not valid"):
        load()


def test_nothing_but_the_own_prefix_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KGX_HOME", "x")
    monkeypatch.setenv("HOME_KG_", "x")
    load()


def test_an_empty_variable_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KG_CACHE", "")
    assert load().cache == Path("~/.cache/kg-platform").expanduser()
    assert rows()["KG_CACHE"]["origin"] == "default"


def test_the_home_is_absolute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KG_HOME", "here")
    assert load().home == Path.cwd() / "here"


def test_the_page_says_the_defaults_and_meanings_there_are() -> None:
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    for name, info in Settings.model_fields.items():
        default = "" if info.default is None else f"`{info.default}`"
        assert f"| `KG_{name.upper()}` | {default} | {info.description} |" in page
