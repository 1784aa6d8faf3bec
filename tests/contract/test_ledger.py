"""What the ledger promises, on SQLite and on PostgreSQL."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext

from kg_platform.errors import LedgerError, MigrationError, NotFound
from kg_platform.ledger.database import Database
from kg_platform.ledger.ledger import Ledger
from kg_platform.ledger.tables import METADATA
from kg_platform.migrate.ledger import LEDGER_FOLDER, migrate_ledger, pending_ledger
from kg_platform.records import Rejection

HOSTILE = (
    "quote ' \" \\ newline \n nul \x00 surrogate \ud800 emoji \U0001f3f3\ufe0f %s {0} ; DROP TABLE"
)
REVISIONS = [
    "0001_runs.py",
    "0002_schedules.py",
    "0003_reviews.py",
    "0004_record.py",
    "0005_media_addresses.py",
    "0006_when_drift.py",
    "0007_media_failures.py",
    "0008_people.py",
    "0009_review_experience.py",
    "0010_queries.py",
    "0011_review_ends.py",
]
CLEANED = HOSTILE.replace("\x00", "\ufffd").replace("\ud800", "\ufffd")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/a folder/ledger.sqlite"
    return str(request.getfixturevalue("postgres").new_database())


@pytest.fixture
def ledger(url: str) -> Iterator[Ledger]:
    migrate_ledger(url)
    with Ledger(url) as opened:
        yield opened


def test_a_run_from_start_to_end(ledger: Ledger) -> None:
    run_id = ledger.start_run("ingest", {"path": Path("data"), "batch": 10})
    running = ledger.run(run_id)
    assert (running.status, running.finished_at) == ("running", None)
    assert running.settings == {"path": "data", "batch": 10}
    ledger.finish_run(run_id, "succeeded", {"entities": 3})
    done = ledger.run(run_id)
    assert (done.status, done.metrics, done.error) == ("succeeded", {"entities": 3}, "")
    assert done.finished_at is not None
    assert done.started_at < done.finished_at
    assert done.started_at.endswith("+00:00")


def test_what_a_run_ran_on_and_left_is_kept(ledger: Ledger) -> None:
    run_id = ledger.start_run("embed", {}, {"python": "3.11", "memory": {"peak_bytes": 1}})
    ledger.describe(run_id, artifact=Path("a"), memory={"peak_bytes": 2})
    wanted = {"python": "3.11", "artifact": "a", "memory": {"peak_bytes": 2}}
    assert ledger.run(run_id).record == wanted
    assert ledger.run(ledger.start_run("embed", {})).record == {}
    with pytest.raises(NotFound, match="There is no run"):
        ledger.describe("nobody", artifact="a")


def test_runs_of_an_earlier_version_have_an_empty_record(url: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(LEDGER_FOLDER))
    with closing(Database(url)) as database:
        with database.migrating() as connection:
            config.attributes.update(connection=connection, on_version_apply=lambda **_: None)
            command.upgrade(config, "0001")
        with database.write() as connection:
            row = "'r', 'embed', 'succeeded', '{}', '{}', '', 'h', 1, 1.0, '2026', NULL"
            connection.execute(sa.text(f"INSERT INTO runs VALUES ({row})"))
    migrate_ledger(url)
    with Ledger(url) as ledger:
        assert ledger.run("r").record == {}


def test_runs_are_newest_first_and_by_kind(ledger: Ledger) -> None:
    ids = [ledger.start_run(kind, {}) for kind in ("ingest", "embed", "ingest")]
    assert len(set(ids)) == 3
    assert [row.id for row in ledger.runs()] == ids[::-1]
    assert [row.id for row in ledger.runs("ingest")] == [ids[2], ids[0]]
    assert [row.id for row in ledger.runs(limit=1)] == [ids[2]]


def test_runs_of_one_second_get_different_ids(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = iter(["20260101-000000-aaaa", "20260101-000000-aaaa", "20260101-000000-bbbb"])
    monkeypatch.setattr("kg_platform.ledger.ledger.new_run_id", lambda: next(drawn))
    assert ledger.start_run("ingest", {}) != ledger.start_run("ingest", {})


def test_steps_keep_their_order_and_start_again(ledger: Ledger) -> None:
    run_id = ledger.start_run("embed", {})
    for name in ("snapshot", "features", "train"):
        ledger.begin_step(run_id, name)
    ledger.finish_step(run_id, "snapshot", {"hash": "ab"})
    ledger.begin_step(run_id, "features")
    snapshot, features, train = ledger.run(run_id).steps
    assert (snapshot.name, snapshot.status, snapshot.details) == (
        "snapshot",
        "succeeded",
        {"hash": "ab"},
    )
    assert (features.name, features.status) == ("features", "running")
    assert ledger.step(run_id, "train") == train
    assert ledger.step(run_id, "publish") is None


def test_a_run_that_fails_closes_its_open_step(ledger: Ledger) -> None:
    run_id = ledger.start_run("embed", {})
    ledger.begin_step(run_id, "snapshot")
    ledger.finish_step(run_id, "snapshot", {})
    ledger.begin_step(run_id, "train")
    ledger.finish_run(run_id, "failed", error="no memory")
    row = ledger.run(run_id)
    assert [step.status for step in row.steps] == ["succeeded", "failed"]
    assert row.error == "no memory"


def test_rejections_are_kept_in_order_capped_and_paged(ledger: Ledger) -> None:
    run_id, other = ledger.start_run("ingest", {}), ledger.start_run("ingest", {})
    given = [Rejection("triples.tsv", n, "head", "unknown", "v" * 500) for n in range(2_345)]
    assert ledger.reject(run_id, iter(given)) == 2_345
    assert ledger.count_rejections(run_id) == 2_345
    assert ledger.count_rejections(other) == 0
    page = ledger.rejections(run_id, limit=2, offset=2_000)
    assert [r.line for r in page] == [2_000, 2_001]
    assert page[0].value == "v" * 199 + "\u2026"
    assert ledger.reject(run_id, []) == 0


def test_text_that_databases_refuse_is_kept_without_what_they_refuse(ledger: Ledger) -> None:
    run_id = ledger.start_run(HOSTILE, {HOSTILE: [HOSTILE, float("nan"), float("inf"), 0.5]})
    ledger.begin_step(run_id, HOSTILE)
    ledger.finish_step(run_id, HOSTILE, {"text": HOSTILE})
    ledger.set_cursor(run_id, HOSTILE, HOSTILE)
    ledger.reject(run_id, [Rejection(HOSTILE, 2**40, HOSTILE, HOSTILE, HOSTILE)])
    ledger.finish_run(run_id, "failed", {"mrr": float("nan")}, error=HOSTILE)
    row = ledger.run(run_id)
    assert row.kind == row.error == row.steps[0].name == CLEANED
    assert row.settings == {CLEANED: [CLEANED, None, None, 0.5]}
    assert row.metrics == {"mrr": None}
    assert row.steps[0].details == {"text": CLEANED}
    assert ledger.rejections(run_id) == [Rejection(CLEANED, 2**40, CLEANED, CLEANED, CLEANED)]
    assert ledger.get_cursor(run_id, HOSTILE) == CLEANED
    json.dumps(row.settings, allow_nan=False).encode()


def test_cursors_are_remembered(ledger: Ledger) -> None:
    run_id = ledger.start_run("publish", {})
    assert ledger.get_cursor(run_id, "vectors") is None
    ledger.set_cursor(run_id, "vectors", "100")
    ledger.set_cursor(run_id, "vectors", "200")
    assert ledger.get_cursor(run_id, "vectors") == "200"


def test_a_run_that_is_not_there(ledger: Ledger) -> None:
    calls = [
        lambda: ledger.run("nope"),
        lambda: ledger.resume_run("nope"),
        lambda: ledger.finish_run("nope", "succeeded"),
        lambda: ledger.begin_step("nope", "x"),
        lambda: ledger.finish_step("nope", "x"),
        lambda: ledger.set_cursor("nope", "x", "1"),
        lambda: ledger.reject("nope", [Rejection("f", 1, "x", "y")]),
    ]
    for call in calls:
        with pytest.raises(NotFound, match="nope"):
            call()


def test_threads_share_a_ledger(ledger: Ledger) -> None:
    def work(n: int) -> str:
        run_id = ledger.start_run("ingest", {"n": n})
        for step in ("a", "b"):
            ledger.begin_step(run_id, step)
            ledger.finish_step(run_id, step, {})
        ledger.reject(run_id, [Rejection("f", n, "x", "y")] * 10)
        ledger.finish_run(run_id, "succeeded")
        return run_id

    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(work, range(24)))
    assert {row.id for row in ledger.runs()} == set(ids)
    assert all(ledger.count_rejections(run_id) == 10 for run_id in ids)


def test_the_migrations_make_the_tables_the_code_uses(ledger: Ledger, url: str) -> None:
    with closing(Database(url)) as database, database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []


def test_migrating_twice_does_nothing(url: str) -> None:
    assert [(found.name, found.state) for found in pending_ledger(url)] == [
        (name, "pending") for name in REVISIONS
    ]
    assert migrate_ledger(url) == REVISIONS
    assert pending_ledger(url) == []
    assert migrate_ledger(url) == []


def test_migrating_at_once_is_done_once(url: str) -> None:
    together = threading.Barrier(4)

    def migrate(_: int) -> list[str]:
        together.wait()
        return migrate_ledger(url)

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(migrate, range(4)))
    assert sorted(done) == [[], [], [], REVISIONS]


def test_a_migration_that_stops_half_way_leaves_nothing(url: str) -> None:
    def stopped(database: Database) -> None:
        with database.migrating() as connection:
            connection.execute(sa.text("CREATE TABLE half (id INTEGER)"))
            raise KeyboardInterrupt

    with closing(Database(url)) as database:
        with pytest.raises(KeyboardInterrupt):
            stopped(database)
        with database.read() as connection:
            assert sa.inspect(connection).get_table_names() == []


def test_a_newer_ledger_is_refused(ledger: Ledger, url: str) -> None:
    with closing(Database(url)) as database, database.write() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0999'"))
    assert [(f.version, f.state) for f in pending_ledger(url)] == [("0999", "unknown")]
    with pytest.raises(MigrationError, match="newer"):
        migrate_ledger(url)


def test_a_ledger_without_tables_says_what_to_do(url: str) -> None:
    with closing(Database(url)) as database, database.migrating():
        pass
    with Ledger(url) as ledger, pytest.raises(MigrationError, match="kg migrate"):
        ledger.runs()


def test_a_ledger_locked_by_another_is_said_so(ledger: Ledger, url: str) -> None:
    with closing(Database(url)) as other, other.write() as connection:
        if other.is_sqlite:  # its writers exclude each other anyway
            connection.execute(sa.text("DELETE FROM cursors"))
        else:
            connection.execute(sa.text("LOCK TABLE runs"))
        with Ledger(url, busy_seconds=0.1) as impatient, pytest.raises(LedgerError, match="locked"):
            impatient.start_run("ingest", {})
    ledger.start_run("ingest", {})


class TestPostgres:
    def test_a_wrong_password_is_not_repeated(self, postgres) -> None:  # type: ignore[no-untyped-def]
        url = postgres.url("postgres", password="wr0ng-secret")
        with Ledger(url) as ledger, pytest.raises(LedgerError, match="password") as caught:
            ledger.runs()
        assert "wr0ng-secret" not in str(caught.value)

    def test_a_database_that_is_not_there(self, postgres) -> None:  # type: ignore[no-untyped-def]
        with Ledger(postgres.url("nope")) as ledger, pytest.raises(LedgerError, match="create"):
            ledger.runs()

    def test_a_read_only_database(self, postgres) -> None:  # type: ignore[no-untyped-def]
        url = postgres.new_database()
        migrate_ledger(url)
        read_only = f"{url}?options=-c%20default_transaction_read_only%3Don"
        with Ledger(read_only) as ledger:
            assert ledger.runs() == []
            with pytest.raises(LedgerError, match="read-only"):
                ledger.start_run("ingest", {})

    def test_a_lost_connection_is_replaced(self, postgres) -> None:  # type: ignore[no-untyped-def]
        url = postgres.new_database()
        migrate_ledger(url)
        with Ledger(url) as ledger, closing(Database(url)) as database:
            ledger.start_run("ingest", {})
            with database.read() as connection:
                others = "pid <> pg_backend_pid() AND datname = current_database()"
                connection.execute(
                    sa.text(
                        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"
                    )
                )
            assert len(ledger.runs()) == 1


def test_several_threads_that_begin_a_step_at_once_begin_one(ledger: Ledger) -> None:
    run_id, together = ledger.start_run("embed", {}), threading.Barrier(4)

    def begin(_: int) -> None:
        for number in range(10):
            together.wait(60)
            ledger.begin_step(run_id, f"step {number}")
            ledger.set_cursor(run_id, f"cursor {number}", "here")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(begin, range(4)))
    steps = ledger.run(run_id).steps
    assert [step.name for step in steps] == [f"step {number}" for number in range(10)]
    assert ledger.get_cursor(run_id, "cursor 9") == "here"
