"""What superiors and admins are told: a phone's screen, with names and no numbers; the whole list beside it
where it does not fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import groupby

from bot.campaigns.campaign import Unreachable
from bot.campaigns.recipients import Pending, Recipient
from bot.campaigns.reminders import label
from bot.model import Attachment, Opening, Reply
from bot.rendering import dates
from bot.rendering.texts import Texts

NAMED = 10
"""Names in the message itself."""

LONGEST = 40
"""Letters of a name, or of a unit's."""

LIMIT = 1024
"""Letters that every channel takes."""

FILE = "daftar.txt"

CAMPAIGNS = "h:l:0"
"""The action of `bot.campaigns.hr_chat` that lists the campaigns."""


class Kind(StrEnum):
    OVERDUE = "overdue"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Entry:
    """A person and a circular. `level`: 0 in a worklist. `due`: her own deadline, leave counted."""

    who: Recipient
    pending: Pending
    level: int
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class Digest:
    """What one person is told in one message. `until`: she is not to be written to later."""

    kind: Kind
    told: Recipient
    entries: tuple[Entry, ...]
    until: datetime


def page(digest: Digest, texts: Texts) -> Reply:
    entries = sorted(digest.entries, key=_order)
    people = len({entry.who.person for entry in entries})
    head = texts(f"digest.{digest.kind}", count=people)
    for shown in range(min(NAMED, len(entries)), -1, -1):
        more = len(entries) - shown
        parts = [head, *_grouped(entries[:shown], digest.kind, texts)]
        parts += [texts("digest.more", count=more, file=FILE)] if more else []
        text = "\n\n".join([*parts, texts(f"digest.{digest.kind}_foot")])
        if len(text) <= LIMIT:
            break
    attached = _file(head, entries, digest.kind, texts) if more else None
    return Reply(text, attachment=attached, opening=_opening(people, entries[0].pending.campaign, texts))


def _opening(people: int, campaign: int, texts: Texts) -> Opening:
    """Its button shows what /hr shows."""
    return Opening("digest", texts.language, (("jumlah", str(people)),), CAMPAIGNS, campaign)


def _order(entry: Entry) -> tuple[object, ...]:
    """By circular, the one due first first; then by name."""
    return entry.pending.due, entry.pending.campaign, entry.who.name, entry.who.person


def _grouped(entries: Sequence[Entry], kind: Kind, texts: Texts) -> list[str]:
    parts = []
    for _, several in groupby(entries, key=lambda entry: entry.pending.campaign):
        some = list(several)
        parts.append("\n".join([label(some[0].pending, texts), *(_line(e, kind, texts) for e in some)]))
    return parts


def _line(entry: Entry, kind: Kind, texts: Texts) -> str:
    name, unit = _shortened(entry.who.name), _shortened(entry.who.unit_name)
    if kind is Kind.UNREACHABLE:
        linked = entry.who.why is not Unreachable.NO_IDENTITY
        note = texts("digest.closed" if linked else "digest.unlinked")
    else:
        assert entry.due is not None  # without a deadline nobody is overdue
        note = dates.date_of(entry.due.date(), texts)
    return texts("digest.line", name=name, unit=unit, note=note)


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1].rstrip()}…"


def _file(head: str, entries: Sequence[Entry], kind: Kind, texts: Texts) -> Attachment:
    text = "\n\n".join([head, *_grouped(entries, kind, texts), ""])
    return Attachment(FILE, "text/plain", text.encode())
