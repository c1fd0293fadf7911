"""The versions of circulars in the ledger: what is sent, as it was when it was sent."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.campaigns.campaign import Version
from bot.campaigns.content import Content, Document
from bot.problems import Problem
from bot.storage.campaign_tables import circular_versions as table

SHOWN = (
    table.c.id,
    table.c.regency,
    table.c.circular,
    table.c.digest,
    table.c.number,
    table.c.dated,
    table.c.subject,
    table.c.issuer,
    table.c.material,
    table.c.replaces_id,
)
"""Without the document, which can be large."""


async def lock(connection: AsyncConnection, version: int) -> None:
    """Nobody else who asks for it gets it until the transaction ends; it can be referred to meanwhile."""
    one = select(table.c.id).where(table.c.id == version)
    await connection.execute(one.with_for_update(key_share=True))


async def add_version(
    connection: AsyncConnection,
    content: Content,
    by: str,
    at: int,
    *,
    material: bool = True,
    replaces: int | None = None,
) -> Version:
    """The version with this content: the one that there is already, else a new one."""
    same = (table.c.regency == content.regency) & (table.c.digest == content.digest)
    row = (await connection.execute(select(*SHOWN).where(same))).one_or_none()
    if row is None:
        values = _values(content) | {"material": material, "replaces_id": replaces}
        made = insert(table).values(**values, created_by=by, created_at=at).returning(*SHOWN)
        row = (await connection.execute(made)).one()
    return version_of(row)


async def known(connection: AsyncConnection, content: Content) -> bool:
    """Whether there is a version with this digest."""
    same = (table.c.regency == content.regency) & (table.c.digest == content.digest)
    return (await connection.execute(select(table.c.id).where(same))).first() is not None


def _values(content: Content) -> dict[str, Any]:
    document = content.document
    return {
        "regency": content.regency,
        "circular": content.circular,
        "digest": content.digest,
        "number": content.number,
        "dated": content.dated,
        "subject": content.subject,
        "issuer": content.issuer,
        "summary": json.dumps({language: list(lines) for language, lines in content.summary.items()}),
        "law": content.law,
        "wording": content.wording,
        "document": document.content if document else None,
        "document_name": document.name if document else None,
    }


async def version(connection: AsyncConnection, number: int) -> Version:
    """Raises Problem if there is none."""
    row = (await connection.execute(select(*SHOWN).where(table.c.id == number))).one_or_none()
    if row is None:
        raise Problem("campaign.no_version", version=number)
    return version_of(row)


async def latest_version(connection: AsyncConnection, regency: str, circular: str) -> Version | None:
    """The newest version of a circular. None: none was ever sent."""
    query = select(*SHOWN).where(table.c.regency == regency, table.c.circular == circular)
    row = (await connection.execute(query.order_by(table.c.id.desc()).limit(1))).one_or_none()
    return version_of(row) if row else None


async def content(connection: AsyncConnection, number: int) -> Content:
    """What is sent. Raises Problem if there is no such version."""
    row = (await connection.execute(select(table).where(table.c.id == number))).one_or_none()
    if row is None:
        raise Problem("campaign.no_version", version=number)
    document = Document(row.document_name, bytes(row.document)) if row.document is not None else None
    found = Content(
        regency=row.regency,
        circular=row.circular,
        number=row.number,
        dated=row.dated,
        subject=row.subject,
        issuer=row.issuer,
        summary={language: tuple(lines) for language, lines in json.loads(row.summary).items()},
        law=row.law,
        wording=row.wording,
        document=document,
    )
    return found if found.digest == row.digest else replace(found, kept=row.digest)


def version_of(row: Any, prefix: str = "") -> Version:
    names = ("id", "regency", "circular", "digest", "number", "dated", "subject", "issuer", "material")
    values = {name: row._mapping[f"{prefix}{name}"] for name in names}
    return Version(**values, replaces=row._mapping[f"{prefix}replaces_id"])
