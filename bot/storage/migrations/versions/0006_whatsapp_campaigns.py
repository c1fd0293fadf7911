"""Campaigns over WhatsApp: what became of messages, what they cost, another channel after a failure."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OVER_WHATSAPP = sa.text("channel = 'whatsapp'")


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("failed_on", sa.Text()))
    op.add_column("deliveries", sa.Column("wait_until", sa.BigInteger()))
    op.create_index(
        "ix_deliveries_whatsapp",
        "deliveries",
        ["message_id"],
        unique=False,
        sqlite_where=OVER_WHATSAPP,
        postgresql_where=OVER_WHATSAPP,
    )
    op.create_table(
        "whatsapp_sent",
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("campaign_id", KEY),
        sa.Column("template", sa.Text()),
        sa.Column("price", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("code", sa.Integer()),
        sa.Column("billable", sa.Boolean()),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("shown_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name="fk_whatsapp_sent_campaign_id_campaigns"
        ),
        sa.PrimaryKeyConstraint("message_id", name="pk_whatsapp_sent"),
    )
    op.create_index("ix_whatsapp_sent_at", "whatsapp_sent", ["at"], unique=False)
    op.create_index("ix_whatsapp_sent_campaign_id", "whatsapp_sent", ["campaign_id"], unique=False)
    op.create_table(
        "whatsapp_costs",
        sa.Column("campaign_id", KEY, nullable=False),
        sa.Column("messages", sa.Integer(), nullable=False),
        sa.Column("rupiah", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name="fk_whatsapp_costs_campaign_id_campaigns"
        ),
        sa.PrimaryKeyConstraint("campaign_id", name="pk_whatsapp_costs"),
    )


def downgrade() -> None:
    op.drop_table("whatsapp_costs")
    op.drop_index("ix_whatsapp_sent_campaign_id", table_name="whatsapp_sent")
    op.drop_index("ix_whatsapp_sent_at", table_name="whatsapp_sent")
    op.drop_table("whatsapp_sent")
    op.drop_index("ix_deliveries_whatsapp", table_name="deliveries")
    op.drop_column("deliveries", "wait_until")
    op.drop_column("deliveries", "failed_on")
