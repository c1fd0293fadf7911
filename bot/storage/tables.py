"""The tables. Moments are whole seconds since 1970 (UTC): the same in every database.

What a person asks has no table, and never gets one beside who asked.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, MetaData, Table, Text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

profiles = Table(
    "profiles",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("external_id", Text, primary_key=True),
    Column(
        "regency", Text
    ),  # this and the next three: ids of policies/, declared by the person; null: not said
    Column("status", Text),
    Column("unit", Text),
    Column("pattern", Text),
    Column("language", Text),
    Column("step", Text),  # the question of the registration that waits; null: none
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
)

handled_updates = Table(
    "handled_updates",
    metadata,
    Column("bot_id", BigInteger, primary_key=True),  # update ids of two bots can be the same
    Column("update_id", BigInteger, primary_key=True),
    Column("handled_at", BigInteger, nullable=False, index=True),
)

unreachable = Table(
    "unreachable",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("chat_id", Text, primary_key=True),
    Column("reason", Text, nullable=False),  # blocked, deactivated, not_found
    Column("since", BigInteger, nullable=False),
)
