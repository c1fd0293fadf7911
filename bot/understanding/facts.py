"""Which facts a message states. Weak or contradictory evidence states nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.model import FactValue
from bot.understanding.marks import Cue, Mark, Sheet
from bot.understanding.segments import asks


@dataclass(frozen=True, slots=True)
class Caution:
    """`claimed`: facts that a pretext or a question ("anggap saja …", "harus akun dinas?") does not
    establish. `one_suffices`: facts that hold as soon as one thing said makes them so, unless a word of
    `undoing` ("lepas", "ganti") ends them."""

    claimed: frozenset[str]
    one_suffices: frozenset[str]
    undoing: frozenset[str]


def facts(sheet: Sheet, caution: Caution) -> dict[str, tuple[FactValue, Mark]]:
    """Fact id → value and the words that said it."""
    said: dict[str, list[Mark]] = {}
    for mark in sheet.of(Cue.FACT):
        if not _doubtful(sheet, mark, caution):
            said.setdefault(mark.name, []).append(mark)
    found: dict[str, tuple[FactValue, Mark]] = {}
    for name, marks in said.items():
        if all(mark.negated and _within_act(sheet, mark) for mark in marks):
            continue  # "bukan live pribadi" alone does not make it official
        settled = _settled(sheet, marks, caution)
        value = None if settled is None else _value(settled)
        if settled is not None and value is not None:
            found[name] = value, settled
    return found


def status(sheet: Sheet) -> Mark | None:
    """The status asked about ("saya honorer", "kalau kades boleh?"), None if it is only mentioned or
    compared."""
    said = [mark for mark in sheet.of(Cue.STATUS) if not mark.negated]
    if len({mark.name for mark in said}) != 1 or not _is_subject(sheet, said[0]):
        return None
    return said[0]


def _is_subject(sheet: Sheet, mark: Mark) -> bool:
    before = [place for place in range(mark.first) if sheet.segment_of[place] == mark.segment]
    if before and sheet.norms[before[-1]] in sheet.small.existence and not asks(sheet, mark.segment):
        return False  # "cuma ada satpam"
    return all(sheet.norms[place] in sheet.small.function for place in before)


def _value(mark: Mark) -> FactValue | None:
    if not mark.negated:
        return mark.value
    return not mark.value if isinstance(mark.value, bool) else None


def _doubtful(sheet: Sheet, mark: Mark, caution: Caution) -> bool:
    if mark.open:
        return True
    if _stands_before(sheet, Cue.EXCEPT, mark):
        return not (mark.name in caution.one_suffices and _is_exception(sheet, mark))
    if mark.name in caution.claimed and _value(mark) is True and _unproven(sheet, mark):
        return True
    return _is_report(sheet, mark)


def _is_exception(sheet: Sheet, mark: Mark) -> bool:
    """Whether it is what remains of something denied: "sudah dilepas semua kecuali name tag"."""
    earlier = (m for m in sheet.of(Cue.FACT) if m.name == mark.name and m.last <= mark.first)
    return _value(mark) is True and any(_value(m) is False for m in earlier)


def _unproven(sheet: Sheet, mark: Mark) -> bool:
    """Whether it is a pretext, a condition, a guess, or was so another time: "kayaknya buat dinas", "minggu
    lalu di akun resmi, sekarang …"."""
    if _stands_before(sheet, Cue.PRETEXT, mark) or _stands_before(sheet, Cue.MUST, mark):
        return True
    clause = {norm for place, norm in enumerate(sheet.norms) if sheet.segment_of[place] == mark.segment}
    if not clause.isdisjoint(sheet.small.doubts):
        return True
    later = (m for cue in (Cue.ACT, Cue.MAY) for m in sheet.of(cue) if m.segment > mark.segment)
    return not clause.isdisjoint(sheet.small.former) and any(later)


def _within_act(sheet: Sheet, mark: Mark) -> bool:
    return any((m.first, m.last) == (mark.first, mark.last) for m in sheet.of(Cue.ACT))


def _stands_before(sheet: Sheet, cue: Cue, mark: Mark) -> bool:
    return any(m.segment == mark.segment and m.last <= mark.first for m in sheet.of(cue))


def _is_report(sheet: Sheet, mark: Mark) -> bool:
    """Whether it is another's situation and a later clause tells one's own: "teman saya pakai akun dinas,
    kalau saya pakai akun pribadi?"."""
    about_others = any(m.segment == mark.segment for m in sheet.of(Cue.OTHERS))
    own = any(m.segment > mark.segment for m in sheet.of(Cue.SELF))
    return about_others and own and not asks(sheet, mark.segment)


def _settled(sheet: Sheet, marks: list[Mark], caution: Caution) -> Mark | None:
    """The mark that counts when several speak of one fact, None if they contradict each other."""
    if len({_value(mark) for mark in marks}) == 1:
        return marks[0]
    after = [mark for mark in marks if mark.first >= max(sheet.last_correction(), sheet.last_turn())]
    if after and len(after) < len(marks):
        return _settled(sheet, after, caution)
    if _alternatives(sheet, marks):
        return None
    last = marks[-1]
    if last.name in caution.one_suffices:
        undone = caution.undoing.intersection(sheet.norms[last.first : last.last])
        if undone or _same_thing(sheet, marks):
            return last
        return next((mark for mark in marks if _value(mark) is True), None)
    if last.name in caution.claimed and _value(last) is True:
        return None  # "live di akun pribadi, akun dinas cuma buat posting"
    return last if _changes(sheet, marks) else None


def _alternatives(sheet: Sheet, marks: list[Mark]) -> bool:
    """Whether the two are offered side by side: "pakai seragam atau baju biasa"."""
    return any(marks[0].last <= m.first < marks[-1].first for m in sheet.of(Cue.OR))


def _changes(sheet: Sheet, marks: list[Mark]) -> bool:
    """Whether the last word on it stands apart from the first: in another clause or as another word of it."""
    return marks[0].segment != marks[-1].segment or _same_words(sheet, marks)


def _same_thing(sheet: Sheet, marks: list[Mark]) -> bool:
    """Whether all name exactly one thing: "baju dinas" and "baju koko" are two, which can be worn at once."""
    return len({tuple(sheet.norms[m.first : m.last]) for m in marks}) == 1


def _same_words(sheet: Sheet, marks: Iterable[Mark]) -> bool:
    """Whether one thing is said twice, then otherwise: "pakai seragam? engga pakai seragam"."""
    first, *others = (set(sheet.norms[m.first : m.last]) for m in marks)
    return any(first & other for other in others)
