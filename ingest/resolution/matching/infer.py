"""Rules to begin with, from what the graph has: properties that are filled and tell apart.

Of each type and source a sample is looked at. What may be a key is then counted over all of the
type: in each source its values are one entity's, several sources share some, and those who share
one are called alike. A number that merely counts rows fails the last.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ingest.resolution.matching.raw import text
from ingest.resolution.matching.reading import chosen_types
from ingest.resolution.matching.rules import MatchRules, PairComparison
from kg_platform.curation.likeness import NEUTRAL, names
from kg_platform.cypher import matching as cypher
from kg_platform.cypher.loading import is_vector_property
from kg_platform.errors import BadInput
from kg_platform.graph.client import Graph

SAMPLE = 1_000  # entities of a type and source
SOURCES = 20
MOST = 12  # comparisons of properties
FILLED = 0.2  # of the entities, for a property to be compared
APART = 0.05  # different values among those there are, for it to be a block with others
ALONE = 0.3  # and for it to be one alone
LONG = 60  # letters of what is a text
KEY_APART, KEY_SHARED, KEY_ALIKE = 0.99, 5, 0.9
_DAY = re.compile(r"\d{4}-\d\d-\d\d([T ].*)?")


@dataclass
class _Looks:
    """What is seen of a property."""

    values: list[Any] = field(default_factory=list)
    by_source: Counter[str] = field(default_factory=Counter)

    @property
    def different(self) -> float:
        """Different values among those there are, of the same source at best."""
        return len(set(map(str, self.values))) / max(1, len(self.values))


def inferred(graph: Graph, only: str | None = None) -> MatchRules:
    """Rules for the types of the graph, or one.

    Raises:
        NotFound: there is no such type. BadInput: there is nothing to compare by.
    """
    types = chosen_types(graph, [], only)
    looks: dict[str, _Looks] = {}
    total: Counter[str] = Counter()
    seen: set[str] = set()
    for name in types:
        sources = [str(row["source"] or "") for row in graph.read(cypher.sources(name))]
        seen.update(sources)
        for source in sources[:SOURCES]:
            rows = graph.read(cypher.sample(name, source, SAMPLE))
            total[source] += len(rows)
            for row in rows:
                _look(graph.vocabulary.turned(row["properties"]), source, looks)
    vectors = [one for one, kept in cypher.VECTORS.items() if kept in looks]
    kinds = {name: kind for name in looks if (kind := _kind(name, looks[name], total))}
    if "label" not in kinds:
        raise BadInput(
            "The entities have no labels, so no rules can be proposed; write a match.yaml "
            "(docs/match.md)."
        )
    across = "sources" if len(seen) > 1 else "all"
    keys = [
        name
        for name, kind in kinds.items()
        if across == "sources"
        and kind in ("code", "exact", "name", "number")
        and name != "label"
        and any(_is_key(graph, one, name) for one in types)
    ]
    return _rules(types if only else [], across, keys, kinds, looks, vectors)


def _look(properties: Mapping[str, Any], source: str, looks: dict[str, _Looks]) -> None:
    for name, value in properties.items():
        if name in (NEUTRAL - {"label", "description"}) or value in (None, "", []):
            continue
        found = looks.setdefault(name, _Looks())
        found.by_source[source] += 1
        found.values.append(value if not is_vector_property(name) else 0)


def _kind(name: str, looks: _Looks, total: Mapping[str, int]) -> str | None:
    """How a property is compared; None: not at all."""
    if is_vector_property(name) or not looks.values:
        return None
    filled = sorted((n / total[source] for source, n in looks.by_source.items()), reverse=True)
    # What one source alone has can be compared with nothing.
    second = filled[min(1, len(total) - 1)] if len(filled) >= min(2, len(total)) else 0.0
    if second < FILLED or len(set(map(str, looks.values[:1_000]))) < 2:
        return None
    values = looks.values
    if name == "label":
        return "name"
    if all(isinstance(one, bool) for one in values):
        return "exact"
    if all(isinstance(one, int | float) and not isinstance(one, bool) for one in values):
        return "number"
    if any(isinstance(one, list) for one in values):
        return "text"
    told = [text(one) or "" for one in values]
    if all(_DAY.fullmatch(one) for one in told):
        return "date"
    if name == "description" or sum(map(len, told)) / len(told) > LONG:
        return "text"
    coded = sum(any(c.isdigit() for c in one) and " " not in one.strip() for one in told)
    if coded > 0.8 * len(told):
        return "code"
    return "exact" if looks.different < 0.02 else "name"


def _is_key(graph: Graph, type_: str, name: str) -> bool:
    column = graph.vocabulary.turned_name(name)
    (row,) = graph.read(cypher.shared_values(type_, column))
    if row["shared"] < KEY_SHARED or row["doubled"] > (1 - KEY_APART) * row["different"]:
        return False
    alike = [names([pair[0]], [pair[1]]) >= 0.75 for pair in row["pairs"]]
    return sum(alike) >= KEY_ALIKE * len(alike)


def _rules(
    types: Sequence[str],
    across: str,
    keys: Sequence[str],
    kinds: Mapping[str, str],
    looks: Mapping[str, _Looks],
    vectors: Sequence[str],
) -> MatchRules:
    order = sorted(kinds, key=lambda name: (name != "label", -len(looks[name].values), name))
    # A text vector says what the words of the description say; both would count it twice.
    chosen = [
        name
        for name in order
        if name not in keys and not (name == "description" and "text" in vectors)
    ][:MOST]
    compare: list[dict[str, Any]] = [{"column": name, "as": kinds[name]} for name in chosen]
    compare += [{"vector": one} for one in vectors]
    compare.append({"neighbours": True})
    block: list[list[str]] = [["label"], ["words(label)"]]
    for name in chosen:
        if kinds[name] in ("number", "text") or name == "label":
            continue
        if looks[name].different >= ALONE:
            block.append([name])
        elif looks[name].different >= APART:
            block.append(["label[:3]", name])
    block += [["near(text)"]] if "text" in vectors else []
    return MatchRules.model_validate(
        {
            "types": list(types),
            "across": across,
            "keys": [[one] for one in keys],
            "compare": compare,
            "block": block,
        }
    )


def written(rules: MatchRules) -> str:
    """Rules as a match.yaml that a person goes on with."""
    lines = ["# Proposed from what the graph has; docs/match.md says what else may stand here."]
    lines += (
        [f"types: {_flow(rules.types)}"] if rules.types else ["# types: [Person]    # none: all"]
    )
    lines.append(f"across: {rules.across}")
    lines.append(f"keys: {_flow([one[0] if len(one) == 1 else one for one in rules.keys])}")
    lines.append("compare:")
    lines += [f"  - {_flow(_said(one))}" for one in rules.compare]
    lines.append("block:")
    lines += [f"  - {_flow(one[0] if len(one) == 1 else one)}" for one in rules.block]
    limits = rules.thresholds
    lines.append(f"thresholds: {{merge: {limits.merge:g}, ask: {limits.ask:g}}}")
    return "\n".join(lines) + "\n"


def _said(one: PairComparison) -> Mapping[str, Any]:
    if one.column is not None:
        said: dict[str, Any] = {"column": one.column, "as": one.as_}
    elif one.vector is not None:
        said = {"vector": one.vector}
    else:
        said = {"neighbours": one.neighbours}
    return {**said, **({"levels": one.levels} if one.levels else {})}


def _flow(value: Any) -> str:
    import yaml

    text_: str = yaml.safe_dump(
        value, default_flow_style=True, allow_unicode=True, sort_keys=False, width=10**6
    )
    return text_.removesuffix("\n").removesuffix("...").strip()
