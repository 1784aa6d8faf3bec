"""Alembic runs this file: upgrade on the connection that `kg_platform.migrate` holds a lock on."""

from __future__ import annotations

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    transactional_ddl=True,  # SQLite too: our connection begins its transactions itself
    on_version_apply=context.config.attributes["on_version_apply"],
)
with context.begin_transaction():
    context.run_migrations()
