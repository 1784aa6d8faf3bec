"""What loads changed of one entity, by their journals and a ledger alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from ingest.versions.journal import Entry, Journal, entity_entry, relation_entry
from ingest.versions.of_entity import MOST, loads_of
from kg_platform.graph.kept import to_text
from kg_platform.ledger.ledger import Ledger
from kg_platform.migrate.ledger import migrate_ledger
from kg_platform.platform import Platform


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    migrate_ledger(url)
    with Ledger(url) as ledger:
        settings = SimpleNamespace(runs_dir=tmp_path / "runs")
        yield cast(Platform, SimpleNamespace(ledger=ledger, settings=settings))


def load(platform: Platform, *parts: list[Entry]) -> Path:
    """A load of a source with these parts of a journal; where it is."""
    folder = platform.settings.runs_dir / platform.ledger.start_run("ingest", {"source": "films"})
    journal = Journal(folder, None)
    for entries in parts:
        journal.put(journal.part(), entries)
    return folder


def was(**properties: object) -> str:
    return to_text({"labels": ["T"], "properties": properties})


def test_what_a_load_changed_in_several_transactions_is_told_in_all(platform: Platform) -> None:
    first, last = was(label="a", size=1), was(label="b", size=2)
    fact = ("A", "R", "B"), ("C", "R", "A")
    load(
        platform,
        [entity_entry("A", first, was(label="b", size=1)), relation_entry(fact[0], None, "{}")],
        [entity_entry("A", was(label="b", size=1), last), entity_entry("B", None, was())],
        [relation_entry(fact[0], "{}", '{"since": 1990}'), relation_entry(fact[1], "{}", None)],
    )
    (found,) = loads_of(platform, "A")
    assert found.entity is not None
    assert found.entity.properties == {"label": ("a", "b"), "size": (1, 2)}
    told = [(one.what, one.id, one.tail, one.properties) for one in found.relations]
    assert told == [("added", "A", "B", {"since": (None, 1990)}), ("retired", "C", "A", {})]


def test_how_many_relations_more_there_are_is_said(platform: Platform) -> None:
    count = MOST + 3
    load(platform, [relation_entry(("A", "R", str(n)), None, "{}") for n in range(count)])
    (found,) = loads_of(platform, "A")
    assert (len(found.relations), found.more, found.as_dict()["more"]) == (MOST, 3, 3)


def test_a_journal_that_is_damaged_hides_no_other(platform: Platform) -> None:
    load(platform, [entity_entry("A", None, was(label="a"))])
    (part,) = (load(platform, [entity_entry("A", None, was())]) / "journal").iterdir()
    part.write_bytes(part.read_bytes()[:20])
    (found,) = loads_of(platform, "A")
    assert found.entity is not None
    assert found.entity.properties["label"] == (None, "a")


def test_a_load_whose_journal_is_gone_tells_nothing(platform: Platform) -> None:
    load(platform)
    load(platform, [entity_entry("B", None, was())])
    assert loads_of(platform, "A") == []
