"""The tables of campaigns. Moments are whole seconds since 1970 (UTC), as in `tables`."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from bot.storage.tables import Key, metadata

circular_versions = Table(
    "circular_versions",
    metadata,
    Column("id", Key, primary_key=True),
    Column("regency", Text, nullable=False),
    Column("circular", Text, nullable=False),  # an id of policies/, or "adhoc/…"
    Column("digest", Text, nullable=False),  # SHA-256 of what is sent
    Column("number", Text),
    Column("dated", Date, nullable=False),
    Column("subject", Text, nullable=False),
    Column("issuer", Text, nullable=False),
    Column("summary", Text, nullable=False),  # JSON: language → lines
    Column("law", Text),  # JSON: what of the rules decides about people; null: ad hoc
    Column("wording", Text),  # JSON: what answers cite and nothing decides by; null: ad hoc
    Column("document", LargeBinary),
    Column("document_name", Text),
    Column("material", Boolean, nullable=False),
    Column("replaces_id", Key, ForeignKey("circular_versions.id")),
    Column("created_by", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("regency", "digest"),
)

campaigns = Table(
    "campaigns",
    metadata,
    Column("id", Key, primary_key=True),
    Column("regency", Text, nullable=False, index=True),
    Column("version_id", Key, ForeignKey("circular_versions.id"), nullable=False, index=True),
    Column("audience", Text, nullable=False),  # the expression, as typed
    Column("concerned", Text),  # JSON: whom of them a material change concerns; null: all
    Column("due_at", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("author", Text, nullable=False),  # names of actors
    Column("approver", Text),
    Column("starts_at", BigInteger),
    Column("quiz", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("campaign_id", Key, ForeignKey("campaigns.id"), primary_key=True),
    Column("person_id", Key, ForeignKey("people.id"), primary_key=True),
    Column("unit_id", Key, ForeignKey("units.id"), nullable=False),  # where she worked when she was added
    Column("state", Text, nullable=False),
    Column("reason", Text),  # of failed and unreachable
    Column("channel", Text),  # this and the next: where it went
    Column("external_id", Text),
    Column("message_id", Text),
    Column("attempts", Integer, nullable=False),
    Column("due_at", BigInteger),  # her own; null: the campaign's
    Column("added_at", BigInteger, nullable=False),
    Column("claimed_at", BigInteger),
    Column("claimed_by", Text),  # the tenure of a lane under which it was marked `sending`
    Column("sent_at", BigInteger),
    Column("acknowledged_at", BigInteger),  # null: not, or undone; `acknowledgments` is the evidence
    Column("failed_on", Text),  # the channel that did not take it, where another one is tried
    Column("wait_until", BigInteger),  # queued, and nobody claims it before
    Index("ix_deliveries_state", "campaign_id", "state", "person_id"),
    Index(
        "ix_deliveries_whatsapp",
        "message_id",
        sqlite_where=text("channel = 'whatsapp'"),
        postgresql_where=text("channel = 'whatsapp'"),
    ),
    Index("ix_deliveries_person_id", "person_id"),
)

delivery_counts = Table(
    "delivery_counts",
    metadata,
    Column("campaign_id", Key, ForeignKey("campaigns.id"), primary_key=True),
    Column("unit_id", Key, primary_key=True),
    Column("state", Text, primary_key=True),
    Column("acknowledged", Boolean, primary_key=True),
    Column("count", Integer, nullable=False),  # kept in step with `deliveries` in the same transactions
)

acknowledgments = Table(
    "acknowledgments",
    metadata,
    Column("id", Key, primary_key=True),
    Column("version_id", Key, ForeignKey("circular_versions.id"), nullable=False),
    Column("person_id", Key, ForeignKey("people.id"), nullable=False, index=True),
    Column("campaign_id", Key, ForeignKey("campaigns.id"), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("proof", Text, nullable=False),
    Column("channel", Text),
    Column("undone_at", BigInteger),
    Index(
        "uq_acknowledgments_standing",
        "version_id",
        "person_id",
        unique=True,
        sqlite_where=text("undone_at IS NULL"),
        postgresql_where=text("undone_at IS NULL"),
    ),
)

proxy_requests = Table(
    "proxy_requests",
    metadata,
    Column("id", Key, primary_key=True),
    Column("campaign_id", Key, ForeignKey("campaigns.id"), nullable=False, index=True),
    Column("person_id", Key, ForeignKey("people.id"), nullable=False),
    Column("reason", Text, nullable=False),
    Column("reference", Text, nullable=False),  # where the scan or photo is kept
    Column("requested_by", Text, nullable=False),
    Column("requested_at", BigInteger, nullable=False),
    Column("decided_by", Text),
    Column("decided_at", BigInteger),
    Column("approved", Boolean),
    Column("person_told_at", BigInteger),  # this and the next: null after a decision: is still to be told
    Column("asker_told_at", BigInteger),
)

tasks = Table(
    "tasks",
    metadata,
    Column("id", Key, primary_key=True),
    Column("regency", Text, nullable=False, index=True),
    Column("campaign_id", Key, ForeignKey("campaigns.id"), nullable=False, index=True),
    Column("person_id", Key, ForeignKey("people.id"), nullable=False),
    Column("kind", Text, nullable=False),  # not_for_me, not_understood
    Column("at", BigInteger, nullable=False),
    Column("closed_at", BigInteger),
    Column("closed_by", Text),
)

reminders = Table(
    "reminders",
    metadata,
    Column("campaign_id", Key, ForeignKey("campaigns.id"), primary_key=True),
    Column("person_id", Key, ForeignKey("people.id"), primary_key=True),
    Column("offset", Integer, primary_key=True),  # working days from the due day
    Column("day", Date, nullable=False),  # on which it went out, in the regency's zone
    Column("at", BigInteger, nullable=False),
    Column("outcome", Text),  # sent, uncertain, failed, unreachable, not_sent; null: handed on, nobody knows
    Index("ix_reminders_person_day", "person_id", "day"),
)

escalations = Table(
    "escalations",
    metadata,
    Column("campaign_id", Key, ForeignKey("campaigns.id"), primary_key=True),
    Column("person_id", Key, ForeignKey("people.id"), primary_key=True),
    Column("level", Integer, primary_key=True),  # 1: her head, 2: the next above
    Column("told_id", Key, ForeignKey("people.id")),  # null: nobody holds the office
    Column("at", BigInteger, nullable=False),
    Column("outcome", Text),  # as of `reminders`
    Index("ix_escalations_told_at", "told_id", "at"),
)

worklists = Table(
    "worklists",
    metadata,
    Column("campaign_id", Key, ForeignKey("campaigns.id"), primary_key=True),
    Column("person_id", Key, ForeignKey("people.id"), primary_key=True),  # whom nothing reaches
    Column("told_id", Key, ForeignKey("people.id"), nullable=False),  # the admin of her unit
    Column("at", BigInteger, nullable=False),
    Column("outcome", Text),  # as of `reminders`
    Index("ix_worklists_told_at", "told_id", "at"),
)
"""Of people who cannot be reached: work for the admins, no report of anybody."""

quiz_counts = Table(
    "quiz_counts",
    metadata,
    Column("version_id", Key, ForeignKey("circular_versions.id"), primary_key=True),
    Column("rule", Text, primary_key=True),
    Column("right", Integer, nullable=False),
    Column("wrong", Integer, nullable=False),  # who answered what is kept nowhere
)

lanes = Table(
    "lanes",
    metadata,
    Column("name", Text, primary_key=True),  # a channel and a bot: one lane, however many processes
    Column("holder", Text),  # null: free
    Column("tenure", BigInteger, nullable=False),  # counts who has held it; never goes back
    Column("beat", BigInteger, nullable=False),  # counts the holder's signs of life
    Column("wanted", BigInteger, nullable=False),  # counts the requests of those who wait
)
"""No moment stands here: who waits sees by its own steady clock how long `beat` has not moved."""

# --- WhatsApp --------------------------------------------------------------------------------

whatsapp_sent = Table(
    "whatsapp_sent",
    metadata,
    Column("message_id", Text, primary_key=True),
    Column("campaign_id", Key, ForeignKey("campaigns.id"), index=True),  # null: of none
    Column("template", Text),  # its kind; null: free text
    Column("price", Integer, nullable=False),  # rupiah that were set aside for it
    Column("state", Text, nullable=False),  # accepted, sent, delivered, read, failed
    Column("code", Integer),  # of failed
    Column("billable", Boolean),  # null: not said yet
    Column("at", BigInteger, nullable=False, index=True),  # when it was first heard of
    Column("changed_at", BigInteger, nullable=False),  # when it came into its state, by WhatsApp's clock
    Column("shown_at", BigInteger),  # of a template: when she was shown what it stands for
)
"""Messages as WhatsApp tells of them. Whose they are stands in `deliveries`, if anywhere."""

whatsapp_costs = Table(
    "whatsapp_costs",
    metadata,
    Column("campaign_id", Key, ForeignKey("campaigns.id"), primary_key=True),
    Column("messages", Integer, nullable=False),  # paid ones, set aside before the call
    Column("rupiah", BigInteger, nullable=False),
)

# --- evidence --------------------------------------------------------------------------------

evidence_events = Table(
    "evidence_events",
    metadata,
    Column("seq", Key, primary_key=True),  # 1, 2, 3 … without a gap: the place in the tree
    Column("at", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("campaign_id", Key, index=True),
    Column("person_id", Key, index=True),
    Column("salt", LargeBinary),  # this and `subject` null: forgotten, the commitment says nothing any more
    Column("subject", Text),  # what the commitment hides: the person and the details, canonical JSON
    Column("entry", Text, nullable=False),  # the leaf's content, canonical JSON: commitments only
)

evidence_head = Table(
    "evidence_head",
    metadata,
    Column("id", Integer, primary_key=True),  # always 1: the row that writers wait for
    Column("size", BigInteger, nullable=False),
)

evidence_checkpoints = Table(
    "evidence_checkpoints",
    metadata,
    Column("size", BigInteger, primary_key=True),
    Column("root", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("signature", Text, nullable=False),
)

evidence_nodes = Table(
    "evidence_nodes",
    metadata,
    Column("level", Integer, primary_key=True),  # the node is the root over 2**level leaves
    Column("place", Key, primary_key=True),  # of those of its level, from 0
    Column("hash", LargeBinary, nullable=False),
)
"""Derived from the events when a checkpoint is made, so that a proof reads few rows."""

evidence_keys = Table(
    "evidence_keys",
    metadata,
    Column("key_id", Text, primary_key=True),
    Column("public_key", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("endorsed_by", Text),  # this and the next: the key before it; null: the first one
    Column("endorsement", Text),
)

answered_laws = Table(
    "answered_laws",
    metadata,
    Column("circular", Text, primary_key=True),
    Column("law", Text, nullable=False),  # on which answers rest: as it was last compared
)

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("key", Text, primary_key=True),  # HMAC of account and rule with a secret outside the database
    Column("circular", Text, primary_key=True),
    Column("rule", Text, primary_key=True),
    Column("expires_at", BigInteger, nullable=False, index=True),  # a Monday: says little of when she asked
    Column("version_id", Key, ForeignKey("circular_versions.id")),  # whose change is to be told; null: none
)
