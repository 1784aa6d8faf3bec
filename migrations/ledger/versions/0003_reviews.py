"""Review items: facts and duplicates that were proposed, and what people said of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "reviews",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("key", sa.Text, nullable=False, unique=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("head", sa.Text, nullable=False),
        sa.Column("relation", sa.Text, nullable=False),
        sa.Column("tail", sa.Text, nullable=False),
        sa.Column("probability", sa.Double),
        sa.Column("score", sa.Double, nullable=False),
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("explanation", sa.JSON, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("done", sa.Boolean, nullable=False),
        sa.Column("proposed_at", sa.Text, nullable=False),
        sa.Column("updated_at", sa.Text, nullable=False),
        sa.Column("decided_by", sa.Text),
        sa.Column("decided_at", sa.Text),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("history", sa.JSON, nullable=False),
    )
    op.create_index("ix_reviews_status", "reviews", ["status", "kind", "probability"])
