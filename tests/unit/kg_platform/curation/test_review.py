"""Who decides, and what an explanation reads like."""

from __future__ import annotations

import getpass
from typing import Any

import pytest

from kg_platform.curation.review_text import path_text, percent
from kg_platform.errors import SettingsError
from kg_platform.people import who
from kg_platform.settings import Settings, load


def test_who_decides(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    monkeypatch.setattr(getpass, "getuser", lambda: "system")
    assert who(settings) == "system"
    monkeypatch.setenv("KG_USER", "ann")
    assert who(load()) == "ann"

    def nobody() -> Any:
        raise KeyError("uid not found")

    monkeypatch.setattr(getpass, "getuser", nobody)
    with pytest.raises(SettingsError, match="set KG_USER"):
        who(settings)


def test_a_path_reads_in_the_direction_of_its_facts() -> None:
    nodes = [{"id": i, "label": i.upper()} for i in "abc"]
    steps = [{"type": "KNOWS", "from": "a"}, {"type": "LIKES", "from": "c"}]
    assert path_text({"nodes": nodes, "steps": steps}) == "A -KNOWS-> B <-LIKES- C"


def test_no_proposal_is_certain() -> None:
    assert [percent(p) for p in (0.804, 0.99, 0.9901, 1.0)] == [
        "80%", "99%", "over 99%", "over 99%",
    ]  # fmt: skip
