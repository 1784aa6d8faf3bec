"""Brings the ledger (Alembic revisions) up to date, without loading Alembic when it already is."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import migrations
from kg_platform.ledger.database import Database
from kg_platform.migrate.files import Finding, refuse

LEDGER_FOLDER = Path(migrations.__file__).parent / "ledger"


def pending_ledger(url: str) -> list[Finding]:
    """What `migrate_ledger` would do or refuse. Writes nothing, makes no file."""
    with closing(Database(url)) as database:
        return _compare_ledger(database.revision())


def migrate_ledger(url: str) -> list[str]:
    """Apply the Alembic revisions that are missing, all or none; returns their names.

    Raises:
        MigrationError: the ledger is newer than this code.
        LedgerError: its database is down, locked, read-only, full or not a ledger.
    """
    with closing(Database(url)) as database:
        findings = _compare_ledger(database.revision())
        refuse(findings)
        if not findings:
            return []
        with database.migrating() as connection:
            return _upgrade(connection)


def _compare_ledger(revision: str | None) -> list[Finding]:
    known = {path.stem[:4]: path.name for path in _revision_files()}
    if revision is not None and revision not in known:
        return [Finding("ledger", revision, f"revision {revision}", "unknown")]
    return [
        Finding("ledger", version, name, "pending")
        for version, name in known.items()
        if revision is None or version > revision
    ]


def _revision_files() -> list[Path]:
    """`0001_runs.py`, ...: the first four characters are the revision, history is one line."""
    return sorted((LEDGER_FOLDER / "versions").glob("[0-9][0-9][0-9][0-9]_*.py"))


def _upgrade(connection: Any) -> list[str]:
    from alembic import command  # late: importing it takes longer than most commands
    from alembic.config import Config

    applied: list[str] = []

    def note(*, step: Any, **_: Any) -> None:
        applied.append(Path(step.up_revision.path).name)

    config = Config()
    config.set_main_option("script_location", str(LEDGER_FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes.update(connection=connection, on_version_apply=note)
    command.upgrade(config, "head")
    return applied
