"""Review items: the probability before reviews corrected it, put off until later, comments."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("reviews", sa.Column("lower_bound", sa.Double))
    op.add_column("reviews", sa.Column("later_at", sa.Text))
    identity = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "review_comments",
        sa.Column("id", identity, primary_key=True),
        sa.Column(
            "review_id", identity, sa.ForeignKey("reviews.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("verdict", sa.Text, nullable=False),
    )
    op.create_index("ix_review_comments_review_id", "review_comments", ["review_id", "id"])
