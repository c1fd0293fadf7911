"""Which act is asked about, when several are named."""

from __future__ import annotations

from bot.understanding.marks import Cue, Mark, Sheet
from bot.understanding.segments import asks, told
from bot.vocabulary import Vocabulary

REACH = 3
"""Words between an act and what says that it is over, at most."""
_SAME_CLAUSE = frozenset({Cue.FACT, Cue.TIME})


def acts(sheet: Sheet, vocabulary: Vocabulary) -> tuple[str, ...]:
    """The acts asked about, empty if none is named. Of several, the one that the vocabulary lists first is
    the main one, so that "boleh upload sambil live?" is never answered for the upload alone."""
    chosen = _asked(sheet) or _hinted(sheet, vocabulary)
    names = {mark.name for mark in chosen}
    if len(names) > 1:
        names = {name for name in names if not _wider(name, names, vocabulary)}
    if len(names) < 2:
        return tuple(names)
    return tuple(name for name in vocabulary.activities if name in names)


def _asked(sheet: Sheet) -> list[Mark]:
    said = sheet.of(Cue.ACT)
    chosen = [mark for mark in said if not mark.negated]
    if not chosen:
        _move_negation(sheet, said)
        return said
    for droppable in (_is_anchor, _is_premise, _is_report, _is_subject, _is_over, _is_taken_back, _is_told):
        if len(chosen) > 1:
            chosen = [mark for mark in chosen if not droppable(sheet, mark)] or chosen
    return chosen


def _move_negation(sheet: Sheet, said: list[Mark]) -> None:
    """Passes the negation of the only act on to what comes with it: "saya ga live pakai akun dinas"."""
    for act in said:
        for mark in sheet.marks:
            if mark.cue in _SAME_CLAUSE and mark.segment == act.segment and mark.first > act.first:
                mark.negated = not mark.negated


def _is_anchor(sheet: Sheet, act: Mark) -> bool:
    """Whether the act only says when, as live in "habis live boleh upload?"."""
    return _right_behind(sheet, Cue.AFTER, act)


def _is_premise(sheet: Sheet, act: Mark) -> bool:
    """Whether its clause states a ban and a later one asks on: "live kan ga boleh, kalau upload?"."""
    stated = any(m.segment == act.segment for m in sheet.of(Cue.MAY_NOT)) and not sheet.asking[act.segment]
    later = (m for m in sheet.of(Cue.ACT) if m.segment > act.segment and not m.negated)
    return stated and any(m.name != act.name for m in later)


def _is_report(sheet: Sheet, act: Mark) -> bool:
    """Whether it is what another did, as live in "teman saya live, kalau saya upload boleh?" and in "boleh
    upload? soalnya teman ditegur gara-gara live"."""
    clauses = {act.segment}
    if any(m.segment == act.segment for m in sheet.of(Cue.BECAUSE)):
        clauses.add(act.segment - 1)
    about_others = any(m.segment in clauses for m in sheet.of(Cue.OTHERS))
    return about_others and not asks(sheet, act.segment)


def _is_subject(sheet: Sheet, act: Mark) -> bool:
    """Whether it is what a rule is about, as live in "apa melanggar larangan live?"."""
    return act.first > 0 and sheet.norms[act.first - 1] in sheet.small.subjects


def _is_over(sheet: Sheet, act: Mark) -> bool:
    """Whether it lies behind and another act is asked: "live tadi pagi mau diupload"."""
    others = [m for m in sheet.of(Cue.ACT) if m.name != act.name and not m.negated]
    if not any(m.first > act.last for m in others) or any(
        m.segment == act.segment and m.last <= act.first for m in sheet.of(Cue.MAY)
    ):
        return False
    end = min([act.last + REACH, *(m.first for m in others if m.first > act.last)])
    words = (p for p in range(act.last, end) if sheet.segment_of[p] == act.segment)
    return any(sheet.norms[place] in sheet.small.gone for place in words)


def _is_taken_back(sheet: Sheet, act: Mark) -> bool:
    """Whether it is denied later on and another act asked instead: "boleh live? eh bukan live, upload"."""
    denied = [m.first for m in sheet.of(Cue.ACT) if m.negated and m.name == act.name and m.first > act.first]
    return bool(denied) and any(
        not m.negated and m.name != act.name and m.first > denied[-1] for m in sheet.of(Cue.ACT)
    )


def _is_told(sheet: Sheet, act: Mark) -> bool:
    """Whether it is told in a statement, not as what one means to do, and the question names another act:
    "Kemarin disiarkan langsung. … Bolehkah rekamannya saya unggah?"."""
    before = range(max(0, act.first - 4), act.first)
    if not told(sheet, act.first) or any(sheet.norms[p] in sheet.small.wishes for p in before):
        return False
    return any(
        m.name != act.name and not m.negated and sheet.asking[m.segment] and m.first > act.first
        for m in sheet.of(Cue.ACT)
    )


def _right_behind(sheet: Sheet, cue: Cue, act: Mark) -> bool:
    return any(0 <= act.first - m.last <= 1 and m.segment == act.segment for m in sheet.of(cue))


def _wider(name: str, names: set[str], vocabulary: Vocabulary) -> bool:
    """Whether a narrower act among them says more."""
    return any(other != name and name in vocabulary.lineage(other) for other in names)


def _hinted(sheet: Sheet, vocabulary: Vocabulary) -> list[Mark]:
    """The act that a platform or "video" suggests, the narrowest first; none where it only names the
    means."""
    hints = [mark for mark in sheet.of(Cue.HINT) if not mark.negated]
    if not hints or (_only_means(sheet, hints) and not sheet.has(Cue.MAY, Cue.MAY_NOT)):
        return []
    return [max(hints, key=lambda mark: len(vocabulary.lineage(mark.name)))]


def _only_means(sheet: Sheet, hints: list[Mark]) -> bool:
    """Whether platforms are named only as the place, as in "kalau di facebook?"."""
    return all(mark.first and sheet.norms[mark.first - 1] in sheet.small.places for mark in hints)
