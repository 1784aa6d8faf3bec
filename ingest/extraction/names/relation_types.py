"""Which types a relation has at its ends, as the graph has it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

Ends = tuple[str | None, str | None]


@dataclass(frozen=True)
class RelationTypes:
    """Relation -> the pairs of types that it leads between."""

    ends: Mapping[str, frozenset[Ends]]

    @classmethod
    def of(cls, rows: Iterable[tuple[str, str | None, str | None]]) -> RelationTypes:
        """From (relation, type of the head, type of the tail), each once or more often."""
        found: dict[str, set[Ends]] = {}
        for relation, head, tail in rows:
            found.setdefault(relation, set()).add((head, tail))
        return cls({relation: frozenset(pairs) for relation, pairs in found.items()})

    def fits(self, relation: str, head: str | None, tail: str | None) -> bool:
        """Whether two of these types may stand so; what no fact has is free."""
        pairs = self.ends.get(relation)
        return pairs is None or (head, tail) in pairs

    def other(
        self, relation: str, *, head: str | None = None, tail: str | None = None
    ) -> list[str]:
        """The types that may stand at the other end."""
        pairs = self.ends.get(relation, frozenset())
        found = (
            {t for h, t in pairs if h == head} if head is not None
            else {h for h, t in pairs if t == tail}
        )  # fmt: skip
        return sorted(one for one in found if one is not None)
