"""The facts of entities with those that were trained, as a fit takes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from embeddings.data.entity_contents import EntityContents
from embeddings.refresh.fold_in import FoldInFacts


def facts_with(
    entities: Sequence[EntityContents], rows: Mapping[str, int], relation_types: Mapping[str, int]
) -> FoldInFacts:
    """Their facts with trained entities, by their rows in the artifact; `rows` count `entities`."""
    count, found = len(relation_types), set()
    for place, entity in enumerate(entities):
        for fact in entity.facts:
            kind, other = relation_types.get(fact.type), rows.get(fact.other)
            if kind is not None and other is not None and not fact.held_out:
                found.add((place, kind if fact.outgoing else kind + count, other))
    columns = np.array(sorted(found), np.int64).reshape(-1, 3)
    return FoldInFacts(columns[:, 0].copy(), columns[:, 1].copy(), columns[:, 2].copy())
