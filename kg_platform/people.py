"""Who is at the keyboard or behind a login, and what they may do, for what is written down with a
name."""

from __future__ import annotations

import getpass
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kg_platform.errors import Forbidden, SettingsError
from kg_platform.ledger.person import ROLES, PersonRow, Role
from kg_platform.settings import Settings

EXPIRED = "Your login has expired; log in again. Nothing was changed."
ENDED = "This login was ended; log in again. Nothing was changed."


@dataclass(frozen=True)
class Login:
    """What a login says: a name, the role it claims ("": none we know), when it was issued and
    until when it counts, in seconds since 1970."""

    name: str
    claimed: str
    issued: int
    expires: float


def who(settings: Settings) -> str:
    """The name decisions are recorded under: KG_USER, or the operating system's user.

    Raises:
        SettingsError: neither is known.
    """
    if settings.user:
        return settings.user
    try:
        return getpass.getuser()
    except (OSError, KeyError) as error:
        raise SettingsError(
            "The operating system does not say who you are; set KG_USER to the name that your "
            "decisions are recorded under."
        ) from error


def somebody(settings: Settings) -> str:
    """As `who`, for what nobody decides on: a user without a name is a number."""
    try:
        return who(settings)
    except SettingsError:
        return f"user {os.getuid()}" if hasattr(os, "getuid") else ""


def login_of(claims: Mapping[str, Any], settings: Settings) -> Login:
    """What the claims of an identity token say. `KG_UI_OIDC_NAME` and `KG_UI_OIDC_ROLES` name the
    claims that have the name and the roles, with dots where they lie inside others; of several
    roles the highest counts. A login counts as long as its token says, or as
    `KG_UI_LOGIN_HOURS` does.

    Raises:
        Forbidden: the token does not say who it is about, or when it was issued and ends.
    """
    hours = settings.ui_login_hours
    name, issued = _name(claims, settings.ui_oidc_name), _moment(claims, "iat")
    expires = _moment(claims, "exp") if hours is None else issued + hours * 3600
    return Login(name, _claimed(claims, settings.ui_oidc_roles), int(issued), expires)


def role_of(login: Login, person: PersonRow, now: float) -> Role:
    """What somebody may do with this login at this moment, by what is written down of the person.

    Raises:
        Forbidden: the login has expired or was ended, or the person has no role.
    """
    if now >= login.expires:
        raise Forbidden(EXPIRED)
    if login.issued <= person.signed_out:
        raise Forbidden(ENDED)
    if person.role is None:
        raise Forbidden(
            f"{login.name} has no role here; somebody who runs this platform can give one: "
            f"`kg people grant {login.name} viewer`."
        )
    return person.role


def permits(role: Role, needed: Role) -> bool:
    """Whether somebody in this role may do what takes that one."""
    return ROLES.index(role) >= ROLES.index(needed)


def refusal(role: Role, needed: Role) -> str:
    """Why not."""
    return f"This takes the role {needed}; yours is {role}. Nothing was changed."


def _name(claims: Mapping[str, Any], path: str | None) -> str:
    # Not `name` or `preferred_username`, which people choose themselves, nor an address of which
    # the provider does not say that it is proven: some let it be any (Entra ID).
    verified = claims.get("email_verified")
    if path is not None:
        refuted = path == "email" and verified not in (None, True, "true")
        if (named := _text(claims, path)) and not refuted:
            return named
        raise Forbidden(
            f"This login does not vouch for `{path}`, which people are known by here; the provider "
            "must send it, or KG_UI_OIDC_NAME name another claim."
        )
    if (mail := _text(claims, "email")) and verified in (True, "true"):
        return mail
    subject = claims.get("sub")
    if isinstance(subject, str) and subject:
        return subject
    raise Forbidden("This login does not say whose it is; the provider must send `sub`.")


def _moment(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Forbidden(f"This login does not say `{name}`, so nobody knows how long it counts.")
    return float(value)


def _text(claims: Mapping[str, Any], path: str) -> str:
    found = _at(claims, path)
    return found if isinstance(found, str) else ""


def _at(claims: Mapping[str, Any], path: str) -> Any:
    found: Any = claims.get(path)
    if found is None:
        found = claims
        for part in path.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _claimed(claims: Mapping[str, Any], path: str) -> str:
    found = _at(claims, path)
    given = found.split() if isinstance(found, str) else found
    if not isinstance(given, list | tuple):
        return ""
    return next((role for role in reversed(ROLES) if role in given), "")
