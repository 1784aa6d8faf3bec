"""The ledger's tables, as migrations/ledger makes them."""

from __future__ import annotations

import sqlalchemy as sa

from kg_platform.ledger.rows import storable


class StoredText(sa.types.TypeDecorator[str]):
    """Text from anywhere: what a database cannot store is replaced by U+FFFD."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        return None if value is None else storable(value)


# The tables as they are now; `migrations/ledger` is how a database gets there.
METADATA = sa.MetaData()
RUNS = sa.Table(
    "runs",
    METADATA,
    sa.Column("id", StoredText, primary_key=True),
    sa.Column("kind", StoredText, nullable=False),
    sa.Column("status", StoredText, nullable=False),
    sa.Column("settings", sa.JSON, nullable=False),
    sa.Column("metrics", sa.JSON, nullable=False),
    sa.Column("error", StoredText, nullable=False),
    sa.Column("host", StoredText, nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("process_started", sa.Double, nullable=False),
    sa.Column("started_at", StoredText, nullable=False, index=True),
    sa.Column("finished_at", StoredText),
    sa.Column("record", sa.JSON, nullable=False, server_default="{}"),
)
STEPS = sa.Table(
    "steps",
    METADATA,
    sa.Column("run_id", StoredText, sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("name", StoredText, primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("status", StoredText, nullable=False),
    sa.Column("details", sa.JSON, nullable=False),
    sa.Column("started_at", StoredText, nullable=False),
    sa.Column("finished_at", StoredText),
)
REJECTIONS = sa.Table(
    "rejections",
    METADATA,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("run_id", StoredText, sa.ForeignKey("runs.id", ondelete="CASCADE"), nullable=False),
    sa.Column("source", StoredText, nullable=False),
    sa.Column("line", sa.BigInteger),
    sa.Column("field", StoredText, nullable=False),
    sa.Column("reason", StoredText, nullable=False),
    sa.Column("value", StoredText, nullable=False),
    sa.Index("ix_rejections_run_id", "run_id", "id"),
)
CURSORS = sa.Table(
    "cursors",
    METADATA,
    sa.Column("run_id", StoredText, sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("name", StoredText, primary_key=True),
    sa.Column("value", StoredText, nullable=False),
    sa.Column("updated_at", StoredText, nullable=False),
)
SCHEDULES = sa.Table(
    "schedules",
    METADATA,
    sa.Column("name", StoredText, primary_key=True),
    sa.Column("cron", StoredText, nullable=False),
    sa.Column("timezone", StoredText, nullable=False),
    sa.Column("job", sa.JSON, nullable=False),
    sa.Column("when_changed", StoredText),
    sa.Column("paused", sa.Boolean, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("created_at", StoredText, nullable=False),
    sa.Column("handled_until", StoredText, nullable=False),
    sa.Column("pending", StoredText),
    sa.Column("retry_at", StoredText),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("last_status", StoredText, nullable=False),
    sa.Column("last_note", StoredText, nullable=False),
    sa.Column("last_at", StoredText),
    sa.Column("last_run", StoredText),
    sa.Column("when_drift", StoredText),
)
# One row, id 1; nobody has the lease while its token is empty.
LEASE = sa.Table(
    "schedule_lease",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("token", StoredText, nullable=False),
    sa.Column("schedule", StoredText, nullable=False),
    sa.Column("host", StoredText, nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("process_started", sa.Double, nullable=False),
    sa.Column("beat", sa.BigInteger, nullable=False),
    sa.Column("taken_at", StoredText, nullable=False),
)
REVIEWS = sa.Table(
    "reviews",
    METADATA,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("key", StoredText, nullable=False, unique=True),
    sa.Column("kind", StoredText, nullable=False),
    sa.Column("head", StoredText, nullable=False),
    sa.Column("relation", StoredText, nullable=False),
    sa.Column("tail", StoredText, nullable=False),
    sa.Column("probability", sa.Double),
    sa.Column("score", sa.Double, nullable=False),
    sa.Column("run_id", StoredText, nullable=False),
    sa.Column("explanation", sa.JSON, nullable=False),
    sa.Column("status", StoredText, nullable=False),
    sa.Column("done", sa.Boolean, nullable=False),
    sa.Column("proposed_at", StoredText, nullable=False),
    sa.Column("updated_at", StoredText, nullable=False),
    sa.Column("decided_by", StoredText),
    sa.Column("decided_at", StoredText),
    sa.Column("note", StoredText, nullable=False),
    sa.Column("history", sa.JSON, nullable=False),
    sa.Column("lower_bound", sa.Double),
    sa.Column("later_at", StoredText),
    sa.Index("ix_reviews_status", "status", "kind", "probability"),
    # An id may be longer than what PostgreSQL takes into an index in order.
    sa.Index("ix_reviews_head", "head", postgresql_using="hash"),
    sa.Index("ix_reviews_tail", "tail", postgresql_using="hash"),
)
REVIEW_COMMENTS = sa.Table(
    "review_comments",
    METADATA,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column(
        "review_id",
        sa.BigInteger().with_variant(sa.Integer, "sqlite"),
        sa.ForeignKey("reviews.id", ondelete="CASCADE"),
        nullable=False,
    ),
    sa.Column("at", StoredText, nullable=False),
    sa.Column("by", StoredText, nullable=False),
    sa.Column("text", StoredText, nullable=False),
    sa.Column("verdict", StoredText, nullable=False),
    sa.Index("ix_review_comments_review_id", "review_id", "id"),
)
MEDIA_ADDRESSES = sa.Table(
    "media_addresses",
    METADATA,
    sa.Column("key", StoredText, primary_key=True),
    sa.Column("address", StoredText, nullable=False),
    sa.Column("digest", StoredText, nullable=False),
    sa.Column("etag", StoredText, nullable=False),
    sa.Column("modified", StoredText, nullable=False),
    sa.Column("fetched_at", StoredText, nullable=False),
)
# A medium of an entity that could not be had; it goes when it is, or when nobody names it any more.
MEDIA_FAILURES = sa.Table(
    "media_failures",
    METADATA,
    sa.Column("key", StoredText, primary_key=True),
    sa.Column("source", StoredText, nullable=False),
    sa.Column("folder", StoredText, nullable=False),
    sa.Column("entity", StoredText, nullable=False),
    sa.Column("location", StoredText, nullable=False),
    sa.Column("about", sa.JSON, nullable=False),
    sa.Column("reason", StoredText, nullable=False),
    sa.Column("gone", sa.Boolean, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("first_at", StoredText, nullable=False),
    sa.Column("last_at", StoredText, nullable=False),
    sa.Column("run_id", StoredText, nullable=False),
    sa.Index("ix_media_failures_source", "source"),
)
# Who may do what in an explorer with a login; `granted` goes before what a login `claimed`.
PEOPLE = sa.Table(
    "people",
    METADATA,
    sa.Column("name", StoredText, primary_key=True),
    sa.Column("granted", StoredText),
    sa.Column("granted_by", StoredText),
    sa.Column("granted_at", StoredText),
    sa.Column("claimed", StoredText, nullable=False),
    sa.Column("signed_in", sa.BigInteger, nullable=False),
    sa.Column("signed_out", sa.BigInteger, nullable=False),
    sa.Column("seen_at", StoredText),
)
AUDIT = sa.Table(
    "audit",
    METADATA,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("at", StoredText, nullable=False),
    sa.Column("by", StoredText, nullable=False),
    sa.Column("kind", StoredText, nullable=False),
    sa.Column("what", StoredText, nullable=False),
    sa.Column("about", StoredText, nullable=False),
    sa.Index("ix_audit_at", "at"),
    sa.Index("ix_audit_by", "by", "at"),
    sa.Index("ix_audit_kind", "kind", "at"),
)
# Queries that people keep under a name; `given` are their parameters as they are typed.
SAVED_QUERIES = sa.Table(
    "saved_queries",
    METADATA,
    sa.Column("name", StoredText, primary_key=True),
    sa.Column("owner", StoredText, nullable=False),
    sa.Column("text", StoredText, nullable=False),
    sa.Column("note", StoredText, nullable=False),
    sa.Column("given", sa.JSON, nullable=False),
    sa.Column("created_at", StoredText, nullable=False),
    sa.Column("updated_at", StoredText, nullable=False),
)
QUERY_HISTORY = sa.Table(
    "query_history",
    METADATA,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("owner", StoredText, nullable=False),
    sa.Column("text", StoredText, nullable=False),
    sa.Column("given", sa.JSON, nullable=False),
    sa.Column("seconds", sa.Double, nullable=False),
    sa.Column("rows", sa.BigInteger),
    sa.Column("error", StoredText, nullable=False),
    sa.Column("at", StoredText, nullable=False),
    sa.Index("ix_query_history_owner", "owner", "id"),
)
