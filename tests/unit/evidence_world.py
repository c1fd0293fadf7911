"""A ledger with some evidence in it, and ways to damage what was exported from it."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from bot.campaigns.evidence import Checkpoint, Event
from bot.campaigns.findings import Report
from bot.campaigns.inspection import inspect
from bot.campaigns.signing import PublicKey, Signer, read_signer
from bot.storage import bundle, campaign_tables
from bot.storage import evidence as log
from bot.storage.engine import open_engine
from bot.storage.tables import metadata

TABLES = [table for name, table in metadata.tables.items() if name.startswith("evidence_")]
NOW = 1_795_000_000
CAMPAIGN = 7
assert campaign_tables.evidence_events in TABLES


def signer(number: int = 1) -> Signer:
    """The same key every time, for a number."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Signer(Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32))


def acknowledged(person: int, campaign: int | None = CAMPAIGN) -> Event:
    return Event("acknowledged", NOW + person, campaign, person, {"proof": "button", "version": "ab" * 32})


@asynccontextmanager
async def opened(address: str) -> AsyncIterator[AsyncEngine]:
    """The ledger at `address`, with the tables of the evidence."""
    engine = open_engine(address)
    async with engine.begin() as connection:
        await connection.run_sync(lambda c: metadata.create_all(c, TABLES))
    try:
        yield engine
    finally:
        await engine.dispose()


async def add(engine: AsyncEngine, events: Iterable[Event]) -> Sequence[int]:
    async with engine.begin() as connection:
        return await log.append(connection, list(events))


async def exported(folder: Path, count: int = 40, campaign: int | None = None) -> Path:
    """A bundle of `count` events, every third of another campaign, with three checkpoints."""
    path = folder / "bukti.db"
    async with opened(f"sqlite:///{folder}/ledger.db") as engine:
        for part in range(2):
            people = range(part * count // 2, (part + 1) * count // 2)
            await add(engine, [acknowledged(n, None if n % 3 == 0 else CAMPAIGN) for n in people])
            await log.checkpoint(engine, signer(), NOW + 1_000 + part)
        await bundle.export(engine, signer(), path, NOW + 2_000, campaign)
    return path


def checked(
    path: Path, given: Sequence[PublicKey] = (), held: Sequence[Checkpoint] = (), *, whole: bool = False
) -> Report:
    with bundle.opened(path) as file:
        report = inspect(file, given, held)
        if whole and not file.whole():
            report.add("damaged", reason="")
        return report


def kinds(report: Report) -> set[str]:
    return {finding.kind for finding in report.findings}


def named(report: Report, kind: str) -> list[int | None]:
    return [finding.seq for finding in report.findings if finding.kind == kind]


def damage(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def again(key: Signer) -> Signer:
    return read_signer(key.pem())
