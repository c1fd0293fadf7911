"""The ledger: SQLAlchemy Core on SQLite (default) or PostgreSQL, through one code path.

tables.py       the tables
engine.py       the connection, and the few things that the engines spell differently
trouble.py      what went wrong, in one line
migrate.py      brings a database to this program's version; refuses one that is newer
migrations/     Alembic's scripts, up and down
profiles.py, identities.py, staff*.py, updates.py, unreachable.py    the queries
access.py, changes.py    who looked at whom; what other processes remember is stale
personal.py     everything about a person: handed over, erased
counters.py     what is asked about, never by whom
retention.py    removes what is over
backup.py       all of it in one file, and back
store.py        opens all of it
"""
