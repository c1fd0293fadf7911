"""The law of each circular, as answers rest on it: a change in policies/ is told without any campaign."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "answered_laws",
        sa.Column("circular", sa.Text(), nullable=False),
        sa.Column("law", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("circular", name="pk_answered_laws"),
    )


def downgrade() -> None:
    op.drop_table("answered_laws")
