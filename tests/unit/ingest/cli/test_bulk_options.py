"""What `kg ingest --bulk` refuses before it reads anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command_line import kg


@pytest.fixture(autouse=True)
def _a_source(tmp_path: Path) -> None:
    (tmp_path / "facts.tsv").write_text("a\tR\tb\n")


@pytest.mark.parametrize(
    ("name", "value"),
    [("KG_NEO4J_URI", "bolt://127.0.0.1:1"), ("KG_NEO4J_DATABASE", "other")],
)
def test_a_graph_that_is_not_the_local_one(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    monkeypatch.setenv("KG_NEO4J_PASSWORD", "x")
    refused = kg("ingest", "facts.tsv", "--bulk")
    assert refused.code == 2
    assert "makes a new database for the local server" in refused.errors
    assert "load without it, or unset them" in refused.errors


def test_with_options_that_write_nothing() -> None:
    assert "leave out --bulk" in kg("ingest", "facts.tsv", "--bulk", "--dry-run").errors
    assert "leave out --bulk" in kg("ingest", "facts.tsv", "--bulk", "--infer").errors
