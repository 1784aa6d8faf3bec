"""What a login says, and what it is worth at this moment."""

from __future__ import annotations

from typing import Any

import pytest

from kg_platform.errors import Forbidden
from kg_platform.ledger.person import NONE, PersonRow, Role
from kg_platform.people import Login, login_of, permits, role_of, somebody
from kg_platform.settings import Settings

TOKEN: dict[str, Any] = {"sub": "s-1", "email": "ada@x.org", "iat": 1_000, "exp": 4_600}


def person(
    claimed: str = "", granted: str | None = None, *, out: int = 0, signed_in: int = 1_000
) -> PersonRow:
    return PersonRow("ada@x.org", granted, None, None, claimed, signed_in, out, None)


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"email_verified": True}, "ada@x.org"),
        ({"email_verified": "true"}, "ada@x.org"),
        # Whoever may write any address into a profile is not whoever has it.
        ({}, "s-1"),
        ({"email_verified": None}, "s-1"),
        ({"email_verified": 1.5}, "s-1"),
        ({"email_verified": False}, "s-1"),
        ({"email_verified": "false"}, "s-1"),
        ({"email": ""}, "s-1"),
        ({"email": None, "name": "Ada", "preferred_username": "root"}, "s-1"),
    ],
)
def test_somebody_is_known_by_what_they_cannot_choose(claims: dict[str, Any], name: str) -> None:
    assert login_of(TOKEN | claims, Settings()).name == name


@pytest.mark.parametrize(
    ("claim", "claims", "name"),
    [
        ("email", {}, "ada@x.org"),
        ("email", {"email_verified": True}, "ada@x.org"),
        ("sub", {"email_verified": True}, "s-1"),
        ("staff.number", {"staff": {"number": "7"}}, "7"),
        ("email", {"email_verified": False}, None),
        ("email", {"email": ""}, None),
        # By another name somebody would have what is taken from this one.
        ("staff.number", {"email_verified": True}, None),
        ("staff", {"staff": {"number": "7"}}, None),
    ],
)
def test_a_claim_that_the_provider_is_trusted_with(
    claim: str, claims: dict[str, Any], name: str | None
) -> None:
    settings = Settings(ui_oidc_name=claim)
    if name is None:
        with pytest.raises(Forbidden, match="KG_UI_OIDC_NAME"):
            login_of(TOKEN | claims, settings)
    else:
        assert login_of(TOKEN | claims, settings).name == name


@pytest.mark.parametrize(
    ("claims", "path", "role"),
    [
        ({"roles": ["viewer", "operator", "curator"]}, "roles", "operator"),
        ({"roles": ["astronaut"]}, "roles", ""),
        ({"roles": ["Operator", " operator"]}, "roles", ""),
        ({"roles": "viewer curator"}, "roles", "curator"),
        ({"realm_access": {"roles": ["curator"]}}, "realm_access.roles", "curator"),
        ({"https://kg.example.org/roles": ["viewer"]}, "https://kg.example.org/roles", "viewer"),
        ({"roles": {"operator": True}}, "roles", ""),
        ({"roles": 7}, "roles", ""),
        ({"roles": None}, "roles", ""),
        ({}, "roles.of.nobody", ""),
    ],
)
def test_of_several_roles_the_highest_that_we_know(
    claims: dict[str, Any], path: str, role: str
) -> None:
    assert login_of(TOKEN | claims, Settings(ui_oidc_roles=path)).claimed == role


def test_how_long_a_login_counts() -> None:
    assert login_of(TOKEN, Settings()).expires == 4_600
    assert login_of(TOKEN, Settings(ui_login_hours=10)).expires == 37_000


@pytest.mark.parametrize("missing", ["exp", "iat", "who"])
def test_a_login_that_does_not_say_enough(missing: str) -> None:
    gone = ("sub", "email") if missing == "who" else (missing,)
    with pytest.raises(Forbidden, match="does not say"):
        login_of({name: value for name, value in TOKEN.items() if name not in gone}, Settings())


@pytest.mark.parametrize("wrong", [True, "4600", None])
def test_a_time_that_is_none(wrong: object) -> None:
    with pytest.raises(Forbidden, match="does not say `exp`"):
        login_of(TOKEN | {"exp": wrong}, Settings())


@pytest.mark.parametrize(
    ("row", "role"),
    [
        (person("curator"), "curator"),
        (person("operator", "viewer"), "viewer"),
        (person("", "operator"), "operator"),
        # Another, newer login said less: it counts for all.
        (person("viewer", signed_in=2_000), "viewer"),
    ],
)
def test_what_was_said_here_goes_before_what_a_login_claims(row: PersonRow, role: Role) -> None:
    assert role_of(Login("ada@x.org", "operator", 1_000, 4_600), row, 1_500) == role


@pytest.mark.parametrize(
    ("row", "now", "why"),
    [
        (person("operator"), 4_600, "expired"),
        (person("operator", NONE), 1_500, "kg people grant ada@x.org"),
        (person(""), 1_500, "no role"),
        (person("king"), 1_500, "no role"),
        (person("operator", out=1_000), 1_500, "ended"),
        (person("operator", out=2_000), 1_500, "ended"),
    ],
)
def test_a_login_that_is_worth_nothing(row: PersonRow, now: float, why: str) -> None:
    with pytest.raises(Forbidden, match=why):
        role_of(Login("ada@x.org", "operator", 1_000, 4_600), row, now)


def test_a_role_includes_those_before_it() -> None:
    assert permits("operator", "viewer")
    assert permits("curator", "curator")
    assert not permits("viewer", "curator")


def test_a_user_without_a_name_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError("getpwuid(): uid not found: 4711")

    monkeypatch.setattr("getpass.getuser", nobody)
    assert somebody(Settings(user="ada")) == "ada"
    assert somebody(Settings()).startswith("user ")
