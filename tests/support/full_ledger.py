"""A ledger with as many runs as years leave, made in a second."""

from __future__ import annotations

import sqlite3


def fill_with_runs(connection: sqlite3.Connection, count: int) -> None:
    """So many failed runs of `kg embed`, each of two steps; each hundredth rejected three rows."""
    more = f"SELECT n + 1 FROM number WHERE n < {count - 1}"
    number = f"WITH RECURSIVE number(n) AS (SELECT 0 UNION ALL {more})"
    moment = "strftime('%Y-%m-%dT%H:%M:%S.000000+00:00', 1767225600 + n, 'unixepoch')"
    connection.execute(
        f"INSERT INTO runs (id, kind, status, settings, metrics, error, host, pid, "
        f"process_started, started_at, finished_at, record) {number} "
        "SELECT printf('20260101-%08d', n), 'embed', 'failed', '{}', '{}', 'it failed', 'h', 1, "
        f"1.0, {moment}, {moment}, '{{}}' FROM number"
    )
    for position, name in ((1, "train"), (0, "snapshot")):
        connection.execute(
            "INSERT INTO steps (run_id, name, position, status, details, started_at) "
            f"SELECT id, '{name}', {position}, 'failed', json_object('run', id), started_at "
            "FROM runs"
        )
    connection.execute(
        "INSERT INTO rejections (run_id, source, line, field, reason, value) "
        "SELECT id, 'f', three.n, 'x', 'y', '' FROM runs, (SELECT 1 AS n UNION ALL SELECT 2 "
        "UNION ALL SELECT 3) AS three WHERE substr(id, -2) = '00'"
    )
