"""The ledger: SQLAlchemy Core on SQLite (default) or PostgreSQL, through one code path.

tables.py       the tables
engine.py       the connection: SQLite's file, its rights and pragmas
migrate.py      brings a database to this program's version; refuses one that is newer
migrations/     Alembic's scripts, up and down
profiles.py, updates.py, unreachable.py    the queries, a file a table
store.py        opens all of it
"""
