"""What is shown of what several sources say."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest

from kg_platform.graph.kept import TAG, to_text
from kg_platform.provenance.fusion import (
    ALL,
    FREQUENT,
    NEWEST,
    TRUSTED,
    FusionRule,
    FusionRules,
    fused,
    said,
    unsaid,
)
from kg_platform.provenance.images import (
    FUSED,
    EntityImage,
    SourceRecord,
    of_record,
    other_media,
    reasons,
    record_id,
    records_of,
)


def at(second: int) -> Any:
    return {TAG: ["zoned", second, 0, 0]}


def record(source: str, second: int, original: str = "A", **values: Any) -> SourceRecord:
    kind = values.pop("type", None)
    media = values.pop("media", [])
    return SourceRecord(source, original, kind, values, media, f"hash-{second}", at(second))


def shown(*records: SourceRecord, rules: FusionRules | None = None, entity: str = "A") -> Any:
    image = fused(entity, {r.id: r for r in records}, rules or FusionRules(), EntityImage((), {}))
    return {k: v for k, v in image.properties.items() if k not in ("content_hash", "updated_at")}


def rule(name: str, *sources: str) -> FusionRule:
    return FusionRule(name, sources)


OLD, NEW = record("old", 1, label="Bern", x=1, y=1), record("new", 2, label="Berne", x=2)
THIRD = record("third", 0, label="Bern", x=1)


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        (FusionRules(), {"label": "Berne", "x": 2, "y": 1, "source": "new"}),
        (FusionRules(rule(TRUSTED, "old")), {"label": "Bern", "x": 1, "y": 1, "source": "old"}),
        (FusionRules(rule(FREQUENT)), {"label": "Bern", "x": 1, "y": 1, "source": "new"}),
        (FusionRules(rule(ALL)),
         {"label": "Berne", "aliases": ["Bern"], "x": [2, 1], "y": 1, "source": "new"}),
        (FusionRules(properties={"x": rule(TRUSTED, "third", "new")}),
         {"label": "Berne", "x": 1, "y": 1, "source": "new"}),
    ],
)  # fmt: skip
def test_each_rule(rules: FusionRules, expected: dict[str, Any]) -> None:
    assert shown(OLD, NEW, THIRD, rules=rules) == expected


def test_keeping_all_of_several_kinds() -> None:
    every = FusionRules(rule(ALL))
    day = {TAG: ["date", 5]}
    one = record("a", 2, n=1, t="x", list=["p"], d=day, description="First")
    other = record("b", 1, n=1.5, t=2, list=["q", "p"], d="later", description="Second")
    found = shown(one, other, rules=every)
    assert (found["n"], found["t"], found["list"]) == ([1.0, 1.5], ["x", "2"], ["p", "q"])
    assert (found["d"], found["description"]) == (["[5]", "later"], "First\n\nSecond")


def test_aliases_media_and_types() -> None:
    red, blue = ["red", {"role": "image", "rank": 0}], ["blue", {"role": "image", "rank": 0}]
    one = record("a", 2, type="City", label="Bern", aliases=["Bärn"], media=[red])
    other = record("b", 1, type="Place", label="Bern", aliases=["Bern", "Berna"], media=[blue, red])
    image = fused("A", {r.id: r for r in (one, other)}, FusionRules(), EntityImage((), {}))
    assert image.labels == ("City",)
    assert image.properties["aliases"] == ["Bärn", "Berna"]
    assert [(digest, about["rank"]) for digest, about in image.media] == [("red", 0), ("blue", 1)]
    every = FusionRules(properties={"type": rule(ALL), "media": rule(NEWEST)})
    image = fused("A", {r.id: r for r in (one, other)}, every, EntityImage((), {}))
    assert (image.labels, image.media) == (("City", "Place"), [red])


def test_its_own_id_goes_before_one_that_was_merged() -> None:
    own, merged = record("s", 1, label="Kept", x=1), record("s", 9, "B", label="Gone", x=2, z=3)
    found = shown(own, merged)
    assert found == {"label": "Kept", "x": 1, "z": 3, "aliases": ["Gone"], "source": "s"}


def test_one_source_needs_no_record() -> None:
    alone = of_record(record("a", 1, x=1), {})
    again = said(alone, "A", record("a", 2, x=2), FusionRules())
    assert (again.records, again.properties["content_hash"]) == ({}, "hash-2")
    bare = EntityImage((), {"label": "A", "source": "b"})
    assert said(bare, "A", record("a", 1, x=1), FusionRules()).records == {}
    merged = said(alone, "A", record("a", 2, "B", x=2), FusionRules())
    assert len(merged.records) == 2
    merged = said(bare, "A", record("b", 1, "B", x=1), FusionRules())
    assert [one.original for one in merged.records.values()] == ["B"], "of A itself nobody says"


def test_what_is_said_of_an_entity_without_records_is_said_of_its_own_id() -> None:
    alone = of_record(record("a", 1, x=1), {})
    assert {key: one.original for key, one in records_of("A", alone).items()} == {
        record_id("a", "A"): "A"
    }
    assert records_of("A", EntityImage((), {"label": "A", "source": "a"})) == {}


def test_a_random_history_of_three_sources() -> None:
    """Whatever they said in whatever order: the newest of those who say it is shown, who says
    something else later is one of them, and the last that stays is what it alone says."""
    draw = random.Random(3)
    for _ in range(200):
        image: EntityImage | None = None
        model: dict[str, tuple[int, dict[str, int]]] = {}
        for second in range(1, draw.randint(2, 9)):
            source = draw.choice("abc")
            if image is not None and len(model) > 1 and draw.random() < 0.3:
                source = draw.choice(sorted(model))
                del model[source]
                image = unsaid(image, "A", record(source, 0).id, FusionRules())
            else:
                values = {key: draw.randint(0, 2) for key in draw.sample("xyz", 2)}
                model[source] = second, values
                start = image or EntityImage((), {"label": "A"})
                image = said(start, "A", record(source, second, **values), FusionRules())
            assert image is not None
            order = sorted(model.values(), reverse=True, key=lambda one: one[0])
            expected = {key: value for _, its in reversed(order) for key, value in its.items()}
            found = {k: v for k, v in image.properties.items() if k in "xyz"}
            assert found == expected
            assert len(image.records) == (len(model) if len(model) > 1 else 0)
            assert str(image.properties["content_hash"]).startswith(FUSED) == (len(model) > 1)


def test_the_order_of_records_changes_nothing() -> None:
    draw = random.Random(4)
    for _ in range(100):
        values = [{"x": draw.randint(0, 2), "label": draw.choice("pq")} for _ in range(4)]
        records = [record("abcd"[n], draw.randint(0, 2), **v) for n, v in enumerate(values)]
        rules = FusionRules(rule(draw.choice([NEWEST, FREQUENT, ALL]), *"ca"))
        first = shown(*records, rules=rules)
        draw.shuffle(records)
        assert to_text(shown(*records, rules=rules)) == to_text(first)
        if rules.default.name == FREQUENT:
            counts = Counter(v["x"] for v in values)
            assert counts[first["x"]] == max(counts.values())


def test_why_a_vector_is_stale() -> None:
    red, blue = (["red", {"role": "image", "rank": 0}], ["blue", {"role": "image", "rank": 0}])
    told = ["red", {"role": "image", "rank": 0, "caption": "Red"}]
    base = EntityImage((), {"label": "A", "x": 1}, [red])
    assert reasons(base, EntityImage(("T",), {"label": "A", "x": 2}, [red]), {}) == []
    assert reasons(base, EntityImage((), {"label": "B", "x": 1}, [red]), {}) == ["text"]
    assert reasons(base, EntityImage((), {"label": "A"}, [told]), {}) == ["text"]
    assert reasons(base, EntityImage((), {"label": "A"}, [blue]), {}) == ["picture"]


def test_which_medium_makes_a_vector_stale() -> None:
    song = ["song", {"role": "audio", "rank": 0}]
    part = ["song", {"role": "audio", "rank": 0, "start_seconds": 2.0}]
    clip = ["clip", {"role": "video", "rank": 0}]
    kinds = {"song": "audio", "clip": "video"}
    both, base = (EntityImage((), {"label": "A"}, media) for media in ([song, clip], [song]))
    assert other_media(base, both) == {"clip"}
    assert reasons(base, both, kinds) == ["sound", "film"]  # a film is heard as well
    assert reasons(both, base, kinds) == ["sound", "film"]
    assert reasons(base, EntityImage((), {"label": "A"}, [part]), kinds) == ["sound"]
    assert reasons(base, base, {}) == []
    told = EntityImage((), {"label": "A"}, [song, ["guide", {"role": "document", "rank": 0}]])
    assert reasons(base, told, {"guide": "application"}) == ["text"]
