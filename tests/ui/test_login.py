"""People who log in: a provider of OpenID Connect on this machine, `kg ui`, a real browser."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from oidc_provider_mock import User, run_server_in_thread
from playwright.sync_api import Browser, Page, expect, sync_playwright

from kg_platform.platform import Platform
from tests.ui.conftest import FLAGS, browser_path, own_port, when_it_answers

ROLES = {
    "ada": ["operator", "viewer"],
    "bob": ["viewer"],
    "cur": ["curator"],
    "cy": ["astronaut"],
}
USERS = [
    User(sub=name, claims={"email": f"{name}@x.org", "email_verified": True, "roles": roles})
    for name, roles in ROLES.items()
]


class Age(timedelta):
    """How long the provider's tokens count, as a test says at that moment."""

    left = 3_600.0

    def total_seconds(self) -> float:
        return Age.left


@dataclass(frozen=True)
class Explorer:
    address: str
    browser: Browser
    platform: Platform

    def visit(self, name: str | None = None, at: str = "") -> Page:
        """A browser of somebody's own, logged in under this name."""
        page = self.browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
        page.goto(self.address + at)
        if name is not None:
            page.get_by_role("button", name="Log in", exact=True).click()
            page.get_by_role("button", name=name, exact=True).click()
            page.wait_for_url(f"{self.address}/**")
        return page

    def item(self) -> str:
        return self.platform.ledger.reviews.item(1).status


@pytest.fixture
def explorer_with_login(world: Platform, tmp_path: Path) -> Iterator[Explorer]:
    path = browser_path()
    if path is None:
        pytest.skip("no chromium here; `apt-get install chromium`, or name one in CHROMIUM")
    port = own_port()  # free first: a login leads back to one port
    with (
        run_server_in_thread(access_token_max_age=Age(hours=1), user_claims=USERS) as provider,
        (tmp_path / "ui.log").open("w+") as log,
    ):
        told = f"http://localhost:{provider.server_port}/.well-known/openid-configuration"
        process = subprocess.Popen(
            [sys.executable, "-m", "kg_platform.cli.main", "ui", "--no-browser", "--port", port],
            stdout=log,
            stderr=log,
            env=os.environ
            | {"KG_UI_OIDC_METADATA_URL": told, "KG_UI_OIDC_CLIENT_ID": "kg"}
            | {"KG_UI_OIDC_CLIENT_SECRET": "s3cret"},
        )
        try:
            address = when_it_answers(process, tmp_path / "ui.log")
            assert "s3cret" not in " ".join(Path(f"/proc/{process.pid}/cmdline").read_text())
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
                yield Explorer(address, browser, world)
                browser.close()
        finally:
            process.kill()
            process.wait()
            Age.left = 3_600.0
        log.seek(0)
        assert "Traceback" not in log.read()


def refused(page: Page, why: str) -> None:
    expect(page.locator(".kg-alert")).to_contain_text(why)
    expect(page.get_by_text("Country 1", exact=True)).to_have_count(0)


def test_people_with_roles(explorer_with_login: Explorer) -> None:
    explorer = explorer_with_login
    people = explorer.platform.ledger.people

    # Nobody, somebody with a cookie of their own making, and somebody at another address.
    page = explorer.visit(at="/entity?id=C01")
    expect(page.get_by_role("button", name="Log in", exact=True)).to_be_visible()
    expect(page.get_by_text("Country 1", exact=True)).to_have_count(0)
    forged = "2|1:0|10:1700000000|15:_streamlit_user|4:e30=|" + "0" * 64
    page.context.add_cookies(
        [{"name": "_streamlit_user", "value": forged, "url": explorer.address}]
    )
    page.reload()
    expect(page.get_by_role("button", name="Log in", exact=True)).to_be_visible()
    expect(page.get_by_text("Country 1", exact=True)).to_have_count(0)
    page.goto(explorer.address.replace("localhost", "127.0.0.1"))
    expect(page.get_by_role("link", name="Open it there")).to_have_attribute(
        "href", re.compile(re.escape(explorer.address))
    )

    # An address that somebody was given leads to its page, through the login; once.
    page = explorer.visit("bob", at="/entity?id=C01")
    page.wait_for_url(f"{explorer.address}/entity?id=C01")
    expect(page.get_by_role("heading", name="Country 1", exact=True)).to_be_visible()
    page.goto(explorer.address)
    expect(page.get_by_role("heading", name="Overview", exact=True)).to_be_visible()
    page.close()

    # A role that we do not know, and a token that has expired.
    refused(explorer.visit("cy"), "cy@x.org has no role here")
    Age.left = 0.0
    refused(explorer.visit("ada"), "Your login has expired")
    Age.left = 3_600.0

    # A viewer looks, and can neither open what is not for viewers nor decide.
    page = explorer.visit("bob")
    expect(page.get_by_role("link", name="Browse", exact=True)).to_be_visible()
    for hidden in ("Ingest", "Audit"):
        expect(page.get_by_role("link", name=hidden, exact=True)).to_have_count(0)
    page.goto(f"{explorer.address}/ingest")
    expect(page.locator(".kg-alert")).to_contain_text("the role operator")
    page.goto(f"{explorer.address}/audit")
    expect(page.locator(".kg-alert")).to_contain_text("the role curator")

    # A curator opens an item; the role is gone before the click; granted again, the click counts.
    page = explorer.visit("cur")
    page.get_by_role("link", name="Review", exact=True).click()
    expect(page.get_by_role("heading", name="Review", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="Audit", exact=True)).to_be_visible()
    reject = page.locator(".st-key-review_reject_1 button")
    expect(reject).to_be_visible()
    people.grant("cur@x.org", "viewer", "ada")
    reject.click()
    expect(page.locator(".kg-alert").first).to_contain_text("takes the role curator")
    assert explorer.item() == "open"
    people.revoke("cur@x.org", "ada")
    page.reload()
    refused(page, "has no role here")
    people.forget("cur@x.org", "ada")
    page.reload()
    reject.click()
    expect(reject).to_have_count(0)
    item = explorer.platform.ledger.reviews.item(1)
    assert (item.status, item.decided_by) == ("rejected", "cur@x.org")

    # An operator reads who did so; logging out ends every tab of this login.
    page = explorer.visit("ada")
    other = page.context.new_page()
    other.goto(f"{explorer.address}/audit?kind=review")
    expect(other.get_by_role("heading", name="Audit", exact=True)).to_be_visible()
    expect(other.get_by_text("One line", exact=True)).to_be_visible()
    page.get_by_role("button", name="Log out").click()
    page.get_by_role("button", name="End session").click()  # at the provider
    expect(page.get_by_role("button", name="Log in", exact=True)).to_be_visible()
    other.get_by_role("link", name="Runs", exact=True).click()
    refused(other, "This login was ended")
