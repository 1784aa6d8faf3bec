"""How each thing goes back, whoever has changed it since."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ingest.versions.going_back import MIXED, GoingBack, Way, entity_back, relation_back
from kg_platform.graph.kept import TAG
from kg_platform.provenance.fusion import FusionRules, said
from kg_platform.provenance.images import EntityImage, SourceRecord, of_record

RULES = FusionRules()


def record(source: str, second: int, **values: Any) -> SourceRecord:
    at = {TAG: ["zoned", second, 0, 0]}
    return SourceRecord(source, "A", "T", values, [], f"hash-{second}", at)


def alone(second: int, **values: Any) -> EntityImage:
    return of_record(record("s", second, **values), {})


def back(
    now: EntityImage | None, before: EntityImage | None, after: EntityImage | None
) -> GoingBack[EntityImage]:
    return entity_back("A", now, before, after, RULES)


ONE, TWO = alone(1, x=1, y=1), alone(2, x=2, y=2)


@pytest.mark.parametrize(
    ("now", "before", "after", "way"),
    [
        (TWO, ONE, TWO, Way.WHOLE),
        (replace(TWO, mark={"stale": ["text"]}), ONE, TWO, Way.WHOLE),
        (ONE, ONE, TWO, Way.DONE),
        (TWO, None, TWO, Way.WHOLE),
        (None, None, TWO, Way.DONE),
        (None, ONE, TWO, Way.NONE),
        (None, ONE, None, Way.WHOLE),
        (TWO, ONE, None, Way.NONE),
        (alone(3, x=3, y=3), ONE, TWO, Way.NONE),
        (alone(3, x=3, y=3), None, TWO, Way.NONE),
    ],
)
def test_whole_or_not(
    now: EntityImage | None, before: EntityImage | None, after: EntityImage | None, way: Way
) -> None:
    found = back(now, before, after)
    assert found.way is way
    if way is Way.WHOLE:
        assert found.target == before


def test_by_property() -> None:
    now = replace(TWO, properties={**TWO.properties, "y": 3, "mine": True})
    found = back(now, ONE, TWO)
    assert found.way is Way.PART
    assert found.why == "changed since: mine, y"
    assert found.target is not None
    properties = found.target.properties
    assert {k: properties[k] for k in ("x", "y", "mine")} == {"x": 1, "y": 3, "mine": True}
    assert properties["content_hash"] == MIXED


def test_by_source() -> None:
    """Another source has described it since: only what this one said goes back."""
    now = said(TWO, "A", record("t", 3, x=9), RULES)
    found = back(now, ONE, TWO)
    assert (found.way, found.why) == (Way.PART, "t describes it as well")
    assert found.target is not None
    assert {r.source: r.properties for r in found.target.records.values()} == {
        "s": {"x": 1, "y": 1}, "t": {"x": 9},
    }  # fmt: skip
    gone = back(now, None, TWO)
    assert gone.target is not None
    assert (gone.target.records, gone.target.source) == ({}, "t")


def test_a_load_that_was_cut_off_before_its_media() -> None:
    cut = replace(TWO, properties={k: v for k, v in TWO.properties.items() if k != "content_hash"})
    whole = replace(TWO, media=[["red", {"role": "image", "rank": 0}]])
    assert back(cut, None, whole).way is Way.WHOLE


@pytest.mark.parametrize(
    ("now", "before", "after", "expected"),
    [
        ({"source": "s"}, None, {"source": "s"}, (Way.WHOLE, None)),
        (None, None, {"source": "s"}, (Way.DONE, None)),
        (None, {"source": "s"}, None, (Way.WHOLE, {"source": "s"})),
        (None, {"source": "s"}, {"source": "s", "x": 1}, (Way.NONE, None)),
        ({"source": "t", "sources": ["s", "t"]}, None, {"source": "s"},
         (Way.PART, {"source": "t"})),
        ({"source": "s", "x": 1, "y": 9}, {"source": "s"}, {"source": "s", "x": 1, "y": 1},
         (Way.PART, {"source": "s", "y": 9})),
        ({"source": "s", "x": 9}, None, {"source": "s", "x": 1}, (Way.NONE, None)),
    ],
)  # fmt: skip
def test_relations(now: Any, before: Any, after: Any, expected: tuple[Way, Any]) -> None:
    found = relation_back(now, before, after, RULES)
    assert (found.way, found.target) == expected
