"""Runs of a stream while the ledger is away."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from ingest.streams import section
from ingest.streams.section import StreamSections
from kg_platform.errors import LedgerError
from kg_platform.platform import Platform


class Ledger:
    """Notes how runs end, unless it is away."""

    def __init__(self) -> None:
        self.away = False
        self.runs = 0
        self.ended: list[tuple[str, str, str]] = []

    def start_run(self, kind: str, settings: dict[str, Any]) -> str:
        self.runs += 1
        return f"run {self.runs}"

    def finish_run(self, run: str, status: str, metrics: dict[str, Any], error: str) -> None:
        if self.away:
            raise LedgerError("The ledger is away.")
        self.ended.append((run, status, error))


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def sections(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> StreamSections:
    monkeypatch.setattr(section, "open_journal", lambda platform, run: run)
    return StreamSections(cast(Platform, SimpleNamespace(ledger=ledger)), "s", {})


def test_a_full_run_is_ended_once_the_ledger_is_there_again(
    ledger: Ledger, sections: StreamSections, monkeypatch: pytest.MonkeyPatch
) -> None:
    sections.journal()
    monkeypatch.setattr(section, "CHANGES", 0)
    ledger.away = True
    with pytest.raises(LedgerError):
        sections.journal()
    ledger.away = False
    sections.journal()
    assert ledger.ended == [("run 1", "succeeded", "")]
    assert sections.runs == ["run 1", "run 2"]


def test_a_ledger_that_is_away_hides_no_error(ledger: Ledger, sections: StreamSections) -> None:
    sections.journal()
    ledger.away = True
    sections.close_after(ValueError("what happened"))
    ledger.away = False
    sections.close_after(ValueError("what happened"))
    sections.close("succeeded")
    assert ledger.ended == [("run 1", "failed", "what happened")]
