"""Labels and relationship types that a person names."""

from __future__ import annotations

from typing import Any

import pytest

from embeddings.data.snapshot import check_names
from kg_platform.cypher import snapshots as cypher
from kg_platform.cypher.statement import Statement
from kg_platform.errors import BadInput


class FakeGraph:
    def read(self, statement: Statement) -> list[dict[str, Any]]:
        if statement is cypher.LABELS:
            return [{"label": name} for name in ("City", "Entity", "GraphLock", "Media", "Merge")]
        return [{"type": name} for name in ("BORDERS", "HAS_MEDIA")]


@pytest.mark.parametrize(
    ("labels", "types", "sentence"),
    [
        (["Nope"], [], "The graph has no label 'Nope'; it has City, Entity."),
        (["city"], [], "did you mean 'City'?"),
        (["GraphLock"], [], "The graph has no label 'GraphLock'; it has City, Entity."),
        ([], ["HAS_MEDIA"], "The graph has no relationship type 'HAS_MEDIA'; it has BORDERS."),
    ],
)
def test_what_is_not_there_is_said_with_what_is(
    labels: list[str], types: list[str], sentence: str
) -> None:
    with pytest.raises(BadInput) as found:
        check_names(FakeGraph(), labels, types)  # type: ignore[arg-type]
    assert str(found.value).endswith(sentence)


def test_what_is_there_is_not_refused() -> None:
    check_names(FakeGraph(), ["City", "Entity"], ["BORDERS"])  # type: ignore[arg-type]
