"""How likely each time of a message is the one it asks about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.model import When
from bot.understanding.marks import Cue, Mark, Sheet
from bot.understanding.segments import told
from bot.understanding.time_reading import Group

NEAR = 2
"""Words between "sekarang" and the "boleh" or the act it belongs to, at most."""
_ASIDE = 32
"""What a circumstance loses: more than everything else can add up to."""


def weight_of(sheet: Sheet, mark: Mark, group: Group, now: datetime, acts: Sequence[str]) -> int:
    """How likely a time is the one asked about: what replaced another, then in a supposition, with "boleh",
    with the act, last "sekarang" near either. What is told of others, of the past, or of when something else
    is, competes last."""
    clause, present = mark.segment, _is_now(group, now)
    statement = told(sheet, mark.first)
    weight = 16 * (0 < sheet.last_turn() <= mark.first)
    weight += 8 * any(m.segment == clause for m in sheet.of(Cue.IF))
    weight += 4 * (_asks(sheet, clause) and not statement)
    weight += 2 * any(m.segment == clause and m.name in acts and not m.negated for m in sheet.of(Cue.ACT))
    weight += present and _near_question(sheet, mark)
    if statement and is_past(group[0].when, now) and not present:
        weight -= _ASIDE
    if _of_others(sheet, mark) or (_is_event(sheet, mark) and not present):
        weight -= _ASIDE
    return weight


def _asks(sheet: Sheet, clause: int) -> bool:
    """Whether a verdict is asked for in the clause; a sanction told of there ("kena tegur") asks none."""
    cues = (Cue.MAY, Cue.MAY_NOT, Cue.WHEN)
    return sheet.asking[clause] or any(m.segment == clause for cue in cues for m in sheet.of(cue))


def _is_now(group: Group, now: datetime) -> bool:
    when = group[0].when
    return when.start == now and when.end is None and when.symbol is None


def _near_question(sheet: Sheet, mark: Mark) -> bool:
    """Whether "boleh" or the act stands near, and no "atau" offers another time beside this one."""
    near = (
        -NEAR <= other.first - mark.last <= NEAR or -NEAR <= mark.first - other.last <= NEAR
        for cue in (Cue.MAY, Cue.MAY_NOT, Cue.ACT)
        for other in sheet.of(cue)
        if other.segment == mark.segment and not other.negated
    )
    return any(near) and not _is_offered(sheet, mark)


def _is_offered(sheet: Sheet, mark: Mark) -> bool:
    """Whether "atau" puts another time beside it: "boleh live sekarang atau nanti malam?"."""
    others = [m for m in sheet.of(Cue.TIME) if m.group != mark.group and not is_awaited(sheet, m)]
    for either in sheet.of(Cue.OR):
        if 0 <= either.first - mark.last <= 1 and any(0 <= m.first - either.last <= NEAR for m in others):
            return True
        if 0 <= mark.first - either.last <= 1 and any(0 <= either.first - m.last <= NEAR for m in others):
            return True
    return False


def _is_event(sheet: Sheet, mark: Mark) -> bool:
    """Whether it tells when something else is: "pulang jam setengah lima", "jam 3 ada rapat"."""
    norms, events = sheet.norms, sheet.small.events
    before = norms[max(0, mark.first - 2) : mark.first]
    after = norms[mark.last : mark.last + 2]
    acts = {m.first for m in sheet.of(Cue.ACT)} | {m.first for m in sheet.of(Cue.MAY)}
    if acts & {mark.last, mark.last + 1}:
        after = []  # "jam 4 live pulang kantor" is no event's time
    return any(norm in events for norm in (*before, *after))


def _of_others(sheet: Sheet, mark: Mark) -> bool:
    """Whether its clause reports what others do ("teman saya tiap jam 7 malam live"), until "saya" comes back
    to oneself."""
    others = [m.last for m in sheet.of(Cue.OTHERS) if m.segment == mark.segment and m.last <= mark.first]
    if not others or sheet.asking[mark.segment]:
        return False
    own = [m.last for m in sheet.of(Cue.SELF) if others[-1] <= m.first < mark.first]
    return not any(_acts_soon(sheet, place) for place in own)


def _acts_soon(sheet: Sheet, place: int) -> bool:
    """Whether "saya" goes on with what one does or means to do, not a possessive ("teman kantor saya")."""
    near = range(place, place + NEAR)
    wished = any(sheet.norms[p] in sheet.small.wishes for p in near if p < len(sheet.norms))
    return wished or any(m.first in near for m in sheet.of(Cue.ACT))


def is_awaited(sheet: Sheet, mark: Mark) -> bool:
    return mark.first > 0 and sheet.norms[mark.first - 1] in sheet.small.waiting


def is_past(when: When, now: datetime) -> bool:
    if when.end is not None:
        return when.end <= now
    return when.start is not None and when.start < now
