"""What came since the last whole version, from a ledger and journals."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from ingest.versions.arrived import arrived
from ingest.versions.journal import Entry, Journal, entity_entry, relation_entry
from kg_platform.ledger.ledger import Ledger
from kg_platform.migrate.ledger import migrate_ledger
from kg_platform.platform import Platform


def test_runs_that_are_no_version_count(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    migrate_ledger(url)
    with Ledger(url) as ledger:
        settings = SimpleNamespace(runs_dir=tmp_path / "runs")
        platform = cast(Platform, SimpleNamespace(ledger=ledger, settings=settings))

        def run(status: str | None, *entries: Entry, source: str = "films") -> None:
            made = ledger.start_run("ingest", {"source": source})
            Journal(settings.runs_dir / made, None).put(1, entries)
            if status is not None:
                ledger.finish_run(made, status, cast(dict[str, Any], {}))

        run("succeeded", entity_entry("old", None, "{}"))
        assert arrived(platform, "films") == 0
        run("failed", entity_entry("A", None, "{}"), relation_entry(("A", "R", "B"), None, "{}"))
        run("failed", entity_entry("else", None, "{}"), source="other")
        # A journal tells of what may not have been committed; so A comes again.
        run(None, entity_entry("A", None, "{}"), entity_entry("old", "{}", "{1}"))
        assert arrived(platform, "films") == 2
        assert arrived(platform, "nobody") == 0
