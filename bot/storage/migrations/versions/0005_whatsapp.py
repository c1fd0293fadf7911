"""WhatsApp: bodies of its webhooks until they are worked off, messages handled, accounts and their names."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "whatsapp_bodies",
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary()),
        sa.Column("reader", sa.Text()),
        sa.Column("done_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("mark", name="pk_whatsapp_bodies"),
    )
    op.create_index("ix_whatsapp_bodies_received_at", "whatsapp_bodies", ["received_at"], unique=False)
    op.create_table(
        "whatsapp_messages",
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("handled_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", name="pk_whatsapp_messages"),
    )
    op.create_index("ix_whatsapp_messages_handled_at", "whatsapp_messages", ["handled_at"], unique=False)
    op.create_table(
        "whatsapp_accounts",
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text()),
        sa.Column("number", sa.Text()),
        sa.Column("heard_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("external_id", name="pk_whatsapp_accounts"),
        sa.UniqueConstraint("number", name="uq_whatsapp_accounts_number"),
        sa.UniqueConstraint("user_id", name="uq_whatsapp_accounts_user_id"),
    )


def downgrade() -> None:
    op.drop_table("whatsapp_accounts")
    op.drop_index("ix_whatsapp_messages_handled_at", table_name="whatsapp_messages")
    op.drop_table("whatsapp_messages")
    op.drop_index("ix_whatsapp_bodies_received_at", table_name="whatsapp_bodies")
    op.drop_table("whatsapp_bodies")
