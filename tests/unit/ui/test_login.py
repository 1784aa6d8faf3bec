"""What the explorer tells Streamlit of a login."""

from __future__ import annotations

import pytest

from kg_platform.errors import SettingsError
from kg_platform.settings import Settings
from ui import login

WHOLE = {
    "ui_oidc_metadata_url": "https://login.example.org/.well-known/openid-configuration",
    "ui_oidc_client_id": "kg",
    "ui_oidc_client_secret": "s3cret",
}


def settings(**given: object) -> Settings:
    return Settings.model_validate(given)


def test_no_login_by_default() -> None:
    assert not login.is_wanted(settings())


@pytest.mark.parametrize("missing", sorted(WHOLE))
def test_half_a_login_is_said(missing: str) -> None:
    some = {name: value for name, value in WHOLE.items() if name != missing}
    with pytest.raises(SettingsError, match=f"KG_{missing.upper()}"):
        login.is_wanted(settings(**some))


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("ui_oidc_metadata_url", "http://login.example.org/"),
        ("ui_oidc_metadata_url", "login.example.org"),
        ("ui_url", "http://kg.example.org"),
        ("ui_url", "https://"),
    ],
)
def test_addresses_that_others_could_read_along_with(name: str, address: str) -> None:
    with pytest.raises(SettingsError, match=f"KG_{name.upper()} must be https"):
        login.is_wanted(settings(**WHOLE | {name: address}))


def test_this_machine_needs_no_tls() -> None:
    given = WHOLE | {"ui_oidc_metadata_url": "http://localhost:9400/x", "ui_url": "http://[::1]:1"}
    assert login.is_wanted(settings(**given))


@pytest.mark.parametrize(
    ("given", "opened"),
    [
        ("https://KG.Example.org", "https://kg.example.org"),
        ("HTTPS://kg.example.org:443/", "https://kg.example.org"),
        ("https://kg.example.org:8443", "https://kg.example.org:8443"),
        ("http://localhost:80", "http://localhost"),
        ("http://[::1]:8501/", "http://[::1]:8501"),
    ],
)
def test_the_address_as_browsers_spell_it(given: str, opened: str) -> None:
    told = settings(**WHOLE, ui_url=given)
    assert login.is_wanted(told)
    assert login.origin(told, 1) == opened


@pytest.mark.parametrize("more", ["/kg", "/?lang=zh", "/#top", ":x", ":99999"])
def test_an_address_where_no_login_leads_back(more: str) -> None:
    with pytest.raises(SettingsError, match="KG_UI_URL"):
        login.is_wanted(settings(**WHOLE, ui_url="https://kg.example.org" + more))


def test_an_address_with_a_user_or_without_a_host() -> None:
    with pytest.raises(SettingsError, match="KG_UI_URL"):
        login.is_wanted(settings(**WHOLE, ui_url="https://ada@kg.example.org"))
    with pytest.raises(SettingsError, match="names no host"):
        login.host(settings(ui_url="kg.example.org"))


def test_what_streamlit_is_told() -> None:
    told = login.secrets(settings(**WHOLE), 8600)
    assert told["redirect_uri"] == "http://localhost:8600/oauth2callback"
    proxied = login.secrets(settings(**WHOLE, ui_url="https://kg.example.org/"))
    assert proxied["redirect_uri"] == "https://kg.example.org/oauth2callback"
    assert told["cookie_secret"] == proxied["cookie_secret"]
    other = login.secrets(settings(**WHOLE | {"ui_oidc_client_secret": "another"}))
    assert other["cookie_secret"] != told["cookie_secret"]
    assert "s3cret" not in told["cookie_secret"]
