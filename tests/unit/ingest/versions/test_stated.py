"""What a pass stated, and what it did not."""

from __future__ import annotations

from contextlib import closing

from ingest.versions.stated import Stated


def test_what_was_not_stated_is_gone() -> None:
    with closing(Stated()) as stated:
        for number in range(1_200):  # more than is kept before it is written down
            stated.entity(f"E{number}")
            stated.relation((f"E{number}", "R", "E0"))
        assert stated.entities_not_here(["E0", "E1199", "X", "E0\0R"]) == {"X", "E0\0R"}
        here, other = ("E1", "R", "E0"), ("E1", "R", "E1")
        assert stated.relations_not_here([here, other]) == [other]
        stated.keep_gone_entities([("A", "A"), ("B", "C"), ("D", "D")])
        assert list(stated.gone_entities(2)) == [[("A", "A"), ("B", "C")], [("D", "D")]]
        stated.keep_gone_relations([other])
        assert list(stated.gone_relations(10)) == [[other]]
