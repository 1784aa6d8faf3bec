"""Which versions were loaded, from a ledger alone."""

from __future__ import annotations

from pathlib import Path

from ingest.versions.history import history
from ingest.versions.undo import undone_by
from kg_platform.ledger.ledger import Ledger
from kg_platform.migrate.ledger import migrate_ledger


def test_undos_of_undos(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    migrate_ledger(url)
    with Ledger(url) as ledger:

        def run(kind: str, **settings: str) -> str:
            made = ledger.start_run(kind, {"source": "films", **settings})
            counts = {"entities": {"new": 2, "unchanged": 1}, "relations": {"new": 3, "known": 4},
                      "retired": {"entities": 1, "relations": 1}, "rejected": 5}  # fmt: skip
            of_undo = {"removed": {"entities": 2, "relations": 3}}
            ledger.finish_run(made, "succeeded", counts if kind == "ingest" else of_undo)
            return made

        first = run("ingest")
        ledger.start_run("ingest", {"source": "other"})
        ledger.start_run("embed", {})
        back = run("undo", undo=first)
        assert undone_by(ledger.runs_of("undo")) == {first: back}
        forth = run("undo", undo=back)
        assert undone_by(ledger.runs_of("undo")) == {back: forth}
        again = run("undo", undo=forth)
        assert undone_by(ledger.runs_of("undo")) == {forth: again, first: back}
        # Of one second; only the counts are looked at by their runs.
        found = {one.run: one for one in history(ledger, "films")}
        assert set(found) == {first, back, forth, again}
        one = found[first]
        counts = (one.new, one.changed, one.unchanged, one.retired, one.rejected)
        assert (counts, one.undone) == ((5, 0, 5, 2, 5), back)
        assert (found[back].undoes, found[back].retired) == (first, 5)
        assert len(history(ledger, limit=3)) == 3
