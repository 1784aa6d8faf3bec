"""From pairs to entities: who is merged with whom, and what a person is asked.

Best pair first. Across sources it is one to one: an entity takes one partner of each source, and
what is merged never holds two of one source. Where two partners of one source are equally good,
nobody takes either; a person is asked. Nothing here does I/O.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field

TIE = 0.5  # bits by which the best partner must be better than the next one of its source


@dataclass(frozen=True, order=True)
class ScoredPair:
    """Two entities, the smaller id first. `weight` is log odds in bits, `key` what they agree in
    where that alone decides."""

    one: str
    other: str
    probability: float
    weight: float
    key: str = ""

    @property
    def ends(self) -> tuple[str, str]:
        return self.one, self.other


@dataclass
class Grouped:
    """Groups of two and more that are one each, the pairs that made them, what to ask and why, and
    how many pairs were kept apart by `across: sources` and by a rejection."""

    groups: list[list[str]] = field(default_factory=list)
    merged: list[ScoredPair] = field(default_factory=list)
    asked: list[tuple[ScoredPair, str]] = field(default_factory=list)
    apart: int = 0
    rejected: int = 0


def group(
    pairs: Iterable[ScoredPair],
    merge: float,
    ask: float,
    sources: Mapping[str, Set[str]] | None = None,
    rejected: Set[tuple[str, str]] = frozenset(),
) -> Grouped:
    """`sources` of each entity where matching goes across them; None: any two may be one."""
    found = Grouped()
    usable = []
    for pair in sorted(pairs, key=lambda p: (not p.key, -p.weight, p.one, p.other)):
        if pair.ends in rejected:
            found.rejected += 1
        elif pair.probability >= ask:
            usable.append(pair)
    sure = [pair for pair in usable if pair.probability >= merge]
    tied = _tied(sure, sources) if sources is not None else set()
    unions = _Unions(sources, rejected)
    for pair in sure:
        if pair.ends in tied:
            continue
        why = unions.join(pair)
        if not why:
            found.merged.append(pair)
        elif why == "source":
            found.apart += 1
        elif why == "rejected":
            found.rejected += 1
    for pair in usable:
        uncertain = pair.probability < merge
        if not uncertain and pair.ends not in tied:
            continue
        if unions.of(pair.one) == unions.of(pair.other):
            continue
        if uncertain and unions.share_a_source(pair):
            found.apart += 1
            continue
        found.asked.append((pair, "" if uncertain else "tie"))
    found.groups = unions.groups()
    return found


def _tied(sure: Sequence[ScoredPair], sources: Mapping[str, Set[str]]) -> set[tuple[str, str]]:
    """Pairs of an entity that has two partners in a source, as good as each other."""
    best: dict[tuple[str, str], list[ScoredPair]] = {}
    for pair in sure:
        for one, other in (pair.ends, pair.ends[::-1]):
            for source in sources.get(other, ()):
                best.setdefault((one, source), []).append(pair)
    tied: set[tuple[str, str]] = set()
    for several in best.values():
        first = several[0]
        near = [
            pair
            for pair in several
            if bool(pair.key) == bool(first.key) and first.weight - pair.weight < TIE
        ]
        if len(near) > 1:
            tied.update(pair.ends for pair in near)
    return tied


class _Unions:
    """Entities that were joined, with what their groups must not hold twice."""

    def __init__(
        self, sources: Mapping[str, Set[str]] | None, rejected: Set[tuple[str, str]]
    ) -> None:
        self._parent: dict[str, str] = {}
        self._members: dict[str, list[str]] = {}
        self._sources = sources
        self._held: dict[str, set[str]] = {}
        self._rejected: dict[str, set[str]] = {}
        for one, other in rejected:
            self._rejected.setdefault(one, set()).add(other)
            self._rejected.setdefault(other, set()).add(one)

    def of(self, entity: str) -> str:
        while (parent := self._parent.get(entity, entity)) != entity:
            self._parent[entity] = self._parent.get(parent, parent)
            entity = parent
        return entity

    def share_a_source(self, pair: ScoredPair) -> bool:
        if self._sources is None:
            return False
        return bool(self._of(self.of(pair.one)) & self._of(self.of(pair.other)))

    def join(self, pair: ScoredPair) -> str:
        """Join the groups of two; returns what is against it, "same" where they are one."""
        one, other = self.of(pair.one), self.of(pair.other)
        if one == other:
            return "same"
        if self.share_a_source(pair):
            return "source"
        mine = self._members.get(one, [one])
        theirs = self._members.get(other, [other])
        if any(not self._rejected.get(each, set()).isdisjoint(theirs) for each in mine):
            return "rejected"
        self._parent[other] = one
        self._members[one] = [*mine, *theirs]
        self._members.pop(other, None)
        if self._sources is not None:
            self._held[one] = self._of(one) | self._of(other)
        return ""

    def groups(self) -> list[list[str]]:
        return sorted(sorted(each) for each in self._members.values())

    def _of(self, root: str) -> set[str]:
        held = self._held.get(root)
        return set((self._sources or {}).get(root, ())) if held is None else held
