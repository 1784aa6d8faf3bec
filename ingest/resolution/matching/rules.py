"""What a `match.yaml` may say. The JSON Schema for editors is made from these classes.

Rules are data: which entities are compared, by what, which pairs are looked at at all, and what a
probability leads to. A name that is not known here is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

Kind = Literal["name", "exact", "code", "number", "date", "text"]
Vector = Literal["text", "image", "graph"]
# What each kind takes for `levels`, from the strictest on, where the rules do not say: likenesses
# of names, edits of codes, shares of numbers, days of dates, shares of words, cosines, shares.
LEVELS: Mapping[str, tuple[float, ...]] = {
    "name": (0.94, 0.88, 0.78),
    "exact": (),
    "code": (1, 2),
    "number": (0.01, 0.05),
    "date": (31, 366),
    "text": (0.8, 0.5, 0.25),
    "vector": (0.95, 0.9, 0.8, 0.65),
    "neighbours": (0.8, 0.5, 0.2),
}
MERGE, ASK = 0.95, 0.5
RISING = frozenset({"code", "number", "date"})  # the larger the level, the less alike
NAMES = "names"  # in keys and blocks: the label and every alias

_TERM = re.compile(
    r"(?P<how>words|year|near)\((?P<inside>[^()\[\]]+)\)"
    r"|(?P<column>[^()\[\]]+?)(?:\[(?P<first>:\d{1,2})\]|\[(?P<last>-\d{1,2}:)\])?"
)


class _MatchPart(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


@dataclass(frozen=True)
class BlockTerm:
    """A column, or a part of it: its first or last letters, each of its words, its year; or what
    is near by a vector."""

    column: str
    how: Literal["whole", "first", "last", "words", "year", "near"] = "whole"
    letters: int = 0

    @classmethod
    def of(cls, text: str) -> Self:
        """Raises: ValueError: it is no such term."""
        found = _TERM.fullmatch(text.strip())
        if found is None:
            raise ValueError(
                f"{text!r} is no way to look for pairs; write a column, label[:3] for its first "
                "letters, label[-3:] for its last, words(label), year(born) or near(text)"
            )
        if how := found["how"]:
            column = found["inside"].strip()
            if how == "near" and column not in ("text", "image", "graph"):
                raise ValueError(f"near({column}) names no vector; there are text, image and graph")
            return cls(column, how)  # type: ignore[arg-type]
        part = found["first"] or found["last"]
        if not part:
            return cls(found["column"].strip())
        letters = abs(int(part.strip(":")))
        return cls(found["column"].strip(), "first" if found["first"] else "last", letters)


def _several(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _term(text: str) -> str:
    BlockTerm.of(text)
    return text


Together = Annotated[
    list[Annotated[str, Field(min_length=1)]], BeforeValidator(_several), Field(min_length=1)
]
Terms = Annotated[
    list[Annotated[str, AfterValidator(_term)]], BeforeValidator(_several), Field(min_length=1)
]


class PairComparison(_MatchPart):
    """One thing by which two entities are compared."""

    column: str | None = Field(
        None, min_length=1, description="a property: label, description, or one of the graph's own"
    )
    as_: Kind = Field(
        "exact",
        alias="as",
        description="how a property is compared; label as a name counts aliases",
    )
    vector: Vector | None = Field(None, description="the cosine of published vectors")
    neighbours: bool | list[str] = Field(
        False, description="names of neighbours, by all relations (true) or by these"
    )
    levels: list[float] | None = Field(
        None, min_length=1, max_length=6, description="where a level ends, the strictest first"
    )

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        given = (self.column is not None, self.vector is not None, bool(self.neighbours))
        if sum(given) != 1:
            raise ValueError("give one of column, vector and neighbours")
        if self.column is None and "as_" in self.model_fields_set:
            raise ValueError("`as` goes with a column")
        if self.levels is not None:
            self._check(self.levels)
        return self

    def _check(self, levels: list[float]) -> None:
        if self.kind == "exact":
            raise ValueError("what is compared as exact has no levels")
        rising = self.kind in RISING
        if levels != sorted(set(levels), reverse=not rising):
            order = "rise" if rising else "fall"
            raise ValueError(f"levels of {self.kind} {order}, from the strictest on")
        if min(levels) <= 0 or (not rising and max(levels) > 1):
            raise ValueError("levels are above 0" + ("" if rising else ", and at most 1"))

    @property
    def kind(self) -> str:
        """name, exact, code, number, date, text, vector or neighbours."""
        if self.column is not None:
            return self.as_
        return "vector" if self.vector is not None else "neighbours"

    @property
    def name(self) -> str:
        """What people read."""
        if self.column is not None:
            return self.column
        return f"{self.vector} vector" if self.vector is not None else "neighbours"

    @property
    def limits(self) -> tuple[float, ...]:
        return tuple(self.levels) if self.levels else LEVELS[self.kind]


class MatchThresholds(_MatchPart):
    """Probabilities from which on a pair is merged, or a person asked."""

    merge: float = Field(MERGE, gt=0, le=1)
    ask: float = Field(ASK, gt=0, le=1)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.ask > self.merge:
            raise ValueError("ask is at most merge: what is surer than asked about is merged")
        return self


class MatchRules(_MatchPart):
    """The rules of `kg match`."""

    types: list[str] = Field([], description="entities of these types, each on its own; none: all")
    across: Literal["sources", "all"] = Field(
        "sources", description="sources: two entities of one source are never merged; all: any two"
    )
    keys: list[Together] = Field(
        [], description="entities of a type that agree in such properties are one; names counts too"
    )
    compare: list[PairComparison] = Field([], description="what a score is made of")
    block: list[Terms] = Field(
        [], description="only pairs that agree in all terms of one of these are compared"
    )
    thresholds: MatchThresholds = Field(
        default_factory=lambda: MatchThresholds(merge=MERGE, ask=ASK)
    )
    trust: list[str] = Field(
        [], description="sources, the most trusted first: whose entity is kept"
    )

    @model_validator(mode="after")
    def _enough(self) -> Self:
        if not self.keys and not self.compare:
            raise ValueError("give keys, or compare and block")
        if self.compare and not self.block:
            raise ValueError("compare needs block: which pairs are looked at")
        if self.block and not self.compare:
            raise ValueError("block needs compare: how pairs are judged")
        names = [one.name for one in self.compare]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"compare has {', '.join(sorted(twice))} twice; keep one of them")
        return self

    def dumped(self) -> dict[str, Any]:
        """What a file would say; rules that say the same give the same."""
        return self.model_dump(by_alias=True, exclude_defaults=True)

    def terms(self) -> list[list[BlockTerm]]:
        """The terms of each rule of `block`."""
        return [[BlockTerm.of(text) for text in rule] for rule in self.block]

    def columns(self) -> list[str]:
        """Every property that is read; `label` and `aliases` as well where `names` are asked."""
        found = [one.column for one in self.compare if one.column is not None]
        found += [column for key in self.keys for column in key]
        found += [term.column for rule in self.terms() for term in rule if term.how != "near"]
        named = NAMES in found or "label" in found
        more = ["label", "aliases"] if named else []
        return [name for name in dict.fromkeys([*found, *more]) if name != NAMES]

    def vectors(self) -> list[str]:
        """The vectors that are read, by their short names."""
        near = {term.column for rule in self.terms() for term in rule if term.how == "near"}
        return sorted({one.vector for one in self.compare if one.vector is not None} | near)


def json_schema() -> Mapping[str, Any]:
    """The JSON Schema of a match.yaml, for editors."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **MatchRules.model_json_schema(by_alias=True),
        "title": "match.yaml of kg match",
    }
