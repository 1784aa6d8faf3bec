"""Values of the driver as plain Python and our own records.

Dates, times, durations and points become texts, as Cypher's `toString` writes them. What Python's
types cannot hold, such as a year before 1 or a zone of Java's own, the driver hands on as it came:
a structure of Bolt, which has a tag and fields, inside an object that has `raw_data`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kg_platform.cypher.vocabulary import Vocabulary
from kg_platform.graph.driver import neo4j
from kg_platform.graph.values import NodeValue, PathValue, RelationshipValue
from kg_platform.graph.written import date, local, point, time, zoned

_AS_THEY_ARE = Vocabulary()
_EPOCH = 719_163  # the ordinal of 1970-01-01
_DAY = 86_400
_CRS = {7203: "cartesian", 9157: "cartesian-3d", 4326: "wgs-84", 4979: "wgs-84-3d"}


def row(record: neo4j.Record) -> dict[str, Any]:
    """A record by its keys; values that the driver could not read are plain."""
    # A record that holds one refuses to give it; as the tuple that it is, it does.
    values = zip(record.keys(), tuple.__iter__(record), strict=True)
    return {key: plain(value) if hasattr(value, "raw_data") else value for key, value in values}


def plain(value: Any, names: Vocabulary = _AS_THEY_ARE) -> Any:
    """A driver value as plain Python: nodes, relationships and paths become our own records.
    `names` are the platform's in the graph they are of."""
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if hasattr(value, "raw_data"):
        return plain(value.raw_data, names)
    if hasattr(value, "tag") and hasattr(value, "fields"):
        return _structure(value.tag, value.fields)
    if isinstance(value, neo4j.graph.Node):
        properties = {k: plain(v) for k, v in value.items()}
        return NodeValue(tuple(sorted(value.labels)), properties, names)
    if isinstance(value, neo4j.graph.Relationship):
        start, end = value.nodes
        own = names.name("id")
        return RelationshipValue(
            value.type,
            start.get(own) if start else None,
            end.get(own) if end else None,
            {k: plain(v) for k, v in value.items()},
        )
    if isinstance(value, neo4j.graph.Path):
        return PathValue(
            tuple(plain(n, names) for n in value.nodes),
            tuple(plain(r, names) for r in value.relationships),
        )
    if isinstance(value, neo4j.vector.Vector):
        return value.to_native()
    if isinstance(value, Mapping):
        return {k: plain(v, names) for k, v in value.items()}
    if isinstance(value, (list, tuple)) and type(value) in (list, tuple):
        return [plain(v, names) for v in value]
    if isinstance(value, bytes | bytearray):
        return value.hex()
    return _written(value)


def _written(value: Any) -> str:
    if isinstance(value, neo4j.time.Date):
        return date(value.to_ordinal() - _EPOCH)
    if isinstance(value, neo4j.time.Time):
        return time(value.ticks, _seconds(value.utc_offset()))
    if isinstance(value, neo4j.time.DateTime):
        clock = value.time().ticks
        seconds = (value.to_ordinal() - _EPOCH) * _DAY + clock // 10**9
        offset = _seconds(value.utc_offset())
        if offset is None:
            return local(seconds, clock % 10**9)
        # The driver reads `Z` as the zone UTC, which people write less often.
        zone = getattr(value.tzinfo, "zone", None)
        named = zone if zone != "UTC" else None
        return zoned(seconds - offset, clock % 10**9, named or offset)
    if isinstance(value, neo4j.time.Duration):
        return value.iso_format()
    if isinstance(value, neo4j.spatial.Point):
        return point(tuple(value), _CRS.get(value.srid or 0, str(value.srid)))
    return str(value)


def _seconds(offset: Any) -> int | None:
    return None if offset is None else int(offset.total_seconds())


def _structure(tag: bytes, fields: Any) -> Any:
    match tag, list(fields):
        case b"D", [days]:
            return date(days)
        case b"d", [seconds, nanoseconds]:
            return local(seconds, nanoseconds)
        case ((b"I" | b"i"), [seconds, nanoseconds, zone]):
            return zoned(seconds, nanoseconds, zone)
        case b"t", [ticks]:
            return time(ticks, None)
        case b"T", [ticks, offset]:
            return time(ticks, offset)
        case _, values:
            return f"{tag.decode(errors='replace')}{tuple(map(plain, values))}"
