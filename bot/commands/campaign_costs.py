"""How `edaran campaign` shows what WhatsApp costs and tells: beforehand, and while it is sent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo
from typing import TYPE_CHECKING, Any

from bot.commands.campaign_showing import moment, number

if TYPE_CHECKING:
    from bot.campaigns.addressing import Preview
    from bot.campaigns.costs import Paid, Told
    from bot.campaigns.hindrances import Held
    from bot.campaigns.tariff import Tariff
    from bot.config import Settings
    from bot.rendering.texts import Texts

CHANNEL = "whatsapp"


def paid(settings: Settings, now: float) -> Paid | None:
    """Whom a paid message would go to. None: WhatsApp is not set up. `now`: seconds since 1970."""
    from bot.campaigns.costs import WINDOW, Paid

    if settings.whatsapp.token is None:
        return None
    order = settings.channels.preferred
    before = order[: order.index(CHANNEL)] if CHANNEL in order else order
    served = {"telegram": settings.telegram.token, CHANNEL: settings.whatsapp.token}
    return Paid(tuple(name for name in before if served[name] is not None), int(now) - WINDOW)


def estimate_lines(preview: Preview, tariff: Tariff, texts: Texts) -> Iterator[str]:
    if not preview.paid:
        return
    count, rupiah = number(preview.paid, texts), number(tariff.estimate(preview.paid), texts)
    key = "campaign.whatsapp_estimate" if tariff.price else "campaign.whatsapp_unpriced"
    yield texts(key, count=count, rupiah=rupiah)
    if tariff.ceiling is not None and tariff.over(preview.paid):
        yield texts("campaign.whatsapp_over", ceiling=number(tariff.ceiling, texts))


def estimate_document(preview: Preview, tariff: Tariff) -> dict[str, Any] | None:
    """None: WhatsApp is not set up."""
    if preview.paid is None:
        return None
    return {
        "messages": preview.paid,
        "rupiah": tariff.estimate(preview.paid),
        "ceiling": tariff.ceiling,
        "over": tariff.over(preview.paid),
    }


def told_lines(campaign: int, told: Told, tariff: Tariff, zone: tzinfo, texts: Texts) -> Iterator[str]:
    if told.rungs:
        counts = {"total": sum(told.rungs.values()), "arrived": told.arrived, "read": told.read}
        counts["failed"] = told.failed
        yield texts("report.whatsapp", **{name: number(count, texts) for name, count in counts.items()})
    if told.messages:
        spent = {"messages": number(told.messages, texts), "rupiah": number(told.rupiah, texts)}
        yield texts("report.whatsapp_cost" if told.rupiah else "report.whatsapp_unpriced", **spent)
    for waits in told.waits:
        key = f"report.whatsapp_waits_{waits.reason}"
        if key in texts:
            yield texts(
                key,
                campaign=campaign,
                count=number(waits.count, texts),
                ceiling=number(tariff.ceiling or 0, texts),
                until=moment(waits.until, zone, texts) if waits.until is not None else "–",
            )


def held_document(held: Held, texts: Texts) -> dict[str, Any]:
    return {"count": held.count, "problem": held.problem.key, "text": held.problem.line(texts)}


def told_document(told: Told, tariff: Tariff) -> dict[str, Any]:
    return {
        "messages": {rung.value: count for rung, count in sorted(told.rungs.items())},
        "read_according_to_whatsapp": told.read,
        "waits": [{"reason": one.reason, "count": one.count, "until": one.until} for one in told.waits],
        "paid": told.messages,
        "rupiah": told.rupiah,
        "ceiling": tariff.ceiling,
    }
