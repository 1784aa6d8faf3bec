"""What is said of rules, without a graph."""

from __future__ import annotations

from ingest.versions.fuse import Fused
from kg_platform.provenance.fusion import ALL, TRUSTED, FusionRule, FusionRules


def test_names_that_nothing_has_are_told() -> None:
    rules = FusionRules(
        FusionRule(TRUSTED, ("census", "wikdata")),
        {"city": FusionRule(TRUSTED, ("cnsus",)), "label": FusionRule(ALL), "cty": FusionRule(ALL)},
    )
    found = Fused(sources={"census", "wikidata"}, properties={"city"})
    assert found.unknown(rules) == [], "rules may stand there before what they are of"
    found.relations = 1
    sources, properties = found.unknown(rules)
    assert sources.endswith(": cnsus, wikdata; there are census, wikidata.")
    assert properties.endswith(": cty; there are aliases, city, description, label, media, type.")
    assert found.unknown(FusionRules()) == []
