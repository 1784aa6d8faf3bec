"""The rules that decide conflicts between sources: a file that people write, kept in the graph.

    default: newest
    properties:
      population: {trusted: [census, wikidata]}
      aliases: all

One node of the graph has them, so that all who load go by the same.
"""

from __future__ import annotations

from kg_platform.cypher.provenance import KEEP_RULES, RULES_NODE
from kg_platform.cypher.statement import Statement
from kg_platform.graph.client import Graph
from kg_platform.graph.kept import from_text, to_text
from kg_platform.provenance.fusion import FusionRule, FusionRules


def rules_of(graph: Graph) -> FusionRules:
    """The graph's rules; the newest goes where nobody said otherwise."""
    rows = graph.read(Statement(RULES_NODE))
    if not rows:
        return FusionRules()
    found = from_text(rows[0]["rules"])
    properties = {name: _rule(one) for name, one in found["properties"].items()}
    return FusionRules(_rule(found["default"]), properties)


def keep_rules(graph: Graph, rules: FusionRules) -> None:
    text = to_text(
        {
            "default": _as_json(rules.default),
            "properties": {name: _as_json(one) for name, one in rules.properties.items()},
        }
    )
    graph.write(Statement(KEEP_RULES, {"rules": text}))


def _rule(found: list[object]) -> FusionRule:
    name, sources = found
    assert isinstance(sources, list)
    return FusionRule(str(name), tuple(map(str, sources)))


def _as_json(rule: FusionRule) -> list[object]:
    return [rule.name, list(rule.sources)]
