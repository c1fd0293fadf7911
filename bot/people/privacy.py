"""What is kept about a person, handed over in an order a person can read; and what goes when it is erased.

Pure. What a person asks is nowhere in it, because it is nowhere (`counting.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Any, Protocol

from bot.rendering.texts import Texts

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Kept:
    """Everything about a person as the ledger has it. Moments are seconds since 1970, days are dates.

    `person`: her entry of the roster; empty for a guest. `units`, `names`: of the units and people that the
    rows refer to, by id. `looks`: entries of the access log about her alone; `lists`: those about a list in
    which she was, as far as the ledger can tell; `actions`: what she did herself.
    """

    person: Row = field(default_factory=dict)
    placements: Sequence[Row] = ()
    absences: Sequence[Row] = ()
    roles: Sequence[Row] = ()
    identities: Sequence[Row] = ()
    codes: Sequence[Row] = ()
    profiles: Sequence[Row] = ()
    looks: Sequence[Row] = ()
    lists: Sequence[Row] = ()
    actions: Sequence[Row] = ()
    tries: Sequence[Row] = ()
    unreachable: Sequence[Row] = ()
    whatsapp: Sequence[Row] = ()
    deliveries: Sequence[Row] = ()
    acknowledgments: Sequence[Row] = ()
    proxies: Sequence[Row] = ()
    tasks: Sequence[Row] = ()
    reminders: Sequence[Row] = ()
    escalations: Sequence[Row] = ()
    units: Mapping[int, str] = field(default_factory=dict)
    names: Mapping[int, str] = field(default_factory=dict)


ENTRY = ("regency", "number", "name", "status", "phone", "pattern", "joined_on", "left_on", "updated_at")
PARTS: Mapping[str, tuple[str, ...]] = {
    "placements": ("unit", "kind", "since", "until"),
    "roles": ("role", "unit", "standing", "since", "until", "granted_by", "granted_at"),
    "absences": ("kind", "since", "until"),
    "identities": ("channel", "external_id", "how", "linked_at"),
    "codes": ("issued_by", "issued_at", "expires_at", "used_at", "revoked_at"),
    "profiles": (
        "channel",
        "external_id",
        "regency",
        "status",
        "unit",
        "pattern",
        "language",
        "stopped_at",
        "created_at",
        "updated_at",
    ),
    "tries": ("channel", "failures", "last_at"),
    "unreachable": ("channel", "reason", "since"),
    "whatsapp": ("number", "user_id", "heard_at"),
    "deliveries": ("circular", "state", "reason", "channel", "sent_at", "due_at", "acknowledged_at"),
    "acknowledgments": ("circular", "at", "proof", "channel", "undone_at"),
    "proxies": (
        "circular",
        "reason",
        "reference",
        "requested_by",
        "requested_at",
        "decided_by",
        "decided_at",
        "approved",
    ),
    "tasks": ("circular", "kind", "at", "closed_by", "closed_at"),
    "reminders": ("circular", "at", "outcome"),
    "escalations": ("circular", "level", "told", "at", "outcome"),
    "looks": ("at", "actor", "action"),
    "lists": ("at", "actor", "action", "unit", "count"),
    "actions": ("at", "action"),
}
"""The parts of a document after the roster's entry, and what each row shows, in this order."""

ACTORS = ("actor", "granted_by", "issued_by", "requested_by", "decided_by", "closed_by")


def document(kept: Kept, now: datetime) -> dict[str, Any]:
    """Everything as one JSON document, without empty parts. Moments are in the zone of `now`. A code's digest
    stays out: it opens what the code opens."""
    zone = now.tzinfo or UTC
    entry = {"entry": _row(kept.person, ENTRY, kept, zone)} if kept.person else {}
    parts = {
        name: [_row(row, columns, kept, zone) for row in rows]
        for name, columns in PARTS.items()
        if (rows := getattr(kept, name))
    }
    return {"made_at": now.isoformat(timespec="seconds"), **entry, **parts}


WORDS: Mapping[str, tuple[str, ...]] = {
    "kind": ("data.kind_", "away."),
    "role": ("data.role_",),
    "standing": ("data.standing_",),
    "how": ("data.how_",),
    "language": ("data.language_",),
    "state": ("data.state_",),
    "outcome": ("data.state_",),
    "reason": ("report.why_",),
    "proof": ("report.proof_",),
    "action": ("data.action_",),
}
"""How the keys begin of the texts for values that the ledger has as ids; what has no text stays as it is."""


def in_words(document: Mapping[str, Any], texts: Texts) -> dict[str, Any]:
    """The same under headings in the language of `texts`, ids in words, without what is empty."""
    found: dict[str, Any] = {}
    for part, held in document.items():
        heading = texts(f"data.part_{part}")
        if isinstance(held, list):
            found[heading] = [_worded(row, texts) for row in held]
        else:
            found[heading] = _worded(held, texts) if isinstance(held, Mapping) else held
    return found


def _worded(row: Mapping[str, Any], texts: Texts) -> dict[str, Any]:
    return {
        texts(f"data.field_{name}"): _word(name, value, texts)
        for name, value in row.items()
        if value is not None
    }


def _word(field: str, value: Any, texts: Texts) -> Any:
    """An action without a text of its own is told by the part before its points: "role.ended.hr"."""
    if isinstance(value, bool):
        return texts("report.yes" if value else "report.no")
    id_ = str(value)
    while field in WORDS:
        for start in WORDS[field]:
            if f"{start}{id_}" in texts:
                return texts(f"{start}{id_}")
        id_, point, _ = id_.rpartition(".")
        if not point:
            break
    return value


def _row(row: Row, columns: Sequence[str], kept: Kept, zone: tzinfo) -> dict[str, Any]:
    return {name: _value(name, row, kept, zone) for name in columns}


def _value(name: str, row: Row, kept: Kept, zone: tzinfo) -> Any:
    if name == "unit" and "unit_id" in row:
        return kept.units.get(row["unit_id"]) if row["unit_id"] is not None else None
    if name == "told":  # her superior, by name
        return kept.names.get(row["told_id"])
    value = row[name]
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int) and (name in ("at", "since") or name.endswith("_at")):
        return datetime.fromtimestamp(value, zone).isoformat()
    return _actor(value, kept) if name in ACTORS and value else value


def _actor(value: str, kept: Kept) -> str:
    """Of a person of the roster, also the name: "person:12" alone would tell her nothing."""
    identity = person_of(value)
    name = kept.names.get(identity) if identity is not None else None
    return f"{value} ({name})" if name else value


def person_of(actor: str) -> int | None:
    """Whose id an actor's name in the access log holds; None: nobody of the roster."""
    kind, _, number = actor.partition(":")
    return int(number) if kind == "person" and number.isdecimal() else None


# --- erasing ---------------------------------------------------------------------------------


class Gone(StrEnum):
    """What an erasure removes at once."""

    PROFILE = "profile"
    IDENTITIES = "identities"
    CODES = "codes"
    PHONE = "phone"
    NAME = "name"  # with the number and all else of the entry that tells who it is
    ABSENCES = "absences"


class Stays(StrEnum):
    """What an erasure leaves; locales/ say why."""

    ENTRY = "entry"  # the employer's list of staff
    HISTORY = "history"  # placements and roles: who was responsible when
    ACCESS_LOG = "access_log"
    ANONYMOUS = "anonymous"  # an entry without a name, to which evidence refers


@dataclass(frozen=True, slots=True)
class Erasure:
    """`until`: the first day on which what stays can be made anonymous; None: not known yet, or done."""

    gone: tuple[Gone, ...]
    stays: tuple[Stays, ...]
    until: date | None = None

    @property
    def anonymous(self) -> bool:
        return Gone.NAME in self.gone


AT_ONCE = (Gone.PROFILE, Gone.IDENTITIES, Gone.CODES, Gone.PHONE)


def erasure(left: date | None, today: date, kept_days: int) -> Erasure:
    """What goes and what stays of a person who left on `left` (None: still serves), where entries are kept
    `kept_days` days after that."""
    if left is not None and over(left, today, kept_days):
        return Erasure((*AT_ONCE, Gone.NAME, Gone.ABSENCES), (Stays.ANONYMOUS, Stays.ACCESS_LOG))
    until = left + timedelta(days=kept_days) if left is not None else None
    return Erasure(AT_ONCE, (Stays.ENTRY, Stays.HISTORY, Stays.ACCESS_LOG), until)


def over(left: date, today: date, kept_days: int) -> bool:
    return left + timedelta(days=kept_days) <= today


class PersonalData(Protocol):
    """Where it is kept. The caller has asked for the right; both methods note who did it."""

    async def about(self, person: int, by: str, action: str) -> Kept | None:
        """None: there is no such person."""

    async def about_account(self, channel: str, external_id: str) -> Kept | None:
        """Of whoever holds this account, a guest too, at her own request. None: nothing is kept."""

    async def erase(self, person: int, by: str, today: date, kept_days: int) -> Erasure | None:
        """Durable when it returns. None: there is no such person."""


@dataclass(frozen=True, slots=True)
class OwnRecords:
    """Keeps `bot.people.ports.Records`: what is kept of whoever holds an account, in words. `now`: aware."""

    data: PersonalData
    now: Callable[[], datetime]

    async def about(self, channel: str, external_id: str, texts: Texts) -> Mapping[str, Any]:
        kept = await self.data.about_account(channel, external_id)
        return in_words(document(kept, self.now()), texts) if kept else {}
