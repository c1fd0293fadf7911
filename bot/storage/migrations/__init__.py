"""Alembic's scripts. A new one: next number, `upgrade` and `downgrade`, and never a change to an old one."""
