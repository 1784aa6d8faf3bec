"""How the explorer asks for a login: what Streamlit is told of the OpenID Connect provider."""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import SplitResult, urlsplit

from kg_platform.errors import SettingsError
from kg_platform.settings import PREFIX, Settings
from ui import uploads

CALLBACK = "/oauth2callback"
_USUAL = {"https": 443, "http": 80}  # ports that browsers leave out
_NEEDED = ("ui_oidc_metadata_url", "ui_oidc_client_id", "ui_oidc_client_secret")


def is_wanted(settings: Settings) -> bool:
    """Whether the explorer asks for a login.

    Raises:
        SettingsError: some of what a login takes is set and some is not, or an address is none.
    """
    missing = [name for name in _NEEDED if getattr(settings, name) is None]
    if len(missing) == len(_NEEDED):
        return False
    if missing:
        names = ", ".join(PREFIX + name.upper() for name in missing)
        raise SettingsError(f"A login takes more than is set: give {names} as well.")
    for name in ("ui_oidc_metadata_url", "ui_url"):
        _check(name, getattr(settings, name))
    if settings.ui_url is not None:
        parts = _split("ui_url", settings.ui_url)
        if parts.path not in ("", "/") or parts.query or parts.fragment or "@" in parts.netloc:
            raise SettingsError(
                f"{PREFIX}UI_URL is https:// and a host, with a port if need be, and nothing more: "
                "the explorer stands at the root of its address."
            )
    return True


def host(settings: Settings) -> str | None:
    """The host that people open the explorer by, where a proxy stands before it.

    Raises:
        SettingsError: the address names none.
    """
    if settings.ui_url is None:
        return None
    named = _split("ui_url", settings.ui_url).hostname
    if not named:
        raise SettingsError(f"{PREFIX}UI_URL names no host; write https://HOST.")
    return named


def origin(settings: Settings, port: int | str) -> str:
    """Where people open the explorer, as browsers spell it. A login leads back to this address and
    to no other."""
    if settings.ui_url is None:
        return f"http://localhost:{port}"
    parts, named = _split("ui_url", settings.ui_url), host(settings) or ""
    shown = f"[{named}]" if ":" in named else named
    usual = parts.port is None or parts.port == _USUAL.get(parts.scheme)
    return f"{parts.scheme}://{shown}" + ("" if usual else f":{parts.port}")


def secrets(settings: Settings, port: int | str = "{port}") -> dict[str, str]:
    """Streamlit's `[auth]`. Cookies are signed with a key made of the client secret, so that they
    are good after a restart and beside another explorer, and nothing more is to be kept."""
    assert settings.ui_oidc_client_secret is not None
    secret = settings.ui_oidc_client_secret.get_secret_value()
    signs = hmac.new(secret.encode(), b"kg-platform explorer: cookies", hashlib.sha256).hexdigest()
    return {
        "redirect_uri": origin(settings, port) + CALLBACK,
        "cookie_secret": signs,
        "client_id": settings.ui_oidc_client_id or "",
        "client_secret": secret,
        "server_metadata_url": settings.ui_oidc_metadata_url or "",
    }


def _check(name: str, address: str | None) -> None:
    if address is None:
        return
    parts = _split(name, address)
    plain = parts.scheme == "http" and uploads.is_of_this_machine(parts.hostname or "")
    if not parts.hostname or not (parts.scheme == "https" or plain):
        raise SettingsError(
            f"{PREFIX}{name.upper()} must be https://...; http:// is for this machine alone."
        )


def _split(name: str, address: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        _ = parts.port  # looked at only when it is asked for
    except ValueError as error:
        raise SettingsError(f"{PREFIX}{name.upper()} is no address: {error}.") from error
    return parts
