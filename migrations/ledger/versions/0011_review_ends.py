"""Review items are found by the entities at their ends."""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    # An id may be longer than what PostgreSQL takes into an index in order.
    op.create_index("ix_reviews_head", "reviews", ["head"], postgresql_using="hash")
    op.create_index("ix_reviews_tail", "reviews", ["tail"], postgresql_using="hash")
