"""Entities as they came from wherever, and as Arrow's columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ingest.resolution.matching.rules import MatchRules

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa


@dataclass(frozen=True)
class RawBatch:
    """Entities as they came, a list a column, all of one length. A vector is null where there is
    none; `neighbours` are texts of a relation and a name."""

    ids: Sequence[str]
    sources: Sequence[Sequence[str]]
    columns: Mapping[str, Sequence[Any]]
    aliases: Sequence[Sequence[str] | None] | None = None
    vectors: Mapping[str, Sequence[Sequence[float] | None]] = field(default_factory=dict)
    neighbours: Sequence[Sequence[str]] | None = None


class ArrowMaker:
    """Batches as tables of one schema: `uid`, `sources`, a text `r0`, `r1`, ... a property,
    `aliases`, a `v_text`, ... a vector, `g`."""

    def __init__(self, rules: MatchRules) -> None:
        self.columns = [column for column in rules.columns() if column != "aliases"]
        self.neighbours = any(one.kind == "neighbours" for one in rules.compare)
        self.dimensions: dict[str, int] = {}
        self._vectors = rules.vectors()

    def table(self, batch: RawBatch) -> pa.Table:
        import pyarrow as pa

        texts, size = pa.list_(pa.string()), len(batch.ids)
        found: dict[str, Any] = {
            "uid": pa.array(batch.ids, pa.string()),
            "sources": pa.array(batch.sources, texts),
        }
        for i, column in enumerate(self.columns):
            given = batch.columns.get(column)
            plain = [None] * size if given is None else [text(value) for value in given]
            found[f"r{i}"] = pa.array(plain, pa.string())
        found["aliases"] = _lists(batch.aliases, size)
        for name in self._vectors:
            vectors = batch.vectors.get(name) or [None] * size
            # What has no vector yet tells nothing of its length.
            length = next((len(one) for one in vectors if one), 0)
            self.dimensions.setdefault(name, length or 1)
            found[f"v_{name}"] = _fixed(vectors, self.dimensions[name])
        if self.neighbours:
            found["g"] = _lists(batch.neighbours, size)
        return pa.table(found)


def _lists(given: Sequence[Sequence[str] | None] | None, size: int) -> pa.Array:
    import pyarrow as pa

    kind = pa.list_(pa.string())
    return pa.nulls(size, kind) if given is None else pa.array(given, kind)


def text(value: Any) -> str | None:
    """A value of a property as text: of a list its items in order; None where there is none."""
    if value is None or type(value) is str:
        return value
    if isinstance(value, list | tuple):
        return " ".join(sorted(filter(None, map(text, value)))) or None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
    written = getattr(value, "iso_format", None) or getattr(value, "isoformat", None)
    return str(written()) if written else str(value)


def _fixed(vectors: Sequence[Sequence[float] | None], length: int) -> pa.Array:
    """Vectors of length one; null where there is none, or one that has no direction."""
    import numpy as np
    import pyarrow as pa

    rows = np.zeros((len(vectors), length), np.float32)
    for i, one in enumerate(vectors):
        if one is not None and len(one) == length:
            rows[i] = one
    size = np.linalg.norm(rows, axis=1, keepdims=True)
    there: np.ndarray[Any, Any] = np.isfinite(size[:, 0]) & (size[:, 0] > 0)
    rows = np.where(there[:, None], rows / np.where(there[:, None], size, 1), 0)
    flat = pa.array(rows.astype(np.float32).ravel())
    return pa.FixedSizeListArray.from_arrays(flat, length, mask=pa.array(~there))
