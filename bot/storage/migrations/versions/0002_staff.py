"""The staff: units, people, roles, identities, codes; the access log and the counters."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "access_log",
        sa.Column("id", KEY, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("regency", sa.Text()),
        sa.Column("person_id", KEY),
        sa.Column("unit_id", KEY),
        sa.Column("count", sa.Integer()),
        sa.PrimaryKeyConstraint("id", name="pk_access_log"),
    )
    op.create_index("ix_access_log_at", "access_log", ["at"], unique=False)
    op.create_index("ix_access_log_person_id", "access_log", ["person_id"], unique=False)
    op.create_table(
        "changes",
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("what", name="pk_changes"),
    )
    op.create_table(
        "code_tries",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "external_id", name="pk_code_tries"),
    )
    op.create_table(
        "counters",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("regency", sa.Text(), nullable=False),
        sa.Column("unit_id", KEY, nullable=False),
        sa.Column("activity", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("circular", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "day", "regency", "unit_id", "activity", "verdict", "circular", name="pk_counters"
        ),
    )
    op.create_table(
        "people",
        sa.Column("id", KEY, nullable=False),
        sa.Column("regency", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("status", sa.Text()),
        sa.Column("phone", sa.Text()),
        sa.Column("pattern", sa.Text()),
        sa.Column("joined_on", sa.Date(), nullable=False),
        sa.Column("left_on", sa.Date()),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_people"),
        sa.UniqueConstraint("regency", "number", name="uq_people_regency"),
    )
    op.create_index("ix_people_phone", "people", ["phone"], unique=False)
    op.create_table(
        "roster_imports",
        sa.Column("id", KEY, nullable=False),
        sa.Column("regency", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_roster_imports"),
    )
    op.create_index("ix_roster_imports_regency", "roster_imports", ["regency"], unique=False)
    op.create_table(
        "roster_mappings",
        sa.Column("regency", sa.Text(), nullable=False),
        sa.Column("mapping", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("regency", name="pk_roster_mappings"),
    )
    op.create_table(
        "units",
        sa.Column("id", KEY, nullable=False),
        sa.Column("regency", sa.Text(), nullable=False),
        sa.Column("parent_id", KEY),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("code", sa.Text()),
        sa.Column("kind", sa.Text()),
        sa.Column("pattern", sa.Text()),
        sa.Column("closed_on", sa.Date()),
        sa.ForeignKeyConstraint(["parent_id"], ["units.id"], name="fk_units_parent_id_units"),
        sa.PrimaryKeyConstraint("id", name="pk_units"),
        sa.UniqueConstraint("parent_id", "name", name="uq_units_parent_id"),
    )
    op.create_index("ix_units_parent_id", "units", ["parent_id"], unique=False)
    op.create_index("ix_units_regency", "units", ["regency"], unique=False)
    op.create_table(
        "absences",
        sa.Column("id", KEY, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date()),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_absences_person_id_people"),
        sa.PrimaryKeyConstraint("id", name="pk_absences"),
    )
    op.create_index("ix_absences_person_id", "absences", ["person_id"], unique=False)
    op.create_table(
        "assignments",
        sa.Column("id", KEY, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("unit_id", KEY),
        sa.Column("standing", sa.Text(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date()),
        sa.Column("granted_by", sa.Text(), nullable=False),
        sa.Column("granted_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_assignments_person_id_people"),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name="fk_assignments_unit_id_units"),
        sa.PrimaryKeyConstraint("id", name="pk_assignments"),
    )
    op.create_index("ix_assignments_person_id", "assignments", ["person_id"], unique=False)
    op.create_index("ix_assignments_unit_id", "assignments", ["unit_id"], unique=False)
    op.create_table(
        "codes",
        sa.Column("id", KEY, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("issued_by", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger()),
        sa.Column("revoked_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_codes_person_id_people"),
        sa.PrimaryKeyConstraint("id", name="pk_codes"),
        sa.UniqueConstraint("digest", name="uq_codes_digest"),
    )
    op.create_index("ix_codes_person_id", "codes", ["person_id"], unique=False)
    op.create_table(
        "identities",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("linked_at", sa.BigInteger(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_identities_person_id_people"),
        sa.PrimaryKeyConstraint("channel", "external_id", name="pk_identities"),
        sa.UniqueConstraint("person_id", "channel", name="uq_identities_person_id"),
    )
    op.create_index("ix_identities_person_id", "identities", ["person_id"], unique=False)
    op.create_table(
        "placements",
        sa.Column("id", KEY, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("unit_id", KEY, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date()),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_placements_person_id_people"),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name="fk_placements_unit_id_units"),
        sa.PrimaryKeyConstraint("id", name="pk_placements"),
    )
    op.create_index("ix_placements_person_id", "placements", ["person_id"], unique=False)
    op.create_index("ix_placements_unit_id", "placements", ["unit_id"], unique=False)
    op.create_index(
        "uq_placements_primary",
        "placements",
        ["person_id"],
        unique=True,
        sqlite_where=sa.text("kind = 'primary' AND until IS NULL"),
        postgresql_where=sa.text("kind = 'primary' AND until IS NULL"),
    )
    op.create_table(
        "unit_changes",
        sa.Column("id", KEY, nullable=False),
        sa.Column("unit_id", KEY, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("parent_id", KEY),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text()),
        sa.Column("pattern", sa.Text()),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name="fk_unit_changes_unit_id_units"),
        sa.PrimaryKeyConstraint("id", name="pk_unit_changes"),
    )
    op.create_index("ix_unit_changes_unit_id", "unit_changes", ["unit_id"], unique=False)
    op.add_column("profiles", sa.Column("stopped_at", sa.BigInteger()))


def downgrade() -> None:
    op.drop_column("profiles", "stopped_at")
    for table in (
        "unit_changes",
        "placements",
        "identities",
        "codes",
        "assignments",
        "absences",
        "units",
        "roster_mappings",
        "roster_imports",
        "people",
        "counters",
        "code_tries",
        "changes",
        "access_log",
    ):
        op.drop_table(table)
