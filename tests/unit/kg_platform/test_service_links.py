"""Variables that orchestrators set for a service called as we are, beside settings of ours."""

from __future__ import annotations

import pytest

from kg_platform.errors import SettingsError
from kg_platform.service_links import service_links
from kg_platform.settings import describe, load

KUBERNETES = {
    "KG_PLATFORM_SERVICE_HOST": "10.96.0.12",
    "KG_PLATFORM_SERVICE_PORT": "7687",
    "KG_PLATFORM_SERVICE_PORT_BOLT": "7687",
    "KG_PLATFORM_PORT": "tcp://10.96.0.12:7687",
    "KG_PLATFORM_PORT_7687_TCP": "tcp://10.96.0.12:7687",
    "KG_PLATFORM_PORT_7687_TCP_PROTO": "tcp",
    "KG_PLATFORM_PORT_7687_TCP_PORT": "7687",
    "KG_PLATFORM_PORT_7687_TCP_ADDR": "10.96.0.12",
    "KG_SERVICE_HOST": "10.96.0.13",
    "KG_PORT": "tcp://10.96.0.13:80",
}
DOCKER = {
    "KG_DB_PORT": "tcp://172.17.0.5:7687",
    "KG_DB_PORT_7687_UDP": "udp://172.17.0.5:7687",
    "KG_DB_NAME": "/explorer/kg-db",
    "KG_DB_ENV_PATH": "/bin",
}


@pytest.mark.parametrize("given", [KUBERNETES, DOCKER])
def test_variables_of_a_service_are_no_settings(
    given: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert service_links(given) == set(given)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert load().ui_port == 8501


@pytest.mark.parametrize(
    ("name", "value", "near"),
    [
        ("KG_UII_PORT", "8501", "KG_UI_PORT"),
        ("KG_NEO4J_USER_NAME", "neo4j", "KG_NEO4J_USERNAME"),
        ("KG_NEO4J_PORT", "7687", "KG_NEO4J_URI"),
        ("KG_HOME_ENV", "x", "KG_HOME"),
    ],
)
def test_a_misspelt_setting_is_still_refused(
    name: str, value: str, near: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=f"{name} in the environment.*mean {near}"):
        load()


def test_a_service_that_has_the_name_of_a_setting_does_not_set_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KG_UI_PORT", "tcp://10.96.0.14:8501")
    settings = load()
    assert settings.ui_port == 8501
    assert {row.variable: row.origin for row in describe(settings)}["KG_UI_PORT"] == "default"
    monkeypatch.setenv("KG_UI_PORT", "9000")
    assert load().ui_port == 9000
    assert load(ui_port=9001).ui_port == 9001
