"""Databases, by an SQLite file: what is read, what is refused, and that nothing is written."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from ingest.sources.table import RowTable, TableOptions
from ingest.sources.tables import open_table
from ingest.sources.tabular.sql.reading import check_statement
from kg_platform.errors import BadInput, Unavailable
from kg_platform.records import Rejection
from tests.support.tables import read, rows_of


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "a %film's?.db"
    with closing(sqlite3.connect(path)) as made, made:
        made.executescript(
            """
            CREATE TABLE "film list" (id INTEGER PRIMARY KEY, title TEXT, score, photo BLOB);
            INSERT INTO "film list" VALUES
              (2, 'Ö; 100% :x', 7.5, NULL), (1, NULL, 'unknown', x'00ff'), (3, '', 8, NULL);
            CREATE TABLE loose (a, b);
            INSERT INTO loose VALUES (1, 'x'), (2, CAST(x'ff41' AS TEXT)), (3, 'z');
            CREATE VIEW seen AS SELECT title FROM "film list";
            CREATE TABLE pair (a TEXT, b TEXT, PRIMARY KEY (b, a)) WITHOUT ROWID;
            """
        )
    return path


def opened(database: Path, **options: Any) -> RowTable:
    address = f"sqlite:///{quote(database.name)}"
    return open_table(address, TableOptions(format="sql", **options), database.parent)


def test_a_table(database: Path) -> None:
    table = opened(database, table="film list")
    assert table.name == "a %film's?.db, table film list"
    assert (table.columns(), table.count()) == (["id", "title", "score", "photo"], 3)
    assert list(table.rows()) == [
        (1, {"id": 1, "title": None, "score": "unknown", "photo": None}),
        (2, {"id": 2, "title": "Ö; 100% :x", "score": 7.5, "photo": None}),
        (3, {"id": 3, "title": "", "score": 8, "photo": None}),
    ]
    assert table.notes == [
        f"The column 'photo' of {table.name} holds binary values; they are left out."
    ]
    assert [row["title"] for row in rows_of(opened(database, table="seen"))] == [
        None, "Ö; 100% :x", ""
    ]  # fmt: skip
    assert opened(database, table="pair").columns() == ["a", "b"]
    assert opened(database, table="pair").count() == 0
    assert opened(database, table="main.pair").columns() == ["a", "b"]


def test_a_query(database: Path) -> None:
    query = """-- the best; of all
      SELECT id, 'a:b %s; ' || title AS said FROM "film list" WHERE id > 1 ORDER BY id DESC;"""
    table = opened(database, query=query, null=["a:b %s; "])
    assert rows_of(table) == [{"id": 3, "said": None}, {"id": 2, "said": "a:b %s; Ö; 100% :x"}]
    assert (table.count(), table.notes) == (0, [])
    assert table.name.endswith("a %film's?.db, query")
    [note] = opened(database, query="SELECT 1 AS a").notes
    assert "which may differ each time: its query has no ORDER BY" in note


def test_what_sqlite_does_inside_a_query_is_let(database: Path) -> None:
    with closing(sqlite3.connect(database)) as made, made:
        made.execute("CREATE VIRTUAL TABLE found USING fts5(said)")
        made.execute("INSERT INTO found VALUES ('a red house'), ('a blue one')")
    searched = opened(database, query="SELECT said FROM found WHERE found MATCH 'red' ORDER BY 1")
    assert rows_of(searched) == [{"said": "a red house"}]
    assert len(rows_of(opened(database, table="found"))) == 2
    query = """WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3)
      SELECT i, value FROM n, json_each('[7]') ORDER BY i"""
    assert rows_of(opened(database, query=query)) == [{"i": i, "value": 7} for i in (1, 2, 3)]


def test_text_that_is_none_costs_its_row(database: Path) -> None:
    table = opened(database, table="loose")
    assert read(table) == [{"a": 1, "b": "x"}, "the text is not valid UTF-8", {"a": 3, "b": "z"}]
    [(number, row)] = [found for found in table.rows() if isinstance(found[1], Rejection)]
    assert (number, row.field, row.value) == (2, "b", "\ufffdA")  # type: ignore[union-attr]
    assert "it has no primary key" in table.notes[0]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({}, "either a `table` or a `query` is read; name one of them"),
        ({"table": "a", "query": "b"}, "either a `table` or a `query` is read"),
        ({"table": "films"}, "has no table films; it has film list, loose, pair, seen"),
        ({"query": "SELECT * FROM nowhere"}, "refuses to read that (no such table: nowhere)"),
        ({"query": "SELECT a.id, b.id FROM loose a, loose b"}, "refuses to read that"),
        ({"query": "SELECT a.a, b.a FROM loose a, loose b"}, "names the column 'a' twice"),
        ({"query": "DELETE FROM loose"}, "A `query` is a SELECT"),
        ({"query": "/* x */ ATTACH 'other.db' AS o"}, "A `query` is a SELECT"),
        ({"query": ""}, "A `query` is a SELECT"),
        ({"query": "WITH x AS (SELECT 1) DELETE FROM loose"}, "refuses to read that"),
        ({"query": "WITH x AS (SELECT 1) UPDATE sqlite_master SET sql = ''"}, "refuses to read"),
        ({"query": "SELECT 1; DELETE FROM loose"}, "refuses to read that"),
        ({"query": "SELECT load_extension('x')"}, "refuses to read that"),
        ({"query": "SELECT * FROM pragma_user_version"}, "refuses to read that"),
    ],
)
def test_what_is_not_read(database: Path, options: dict[str, str], reason: str) -> None:
    before = database.read_bytes()
    with pytest.raises(BadInput) as refused:
        rows_of(opened(database, **options))
    assert reason in str(refused.value)
    assert database.read_bytes() == before
    assert list(database.parent.iterdir()) == [database]


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("SELECT a; DROP TABLE b", "one statement"),
        ("SELECT ';' FROM a", "one statement"),
        ("SELECT * INTO b FROM a", "leave out the word INTO"),
        ("SELECT a INTO OUTFILE '/x' FROM b", "leave out the word INTO"),
        ("EXEC x", "A `query` is a SELECT"),
    ],
)
def test_databases_that_nobody_vouches_for_get_less(statement: str, reason: str) -> None:
    with pytest.raises(BadInput, match=reason):
        check_statement(statement, "mssql")
    check_statement("(SELECT a FROM b) -- c\n;", "mssql")


def test_addresses(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = TableOptions(format="sql", table="pair")

    def why(address: str) -> str:
        with pytest.raises((BadInput, Unavailable)) as refused:
            open_table(address, options, database.parent)
        assert "secret" not in str(refused.value)
        return str(refused.value)

    assert "is not there" in why("sqlite:///films.db")
    assert "names no file" in why("sqlite://")
    assert why("user:secret@host").startswith("The database's address is none; write postgresql:")
    assert "There is no driver here for nosuch" in why("nosuch://user:secret@host/name")
    unheard = "postgresql://user:secret@127.0.0.1:9/name?password=secret"
    assert "The database name at 127.0.0.1 does not answer" in why(unheard)
    assert why("$KG_TEST_FILMS").startswith("$KG_TEST_FILMS is to hold a database's address and")
    monkeypatch.setenv("KG_TEST_FILMS", "secret")
    assert why("${KG_TEST_FILMS}").startswith("What $KG_TEST_FILMS holds is none")
    monkeypatch.setenv("KG_TEST_FILMS", f"sqlite:///{quote(database.name)}")
    table = open_table("$KG_TEST_FILMS", options, database.parent)
    assert (table.name, table.folder) == ("a %film's?.db, table pair", database.parent)
    (database.parent / "none.db").write_bytes(b"abc" * 1000)
    assert "none.db is damaged, or no SQLite file" in why("sqlite:///none.db")
    own_form = f"sqlite:///file:{quote(database.name)}?mode=rwc&uri=true"
    assert open_table(own_form, options, database.parent).columns() == ["a", "b"]


def test_files_cut_or_changed_anywhere(database: Path) -> None:
    """Rows, rejections, or one sentence."""
    with closing(sqlite3.connect(database)) as made, made:
        made.executemany("INSERT INTO loose VALUES (?, ?)", [(n, f"ö{n}" * 50) for n in range(99)])
    content = database.read_bytes()
    chance = random.Random(4)
    for at in range(40):
        cut = bytearray(content[: chance.randrange(len(content))] if at % 2 else content)
        for _ in range(20 if cut else 0):
            cut[chance.randrange(len(cut))] = chance.randrange(256)
        database.write_bytes(cut)
        with suppress(BadInput, Unavailable):
            for _, row in opened(database, table="loose").rows():
                assert isinstance(row, Rejection | dict)


def test_a_locked_database(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.sources.tabular.sql.reading.BUSY_SECONDS", 0)
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(Unavailable, match="is locked by another process"):
            opened(database, table="pair")
