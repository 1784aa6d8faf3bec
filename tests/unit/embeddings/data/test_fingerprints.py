"""Fingerprints say what of an entity has changed, and nothing else moves them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256

import numpy as np
import pytest
from numpy.typing import NDArray

from embeddings.data.contents import Medium, Text
from embeddings.data.fingerprints import (
    ASPECTS,
    as_text,
    content_of,
    differences,
    fact_fingerprints,
    facts_among,
    kept,
    moved,
    padded,
)
from embeddings.data.splits import id_keys
from kg_platform.modality import AUDIO, IMAGE, VIDEO, Modality


@dataclass(frozen=True)
class World:
    """What `content_of` reads of a snapshot, by ids; entities are numbered as `called` has them."""

    called: Mapping[str, str]
    said: Mapping[str, Sequence[str]] = field(default_factory=dict)
    shown: Mapping[str, Sequence[str]] = field(default_factory=dict)
    facts: Sequence[tuple[str, str, str]] = ()
    heard: Mapping[str, Sequence[str]] = field(default_factory=dict)
    filmed: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def manifest(self) -> dict[str, int]:
        return {"entities": len(self.called)}

    def entity_ids(self) -> list[str]:
        return list(self.called)

    def labels(self) -> list[str]:
        return list(self.called.values())

    def relation_types(self) -> list[str]:
        return sorted({kind for _, kind, _ in self.facts})

    def texts(self) -> Iterator[Text]:
        for place, name in enumerate(self.called):
            for text in self.said.get(name, ()):
                yield Text(place, text, sha256(text.encode()).hexdigest())

    def media(self, modality: Modality) -> Iterator[Medium]:
        given = {IMAGE: self.shown, AUDIO: self.heard, VIDEO: self.filmed}[modality]
        for place, name in enumerate(self.called):
            for rank, digest in enumerate(given.get(name, ())):
                yield Medium(place, rank, digest)

    def triples(self) -> NDArray[np.int32]:
        places, kinds = self.entity_ids(), self.relation_types()
        rows = [(places.index(h), kinds.index(r), places.index(t)) for h, r, t in self.facts]
        return np.array(rows, np.int32).reshape(-1, 3)


WORLD = World(
    {"a": "Alpha", "b": "Beta", "c": "", "d": "", "e": ""},
    {"a": ["Alpha. A letter", "more"], "b": ["Beta"], "c": ["said"]},
    {"a": ["11", "22"], "b": ["11"]},
    [("a", "R", "b"), ("b", "R", "a"), ("a", "S", "b"), ("c", "R", "c"), ("a", "R", "c")],
)


def fingerprints(world: World) -> dict[str, dict[str, int]]:
    found = content_of(world)  # type: ignore[arg-type]
    assert found.dtype == np.uint64
    assert found.shape == (len(world.called), len(ASPECTS))
    return {
        name: dict(zip(ASPECTS, row, strict=True))
        for name, row in zip(world.called, found.tolist(), strict=True)
    }


def changed(before: World, after: World) -> dict[str, set[str]]:
    old, new = fingerprints(before), fingerprints(after)
    different = {n: {a for a in ASPECTS if old[n][a] != new[n][a]} for n in old.keys() & new.keys()}
    return {name: aspects for name, aspects in different.items() if aspects}


def test_numbers_and_order_do_not_count() -> None:
    turned = replace(
        WORLD,
        called={"0 new": "New", **dict(reversed(WORLD.called.items()))},
        facts=[*reversed(WORLD.facts), ("0 new", "A new type", "e")],
    )
    assert changed(WORLD, turned) == {"e": {"facts"}}


def test_nothing_is_zero_and_the_rest_is_not() -> None:
    found = fingerprints(WORLD)
    there = {name: {a for a in ASPECTS if row[a]} for name, row in found.items()}
    assert there == {
        "a": {"text", "picture", "facts"},
        "b": {"text", "picture", "facts"},
        "c": {"text", "facts"},
        "d": set(),
        "e": set(),
    }
    assert found["a"]["facts"] != found["b"]["facts"]
    assert content_of(World({})).shape == (0, len(ASPECTS))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ({"called": {**WORLD.called, "a": "Aleph"}}, {"a": {"text"}}),
        ({"called": {**WORLD.called, "d": "Delta"}}, {"d": {"text"}}),
        ({"said": {**WORLD.said, "a": ["more", "Alpha. A letter"]}}, {"a": {"text"}}),
        ({"said": {**WORLD.said, "b": []}}, {"b": {"text"}}),
        ({"shown": {**WORLD.shown, "a": ["22", "11"]}}, {"a": {"picture"}}),
        ({"shown": {"a": ["11", "22"], "e": ["11"]}}, {"b": {"picture"}, "e": {"picture"}}),
        ({"heard": {"a": ["11"], "d": ["33"]}}, {"a": {"sound"}, "d": {"sound"}}),
        ({"heard": {"a": ["11"]}, "filmed": {"a": ["11"]}}, {"a": {"sound", "film"}}),
        ({"facts": WORLD.facts[1:]}, {"a": {"facts"}, "b": {"facts"}}),
        # A fact turned round, another type, another end: every entity at it has changed.
        ({"facts": [("c", "R", "a"), *WORLD.facts[:4]]}, {"a": {"facts"}, "c": {"facts"}}),
        ({"facts": [*WORLD.facts[:4], ("a", "S", "c")]}, {"a": {"facts"}, "c": {"facts"}}),
        (
            {"facts": [*WORLD.facts[:4], ("a", "R", "d")]},
            {"a": {"facts"}, "c": {"facts"}, "d": {"facts"}},
        ),
    ],
)
def test_each_change_is_seen_where_it_is(
    what: dict[str, object], expected: dict[str, set[str]]
) -> None:
    assert changed(WORLD, replace(WORLD, **what)) == expected  # type: ignore[arg-type]


def test_a_few_facts_make_the_sum_that_many_do() -> None:
    """What is read of one entity alone gives what a whole snapshot gives."""
    out = fact_fingerprints(id_keys(["R", "S", "R"]), id_keys(["b", "b", "c"]), outgoing=True)
    into = fact_fingerprints(id_keys(["R"]), id_keys(["b"]), outgoing=False)
    total = (int(out.sum(dtype=np.uint64)) + int(into[0])) % 2**64
    assert total == fingerprints(WORLD)["a"]["facts"]
    drawn = id_keys([f"entity {i}" for i in range(20_000)])
    made = {*fact_fingerprints(drawn[:1].repeat(20_000), drawn, True).tolist()}
    made |= {*fact_fingerprints(drawn[:1].repeat(20_000), drawn, False).tolist()}
    assert len(made) == 40_000


def test_facts_with_some_are_those_that_there_would_be_without_the_others() -> None:
    """How a new entity, or a type that is new, is told from a change of what was there."""
    more = [*WORLD.facts, ("new", "R", "a"), ("b", "R", "new"), ("a", "NEW", "b")]
    grown = replace(WORLD, called={"new": "", **WORLD.called}, facts=more)
    old = np.array([False] + [True] * 5)
    found = facts_among(grown, old, ["R", "S"])  # type: ignore[arg-type]
    assert found.tolist() == [0, *(row["facts"] for row in fingerprints(WORLD).values())]


def test_what_versions_without_sound_and_film_left_is_compared() -> None:
    before = content_of(WORLD)  # type: ignore[arg-type]
    heard = replace(WORLD, heard={"a": ["33"]}, filmed={"b": ["44"]})
    after = content_of(heard)  # type: ignore[arg-type]
    assert kept(before).shape == (5, 3)
    assert kept(after).shape == (5, len(ASPECTS))
    np.testing.assert_array_equal(padded(kept(before)), before)
    np.testing.assert_array_equal(padded(kept(after)), after)
    texts = [as_text(row) for row in before]
    assert {text.count(":") for text in texts} == {2}  # as they always were
    assert [differences(row, text) for row, text in zip(after, texts, strict=True)] == [
        ["sound"], ["film"], [], [], [],
    ]  # fmt: skip
    assert [differences(row, as_text(row)) for row in after] == [[]] * 5
    assert differences(after[0], as_text(after[0], facts_known=False)) == []
    assert differences(after[0], "nonsense") == ["text", "picture", "facts"]


def test_what_a_run_knows_nothing_of_moves_no_vector() -> None:
    assert not moved(["facts"], ["text"])
    assert not moved(["facts", "sound"], ["text", "image"])
    assert moved(["sound"], ["audio"])
    assert moved(["text"], [])
    assert moved(["new"], ["text"])
