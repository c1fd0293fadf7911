"""What is asked for, and what the message does to its conversation."""

from __future__ import annotations

from collections.abc import Collection

from bot.model import Intent, Move
from bot.understanding.marks import CONTENT, Cue, Mark, Sheet

_ASKED = {
    Cue.WHY: Intent.WHY,
    Cue.SANCTION: Intent.SANCTION,
    Cue.RULE: Intent.WHICH_RULE,
    Cue.WHEN: Intent.WHEN_MAY_I,
}
ASIDE = frozenset({Intent.GREETING, Intent.ACKNOWLEDGE, Intent.OUT_OF_SCOPE, Intent.UNCLEAR})
"""Intents that ask nothing about a situation."""
_SITUATION = (Cue.FACT, Cue.TIME)
_ALONE = frozenset({Cue.ACT, Cue.HINT, Cue.GONE, Cue.GREETING, Cue.YES, Cue.OKAY, Cue.IGNORED, Cue.HOW_COME})
_SENTENCE_ENDS = frozenset(".?!;\n")
SHORT = 2
"""Words of a message that is no sentence of its own."""


def intent(sheet: Sheet, named: bool, neighbours: bool, telling: Collection[str]) -> Intent:
    """What the message asks for.

    `named`: some act is asked about; `neighbours`: no other than acts that circulars like ours are not about;
    `telling`: facts that only come up when our acts are spoken of.
    """
    aside = named and neighbours
    special = _special(sheet, named)
    if special is not None and not (aside and special is Intent.WHEN_MAY_I):
        return special
    if aside:
        return Intent.OUT_OF_SCOPE
    return Intent.MAY_I if named else _without_act(sheet, telling)


def _special(sheet: Sheet, named: bool) -> Intent | None:
    """why, sanction, which_rule or when_may_i, if it is what the message is about."""
    if not sheet.has(Cue.HOW_COME, Cue.RULE_WORD, *_ASKED):
        return None
    cues = [mark for mark in sheet.marks if mark.cue in _ASKED or _is_how_come(sheet, mark)]
    cues = [m for m in cues if not _answered_by_verdict(sheet, m) and not _only_mentioned(sheet, m)]
    main = next((m for m in cues if m.cue is not Cue.WHEN), None)
    if main is not None:
        return _ASKED.get(main.cue, Intent.WHY)
    if _asks_for_the_rule(sheet, named):
        return Intent.WHICH_RULE
    if cues and (named or sheet.has(Cue.MAY, Cue.MAY_NOT)) and not _off_topic(sheet, named):
        return Intent.WHEN_MAY_I
    return None


def _asks_for_the_rule(sheet: Sheet, named: bool) -> bool:
    """A rule and a question word, but no "boleh": "aturan live gimana sih", "kapan edaran ini terbit?"."""
    if sheet.has(Cue.MAY, Cue.MAY_NOT):
        return False
    words = (Cue.ASK_WORD, Cue.WHEN) if named else (Cue.WHEN,)
    asked = {mark.segment for cue in words for mark in sheet.of(cue)}
    return any(mark.segment in asked for mark in sheet.of(Cue.RULE_WORD))


def _is_how_come(sheet: Sheet, mark: Mark) -> bool:
    """Whether "kok" asks why ("kok ga boleh?") and is no mere particle ("tanpa seragam kok")."""
    if mark.cue is not Cue.HOW_COME:
        return False
    later = (m for cue in (Cue.MAY_NOT, Cue.MAY) for m in sheet.of(cue) if m.first >= mark.last)
    return any(m.segment == mark.segment for m in later)


def _only_mentioned(sheet: Sheet, mark: Mark) -> bool:
    """Whether another clause asks for a verdict on an act, and this one only tells of a rule, a sanction or
    an hour: "takut kena sanksi", "pamekasan sudah ada SE-nya"."""
    if not sheet.has(Cue.ACT):
        return False
    asked = {m.segment for cue in (Cue.MAY, Cue.MAY_NOT) for m in sheet.of(cue)} - {mark.segment}
    if mark.cue in (Cue.SANCTION, Cue.RULE) and _dreaded(sheet, mark):
        return bool(asked) or sheet.has(Cue.MAY)
    if not any(m.segment in asked for m in sheet.of(Cue.MAY)):
        return False
    if mark.cue is Cue.WHEN:
        return not _concerns_act(sheet, mark)
    if mark.cue is Cue.RULE and _asks_about_act(sheet, asked):
        return True  # "aturannya gimana sih, boleh live ga?"
    return mark.cue in (Cue.SANCTION, Cue.RULE, Cue.WHY) and not _is_asked(sheet, mark)


def _asks_about_act(sheet: Sheet, segments: Collection[int]) -> bool:
    """Whether one of these clauses asks "boleh" and names the act, and does not wonder at it with "kok"."""
    wondering = {m.segment for m in sheet.of(Cue.HOW_COME)}
    acts = {m.segment for m in sheet.of(Cue.ACT)} - wondering
    return any(m.segment in acts and m.segment in segments for m in sheet.of(Cue.MAY))


def _dreaded(sheet: Sheet, mark: Mark) -> bool:
    before = range(max(0, mark.first - 4), mark.first)
    return any(sheet.norms[p] in sheet.small.dreaded and sheet.segment_of[p] == mark.segment for p in before)


def _concerns_act(sheet: Sheet, mark: Mark) -> bool:
    """Whether an act, or "boleh", is said in the same sentence, whatever clauses it has."""
    stops = [place for place, norm in enumerate(sheet.norms) if norm in _SENTENCE_ENDS]
    start = max((place for place in stops if place < mark.first), default=-1)
    end = min((place for place in stops if place >= mark.last), default=len(sheet.norms))
    said = (m for cue in (Cue.ACT, Cue.MAY, Cue.MAY_NOT) for m in sheet.of(cue))
    return any(start < m.first < end for m in said)


def _is_asked(sheet: Sheet, mark: Mark) -> bool:
    """Whether its own clause puts the question: by a question word, a tag or its question mark."""
    if sheet.asking[mark.segment] or mark.last in sheet.tags:
        return True
    if any(sheet.norms[place] in sheet.small.asking for place in range(mark.first, mark.last)):
        return True
    return any(m.segment == mark.segment for m in sheet.of(Cue.ASK_WORD))


def _answered_by_verdict(sheet: Sheet, mark: Mark) -> bool:
    """Whether "boleh" was asked in an earlier clause: "boleh live ga? kalau ga kenapa?" wants a verdict."""
    return sheet.has(Cue.ACT) and any(m.segment < mark.segment for m in sheet.of(Cue.MAY))


def _without_act(sheet: Sheet, telling: Collection[str]) -> Intent:
    if sheet.has(Cue.TOPIC):
        return Intent.OUT_OF_SCOPE
    if sheet.has(Cue.ACKNOWLEDGE) and not sheet.has(Cue.MAY, Cue.MAY_NOT):
        return Intent.ACKNOWLEDGE
    if sheet.has(Cue.REFERENCE, Cue.ORDER):
        return Intent.UNCLEAR
    strange = content_words(sheet)
    if sheet.has(Cue.RULE_WORD) and strange <= 1 and not sheet.has(*_SITUATION):
        return Intent.WHICH_RULE
    if strange and not _about_our_facts(sheet, telling):
        return _about_something_else(sheet, strange)
    if sheet.has(Cue.MAY, Cue.MAY_NOT, *_SITUATION, Cue.HINT, Cue.STATUS):
        return Intent.MAY_I
    if sheet.has(Cue.GREETING, Cue.THANKS):
        return Intent.GREETING
    return Intent.ACKNOWLEDGE if sheet.has(Cue.OKAY) else Intent.UNCLEAR


def _about_our_facts(sheet: Sheet, telling: Collection[str]) -> bool:
    """Whether it goes on about an act of ours in words we do not know: "kalau seragamnya diblur?"."""
    supposed = sheet.has(Cue.IF)
    return any(supposed or mark.name in telling for mark in sheet.of(Cue.FACT))


def _about_something_else(sheet: Sheet, strange: int) -> Intent:
    """A question about what we do not know, or noise."""
    spoken = any(sheet.covered) or any(word in sheet.small.function for word in sheet.norms)
    if sheet.has(Cue.MAY, Cue.MAY_NOT, Cue.WHEN, Cue.ASK_WORD, Cue.RULE_WORD) or (spoken and strange > 1):
        return Intent.OUT_OF_SCOPE
    return Intent.OUT_OF_SCOPE if sheet.has(*_SITUATION) else Intent.UNCLEAR


def _off_topic(sheet: Sheet, named: bool) -> bool:
    return not named and (sheet.has(Cue.TOPIC) or content_words(sheet) > 0)


def content_words(sheet: Sheet) -> int:
    """How many words nobody here knows: neither ours, nor small words, nor names after a preposition."""
    count = 0
    for place, norm in enumerate(sheet.norms):
        if sheet.covered[place] or not norm.isalpha() or len(norm) < 2 or norm in sheet.small.function:
            continue
        if place and sheet.norms[place - 1] in sheet.small.places:
            continue
        count += 1
    return count


# --- the move ---


def move(sheet: Sheet, found: Intent, acts: tuple[str, ...]) -> Move:
    """How the message stands to what was said before, unless it answers the bot."""
    if found in ASIDE:
        return Move.ASK
    if _corrects(sheet):
        return Move.CORRECT
    if not acts or _goes_on(sheet) or _is_fragment(sheet):
        return Move.FOLLOW_UP
    return Move.ASK


def _corrects(sheet: Sheet) -> bool:
    """Whether it replaces what was said: "bukan, maksud saya upload", "eh salah, besok", "bukan live tapi
    upload"."""
    if sheet.has(Cue.MAY):
        return False
    content = [m for m in sheet.marks if m.cue in CONTENT]
    if not content:
        return False
    if sheet.has(Cue.CORRECTION):
        return sheet.of(Cue.CORRECTION)[0].first < content[-1].first
    first = next(m for m in sheet.marks if m.cue is not Cue.GREETING)
    replaced = any(m.negated and m.cue in (Cue.ACT, Cue.TIME) for m in content[:1])
    again = any(not m.negated and m.cue is content[0].cue for m in content[1:])
    return first.cue is Cue.NO or (replaced and again)


def _goes_on(sheet: Sheet) -> bool:
    """Whether it goes on from what was asked: "trus …", or "kalau …" without a question of its own."""
    first = next((m for m in sheet.marks if m.cue not in (Cue.GREETING, Cue.GONE)), None)
    if first is None or first.first > 1:
        return False
    return first.cue is Cue.THEN or (first.cue is Cue.IF and not sheet.has(Cue.MAY, Cue.MAY_NOT, *_ASKED))


def _is_fragment(sheet: Sheet) -> bool:
    """Whether it only names an act, as "upload aja?": time and circumstances stay."""
    if any(m.cue not in _ALONE for m in sheet.marks):
        return False
    return sum(norm.isalpha() and norm not in sheet.small.particles for norm in sheet.norms) <= SHORT
