"""The tables. Moments are whole seconds since 1970 (UTC): the same in every database. Days are dates in the
regency's zone; spans of days are half open.

What a person asks has no table, and never gets one beside who asked. What WhatsApp brings is kept until it is
worked off, a moment later, so that a crash loses nothing: sealed, and then gone.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

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
    Column("stopped_at", BigInteger),  # asked not to be written to any more; null: may be written to
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

# --- WhatsApp ---------------------------------------------------------------------------------

whatsapp_bodies = Table(
    "whatsapp_bodies",
    metadata,
    Column("mark", Text, primary_key=True),  # the body's signature: nobody can compute it without the secret
    Column("sequence", BigInteger, nullable=False),  # the order in which they came
    Column("received_at", BigInteger, nullable=False, index=True),
    Column("sealed", LargeBinary),  # by a key that is not in the ledger; null: worked off, nothing stays
    Column("reader", Text),  # the version of the reader that could not read all of it; null: none
    Column("done_at", BigInteger),
)

whatsapp_messages = Table(
    "whatsapp_messages",
    metadata,
    Column("message_id", Text, primary_key=True),
    Column("handled_at", BigInteger, nullable=False, index=True),
)

whatsapp_accounts = Table(
    "whatsapp_accounts",
    metadata,
    Column("external_id", Text, primary_key=True),
    Column("user_id", Text, unique=True),  # business-scoped; null: WhatsApp has not said it yet
    Column("number", Text, unique=True),  # digits; null: not said, or somebody else's by now
    Column("heard_at", BigInteger, nullable=False),  # her last message: opens the window of 24 hours
)

# --- the staff -------------------------------------------------------------------------------

Key = BigInteger().with_variant(Integer, "sqlite")  # only INTEGER counts up by itself in SQLite

units = Table(
    "units",
    metadata,
    Column("id", Key, primary_key=True),
    Column("regency", Text, nullable=False),
    Column("parent_id", Key, ForeignKey("units.id"), index=True),  # null: the regency itself
    Column("name", Text, nullable=False),
    Column("code", Text),
    Column("kind", Text),  # a unit class of policies/
    Column("pattern", Text),  # null: that of the unit above
    Column("closed_on", Date),  # null: exists
    Index("ix_units_regency", "regency"),
    UniqueConstraint("parent_id", "name"),
)

unit_changes = Table(
    "unit_changes",
    metadata,
    Column("id", Key, primary_key=True),
    Column("unit_id", Key, ForeignKey("units.id"), nullable=False, index=True),
    Column("at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("parent_id", Key),  # this and the next three: what was so before
    Column("name", Text, nullable=False),
    Column("kind", Text),
    Column("pattern", Text),
)

people = Table(
    "people",
    metadata,
    Column("id", Key, primary_key=True),
    Column("regency", Text, nullable=False),
    Column("number", Text, nullable=False),  # NIP, NI PPPK or the regency's own
    Column("name", Text, nullable=False),
    Column("status", Text),
    Column("phone", Text, index=True),  # E.164
    Column("pattern", Text),
    Column("joined_on", Date, nullable=False),  # the day of the import that brought the person
    Column("left_on", Date),
    Column("updated_at", BigInteger, nullable=False),
    UniqueConstraint("regency", "number"),
)

placements = Table(
    "placements",
    metadata,
    Column("id", Key, primary_key=True),
    Column("person_id", Key, ForeignKey("people.id"), nullable=False, index=True),
    Column("unit_id", Key, ForeignKey("units.id"), nullable=False, index=True),
    Column("kind", Text, nullable=False),  # primary, secondment
    Column("since", Date, nullable=False),
    Column("until", Date),
    Index(
        "uq_placements_primary",
        "person_id",
        unique=True,
        sqlite_where=text("kind = 'primary' AND until IS NULL"),
        postgresql_where=text("kind = 'primary' AND until IS NULL"),
    ),
)

absences = Table(
    "absences",
    metadata,
    Column("id", Key, primary_key=True),
    Column("person_id", Key, ForeignKey("people.id"), nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("since", Date, nullable=False),
    Column("until", Date),
)

assignments = Table(
    "assignments",
    metadata,
    Column("id", Key, primary_key=True),
    Column("person_id", Key, ForeignKey("people.id"), nullable=False, index=True),
    Column("role", Text, nullable=False),
    Column("unit_id", Key, ForeignKey("units.id"), index=True),  # null: everything (pengelola)
    Column("standing", Text, nullable=False),
    Column("since", Date, nullable=False),
    Column("until", Date),
    Column("granted_by", Text, nullable=False),
    Column("granted_at", BigInteger, nullable=False),
)

# --- who is who on a channel -----------------------------------------------------------------

identities = Table(
    "identities",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("external_id", Text, primary_key=True),
    Column("person_id", Key, ForeignKey("people.id"), nullable=False, index=True),
    Column("linked_at", BigInteger, nullable=False),
    Column("how", Text, nullable=False),  # contact, code
    UniqueConstraint("person_id", "channel"),
)

codes = Table(
    "codes",
    metadata,
    Column("id", Key, primary_key=True),
    Column("person_id", Key, ForeignKey("people.id"), nullable=False, index=True),
    Column("digest", Text, nullable=False, unique=True),  # SHA-256 of a code of 60 random bits
    Column("issued_by", Text, nullable=False),
    Column("issued_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("used_at", BigInteger),
    Column("revoked_at", BigInteger),
)

code_tries = Table(
    "code_tries",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("external_id", Text, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_at", BigInteger, nullable=False),
)

# --- what the law of evidence and of privacy asks for ----------------------------------------

access_log = Table(
    "access_log",
    metadata,
    Column("id", Key, primary_key=True),
    Column("at", BigInteger, nullable=False, index=True),
    Column("actor", Text, nullable=False),  # "person:12", "operator:name", "job:retention"
    Column("action", Text, nullable=False),
    Column("regency", Text),
    Column("person_id", Key, index=True),  # no foreign key: outlives whom it speaks of
    Column("unit_id", Key),
    Column("count", Integer),  # how many people a list showed; null: not a list
)

counters = Table(
    "counters",
    metadata,
    Column("day", Date, primary_key=True),
    Column("regency", Text, primary_key=True),
    Column("unit_id", Key, primary_key=True),  # a unit right below the regency; 0: the rest of the regency
    Column("activity", Text, primary_key=True),  # "": none
    Column("verdict", Text, primary_key=True),
    Column("circular", Text, primary_key=True),
    Column("count", Integer, nullable=False),
)

roster_mappings = Table(
    "roster_mappings",
    metadata,
    Column("regency", Text, primary_key=True),
    Column("mapping", Text, nullable=False),  # JSON
    Column("updated_at", BigInteger, nullable=False),
)

roster_imports = Table(
    "roster_imports",
    metadata,
    Column("id", Key, primary_key=True),
    Column("regency", Text, nullable=False, index=True),
    Column("digest", Text, nullable=False),  # SHA-256 of the file
    Column("at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("counts", Text, nullable=False),  # JSON: joined, left, moved, changed, unchanged, rejected
)

changes = Table(
    "changes",
    metadata,
    Column("what", Text, primary_key=True),  # "staff": a change that makes what a process remembers stale
    Column("number", BigInteger, nullable=False),
)
