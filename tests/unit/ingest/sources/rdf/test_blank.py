"""Ids of blank nodes."""

from __future__ import annotations

import pytest

from ingest.sources.rdf import blank
from ingest.sources.rdf.blank import BlankIds


def test_labels_stay_and_others_are_numbered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blank, "WINDOW", 3)
    random = [f"{number:032x}" for number in range(10**30, 10**30 + 20)]
    with BlankIds("people", labelled=False) as ids:
        assert ids.of("b0") == "_:people/b0"
        first = [ids.of(label) for label in random]
        assert first == [f"_:people/[{number}]" for number in range(1, 21)]
        assert [ids.of(label) for label in random] == first, "also those that are on disk"


def test_where_every_node_has_a_label_it_stays() -> None:
    with BlankIds("people", labelled=True) as ids:
        assert ids.of("0" * 32) == f"_:people/{'0' * 32}"
