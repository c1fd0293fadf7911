"""The key that signs, as the ledger and its file agree on it: a key that the ledger does not know never takes
the place of one that it knows, unless somebody says so."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.campaigns.signing import KeyRecord, Signer, newest
from bot.problems import Problem
from bot.storage.campaign_tables import evidence_keys
from bot.storage.key_files import SETTING, is_beside, put_in_place, read_signer_at, set_aside, signer_at


async def signer_of(engine: AsyncEngine, path: Path) -> Signer:
    """The key in the file; made where neither the file nor the ledger has one. Raises Problem where the
    ledger knows a key, and the file is gone or holds another one than the newest."""
    records = await _records(engine)
    known = newest(records)
    if not known:
        return signer_at(path)
    found = read_signer_at(path) if path.exists() else None
    if found is None or found.key_id not in known:
        replaced = found is None or found.key_id in {record.key_id for record in records}
        found = _left_beside(path, known, keep=not replaced) or found
    if found is None:
        raise Problem("evidence.key_missing", path=path, known=_named(known), setting=SETTING)
    if found.key_id not in known:
        raise Problem("evidence.key_other", path=path, known=_named(known), setting=SETTING)
    return found


async def _records(engine: AsyncEngine) -> Sequence[KeyRecord]:
    keys = evidence_keys.c
    columns = (keys.key_id, keys.public_key, keys.at, keys.endorsed_by, keys.endorsement)
    async with engine.connect() as connection:
        return [KeyRecord(*row) for row in await connection.execute(select(*columns))]


def _left_beside(path: Path, known: Sequence[str], *, keep: bool) -> Signer | None:
    """The newest key, where its replacing the old one was cut short before the file came to its place.
    `keep`: what lies there now may have signed something that this ledger does not know."""
    if not path.parent.is_dir():
        return None
    for beside in sorted(path.parent.iterdir()):
        if is_beside(beside, path):
            found = None
            with suppress(Problem):
                found = read_signer_at(beside)
            if found is not None and found.key_id in known:
                if keep:
                    set_aside(path)
                put_in_place(beside, path)
                return found
    return None


def _named(known: Sequence[str]) -> str:
    return ", ".join(sorted(known))
