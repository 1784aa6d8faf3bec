"""Tables of a real PostgreSQL: values, streaming, and that a statement can only read."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from ingest.sources.table import RowTable, TableOptions
from ingest.sources.tables import open_table
from ingest.sources.tabular.sql.reading import reading
from kg_platform.errors import BadInput, Unavailable
from tests.contract.conftest import PASSWORD, QUOTED_PASSWORD, Postgres
from tests.support.tables import rows_of


@pytest.fixture
def url(postgres: Postgres) -> str:
    made = postgres.new_database()
    engine = sa.create_engine(made.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        connection.exec_driver_sql(
            """
            CREATE SCHEMA "old stock";
            CREATE TABLE "old stock"."film list" (
              id bigint PRIMARY KEY, price numeric(8, 2), tags text[], about jsonb, seen date,
              at timestamptz, raw bytea, key uuid, hours interval);
            INSERT INTO "old stock"."film list" VALUES
              (2, 1.50, '{a,NULL}', '{"x": [1]}', '2020-02-29', '2020-02-29 12:00+00', '\\x00',
               'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '90 minutes'),
              (1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
            CREATE TABLE many AS SELECT n AS id, 'x' || n AS name FROM generate_series(1, 5000) n;
            """
        )
    engine.dispose()
    return made


def opened(url: str, **options: Any) -> RowTable:
    return open_table(url, TableOptions(format="sql", **options), Path("/"))


def test_values(url: str) -> None:
    table = opened(url, table="old stock.film list")
    nothing, row = rows_of(table)
    assert nothing == {"id": 1, **dict.fromkeys(table.columns()[1:])}
    assert row == {
        "id": 2, "price": Decimal("1.50"), "tags": ["a", None], "about": {"x": [1]},
        "seen": date(2020, 2, 29), "at": datetime(2020, 2, 29, 12, tzinfo=UTC), "raw": None,
        "key": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "hours": "1:30:00",
    }  # fmt: skip
    assert table.notes == [
        f"The column 'raw' of {table.name} holds binary values; they are left out."
    ]
    assert PASSWORD not in table.name
    assert QUOTED_PASSWORD not in table.name


def test_rows_are_streamed_from_one_state(url: str) -> None:
    table = opened(url, query="SELECT id, '100% :x' AS s FROM many ORDER BY id;")
    rows = table.rows()
    assert next(rows) == (1, {"id": 1, "s": "100% :x"})
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM many")
    engine.dispose()
    assert sum(1 for _ in rows) == 4_999
    assert len(rows_of(table)) == 0


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1; COMMIT; DROP TABLE many",
        "SELECT 1; DROP TABLE many",
        "WITH gone AS (DELETE FROM many RETURNING id) SELECT * FROM gone",
        "SELECT nextval('counter')",
        "SELECT id INTO copied FROM many",
        "TABLE many; COPY many TO '/tmp/kg-table-copied'",
        "WITH x AS (SELECT 1) COPY many TO '/tmp/kg-table-copied'",
        "SELECT * FROM many FOR UPDATE",
    ],
)
def test_statements_that_write(url: str, statement: str) -> None:
    with pytest.raises(BadInput, match="refuses to read that"):
        rows_of(opened(url, query=statement))
    assert len(rows_of(opened(url, table="many"))) == 5_000
    assert not Path("/tmp/kg-table-copied").exists()


def test_a_copy_is_no_query(url: str) -> None:
    with pytest.raises(BadInput, match="A `query` is a SELECT"):
        opened(url, query="COPY many TO '/tmp/kg-table-copied'")


def test_mistakes(url: str) -> None:
    with pytest.raises(BadInput, match=r"has no table films; it has many"):
        opened(url, table="films")
    with pytest.raises(BadInput, match=r"refuses to read that \(division by zero\)"):
        rows_of(opened(url, query="SELECT 1 / (3000 - id) AS x FROM many ORDER BY id"))
    for value in ("'infinity'::date", "'10000-01-01'::date", "'-infinity'::timestamptz"):
        with pytest.raises(BadInput, match=r"refuses to read that \(.*(infinity|10000)"):
            rows_of(opened(url, query=f"SELECT {value} AS x ORDER BY 1"))
    wrong = url.replace(QUOTED_PASSWORD, "wr0ng-pass")
    with pytest.raises(Unavailable) as refused:
        opened(wrong, table="many")
    assert "does not let you in" in str(refused.value)
    assert "wr0ng-pass" not in str(refused.value)


def test_a_connection_that_ends_is_one_sentence(url: str) -> None:
    table = opened(url, query="SELECT id FROM many ORDER BY id")
    rows = table.rows()
    next(rows)
    with reading(sa.make_url(url.replace("postgresql:", "postgresql+psycopg:"))) as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchall()
    with pytest.raises(
        Unavailable, match=r"has ended the connection .* run the same command again"
    ):
        list(rows)
