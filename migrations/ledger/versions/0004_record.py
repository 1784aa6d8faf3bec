"""What a run ran on and left: program, packages, machine, memory, encoders, files."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("runs", sa.Column("record", sa.JSON, nullable=False, server_default="{}"))
