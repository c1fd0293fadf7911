"""Campaigns as rows: deliveries in any state, with the counts beside them, for the tests of reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import insert

from bot.campaigns.campaign import CampaignState, DeliveryState, Proof
from bot.storage.campaign_tables import (
    acknowledgments,
    campaigns,
    circular_versions,
    deliveries,
    delivery_counts,
)
from tests.staff_world import NOW, World

DAY = 86_400
SENT, QUEUED = DeliveryState.SENT, DeliveryState.QUEUED
SUBJECT = "Larangan siaran langsung"


async def version(world: World, regency: str = "satu", **values: object) -> int:
    row = {
        "regency": regency,
        "circular": f"{regency}/se-1",
        "digest": f"{NOW:x}",
        "number": "800/1/2026",
        "dated": date(2026, 1, 29),
        "subject": SUBJECT,
        "issuer": "Bupati",
        "summary": "{}",
        "material": True,
        "created_by": "operator:test",
        "created_at": NOW,
    }
    return await world._add(circular_versions, **(row | values))


async def campaign(world: World, of: int, regency: str = "satu", **values: object) -> int:
    row = {
        "regency": regency,
        "version_id": of,
        "audience": "semua",
        "due_at": NOW + 7 * DAY,
        "state": CampaignState.RUNNING,
        "author": "person:99",
        "quiz": False,
        "created_at": NOW,
        "updated_at": NOW,
    }
    return await world._add(campaigns, **(row | values))


async def deliver(
    world: World,
    number: int,
    people: Mapping[str, Mapping[str, Any]],
    of: int | None = None,
) -> None:
    """`people`: name → {"unit", "state", "reason", "sent", "said", "due"}, those that differ from a copy that
    was sent now to her unit. Writes the counts as those who change deliveries do. `of`: the version."""
    counts: Counter[tuple[int, str, bool]] = Counter()
    async with world.engine.begin() as connection:
        for name, given in people.items():
            unit = world.unit[given["unit"]]
            state, said = given.get("state", SENT), given.get("said")
            row = {
                "campaign_id": number,
                "person_id": world.person[name],
                "unit_id": unit,
                "state": state.value,
                "reason": given.get("reason"),
                "attempts": 1,
                "added_at": NOW,
                "due_at": given.get("due"),
                "sent_at": given.get("sent", NOW if state is SENT else None),
                "acknowledged_at": said,
            }
            await connection.execute(insert(deliveries), row)
            counts[unit, state.value, said is not None] += 1
            if said is not None and of is not None:
                proof = {"version_id": of, "person_id": row["person_id"], "campaign_id": number}
                await connection.execute(
                    insert(acknowledgments), proof | {"at": said, "proof": Proof.BUTTON.value}
                )
        for (unit, state_name, done), count in counts.items():
            key = {"campaign_id": number, "unit_id": unit, "state": state_name, "acknowledged": done}
            await connection.execute(insert(delivery_counts), key | {"count": count})
