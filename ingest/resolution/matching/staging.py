"""Entities as a table of DuckDB, prepared for comparing: names folded, words split, dates read.

A column of the graph becomes `r0`, `r1`, ... as it is, and from it, as the rules ask:

    k0  folded: lower case, without accents and punctuation     c0  letters and digits alone
    s0  its words in order                                      d0  a number
    w0  its words that tell something                           t0  a date
    b0  its words that not too many entities have, as a block

`names` are the folded label and aliases; `g` says what neighbours are called, and by which
relation; `v_text`, ... are vectors, with length one, and `near_text` the buckets of those near
each other.
Memory: what DuckDB is given; it works on disk beyond that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from ingest.resolution.matching.buckets import bucket
from ingest.resolution.matching.raw import ArrowMaker, RawBatch
from ingest.resolution.matching.rules import NAMES, BlockTerm, MatchRules
from ingest.resolution.matching.store import MatchStore

COMMON = 200  # entities that may have a word for it to be a block
WORDS = 100  # of a text
TELLING = 4  # letters of a word that tells something

_FOLD = (
    "CREATE OR REPLACE MACRO fold(x) AS nullif(trim(regexp_replace("
    r"strip_accents(lower(x)), '[^\p{L}\p{N}]+', ' ', 'g')), '')"
)
_CODE = (
    "CREATE OR REPLACE MACRO code(x) AS nullif(regexp_replace("
    r"strip_accents(lower(x)), '[^\p{L}\p{N}]+', '', 'g'), '')"
)
_DAY = (
    "CREATE OR REPLACE MACRO a_day(x) AS coalesce("
    "try_cast(left(x, 10) AS DATE), try_cast(try_strptime(x, '%Y%m%d') AS DATE), "
    "try_cast(try_strptime(x, '%d/%m/%Y') AS DATE), try_cast(try_strptime(x, '%d.%m.%Y') AS DATE))"
)


@dataclass(frozen=True)
class StagedTable:
    """A table of entities: its name, how many, where a property stands in it, what has values."""

    name: str
    count: int
    numbers: Mapping[str, int]  # property -> its number
    dimensions: Mapping[str, int]  # vector -> its length
    neighbours: bool
    sources: int  # how many different ones
    empty: frozenset[str] = frozenset()  # properties that none of them has

    def at(self, column: str) -> int:
        return self.numbers[column]


def stage(
    store: MatchStore, name: str, rules: MatchRules, batches: Iterable[RawBatch]
) -> StagedTable:
    """Entities into a table called `name`, prepared for these rules."""
    raw = f"{name}_raw"
    maker = ArrowMaker(rules)
    store.run(f"DROP TABLE IF EXISTS {raw}")
    for batch in batches:
        store.append(raw, maker.table(batch))
    if not store.has(raw):
        store.append(raw, maker.table(RawBatch([], [], {})))
    for macro in (_FOLD, _CODE, _DAY):
        store.run(macro)
    numbers = {column: i for i, column in enumerate(maker.columns)}
    parts = ["uid", "sources", "row_number() OVER (ORDER BY uid) AS n", *_prepared(rules, numbers)]
    parts += [f"v_{one}" for one in maker.dimensions]
    if maker.neighbours:
        parts.append("list_distinct(list_transform(g, lambda x: fold(x))) AS g")
    store.run(
        f"CREATE OR REPLACE TABLE {name} AS SELECT {', '.join(parts)} FROM {raw} ORDER BY uid"
    )
    filled = ", ".join(["count(*)", *(f"count(r{i})" for i in numbers.values())])
    ((_, *having),) = store.rows(f"SELECT {filled} FROM {raw}")
    empty = frozenset(one for one, many in zip(numbers, having, strict=True) if not many)
    store.run(f"DROP TABLE {raw}")
    for column in _split(rules):
        _rare_words(store, name, column, numbers.get(column))
    for vector in maker.dimensions:
        if any(t.how == "near" and t.column == vector for rule in rules.terms() for t in rule):
            bucket(store, name, vector)
    ((count, sources),) = store.rows(
        "SELECT count(*), (SELECT count(DISTINCT s) FROM "
        f"(SELECT unnest(sources) AS s FROM {name})) FROM {name}"
    )
    return StagedTable(name, count, numbers, maker.dimensions, maker.neighbours, sources, empty)


def choose(store: MatchStore, table: StagedTable, ids: Iterable[str]) -> StagedTable:
    """A table of these entities alone."""
    import pyarrow as pa

    name = f"{table.name}_chosen"
    store.run("DROP TABLE IF EXISTS chosen_ids")
    store.append("chosen_ids", pa.table({"uid": pa.array(sorted(ids), pa.string())}))
    store.run(
        f"CREATE OR REPLACE TABLE {name} AS "
        f"SELECT * FROM {table.name} SEMI JOIN chosen_ids USING (uid)"
    )
    ((count,),) = store.rows(f"SELECT count(*) FROM {name}")
    return replace(table, name=name, count=count)


def _prepared(rules: MatchRules, numbers: Mapping[str, int]) -> list[str]:
    """What stands in the table beside what came, as SQL."""
    parts: list[str] = []
    for column, i in numbers.items():
        parts.append(f"fold(r{i}) AS k{i}")
        kinds = {one.kind for one in rules.compare if one.column == column}
        terms = [t for rule in rules.terms() for t in rule if t.column == column]
        if "name" in kinds:
            parts.append(f"{_in_order(f'fold(r{i})')} AS s{i}")
        if "code" in kinds:
            parts.append(f"code(r{i}) AS c{i}")
        if "number" in kinds:
            parts.append(f"try_cast(r{i} AS DOUBLE) AS d{i}")
        if "date" in kinds or any(term.how == "year" for term in terms):
            parts.append(f"a_day(r{i}) AS t{i}")
        if "text" in kinds:
            words = f"string_split(fold(r{i}), ' ')"
            telling = f"list_filter({words}, lambda x: length(x) >= {TELLING})"
            parts.append(f"list_distinct({telling})[1:{WORDS}] AS w{i}")
    if "label" in numbers:
        label = f"fold(r{numbers['label']})"
        listed = "list_transform(coalesce(aliases, []), lambda x: fold(x))"
        every = f"list_append({listed}, {label})"
        parts.append(
            f"list_sort(list_distinct(list_filter({every}, lambda x: x IS NOT NULL))) AS names"
        )
    return parts


def _in_order(text: str) -> str:
    return f"array_to_string(list_sort(string_split({text}, ' ')), ' ')"


def _split(rules: MatchRules) -> list[str]:
    """Columns whose words are blocks."""
    terms = [term for rule in rules.terms() for term in rule]
    return list(dict.fromkeys(term.column for term in terms if term.how == "words"))


def _rare_words(store: MatchStore, name: str, column: str, number: int | None) -> None:
    """A word that many entities have tells none apart, and would make millions of pairs."""
    words = f"string_split(k{number}, ' ')"
    if column == NAMES or number is None:
        words = "string_split(array_to_string(names, ' '), ' ')"
    target = words_column(column, number)
    store.run(
        "CREATE OR REPLACE TEMP TABLE words AS "
        f"SELECT DISTINCT n, unnest({words}) AS word FROM {name}"
    )
    store.run(
        f"CREATE OR REPLACE TABLE {name}_more AS SELECT n, list(word) AS {target} FROM words "
        f"WHERE length(word) > 2 AND word IN (SELECT word FROM words GROUP BY word "
        f"HAVING count(*) BETWEEN 2 AND {COMMON}) GROUP BY n"
    )
    store.run(
        f"CREATE OR REPLACE TABLE {name} AS SELECT a.*, coalesce(b.{target}, []) AS {target} "
        f"FROM {name} a LEFT JOIN {name}_more b USING (n) ORDER BY a.uid"
    )
    store.run(f"DROP TABLE {name}_more")
    store.run("DROP TABLE words")


def words_column(column: str, number: int | None) -> str:
    return f"b{number}" if number is not None else "b_names"


def term_sql(term: BlockTerm, table: StagedTable) -> tuple[str, str | None]:
    """(what two entities agree in, the column of lists that it is one item of, if it is one)."""
    if term.how == "near":
        return f"near_{term.column}", f"near_{term.column}"
    if term.column == NAMES and term.how == "whole":
        return NAMES, NAMES
    if term.how == "words":
        column = words_column(term.column, table.numbers.get(term.column))
        return column, column
    i = table.at("label" if term.column == NAMES else term.column)
    forms = {
        "whole": f"k{i}",
        "first": f"left(k{i}, {term.letters})",
        "last": f"right(k{i}, {term.letters})",
        "year": f"year(t{i})",
    }
    return forms[term.how], None
