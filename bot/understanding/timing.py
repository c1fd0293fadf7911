"""Times within the frame: where they stand among the other marks, and which of them is asked about."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from bot.model import Token, When
from bot.understanding.marks import Cue, Mark, Sheet
from bot.understanding.segments import asks
from bot.understanding.time_reading import Group
from bot.understanding.times import Times

_KEPT = frozenset({Cue.ACT, Cue.FACT, Cue.GREETING, Cue.HINT, Cue.TIME})
"""Marks that keep their meaning within the words of a time."""
_OPPOSITES = {"@JAM_KERJA": "@LUAR_JAM_KERJA", "@LUAR_JAM_KERJA": "@JAM_KERJA"}


def with_times(marks: list[Mark], tokens: tuple[Token, ...], times: Times, covered: bytearray) -> list[Mark]:
    """The marks together with one for each piece of a time expression, in the order of the text.

    Pieces of no time, or of one too vague to answer on ("nanti"), are covered but get no mark.
    """
    for start, end in times.pieces:
        first = next((i for i, token in enumerate(tokens) if token.end > start), None)
        if first is None:
            continue
        last = next((i for i in range(first, len(tokens)) if tokens[i].start >= end), len(tokens))
        covered[first:last] = b"\x01" * (last - first)
        marks = [m for m in marks if m.cue in _KEPT or m.first < first or m.last > last]
        group = times.group_at(start, end)
        if group is None or times.groups[group][0].score < 0:
            continue
        if not any(m.cue is Cue.GREETING and m.first <= first < m.last for m in marks):
            marks.append(Mark(Cue.TIME, first, last, group=group))
    if times.pieces:
        marks.sort(key=lambda mark: (mark.first, mark.last))
    return marks


def asked_time(sheet: Sheet, times: Times, now: datetime, posted: Collection[str]) -> Group:
    """The readings of the time asked about, empty if there is none.

    Not a negated time, after a correction only the last, else one supposed ("kalau …") or in a clause that
    asks. `posted`: the asked acts that are done with something recorded before.
    """
    if not times.groups:
        return ()
    marks = [mark for mark in sheet.of(Cue.TIME) if not _is_other(sheet, mark, times, now, posted)]
    denied = {mark.group for mark in marks if mark.negated}
    left = [mark for mark in marks if mark.group not in denied or _opposite(times.groups[mark.group])]
    corrected = sheet.last_correction()
    left = [mark for mark in left if mark.first >= corrected] or left
    if len(left) > 1:
        supposed = {mark.segment for mark in sheet.of(Cue.IF)}
        left = [mark for mark in left if mark.segment in supposed] or left
        left = [mark for mark in left if asks(sheet, mark.segment)] or left
    groups = tuple(
        (_opposite(times.groups[index]) if index in denied else None) or times.groups[index]
        for index in sorted({mark.group for mark in left})
    )
    chosen = times.choose(groups) if groups else ()
    return tuple(reading for reading in chosen if reading.score >= max(0, chosen[0].score))


def _is_other(sheet: Sheet, mark: Mark, times: Times, now: datetime, posted: Collection[str]) -> bool:
    """Whether the time is that of something else: what is posted, or what is still waited for."""
    awaited = mark.first > 0 and sheet.norms[mark.first - 1] in sheet.small.waiting
    return awaited or _of_the_recording(sheet, mark, times, now, posted)


def _of_the_recording(sheet: Sheet, mark: Mark, times: Times, now: datetime, posted: Collection[str]) -> bool:
    """A past time behind such an act, as in "unggah rekaman acara kemarin"."""
    if not posted or not _is_past(times.groups[mark.group][0].when, now):
        return False
    return any(act.name in posted and act.last <= mark.first for act in sheet.of(Cue.ACT))


def _opposite(group: Group) -> Group | None:
    """What "not at that time" means, where that is a time of its own."""
    opposites = tuple(
        replace(reading, when=replace(reading.when, symbol=_OPPOSITES[reading.when.symbol]))
        for reading in group
        if reading.when.symbol in _OPPOSITES
    )
    return opposites if len(opposites) == len(group) else None


def _is_past(when: When, now: datetime) -> bool:
    last = when.end or when.start
    return last is not None and last <= now
