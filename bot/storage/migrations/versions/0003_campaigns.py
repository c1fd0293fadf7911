"""Campaigns: versions, deliveries, acknowledgments, reminders, lanes, evidence."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "circular_versions",
        sa.Column("id", KEY, nullable=False),
        sa.Column("regency", sa.Text(), nullable=False),
        sa.Column("circular", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("number", sa.Text()),
        sa.Column("dated", sa.Date(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("law", sa.Text()),
        sa.Column("wording", sa.Text()),
        sa.Column("document", sa.LargeBinary()),
        sa.Column("document_name", sa.Text()),
        sa.Column("material", sa.Boolean(), nullable=False),
        sa.Column("replaces_id", KEY),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["replaces_id"],
            ["circular_versions.id"],
            name="fk_circular_versions_replaces_id_circular_versions",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_circular_versions"),
        sa.UniqueConstraint("regency", "digest", name="uq_circular_versions_regency"),
    )
    op.create_table(
        "evidence_checkpoints",
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("size", name="pk_evidence_checkpoints"),
    )
    op.create_table(
        "evidence_events",
        sa.Column("seq", KEY, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("campaign_id", KEY),
        sa.Column("person_id", KEY),
        sa.Column("salt", sa.LargeBinary()),
        sa.Column("subject", sa.Text()),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_evidence_events"),
    )
    op.create_index("ix_evidence_events_campaign_id", "evidence_events", ["campaign_id"], unique=False)
    op.create_index("ix_evidence_events_person_id", "evidence_events", ["person_id"], unique=False)
    op.create_table(
        "evidence_head",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_evidence_head"),
    )
    op.create_table(
        "evidence_keys",
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("endorsed_by", sa.Text()),
        sa.Column("endorsement", sa.Text()),
        sa.PrimaryKeyConstraint("key_id", name="pk_evidence_keys"),
    )
    op.create_table(
        "evidence_nodes",
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("place", KEY, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "place", name="pk_evidence_nodes"),
    )
    op.create_table(
        "lanes",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text()),
        sa.Column("tenure", sa.BigInteger(), nullable=False),
        sa.Column("beat", sa.BigInteger(), nullable=False),
        sa.Column("wanted", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_lanes"),
    )
    op.create_table(
        "subscriptions",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("circular", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("version_id", KEY),
        sa.ForeignKeyConstraint(
            ["version_id"], ["circular_versions.id"], name="fk_subscriptions_version_id_circular_versions"
        ),
        sa.PrimaryKeyConstraint("key", "circular", "rule", name="pk_subscriptions"),
    )
    op.create_index("ix_subscriptions_expires_at", "subscriptions", ["expires_at"], unique=False)
    op.create_table(
        "campaigns",
        sa.Column("id", KEY, nullable=False),
        sa.Column("regency", sa.Text(), nullable=False),
        sa.Column("version_id", KEY, nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("concerned", sa.Text()),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("approver", sa.Text()),
        sa.Column("starts_at", sa.BigInteger()),
        sa.Column("quiz", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"], ["circular_versions.id"], name="fk_campaigns_version_id_circular_versions"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_campaigns"),
    )
    op.create_index("ix_campaigns_regency", "campaigns", ["regency"], unique=False)
    op.create_index("ix_campaigns_version_id", "campaigns", ["version_id"], unique=False)
    op.create_table(
        "quiz_counts",
        sa.Column("version_id", KEY, nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("right", sa.Integer(), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"], ["circular_versions.id"], name="fk_quiz_counts_version_id_circular_versions"
        ),
        sa.PrimaryKeyConstraint("version_id", "rule", name="pk_quiz_counts"),
    )
    op.create_table(
        "acknowledgments",
        sa.Column("id", KEY, nullable=False),
        sa.Column("version_id", KEY, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("campaign_id", KEY, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("proof", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text()),
        sa.Column("undone_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name="fk_acknowledgments_campaign_id_campaigns"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_acknowledgments_person_id_people"),
        sa.ForeignKeyConstraint(
            ["version_id"], ["circular_versions.id"], name="fk_acknowledgments_version_id_circular_versions"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_acknowledgments"),
    )
    op.create_index("ix_acknowledgments_person_id", "acknowledgments", ["person_id"], unique=False)
    op.create_index(
        "uq_acknowledgments_standing",
        "acknowledgments",
        ["version_id", "person_id"],
        unique=True,
        sqlite_where=sa.text("undone_at IS NULL"),
        postgresql_where=sa.text("undone_at IS NULL"),
    )
    op.create_table(
        "deliveries",
        sa.Column("campaign_id", KEY, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("unit_id", KEY, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("channel", sa.Text()),
        sa.Column("external_id", sa.Text()),
        sa.Column("message_id", sa.Text()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.BigInteger()),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("claimed_at", sa.BigInteger()),
        sa.Column("claimed_by", sa.Text()),
        sa.Column("sent_at", sa.BigInteger()),
        sa.Column("acknowledged_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name="fk_deliveries_campaign_id_campaigns"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_deliveries_person_id_people"),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name="fk_deliveries_unit_id_units"),
        sa.PrimaryKeyConstraint("campaign_id", "person_id", name="pk_deliveries"),
    )
    op.create_index("ix_deliveries_person_id", "deliveries", ["person_id"], unique=False)
    op.create_index("ix_deliveries_state", "deliveries", ["campaign_id", "state", "person_id"], unique=False)
    op.create_table(
        "delivery_counts",
        sa.Column("campaign_id", KEY, nullable=False),
        sa.Column("unit_id", KEY, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("acknowledged", sa.Boolean(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name="fk_delivery_counts_campaign_id_campaigns"
        ),
        sa.PrimaryKeyConstraint("campaign_id", "unit_id", "state", "acknowledged", name="pk_delivery_counts"),
    )
    op.create_table(
        "escalations",
        sa.Column("campaign_id", KEY, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("told_id", KEY),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.Text()),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name="fk_escalations_campaign_id_campaigns"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_escalations_person_id_people"),
        sa.ForeignKeyConstraint(["told_id"], ["people.id"], name="fk_escalations_told_id_people"),
        sa.PrimaryKeyConstraint("campaign_id", "person_id", "level", name="pk_escalations"),
    )
    op.create_index("ix_escalations_told_at", "escalations", ["told_id", "at"], unique=False)
    op.create_table(
        "worklists",
        sa.Column("campaign_id", KEY, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("told_id", KEY, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.Text()),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name="fk_worklists_campaign_id_campaigns"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_worklists_person_id_people"),
        sa.ForeignKeyConstraint(["told_id"], ["people.id"], name="fk_worklists_told_id_people"),
        sa.PrimaryKeyConstraint("campaign_id", "person_id", name="pk_worklists"),
    )
    op.create_index("ix_worklists_told_at", "worklists", ["told_id", "at"], unique=False)
    op.create_table(
        "proxy_requests",
        sa.Column("id", KEY, nullable=False),
        sa.Column("campaign_id", KEY, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_by", sa.Text()),
        sa.Column("decided_at", sa.BigInteger()),
        sa.Column("approved", sa.Boolean()),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name="fk_proxy_requests_campaign_id_campaigns"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_proxy_requests_person_id_people"),
        sa.PrimaryKeyConstraint("id", name="pk_proxy_requests"),
    )
    op.create_index("ix_proxy_requests_campaign_id", "proxy_requests", ["campaign_id"], unique=False)
    op.create_table(
        "reminders",
        sa.Column("campaign_id", KEY, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("offset", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.Text()),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name="fk_reminders_campaign_id_campaigns"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_reminders_person_id_people"),
        sa.PrimaryKeyConstraint("campaign_id", "person_id", "offset", name="pk_reminders"),
    )
    op.create_index("ix_reminders_person_day", "reminders", ["person_id", "day"], unique=False)
    op.create_table(
        "tasks",
        sa.Column("id", KEY, nullable=False),
        sa.Column("regency", sa.Text(), nullable=False),
        sa.Column("campaign_id", KEY, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger()),
        sa.Column("closed_by", sa.Text()),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name="fk_tasks_campaign_id_campaigns"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_tasks_person_id_people"),
        sa.PrimaryKeyConstraint("id", name="pk_tasks"),
    )
    op.create_index("ix_tasks_campaign_id", "tasks", ["campaign_id"], unique=False)
    op.create_index("ix_tasks_regency", "tasks", ["regency"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_tasks_regency", table_name="tasks")
    op.drop_index("ix_tasks_campaign_id", table_name="tasks")
    op.drop_table("tasks")
    op.drop_index("ix_reminders_person_day", table_name="reminders")
    op.drop_table("reminders")
    op.drop_index("ix_proxy_requests_campaign_id", table_name="proxy_requests")
    op.drop_table("proxy_requests")
    op.drop_index("ix_worklists_told_at", table_name="worklists")
    op.drop_table("worklists")
    op.drop_index("ix_escalations_told_at", table_name="escalations")
    op.drop_table("escalations")
    op.drop_table("delivery_counts")
    op.drop_index("ix_deliveries_state", table_name="deliveries")
    op.drop_index("ix_deliveries_person_id", table_name="deliveries")
    op.drop_table("deliveries")
    op.drop_index(
        "uq_acknowledgments_standing",
        table_name="acknowledgments",
        sqlite_where=sa.text("undone_at IS NULL"),
        postgresql_where=sa.text("undone_at IS NULL"),
    )
    op.drop_index("ix_acknowledgments_person_id", table_name="acknowledgments")
    op.drop_table("acknowledgments")
    op.drop_table("quiz_counts")
    op.drop_index("ix_campaigns_version_id", table_name="campaigns")
    op.drop_index("ix_campaigns_regency", table_name="campaigns")
    op.drop_table("campaigns")
    op.drop_index("ix_subscriptions_expires_at", table_name="subscriptions")
    op.drop_table("subscriptions")
    op.drop_table("lanes")
    op.drop_table("evidence_nodes")
    op.drop_table("evidence_keys")
    op.drop_table("evidence_head")
    op.drop_index("ix_evidence_events_person_id", table_name="evidence_events")
    op.drop_index("ix_evidence_events_campaign_id", table_name="evidence_events")
    op.drop_table("evidence_events")
    op.drop_table("evidence_checkpoints")
    op.drop_table("circular_versions")
