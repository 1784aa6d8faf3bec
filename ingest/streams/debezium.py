"""What Debezium says of a row, taken out of its envelope. Pure: a JSON object in, a row change out.

The envelope stands bare or in `payload`. Where its `schema` stands beside it, days, moments and
decimals become what they mean; without it they stay numbers and base64, unless the connector writes
them otherwise (docs/streams.md).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal
from typing import Any

from ingest.streams.envelope import WrongMessage

UNAVAILABLE = "__debezium_unavailable_value"  # a large column that did not change
_PUT = ("c", "r", "u")
_EPOCH = date(1970, 1, 1)
_MOST_SCALE = 20_000  # PostgreSQL has 16,383 digits after the point,
_MOST_BYTES = 2**16  # and 147,455 in all; what has far more takes minutes
_EXACT = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)  # others round to 28 digits
_PER_SECOND = {"Timestamp": 10**3, "MicroTimestamp": 10**6, "NanoTimestamp": 10**9}


@dataclass(frozen=True)
class RowChange:
    """A row was `before` and is `after`; None: it was not there, is not any more, or, of `before`,
    nobody says. `table` is its name in the database, if that is said."""

    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    table: str | None = None


def row_change(message: Mapping[str, Any]) -> RowChange | None:
    """The change of a row; None: the message is about no row. A message that is not Debezium's is
    the row itself.

    Raises:
        WrongMessage: it is Debezium's, and says what cannot be followed.
    """
    schema = message.get("schema")
    held = message.get("payload")
    envelope = held if isinstance(held, Mapping) and "op" in held else message
    if "op" in envelope and ("after" in envelope or "before" in envelope):
        return _enveloped(envelope, schema if envelope is held else None)
    if "__deleted" in message:  # flattened by the connector
        row = {key: value for key, value in message.items() if not key.startswith("__")}
        table = message.get("__table")
        gone = str(message["__deleted"]).lower() == "true"
        return RowChange(row if gone else None, None if gone else row, table)
    if envelope.get("op") == "t":
        raise WrongMessage("op", "the table was emptied; `kg ingest --sync` retires what it had")
    if envelope.get("op") == "m":
        return None
    return RowChange(None, message)


def key_row(key: Mapping[str, Any]) -> Mapping[str, Any]:
    """The columns of a message's key."""
    held = key.get("payload")
    return held if isinstance(held, Mapping) else key


def _enveloped(envelope: Mapping[str, Any], schema: Any) -> RowChange | None:
    op = envelope["op"]
    source = envelope.get("source")
    table = source.get("table") if isinstance(source, Mapping) else None
    before = _row(envelope, "before", schema)
    after = _row(envelope, "after", schema)
    if op == "t":
        raise WrongMessage("op", "the table was emptied; `kg ingest --sync` retires what it had")
    if op == "m":
        return None
    if op == "d":
        return RowChange(before or {}, None, table)
    if op not in _PUT or after is None:
        raise WrongMessage("op", "an `op` is c, r or u with `after`, d, t or m", op)
    if before:
        # What did not change, and is too large to be sent again, is what it was.
        known = {k: v for k, v in before.items() if v != UNAVAILABLE}
        after = {k: known.get(k, v) if v == UNAVAILABLE else v for k, v in after.items()}
    return RowChange(before, after, table)


def _row(envelope: Mapping[str, Any], side: str, schema: Any) -> dict[str, Any] | None:
    row = envelope.get(side)
    if row is None:
        return None
    if not isinstance(row, Mapping):
        raise WrongMessage(side, "this is an object", row)
    kinds = _kinds(schema, side)
    return {key: _meant(value, kinds.get(key)) for key, value in row.items()}


def _kinds(schema: Any, side: str) -> dict[str, Mapping[str, Any]]:
    """Column -> its field in the schema, of those with a meaning of their own."""
    if not isinstance(schema, Mapping):
        return {}
    for field in _fields(schema):
        if field.get("field") == side:
            return {str(one.get("field")): one for one in _fields(field) if one.get("name")}
    return {}


def _fields(schema: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = schema.get("fields")
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _meant(value: Any, kind: Mapping[str, Any] | None) -> Any:
    if kind is None or value is None or value == UNAVAILABLE:
        return value
    name = str(kind["name"])
    short = name.rpartition(".")[2]
    try:
        if name.startswith("io.debezium.time."):
            if short == "Date" and type(value) is int:
                return _EPOCH + timedelta(days=value)
            if short in _PER_SECOND and type(value) is int:
                moment = timedelta(microseconds=value * 10**6 // _PER_SECOND[short])
                return datetime(1970, 1, 1) + moment
            if short == "ZonedTimestamp":
                return datetime.fromisoformat(value).astimezone(UTC)
        if name == "org.apache.kafka.connect.data.Decimal":
            parameters = kind.get("parameters")
            scale = int(parameters.get("scale", 0)) if isinstance(parameters, Mapping) else 0
            unscaled = base64.b64decode(value)
            if abs(scale) <= _MOST_SCALE and len(unscaled) <= _MOST_BYTES:
                digits = int.from_bytes(unscaled, "big", signed=True)
                return Decimal(digits).scaleb(-scale, _EXACT)
    except (TypeError, ValueError, OverflowError):
        return value
    return value
