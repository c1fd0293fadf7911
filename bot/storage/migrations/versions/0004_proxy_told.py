"""Who was told of a decision about an acknowledgment by proxy, and when."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

COLUMNS = ("person_told_at", "asker_told_at")


def upgrade() -> None:
    for name in COLUMNS:
        op.add_column("proxy_requests", sa.Column(name, sa.BigInteger()))
    # Until now people were told in the same breath.
    op.execute("UPDATE proxy_requests SET person_told_at = decided_at, asker_told_at = decided_at")


def downgrade() -> None:
    for name in COLUMNS:
        op.drop_column("proxy_requests", name)
