"""Times within the frame: where they stand among the other marks, and which of them is asked about."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.model import Token
from bot.understanding.marks import Cue, Mark, Sheet
from bot.understanding.segments import told
from bot.understanding.time_reading import Group
from bot.understanding.times import Times
from bot.understanding.weighing import is_awaited, is_past, weight_of

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


def asked_time(
    sheet: Sheet, times: Times, now: datetime, acts: Sequence[str], afterwards: Collection[str]
) -> Group:
    """The readings of the time asked about, empty if there is none.

    Not a negated time, after a correction only the last, else those that `weight_of` finds likeliest.
    `acts`: those asked about, the main one first; `afterwards`: acts done with something recorded before.
    """
    if not times.groups:
        return ()
    posted = [act for act in acts[:1] if act in afterwards]
    marks = [
        mark
        for mark in sheet.of(Cue.TIME)
        if not (_is_other(sheet, mark, times, now, posted) or _is_history(sheet, mark, times, now, acts))
    ]
    denied = {mark.group for mark in marks if mark.negated}
    left = [mark for mark in marks if mark.group not in denied or _opposite(times.groups[mark.group])]
    corrected = sheet.last_correction()
    left = [mark for mark in left if mark.first >= corrected] or left
    if len({mark.group for mark in left}) > 1:
        weights = [weight_of(sheet, mark, times.groups[mark.group], now, acts) for mark in left]
        left = [mark for mark, weight in zip(left, weights, strict=True) if weight == max(weights)]
    groups = tuple(
        (_opposite(times.groups[index]) if index in denied else None) or times.groups[index]
        for index in sorted({mark.group for mark in left})
    )
    chosen = times.choose(groups) if groups else ()
    likely = tuple(reading for reading in chosen if reading.score >= max(0, chosen[0].score))
    return _as_it_is(sheet, left, likely, now) if len(groups) == 1 else likely


def _as_it_is(sheet: Sheet, marks: list[Mark], group: Group, now: datetime) -> Group:
    """The real now for "udah jam 4", said when it is about four: what the person's clock shows decides
    nothing."""
    if sheet.norms[marks[0].first] not in sheet.small.reached or len(group) != 1:
        return group
    when = group[0].when
    supposed = any(mark.segment == marks[0].segment for mark in sheet.of(Cue.IF))
    if supposed or when.start is None or when.end is not None or abs(when.start - now) >= timedelta(hours=1):
        return group
    return (replace(group[0], when=replace(when, start=now)),)


def _is_other(sheet: Sheet, mark: Mark, times: Times, now: datetime, posted: Collection[str]) -> bool:
    """Whether the time is that of something else: what is posted, or what is still waited for."""
    return is_awaited(sheet, mark) or _of_the_recording(sheet, mark, times, now, posted)


def _is_history(sheet: Sheet, mark: Mark, times: Times, now: datetime, acts: Sequence[str]) -> bool:
    """Whether it is a past time of a statement without the act that is asked about later on: "Kemarin ada
    acara. Boleh saya live?"."""
    if not told(sheet, mark.first) or not is_past(times.groups[mark.group][0].when, now):
        return False
    asked = [act for act in sheet.of(Cue.ACT) if act.name in acts and not act.negated]
    return bool(asked) and all(act.segment > mark.segment for act in asked)


def _of_the_recording(sheet: Sheet, mark: Mark, times: Times, now: datetime, posted: Collection[str]) -> bool:
    """A past time behind such an act, as in "unggah rekaman acara kemarin"."""
    gone = not sheet.small.gone.isdisjoint(sheet.norms[mark.first : mark.last])
    if not posted or not (gone or is_past(times.groups[mark.group][0].when, now)):
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
