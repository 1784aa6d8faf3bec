"""What a `mapping.yaml` may say. The JSON Schema for editors is made from these classes.

Every text that is read from a row is an expression (`expressions.py`). A name that is not known
here is refused, so that a slip of the pen is a message and not a column that nobody loads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    WithJsonSchema,
    model_validator,
)

from ingest.mapping.expressions import Expression, parse
from ingest.sources.table import TableOptions
from ingest.sources.tables import FORMATS
from kg_platform.errors import BadInput

Scalar = str | int | float | bool


def _expression(value: Any) -> Expression:
    if isinstance(value, Expression):
        return value
    _refuse_braces(value)
    if isinstance(value, bool | int | float | date | datetime):
        return Expression(str(value), (value,))
    if not isinstance(value, str):
        raise ValueError("an expression is text, such as {name | trim}")
    try:
        return parse(value)
    except BadInput as error:
        raise ValueError(str(error).rstrip(".")) from None


def _refuse_braces(value: Any) -> None:
    """What `id: {name}` without quotes is to YAML: an object with a key and no value."""
    if isinstance(value, dict) and any(one is None for one in value.values()):
        inside = ", ".join(map(str, value))
        raise ValueError(f'put it in quotes: "{{{inside}}}" (YAML takes bare braces for an object)')


_SCHEMA = {"type": ["string", "number", "boolean"]}
Expr = Annotated[Expression, PlainValidator(_expression), WithJsonSchema(_SCHEMA)]


def _languages(value: Any) -> Any:
    _refuse_braces(value)
    return value if isinstance(value, dict) else {"": value}


def _listed(value: Any) -> Any:
    _refuse_braces(value)
    return value if isinstance(value, list) else [value]


_LANGUAGES_SCHEMA = {
    "anyOf": [_SCHEMA, {"type": "object", "additionalProperties": _SCHEMA}],
}
# One expression, or one a language.
InLanguages = Annotated[
    dict[str, Expr], BeforeValidator(_languages), WithJsonSchema(_LANGUAGES_SCHEMA)
]
Exprs = Annotated[
    list[Expr],
    BeforeValidator(_listed),
    WithJsonSchema({"anyOf": [_SCHEMA, {"type": "array", "items": _SCHEMA}]}),
]


class Strict(BaseModel):
    """What is not known is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class TableSpec(Strict):
    """Where rows are, and how they are read where their name does not say it."""

    file: str | None = Field(None, description="A path from the mapping's folder, or an address.")
    sql: str | None = Field(
        None,
        description="A database's SQLAlchemy address, or the name of an environment variable that "
        "holds one as $NAME.",
    )
    neo4j: str | None = Field(
        None,
        description="Another Neo4j: bolt://user:password@host:port/database, or $NAME.",
    )
    huggingface: str | None = Field(
        None,
        description="A dataset of Hugging Face by its name, or a folder that holds one.",
    )
    config: str | None = Field(None, description="Of a dataset that has several; for huggingface.")
    split: str | None = Field(None, description="Of the dataset; all of them unless it is said.")
    revision: str | None = Field(None, description="A commit or tag of the dataset.")
    streaming: bool | None = Field(None, description="Read it over the network, and keep nothing.")
    query: str | None = Field(None, description="A SELECT for sql, a MATCH for neo4j.")
    table: str | None = Field(None, description="A table of the database, for sql.")
    format: str | None = Field(None, description=f"One of {', '.join(FORMATS)}.")
    delimiter: str | None = Field(None, description="What stands between cells of a csv.")
    quote: str | None = Field(None, description="What cells of a csv are quoted with.")
    encoding: str | None = Field(None, description="Of a text file that is not UTF-8.")
    header: list[str] | None = Field(
        None, description="The columns' names, for a file whose first line is a row already."
    )
    sheet: str | None = Field(
        None, description="Of a spreadsheet; the first one unless it is said."
    )
    rows: str | None = Field(None, description="Where in a JSON document the rows are: data.items")
    null: list[str] = Field([], description="Texts that mean that there is nothing, such as NULL.")

    @model_validator(mode="after")
    def _one_place(self) -> TableSpec:
        places = (self.file, self.sql, self.neo4j, self.huggingface)
        if sum(place is not None for place in places) != 1:
            raise ValueError("a table has one of `file`, `sql`, `neo4j` and `huggingface`")
        if self.neo4j is not None and (self.query is None or self.table is not None):
            raise ValueError("with `neo4j` goes `query`, and no `table`")
        if self.sql is not None and (self.query is None) == (self.table is None):
            raise ValueError("with `sql` goes either `query` or `table`")
        if self.sql is None and self.neo4j is None and (self.query or self.table):
            raise ValueError("`query` and `table` go with `sql`, `query` with `neo4j`")
        if self.file is not None and self.format in ("sql", "neo4j", "huggingface"):
            raise ValueError(f"what is {self.format} is no `file`; write `{self.format}` instead")
        if self.format is not None and self.format not in FORMATS:
            raise ValueError(f"`format` is one of {', '.join(FORMATS)}")
        return self

    def location(self) -> str:
        """The one place that is given."""
        return self.file or self.sql or self.neo4j or self.huggingface or ""

    def _format(self) -> str | None:
        for form in ("sql", "neo4j", "huggingface"):
            if getattr(self, form) is not None:
                return form
        return self.format

    def options(self) -> TableOptions:
        return TableOptions(
            format=self._format(),
            delimiter=self.delimiter,
            quote=self.quote,
            encoding=self.encoding,
            header=self.header,
            sheet=self.sheet,
            rows=self.rows,
            query=self.query,
            table=self.table,
            config=self.config,
            split=self.split,
            revision=self.revision,
            streaming=self.streaming,
            null=self.null,
        )


class Condition(Strict):
    """A row is taken when `value` is as the other keys say; all of them that are there."""

    value: Expr
    equals: Scalar | None = None
    differs: Scalar | None = None
    one_of: list[Scalar] | None = None
    none_of: list[Scalar] | None = None
    at_least: Scalar | None = None
    at_most: Scalar | None = None
    present: bool | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Condition:
        if self.model_fields_set == {"value"}:
            raise ValueError(
                "a condition needs one of equals, differs, one_of, none_of, at_least, at_most, "
                "present"
            )
        return self


class FromRows(Strict):
    """Which rows something is made of."""

    from_: str = Field(alias="from", description="The name of a table.")
    each: str | None = Field(
        None, description="A column with a list: one for each of its items, which is then {item}."
    )
    where: list[Condition] = Field([], description="Conditions; all of them hold.")


class MediaPart(Strict):
    """A medium of an entity: a path or an address, and what is said of it. `from` and `to` are the
    seconds of the part that is meant."""

    file: Expr
    caption: Expr | None = None
    rank: Expr | None = None
    from_: Expr | None = Field(None, alias="from")
    to: Expr | None = None

    def expressions(self) -> Mapping[str, Expression | None]:
        return {"file": self.file, "caption": self.caption, "rank": self.rank,
                "from": self.from_, "to": self.to}  # fmt: skip


class MediaSpec(MediaPart):
    """A medium with a role of its own."""

    role: str = "image"


def _media(value: Any) -> Any:
    items = value if isinstance(value, list) else [value]
    return [one if isinstance(one, dict | MediaPart) else {"file": one} for one in items]


# One or several, each an expression or what is said of it.
MediaParts = Annotated[list[MediaPart], BeforeValidator(_media)]


class EntitySpec(FromRows):
    """An entity of each row. Rows with the same id are one entity."""

    id: Expr
    type: Expr | None = None
    label: InLanguages = Field({}, description="Text, or a text a language: {en: .., de: ..}.")
    description: InLanguages = {}
    aliases: Exprs = []
    properties: dict[str, Expr] = {}
    image: MediaParts = []
    audio: MediaParts = []
    video: MediaParts = []
    document: MediaParts = []
    media: list[MediaSpec] = Field([], description="Media with roles of your own.")

    def all_media(self) -> Iterator[tuple[tuple[str, int], str, MediaPart]]:
        """(where it stands, its role, what is said of it) of each."""
        for at, one in enumerate(self.media):
            yield ("media", at), one.role, one
        for role in ("image", "audio", "video", "document"):
            for at, part in enumerate(getattr(self, role)):
                yield (role, at), role, part


class RelationSpec(FromRows):
    """A relation of each row; one for each where an end is a list."""

    head: Expr
    type: Expr
    tail: Expr
    properties: dict[str, Expr] = {}


class LookupSpec(Strict):
    """What `lookup` looks in: `values`, or two columns of a table."""

    values: dict[str, Scalar] | None = None
    from_: str | None = Field(None, alias="from")
    key: Expr | None = None
    value: Expr | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> LookupSpec:
        table = (self.from_, self.key, self.value)
        if (self.values is None) != all(table) or (self.values is not None and any(table)):
            raise ValueError("a lookup has either `values`, or `from`, `key` and `value`")
        return self


class MappingFile(Strict):
    """A mapping: tables, and what becomes of their rows."""

    source: str | None = Field(None, description="Kept as `source`; the file's name unless said.")
    languages: list[str] = Field([], description="Which language a label is in first: [en, de].")
    tables: dict[str, TableSpec] = Field(min_length=1)
    lookups: dict[str, LookupSpec] = {}
    entities: list[EntitySpec] = []
    relations: list[RelationSpec] = []

    @model_validator(mode="after")
    def _loads_something(self) -> MappingFile:
        if not self.entities and not self.relations:
            raise ValueError("a mapping has `entities` or `relations`")
        return self


def json_schema() -> Mapping[str, Any]:
    """The JSON Schema of a mapping, for editors."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **MappingFile.model_json_schema(by_alias=True),
        "title": "mapping.yaml of kg ingest",
    }
