"""What a relation shows of what several sources say of it; nothing here does I/O.

`source` is the one whose word goes, as of an entity; `sources` are all of them, the newest last,
where there are several. What each says stands in `sources_say`, where they differ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kg_platform.cypher.reviewing import SOURCE as REVIEW
from kg_platform.graph.kept import from_text, to_text
from kg_platform.provenance.fusion import FusionRules, chosen, ranked

SOURCE, SOURCES, SAY = "source", "sources", "sources_say"
OWN = frozenset({SOURCE, SOURCES, SAY})
Kept = dict[str, Any]


def said_of(
    there: Mapping[str, Any], source: str, properties: Mapping[str, Any], rules: FusionRules
) -> Kept:
    """A relation that is there with kept properties, after `source` has said these of it, without
    its name."""
    statements = statements_of(there)
    if not statements or [name for name, _ in statements] == [source]:
        return {**properties, SOURCE: source}
    before = dict(statements)
    if source in before and to_text(before[source]) == to_text(properties):
        return dict(there)
    others = [(name, said) for name, said in statements if name != source]
    return shown([*others, (source, dict(properties))], rules)


def unsaid_of(there: Mapping[str, Any], source: str, rules: FusionRules) -> Kept | None:
    """The relation without this source; None: nobody else states it."""
    left = [(name, said) for name, said in statements_of(there) if name != source]
    return shown(left, rules) if left else None


def statements_of(there: Mapping[str, Any]) -> list[tuple[str, Kept]]:
    """Who states it, and what each says, the newest last. What a person accepted is nobody's."""
    first = there.get(SOURCE)
    if first is None or first == REVIEW:
        return []
    bare = {key: value for key, value in there.items() if key not in OWN}
    sources = there.get(SOURCES) or [first]
    say = [from_text(text) for text in there.get(SAY) or ()]
    if len(say) != len(sources):
        say = [bare] * len(sources)
    return list(zip(map(str, sources), say, strict=True))


def shown(statements: Sequence[tuple[str, Kept]], rules: FusionRules) -> Kept:
    """The relation that these sources state, at least one, the newest last."""
    newest = statements[::-1]
    names = dict.fromkeys(name for _, said in newest for name in said)
    kept: Kept = {
        name: chosen(name, [(s, said[name]) for s, said in newest if name in said], rules.of(name))
        for name in names
    }
    kept[SOURCE] = ranked([(name, name) for name, _ in newest], rules.default)[0][1]
    if len(statements) > 1:
        kept[SOURCES] = [name for name, _ in statements]
        texts = [to_text(said) for _, said in statements]
        if len(set(texts)) > 1:
            kept[SAY] = texts
    return kept
