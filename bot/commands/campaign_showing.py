"""How `edaran campaign` shows things: lines for people, documents for programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bot.campaigns.addressing import Preview
    from bot.campaigns.drafting import Branch, Prepared
    from bot.campaigns.hindrances import Held
    from bot.campaigns.misreadings import Misread
    from bot.campaigns.reports import Addressee, Compared, Day, Known, Pace, Status, Tally
    from bot.rendering.texts import Texts

INDENT = "  "
MINUTE, HOUR, DAY = 60, 3_600, 86_400
SHALLOW = 1
"""Steps below the regency that a preview lists for people; programs get the whole tree."""


def number(count: int, texts: Texts) -> str:
    """With the language's own points or commas."""
    from babel.numbers import format_decimal

    return format_decimal(count, locale=texts.language)


def percent(share: float | None, texts: Texts) -> str:
    from babel.numbers import format_percent

    return "–" if share is None else format_percent(share, format="#,##0.#%", locale=texts.language)


def moment(at: datetime | int, zone: tzinfo, texts: Texts) -> str:
    from bot.rendering import dates

    local = (datetime.fromtimestamp(at, UTC) if isinstance(at, int) else at).astimezone(zone)
    return f"{dates.day(local, texts)} {dates.clock(local, texts)} {dates.zone_name(local)}"


def took(seconds: int | None, texts: Texts) -> str:
    """A time within which something happened, in two units at most, as people say it; rounded up, for what
    is said to have happened within it has."""
    if seconds is None:
        return "–"
    if seconds < MINUTE:
        return texts("report.span_moment")
    if seconds <= DAY - MINUTE:
        hours, minutes = divmod(-(-seconds // MINUTE), 60)
        return _said({"hour": hours, "minute": minutes}, texts)
    days, hours = divmod(-(-seconds // HOUR), 24)
    return _said({"day": days, "hour": hours}, texts)


def _said(counts: Mapping[str, int], texts: Texts) -> str:
    """Without the units of which there are none."""
    from babel.units import format_unit

    return " ".join(
        format_unit(count, f"duration-{unit}", locale=texts.language)
        for unit, count in counts.items()
        if count
    )


def head(known: Known, zone: tzinfo, texts: Texts) -> Iterator[str]:
    from bot.campaigns.campaign import CampaignState

    campaign, version = known.campaign, known.version
    yield texts(
        "report.head",
        campaign=campaign.id,
        state=texts(f"campaign.state_{campaign.state.value}"),
        due=moment(campaign.due, zone, texts),
    )
    yield texts("report.circular", number=version.number or version.circular, subject=version.subject)
    if campaign.state is CampaignState.APPROVED and campaign.starts_at is not None:
        yield texts("report.starts", starts=moment(campaign.starts_at, zone, texts))


def sums(known: Known, tally: Tally, texts: Texts) -> str:
    from bot.campaigns.campaign import CampaignState
    from bot.campaigns.reports import Group

    key = "report.sums_cancelled" if known.campaign.state is CampaignState.CANCELLED else "report.sums"
    counts = {group.value: number(tally.of(group), texts) for group in Group}
    share = percent(tally.share, texts)
    return texts(key, addressed=number(tally.addressed, texts), share=share, **counts)


def held_lines(held: Held, texts: Texts) -> Iterator[str]:
    """Why a campaign has not started, and how to repair it."""
    yield texts("campaign.held", count=number(held.count, texts))
    yield held.problem.line(texts)


# --- status ----------------------------------------------------------------------------------


def status_lines(
    status: Status,
    pace: Sequence[Pace],
    zone: tzinfo,
    texts: Texts,
    *,
    by_unit: bool,
    days: Sequence[Day] | None,
) -> Iterator[str]:
    yield from head(status.known, zone, texts)
    yield sums(status.known, status.total, texts)
    if status.uncertain:
        campaign = status.known.campaign.id
        yield texts("campaign.uncertain", count=number(status.uncertain, texts), campaign=campaign)
    for part in pace:
        if part.measured:
            median, ninety = took(part.median, texts), took(part.ninety, texts)
            yield texts("report.pace", median=median, ninety=ninety)
        if part.in_time or part.late:
            yield texts("report.in_time", in_time=number(part.in_time, texts), late=number(part.late, texts))
    if by_unit:
        for row in (row for branch in status.parts for row in branch):
            yield f"{INDENT * row.depth}{row.unit.name}: {sums(status.known, row.total, texts)}"
    for day in days or ():
        yield texts("report.day", day=day.day.isoformat(), sent=day.sent, acknowledged=day.acknowledged)


def known_document(known: Known, zone: tzinfo) -> dict[str, Any]:
    campaign, version = known.campaign, known.version
    return {
        "campaign": campaign.id,
        "regency": campaign.regency,
        "circular": version.circular,
        "number": version.number,
        "subject": version.subject,
        "digest": version.digest,
        "state": campaign.state.value,
        "audience": campaign.audience,
        "due": campaign.due.astimezone(zone).isoformat(),
        "starts_at": campaign.starts_at and campaign.starts_at.astimezone(zone).isoformat(),
        "author": campaign.author,
        "approver": campaign.approver,
    }


def tally_document(tally: Tally) -> dict[str, Any]:
    from bot.campaigns.reports import Group

    counts: dict[str, Any] = {"addressed": tally.addressed}
    counts |= {group.value: tally.of(group) for group in Group}
    return counts | {"share": None if tally.share is None else round(tally.share, 4)}


def pace_document(pace: Pace) -> dict[str, Any]:
    return {
        "measured": pace.measured,
        "median_seconds": pace.median,
        "ninety_seconds": pace.ninety,
        "in_time": pace.in_time,
        "late": pace.late,
    }


def misread_document(one: Misread) -> dict[str, Any]:
    shown = {"rule": one.rule, "clause": one.clause, "quote": one.quote}
    return shown | {"answers_at_least": one.answers, "wrong_percent": one.wrong}


def status_document(
    status: Status, pace: Sequence[Pace], zone: tzinfo, *, by_unit: bool, days: Sequence[Day] | None
) -> dict[str, Any]:
    document = known_document(status.known, zone) | tally_document(status.total)
    document["states"] = status.total.states()
    document["pace"] = [pace_document(part) for part in pace] if len(pace) > 1 else None
    if len(pace) == 1:
        document["pace"] = pace_document(pace[0])
    if by_unit:
        document["units"] = [
            {
                "unit": row.unit.id,
                "parent": row.unit.parent,
                "name": row.unit.name,
                "depth": row.depth,
                **tally_document(row.total),
                "own": tally_document(row.own),
            }
            for branch in status.parts
            for row in branch
        ]
    if days is not None:
        document["days"] = [
            {"day": day.day.isoformat(), "sent": day.sent, "acknowledged": day.acknowledged} for day in days
        ]
    return document


# --- people ----------------------------------------------------------------------------------


def person_line(one: Addressee, unit: str, texts: Texts, zone: tzinfo) -> str:
    from bot.campaigns.exporting import Wording

    why = Wording(texts, zone).reason(one.reason)
    away = texts("report.away") if one.away else ""
    overdue = texts("report.overdue") if one.overdue else ""
    return " · ".join(filter(None, (one.name, one.number, unit, why, overdue, away)))


def person_document(one: Addressee, unit: str, zone: tzinfo) -> dict[str, Any]:
    def iso(at: int | None) -> str | None:
        return None if at is None else datetime.fromtimestamp(at, UTC).astimezone(zone).isoformat()

    return {
        "person": one.person,
        "name": one.name,
        "number": one.number,
        "unit_id": one.unit,
        "unit": unit,
        "state": one.state.value,
        "reason": one.reason,
        "sent": iso(one.sent),
        "due": iso(one.due),
        "overdue": one.overdue,
        "away": one.away,
    }


# --- the preview -----------------------------------------------------------------------------


def preview_lines(
    made: Prepared, preview: Preview, tree: Iterable[Branch], due: str, audience: str, texts: Texts
) -> Iterator[str]:
    content = made.content
    yield texts("report.circular", number=content.number or content.circular, subject=content.subject)
    yield texts("campaign.preview", audience=audience, due=due)
    if made.change is not None:
        key = "campaign.editorial" if made.editorial else "campaign.material"
        yield texts(key, before=made.before.version.id if made.before else 0)
        if made.change.only_words and not made.editorial:
            yield texts("campaign.only_words")
    elif made.editorial:
        yield texts("campaign.editorial", before=made.before.version.id if made.before else 0)
    counts = {"addressed": preview.addressed, "unregistered": preview.unregistered}
    yield texts("campaign.addressed", **{name: number(count, texts) for name, count in counts.items()})
    for why, count in preview.excluded.items():
        yield INDENT + texts(f"campaign.excluded_{why.value}", count=number(count, texts))
    for branch in tree:
        if branch.depth <= SHALLOW:
            counted = {
                "addressed": number(branch.addressed, texts),
                "excluded": number(branch.excluded, texts),
            }
            registered = number(branch.unregistered, texts)
            told = texts("campaign.branch", **counted, unregistered=registered)
            yield f"{INDENT * branch.depth}{branch.unit.name}: {told}"


def preview_document(
    made: Prepared, preview: Preview, tree: Iterable[Branch], due: datetime, audience: str, *, warned: bool
) -> dict[str, Any]:
    content = made.content
    change = None
    if made.before is not None:
        change = "editorial" if made.editorial else "material"
    return {
        "regency": content.regency,
        "circular": content.circular,
        "number": content.number,
        "subject": content.subject,
        "digest": content.digest,
        "audience": audience,
        "due": due.isoformat(),
        "change": change,
        "replaces": made.before.version.id if made.before else None,
        "original_seen": not warned,
        "addressed": preview.addressed,
        "unregistered": preview.unregistered,
        "excluded": {why.value: count for why, count in preview.excluded.items()},
        "units": [
            {
                "unit": branch.unit.id,
                "parent": branch.unit.parent,
                "name": branch.unit.name,
                "depth": branch.depth,
                "addressed": branch.addressed,
                "unregistered": branch.unregistered,
                "excluded": branch.excluded,
            }
            for branch in tree
        ],
    }


# --- several ---------------------------------------------------------------------------------


def compared_line(one: Compared, texts: Texts) -> str:
    from bot.campaigns.reports import Group

    return texts(
        "report.compared",
        campaign=one.known.campaign.id,
        subject=one.known.version.subject,
        addressed=number(one.total.addressed, texts),
        acknowledged=number(one.total.of(Group.ACKNOWLEDGED), texts),
        share=percent(one.total.share, texts),
        late=number(one.pace.late, texts),
        median=took(one.pace.median, texts),
        ninety=took(one.pace.ninety, texts),
    )
