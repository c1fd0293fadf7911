"""Run by Alembic: the connection comes from storage/migrate.py."""

from __future__ import annotations

from alembic import context

from bot.storage import campaign_tables  # noqa: F401  # all tables belong to a ledger
from bot.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite cannot alter most things in place
)
with context.begin_transaction():
    context.run_migrations()
