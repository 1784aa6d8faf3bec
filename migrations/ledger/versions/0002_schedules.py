"""Schedules, and the one lease that says which of them is being run, and by whom."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "schedules",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("cron", sa.Text, nullable=False),
        sa.Column("timezone", sa.Text, nullable=False),
        sa.Column("job", sa.JSON, nullable=False),
        sa.Column("when_changed", sa.Text),
        sa.Column("paused", sa.Boolean, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_at", sa.Text, nullable=False),
        sa.Column("handled_until", sa.Text, nullable=False),
        sa.Column("pending", sa.Text),
        sa.Column("retry_at", sa.Text),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("last_status", sa.Text, nullable=False),
        sa.Column("last_note", sa.Text, nullable=False),
        sa.Column("last_at", sa.Text),
        sa.Column("last_run", sa.Text),
    )
    lease = op.create_table(
        "schedule_lease",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("token", sa.Text, nullable=False),
        sa.Column("schedule", sa.Text, nullable=False),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("process_started", sa.Double, nullable=False),
        sa.Column("beat", sa.BigInteger, nullable=False),
        sa.Column("taken_at", sa.Text, nullable=False),
    )
    nobody = {"id": 1, "token": "", "schedule": "", "host": "", "pid": 0}
    op.bulk_insert(lease, [{**nobody, "process_started": 0.0, "beat": 0, "taken_at": ""}])
