"""What a report looks like in a file: cells that no spreadsheet runs, names that a sheet may have, columns.

A cell of text that begins like a formula is one where a spreadsheet opens the file: a name of the roster must
not become a command on HR's machine.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from functools import lru_cache
from typing import Any

from bot.campaigns.campaign import DeliveryState
from bot.campaigns.deadlines import late
from bot.campaigns.reports import Group, Tally, UnitStatus, group_of
from bot.people.numbers import mask_number
from bot.rendering.texts import Texts

LONGEST_SHEET = 31
MOST_ROWS = 1_000_000
"""People on one sheet: a spreadsheet has 1,048,576 rows."""

_RISKY = ("=", "+", "-", "@", "\t", "\r")
_NO_SHEET = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_RESERVED = "history"


class Form(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"
    SQLITE = "sqlite"


@lru_cache(maxsize=4096)
def _local(minute: int, zone: tzinfo) -> str:
    return datetime.fromtimestamp(minute * 60, UTC).astimezone(zone).strftime("%Y-%m-%d %H:%M")


def harmless(text: str) -> str:
    """Text that a spreadsheet takes for text: with an apostrophe before what would begin a formula."""
    return f"'{text}" if text.lstrip(" ").startswith(_RISKY) else text


def printable(text: str) -> str:
    """Without the characters that a spreadsheet file cannot hold."""
    return text if text.isprintable() else _CONTROL.sub("", text)


class SheetNames:
    """Names of sheets: valid, short enough, each once, whatever units are called."""

    def __init__(self) -> None:
        self._taken = {_RESERVED}

    def of(self, name: str) -> str:
        plain = " ".join(_NO_SHEET.sub(" ", name).split()).strip("'") or "-"
        found = _cut(plain, LONGEST_SHEET)
        number = 2
        while found.casefold() in self._taken:
            ending = f" ({number})"
            found = _cut(plain, LONGEST_SHEET - len(ending)) + ending
            number += 1
        self._taken.add(found.casefold())
        return found


def _cut(text: str, most: int) -> str:
    """At most so many UTF-16 units, as spreadsheets count; never half a character."""
    while len(text.encode("utf-16-le")) // 2 > most:
        text = text[:-1]
    return text.rstrip().rstrip("'")


# --- rows ------------------------------------------------------------------------------------

PERSON_COLUMNS = (
    "unit",
    "name",
    "number",
    "status",
    "group",
    "reason",
    "sent",
    "due",
    "said",
    "in_time",
    "proof",
    "told",
)
UNIT_COLUMNS = ("unit", "addressed", *(group.value for group in Group), "share")


@dataclass(frozen=True, slots=True)
class Written:
    """One person's line of a file, in words. `unit`: its path."""

    unit: str
    name: str
    number: str
    status: str
    group: str
    reason: str
    sent: str
    due: str
    said: str
    in_time: str
    proof: str
    told: str

    def cells(self) -> tuple[str, ...]:
        return tuple(getattr(self, name) for name in PERSON_COLUMNS)

    def typed(self, moments: Mapping[str, datetime | None]) -> list[Any]:
        """The same with moments, by column, as a spreadsheet counts and sorts them."""
        return [moments.get(name) or getattr(self, name) for name in PERSON_COLUMNS]


@dataclass(frozen=True, slots=True)
class Wording:
    """In which words and by which clock a file is written. `statuses`: id → in words."""

    texts: Texts
    zone: tzinfo
    statuses: Mapping[str, str] = field(default_factory=dict)

    def heads(self, columns: Iterable[str]) -> list[str]:
        return [self.texts(f"report.column_{name}") for name in columns]

    def moment(self, at: int | None) -> str:
        """Local, as every spreadsheet sorts it."""
        return "" if at is None else _local(at // 60, self.zone)

    def local(self, at: int | None) -> datetime | None:
        """The same for a spreadsheet, which knows no zones."""
        return None if at is None else datetime.fromtimestamp(at // 60 * 60, self.zone).replace(tzinfo=None)

    def moments(self, row: Any, due: int | None) -> dict[str, datetime | None]:
        """By column."""
        return {
            "sent": self.local(row.sent_at),
            "due": self.local(due),
            "said": self.local(row.acknowledged_at),
        }

    def group(self, group: Group) -> str:
        return self.texts(f"report.group_{group.value}")

    def standing(self, state: DeliveryState, acknowledged: bool) -> str:
        """What may not have arrived is not called unread."""
        if state is DeliveryState.UNCERTAIN and not acknowledged:
            return self.texts("report.group_uncertain")
        group = group_of(state, acknowledged)
        return self.group(group) if group else ""

    def reason(self, reason: str | None) -> str:
        key = f"report.why_{reason}"
        return "" if reason is None else self.texts(key) if key in self.texts else reason

    def told(self, rung: str | None) -> str:
        """What WhatsApp says of the message; it is no acknowledgment, and says so."""
        return "" if rung is None else self.texts(f"report.told_{rung}")

    def person(self, row: Any, due: int | None, unit: str) -> Written:
        """Of a row of `everybody` and her own deadline. The number is masked in files as it is everywhere."""
        said, texts = row.acknowledged_at, self.texts
        kept = ""
        if said is not None:
            kept = texts("report.no" if late(said, due) else "report.yes")
        return Written(
            unit,
            row.name,
            mask_number(row.number),
            self.statuses.get(row.status, row.status) or "",
            self.standing(DeliveryState(row.state), said is not None),
            self.reason(row.reason) if said is None else "",
            self.moment(row.sent_at),
            texts("report.no_due") if due is None else self.moment(due),
            self.moment(said),
            kept,
            texts(f"report.proof_{row.proof}") if row.proof else "",
            self.told(row.told),
        )

    def unit(self, row: UnitStatus) -> list[Any]:
        """With its place in the tree shown by leading spaces."""
        return ["    " * row.depth + row.unit.name, *numbers(row.total)]


def numbers(tally: Tally) -> list[Any]:
    """As `UNIT_COLUMNS` has them, without the unit."""
    share = tally.share
    counts = [tally.of(group) for group in Group]
    return [tally.addressed, *counts, None if share is None else round(share, 4)]
