"""What a relation shows of what several sources say of it."""

from __future__ import annotations

from typing import Any

from kg_platform.provenance.fusion import ALL, FusionRule, FusionRules
from kg_platform.provenance.relations import said_of, unsaid_of

RULES = FusionRules()


def test_one_source_replaces_what_it_said() -> None:
    assert said_of({"source": "a", "x": 1}, "a", {"y": 2}, RULES) == {"source": "a", "y": 2}


def test_an_accepted_fact_becomes_the_sources() -> None:
    accepted = {"source": "review", "review": 3, "probability": 0.5}
    assert said_of(accepted, "a", {"x": 1}, RULES) == {"source": "a", "x": 1}


def test_two_sources_that_say_the_same() -> None:
    both = said_of({"source": "a"}, "b", {}, RULES)
    assert both == {"source": "b", "sources": ["a", "b"]}
    assert said_of(both, "a", {}, RULES) == both, "saying it again changes nothing"
    assert unsaid_of(both, "b", RULES) == {"source": "a"}
    assert unsaid_of({"source": "a"}, "a", RULES) is None


def test_two_sources_that_say_something_else() -> None:
    both = said_of({"source": "a", "since": 1990, "split": "test"}, "b", {"since": 2000}, RULES)
    assert {k: v for k, v in both.items() if k != "sources_say"} == {
        "source": "b", "sources": ["a", "b"], "since": 2000, "split": "test",
    }  # fmt: skip
    assert said_of(both, "a", {"since": 1990, "split": "test"}, RULES) == both
    back = unsaid_of(both, "b", RULES)
    assert back == {"source": "a", "since": 1990, "split": "test"}
    newer = said_of(both, "a", {"since": 1991}, RULES)
    assert (newer["since"], newer["sources"]) == (1991, ["b", "a"])


def test_rules_go_for_relations_too() -> None:
    every = FusionRules(FusionRule(ALL))
    both: dict[str, Any] = said_of({"source": "a", "n": 1}, "b", {"n": 2}, every)
    assert both["n"] == [2, 1]
