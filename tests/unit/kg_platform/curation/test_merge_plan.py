"""What a merge changes, without a graph."""

from __future__ import annotations

from typing import Any

from kg_platform.curation.merge_plan import EntityState, MergedFact, Outcome, plan


def being(name: str, *types: str, **properties: Any) -> EntityState:
    return EntityState(name, ("Entity", *types), {"id": name, **properties})


def fact(type: str, other: str, outgoing: bool = True, **properties: Any) -> MergedFact:
    return MergedFact(type, outgoing, other, False, properties)


def medium(
    other: str, rank: int, role: str = "image", kind: str = "image", **more: Any
) -> MergedFact:
    return MergedFact("HAS_MEDIA", True, other, True, {"role": role, "rank": rank, **more}, kind)


def test_facts_move_stay_single_or_go() -> None:
    kept = [fact("KNOWS", "X", source="a"), fact("LIKES", "G")]
    gone = [
        fact("KNOWS", "X", source="b", since=1999),
        fact("KNOWS", "Y"),
        fact("KNOWS", "Z", outgoing=False),
        fact("SAME", "K", outgoing=False),
        fact("LIKES", "G", outgoing=True),
    ]
    made = plan(being("K"), being("G"), kept, gone)
    assert {one.fact.other: one.became for one in made.of("moved")} == {
        "Y": fact("KNOWS", "Y"),
        "Z": fact("KNOWS", "Z", outgoing=False),
        "G": fact("LIKES", "K"),
    }
    assert made.of("dropped") == [Outcome("dropped", gone[3])]
    assert made.of("absorbed") == [Outcome("absorbed", gone[0])]
    filled = fact("KNOWS", "X", since=1999, source="a")
    assert made.of("filled") == [Outcome("filled", kept[0], filled)]
    assert made.stale == ["facts"]


def test_pictures_come_after_those_that_are_there() -> None:
    kept = [medium("m1", 0), medium("m2", 4), medium("f1", 0, "flag")]
    gone = [medium("m9", 3), medium("m8", 1), medium("m1", 0), medium("m1", 7, "map")]
    made = plan(being("K", label="k"), being("G", label="k"), kept, gone)
    moved = {
        (one.became.other, one.became.properties["role"]): one.became.properties["rank"]
        for one in made.of("moved")
        if one.became
    }
    assert moved == {("m8", "image"): 5, ("m9", "image"): 6, ("m1", "map"): 0}
    assert [one.fact.other for one in made.of("absorbed")] == ["m1"]
    assert made.stale == ["picture"]


def test_parts_of_one_recording_stay_apart_and_a_mark_says_which_medium() -> None:
    kept = [medium("m1", 0, "audio", "audio")]
    gone = [
        medium("m1", 0, "audio", "audio"),
        medium("m1", 1, "audio", "audio", start_seconds=2.0, end_seconds=5.0),
        medium("m2", 0, "video", "video"),
    ]
    made = plan(being("K", label="k"), being("G", label="k"), kept, gone)
    assert [one.fact for one in made.of("absorbed")] == gone[:1]
    assert [one.fact for one in made.of("moved")] == [gone[2], gone[1]]
    assert made.of("filled") == []
    assert made.stale == ["sound", "film"]
    assert plan(being("K", label="k"), being("G", label="k"), kept, gone[:1]).stale == []


def test_names_and_properties() -> None:
    one = being("K", "Country", label="Holland", aliases=["NL"], area=1, updated_at="then")
    other = being(
        "G",
        "Country",
        label="Netherlands",
        aliases=["NL", "Holland", "Low Countries"],
        area=2,
        capital="Amsterdam",
        source="s",
        embedding=[1.0],
        text_embedding=[1.0],
        embedding_run="r",
        content_hash="h",
    )
    made = plan(one, other, [], [])
    assert made.after == {
        "capital": "Amsterdam",
        "aliases": ["NL", "Netherlands", "Low Countries"],
    }
    assert made.before == {"aliases": ["NL"]}
    assert made.labels == []
    assert plan(being("K"), other, [], []).labels == ["Country"]
    bare = plan(being("K"), being("G", label="G"), [], [])
    assert bare.after == {"label": "G"}
