"""Schedules that run when the world has moved from the published run."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("schedules", sa.Column("when_drift", sa.Text))
