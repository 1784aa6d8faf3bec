"""Which entities an answer speaks of: in nodes, relationships, paths, and columns of ids."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from kg_platform.graph.values import NodeValue, PathValue, RelationshipValue

# `id`, `n.id`, `head_id`, `ids`; what such a column holds may still be no entity's.
_ID_COLUMN = re.compile(r"(?i)(?:^|[._ ])ids?$")


def candidates(columns: Sequence[str], rows: Iterable[Sequence[Any]], most: int) -> list[str]:
    """Ids that may be entities', in their order, each once, `most` at most."""
    found: dict[str, None] = {}
    named = [_ID_COLUMN.search(name) is not None for name in columns]
    for row in rows:
        for value, is_id in zip(row, named, strict=True):
            for one in _ids(value, is_id):
                found[one] = None
                if len(found) >= most:
                    return list(found)
    return list(found)


def _ids(value: Any, is_id: bool) -> Iterator[str]:
    match value:
        case str():
            if is_id:
                yield value
        case NodeValue(labels):
            own = value.ours("id")
            if "Entity" in labels and isinstance(own, str):
                yield own
        case RelationshipValue(_, start, end, _):
            yield from (one for one in (start, end) if isinstance(one, str))
        case PathValue(nodes, _):
            for node in nodes:
                yield from _ids(node, is_id)
        case list():
            for item in value:
                yield from _ids(item, is_id)
        case dict():
            for name, item in value.items():
                inner = _ID_COLUMN.search(str(name)) is not None
                yield from _ids(item, inner)
