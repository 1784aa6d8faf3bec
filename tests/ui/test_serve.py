"""How `kg ui` starts Streamlit, without starting it."""

from __future__ import annotations

import sys
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

import ui
from kg_platform.errors import BadInput
from kg_platform.settings import Settings
from ui import serve

HERE = Path(ui.__file__).parent


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("127.0.0.1", "http://127.0.0.1:1"),
        ("0.0.0.0", "http://127.0.0.1:1"),
        ("::1", "http://[::1]:1"),
        ("::", "http://[::1]:1"),
        ("kg.example", "http://kg.example:1"),
    ],
)
def test_the_address_a_browser_opens(address: str, shown: str) -> None:
    assert serve.url(address, 1) == shown


def test_the_settings_streamlit_runs_with(settings: Settings) -> None:
    command = serve.command_line(settings, "0.0.0.0", 8600, browser=False, hosts=["kg.example"])
    assert command[0] == sys.executable
    for flag in (
        "--server.address=0.0.0.0",
        "--server.port=8600",
        "--server.headless=true",
        "--browser.gatherUsageStats=false",
        "--client.showErrorDetails=none",
        "--client.showErrorLinks=false",
        "--runner.postScriptGC=false",
        "--server.allowedHosts=localhost",
        "--server.allowedHosts=127.0.0.1",
        "--server.allowedHosts=kg.example",
    ):
        assert flag in command
    assert "--server.allowedHosts=0.0.0.0" not in command
    assert "--server.allowedHosts=*" not in command


def test_no_module_here_shadows_a_package() -> None:
    """Streamlit puts this folder first on the import path."""
    names = {p.stem for p in HERE.glob("*.py")} | {p.name for p in HERE.iterdir() if p.is_dir()}
    names -= {"__init__", "__pycache__"}
    others = sys.stdlib_module_names | packages_distributions().keys()
    assert not names & others


def begun(settings: Settings, monkeypatch: pytest.MonkeyPatch, **given: str) -> None:
    """`serve`, up to where it would take this process's place."""

    def become(_: str, command: list[str]) -> None:
        raise InterruptedError(*command)

    monkeypatch.setattr(serve.os, "execv", become)
    told = settings.model_copy(update=given)
    with pytest.raises(InterruptedError):
        serve.serve(told, browser=False)


@pytest.mark.parametrize(
    ("given", "may"),
    [
        ({}, None),
        ({"ui_url": "https://kg.example.org"}, "read the graph ("),
        ({"ui_url": "https://kg.example.org", "ui_everybody": "operator"}, "load, and publish"),
        ({"ui_url": "http://localhost:9000"}, None),
    ],
)
def test_what_everybody_may_do_is_said(
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    given: dict[str, str],
    may: str | None,
) -> None:
    begun(settings, monkeypatch, **given)
    said = " ".join(capsys.readouterr().err.split())
    assert ("asks for no login" in said) is (may is not None)
    assert (may or "") in said


@pytest.mark.parametrize("reached", [{"address": "0.0.0.0"}, {"hosts": ["kg.example.org"]}])
def test_a_login_that_others_reach_takes_an_address(
    settings: Settings, reached: dict[str, Any]
) -> None:
    login = {
        "ui_oidc_metadata_url": "https://login.example.org/",
        "ui_oidc_client_id": "kg",
        "ui_oidc_client_secret": SecretStr("s3cret"),
    }
    with pytest.raises(BadInput, match="KG_UI_URL"):
        serve.serve(settings.model_copy(update=login), browser=False, **reached)
