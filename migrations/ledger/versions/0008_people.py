"""Who may do what in the explorer, and who did what when; the known past is taken over."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

AT_ONCE = 1_000


def upgrade() -> None:
    op.create_table(
        "people",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("granted", sa.Text),
        sa.Column("granted_by", sa.Text),
        sa.Column("granted_at", sa.Text),
        sa.Column("claimed", sa.Text, nullable=False),
        sa.Column("signed_in", sa.BigInteger, nullable=False),
        sa.Column("signed_out", sa.BigInteger, nullable=False),
        sa.Column("seen_at", sa.Text),
    )
    audit = op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("about", sa.Text, nullable=False),
    )
    _take_over(audit)
    op.create_index("ix_audit_at", "audit", ["at"])
    op.create_index("ix_audit_by", "audit", ["by", "at"])
    op.create_index("ix_audit_kind", "audit", ["kind", "at"])


def _take_over(audit: sa.Table) -> None:
    """Runs, of which nobody wrote down who began them, and what reviews say of who decided."""
    connection = op.get_bind()
    runs = sa.table("runs", sa.column("id"), sa.column("kind"), sa.column("started_at"))
    columns = ["at", "by", "kind", "what", "about"]
    empty = sa.literal("")
    found = sa.select(runs.c.started_at, empty, runs.c.kind, runs.c.id, empty)
    connection.execute(audit.insert().from_select(columns, found))
    reviews = sa.table(
        "reviews",
        *map(sa.column, ("id", "kind", "head", "relation", "tail")),
        sa.column("history", sa.JSON),
        sa.column("decided_by"),
        sa.column("updated_at"),
    )
    rows: list[dict[str, str]] = []
    # Only those that somebody touched: of millions of proposals few are.
    touched = sa.select(reviews).where(sa.cast(reviews.c.history, sa.Text) != "[]")
    for row in connection.execute(touched).mappings().all():
        ends = " ".join(filter(None, (row["head"], row["relation"], row["tail"])))
        rows += [
            {
                "at": str(step.get("at", "")),
                "by": str(step.get("by", "")),
                "kind": "review",
                "what": f"{row['kind']} {row['id']}: {step.get('what', '')}",
                "about": ends,
            }
            for step in row["history"]
        ]
    for start in range(0, len(rows), AT_ONCE):
        connection.execute(audit.insert(), rows[start : start + AT_ONCE])
