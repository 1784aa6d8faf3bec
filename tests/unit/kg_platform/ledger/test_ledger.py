"""The ledger where SQLite, files and processes are the matter."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from kg_platform.errors import KgError, LedgerError, MigrationError, SettingsError
from kg_platform.ledger.database import Database
from kg_platform.ledger.ledger import Ledger
from kg_platform.ledger.rows import to_json
from kg_platform.migrate.ledger import migrate_ledger, pending_ledger
from kg_platform.process import Process
from kg_platform.records import Rejection
from tests.support.full_ledger import fill_with_runs


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


@pytest.fixture
def ledger(file: Path) -> Iterator[Ledger]:
    migrate_ledger(f"sqlite:///{file}")
    with Ledger(f"sqlite:///{file}") as opened:
        yield opened


def child(code: str, *arguments: object) -> subprocess.Popen[str]:
    """Python that runs `code` with an open `ledger` and `sys.argv[2:]`."""
    head = (
        "import sys; from kg_platform.ledger.ledger import Ledger; ledger = Ledger(sys.argv[1])\n"
    )
    return subprocess.Popen(
        [sys.executable, "-c", head + code, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_the_write_ahead_log_is_on(ledger: Ledger, file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_reading_goes_on_while_another_writes(ledger: Ledger, file: Path) -> None:
    run_id = ledger.start_run("ingest", {})
    with closing(Database(f"sqlite:///{file}")) as other, other.write():
        assert ledger.run(run_id).status == "running"


def test_two_processes_write_at_once(ledger: Ledger, file: Path) -> None:
    code = """
from kg_platform.records import Rejection
run_id = ledger.start_run("ingest", {})
for n in range(50):
    ledger.set_cursor(run_id, "line", str(n))
    ledger.reject(run_id, [Rejection("f", n, "x", "y")])
print(run_id)
"""
    children = [child(code, f"sqlite:///{file}") for _ in range(2)]
    ids = [process.communicate()[0].strip() for process in children]
    assert [process.returncode for process in children] == [0, 0]
    assert [ledger.count_rejections(run_id) for run_id in ids] == [50, 50]
    assert [ledger.get_cursor(run_id, "line") for run_id in ids] == ["49", "49"]


def test_a_killed_process_leaves_an_interrupted_run_that_can_be_resumed(
    ledger: Ledger, file: Path
) -> None:
    code = """
run_id = ledger.start_run("embed", {})
ledger.begin_step(run_id, "train")
print(run_id, flush=True)
sys.stdin.read()
"""
    process = child(code, f"sqlite:///{file}")
    assert process.stdout is not None
    run_id = process.stdout.readline().strip()
    assert ledger.run(run_id).status == "running"
    with pytest.raises(LedgerError, match=str(process.pid)):
        ledger.resume_run(run_id)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    row = ledger.run(run_id)
    assert (row.status, row.steps[0].status) == ("interrupted", "interrupted")
    ledger.resume_run(run_id)
    row = ledger.run(run_id)
    assert (row.status, row.pid) == ("running", os.getpid())


def test_a_process_is_told_apart_from_a_later_one_with_its_number() -> None:
    me = Process.this()
    assert not me.is_gone()
    assert Process(me.host, me.pid, me.started - 3600).is_gone()
    assert not Process("another-" + socket.gethostname(), me.pid, 0).is_gone()


def test_no_rejection_is_lost_when_the_source_of_rejections_fails(ledger: Ledger) -> None:
    run_id = ledger.start_run("ingest", {})

    def source() -> Iterator[Rejection]:
        for n in range(2_000):
            yield Rejection("f", n, "x", "y")
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011
        ledger.reject(run_id, source())
    assert ledger.count_rejections(run_id) == 2_000


@pytest.mark.parametrize("content", [b"not a database at all" * 100, b"PK\x03\x04" + bytes(8_000)])
def test_a_file_that_is_not_a_database(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(LedgerError, match="not an SQLite file"):
        migrate_ledger(f"sqlite:///{file}")
    assert file.read_bytes() == content


def test_a_damaged_database(ledger: Ledger, file: Path) -> None:
    ledger.start_run("ingest", {})
    ledger.close()
    content = bytearray(file.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    file.write_bytes(content)
    with pytest.raises(LedgerError, match="damaged"):
        ledger.runs()


def test_a_read_only_file_can_be_read(ledger: Ledger, file: Path) -> None:
    ledger.start_run("ingest", {})
    with Ledger(f"sqlite:///file:{file}?mode=ro&uri=true") as read_only:
        assert len(read_only.runs()) == 1
        with pytest.raises(LedgerError, match="read-only"):
            read_only.start_run("ingest", {})


def test_a_full_disk(ledger: Ledger, file: Path) -> None:
    database = ledger._database  # the one place where SQLite can be told that the disk is full
    with database.read() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(LedgerError, match="disk is full"):
        ledger.start_run("ingest", {"long": "x" * 100_000})


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LedgerError, match="cannot be made"):
        migrate_ledger(f"sqlite:///{tmp_path}/file/folder/ledger.sqlite")


def test_a_folder_in_place_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="cannot be opened"):
        migrate_ledger(f"sqlite:///{tmp_path}")


def test_checking_makes_no_file(file: Path) -> None:
    found = [finding.name for finding in pending_ledger(f"sqlite:///{file}")]
    assert found[0] == "0001_runs.py"
    assert not file.exists()


def test_an_up_to_date_ledger_is_opened_without_loading_more(ledger: Ledger, file: Path) -> None:
    code = "import sys; from kg_platform.migrate.ledger import migrate_ledger as m; m(sys.argv[1])"
    code += "; sys.exit(bool({'alembic', 'neo4j'} & set(sys.modules)))"
    subprocess.run([sys.executable, "-c", code, f"sqlite:///{file}"], check=True)


def test_a_postgres_that_is_down() -> None:
    with socket.socket() as taken:  # bound, and nobody listens
        taken.bind(("127.0.0.1", 0))
        url = f"postgres://kg:s3cret@127.0.0.1:{taken.getsockname()[1]}/ledger"
        with Ledger(url) as ledger, pytest.raises(LedgerError, match="does not answer") as caught:
            ledger.runs()
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ledger.sqlite",
        "mysql://kg:s3cret@localhost/ledger",
        "postgresql://kg:s3cret@localhost:port/ledger",
        "sqlite://",
        "sqlite:///:memory:",
    ],
)
def test_a_url_that_is_not_a_ledgers(url: str) -> None:
    with pytest.raises(SettingsError, match="KG_LEDGER_URL") as caught:
        Ledger(url)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://kg:s3cret@127.0.0.1:1/ledger?nonsense=1",
        "postgresql://kg@127.0.0.1:1/ledger?password=s3cret&sslmode=nonsense",
    ],
)
def test_options_that_postgres_does_not_know(url: str) -> None:
    with Ledger(url) as ledger, pytest.raises(KgError) as caught:
        ledger.runs()
    assert "s3cret" not in str(caught.value)


def test_json_of_what_is_not_json() -> None:
    import numpy as np

    value = {"a": np.float32(0.5), "b": np.arange(2), "c": {2, 1}, 3: (Path("x"), None, True)}
    assert to_json(value) == '{"a": 0.5, "b": [0, 1], "c": [1, 2], "3": ["x", null, true]}'


def test_a_ledger_of_a_newer_version_is_one_sentence_and_no_search_for_a_free_id(
    ledger: Ledger, file: Path
) -> None:
    """An old process goes on while a newer version brings the tables up to date."""
    run_id = ledger.start_run("ingest", {})
    with closing(sqlite3.connect(file)) as connection:
        for table in ("runs", "steps", "cursors"):
            rows = connection.execute(f"PRAGMA table_info({table})").fetchall()
            names = ", ".join(row[1] for row in rows)
            connection.executescript(
                f"PRAGMA foreign_keys = OFF; PRAGMA legacy_alter_table = ON; "
                f"ALTER TABLE {table} RENAME TO old_{table};"
                f"CREATE TABLE {table} ({names}, added NOT NULL);"
                f"INSERT INTO {table} SELECT *, 1 FROM old_{table};"
            )
    for write in (
        lambda: ledger.start_run("ingest", {}),
        lambda: ledger.begin_step(run_id, "read"),
        lambda: ledger.set_cursor(run_id, "line", "1"),
    ):
        with pytest.raises(MigrationError, match="newer version's"):
            write()


def test_an_id_that_was_drawn_twice_is_drawn_again(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = iter(["20260101-000000-aaaa", "20260101-000000-aaaa", "20260101-000000-bbbb"])
    monkeypatch.setattr("kg_platform.ledger.ledger.new_run_id", lambda: next(drawn))
    made = [ledger.start_run("ingest", {}) for _ in range(2)]
    assert made == ["20260101-000000-aaaa", "20260101-000000-bbbb"]


MANY = 33_000


def test_a_ledger_of_more_runs_than_a_statement_takes_values(ledger: Ledger, file: Path) -> None:
    """Filled by SQL: each run has two steps, each hundredth rejected three rows."""
    with closing(sqlite3.connect(file)) as connection:
        fill_with_runs(connection, MANY)
        connection.commit()
    ids = ledger.run_ids("embed")
    assert len(ids) == MANY
    assert ids == sorted(ids, reverse=True)
    assert ledger.run_ids("ingest") == []

    rows = ledger.runs("embed", MANY)
    assert [row.id for row in rows] == ids
    assert {tuple(step.name for step in row.steps) for row in rows} == {("snapshot", "train")}
    assert rows[0].steps[0].details == {"run": ids[0]}
    latest = ledger.latest("embed", "publish")
    assert latest is not None
    assert latest.id == ids[0]
    assert ledger.latest("publish") is None

    counts = ledger.rejections_by_run(ids)
    assert len(counts) == MANY // 100
    assert set(counts.values()) == {3}
    assert {int(run[-8:]) % 100 for run in counts} == {0}
