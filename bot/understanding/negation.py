"""What each "tidak", "bukan", "tanpa" does: ends a question, forbids, or turns over what follows.

After this pass no negation is left among the marks: a question tag is gone, "tidak boleh" has become one
prohibition, a negated act, fact or time is `negated`, and a lone "engga" is a NO.
"""

from __future__ import annotations

from bot.understanding.marks import CONTENT, NEGATIONS, Cue, Mark, Sheet

_QUESTIONS = frozenset(
    {Cue.MAY, Cue.MAY_NOT, Cue.SANCTION, Cue.RULE, Cue.RULE_WORD, Cue.WHEN, Cue.ACKNOWLEDGE}
)
"""Marks after which "ga" asks: "boleh ga", "kena sanksi ga", "ada aturannya ga"."""
_ASKED = frozenset({Cue.MAY, Cue.MAY_NOT, Cue.MUST})
"""Marks that "ga" makes a question of, from some way behind: "dilarang live ga pas jam kerja"."""
_PASSED = frozenset(
    {Cue.SELF, Cue.OTHERS, Cue.WHILE, Cue.MUST, Cue.ASK_WORD, Cue.HOW_COME, Cue.REFERENCE}
    | {Cue.YES, Cue.OKAY, Cue.GREETING, Cue.THANKS}
)
"""Marks that a negation reaches across: "bukan pas istirahat"."""
_SKIPPED_BACK = frozenset({Cue.GONE, Cue.GREETING, Cue.IGNORED, Cue.SELF, Cue.ASK_WORD})
_TURNS = frozenset({Cue.BUT, Cue.SLIP, Cue.CORRECTION})
_JOINING = frozenset({",", "-", "/"})


def resolve(sheet: Sheet) -> None:
    """Settles every negation of the message, from left to right."""
    for mark in sheet.marks:
        if mark.cue is Cue.MAY_ACT:
            mark.cue = Cue.MAY if _before_act(sheet, mark) else Cue.GONE
        elif mark.cue is Cue.CORRECTION and sheet.norms[mark.last - 1] in sheet.small.denials:
            _deny_act(sheet, mark)
    for mark in sheet.marks:
        if mark.cue in NEGATIONS:
            _settle(sheet, mark)


def _deny_act(sheet: Sheet, correction: Mark) -> None:
    """ "eh bukan live, maksudku upload": the act right behind is denied if another one follows."""
    acts = [m for m in sheet.marks if m.cue is Cue.ACT and m.first >= correction.last]
    if len(acts) > 1 and acts[0].first == correction.last and acts[0].name != acts[-1].name:
        acts[0].negated = True


def _before_act(sheet: Sheet, may: Mark) -> bool:
    """Whether the act follows, with at most "saya" between: "bebas live", "dapatkah kami menyiarkan"."""
    places = range(may.last, may.last + 2)
    return any(m.cue is Cue.ACT and m.first in places and m.segment == may.segment for m in sheet.marks)


def _settle(sheet: Sheet, mark: Mark) -> None:
    before, after = _before(sheet, mark), _after(sheet, mark)
    ends = mark.cue is not Cue.WITHOUT and _ends(sheet, mark.last, mark.segment)
    if ends or (before is not None and before.cue is Cue.OR and _before(sheet, before) is not None):
        _close(sheet, mark, before)
    elif mark.cue is Cue.NOT and before is not None and _is_tag(sheet, mark, before, after):
        mark.cue = Cue.GONE
        sheet.tags.add(mark.first)
    elif before is not None and _denies(sheet, mark, before, after):
        mark.cue = Cue.GONE
        _turn_over(sheet, before)
    elif after is not None:
        _govern(sheet, mark, after)
    else:
        mark.cue = Cue.GONE


def _close(sheet: Sheet, mark: Mark, before: Mark | None) -> None:
    """Settles one that ends its clause: a tag ("boleh ga?"), which in "pakai seragam atau tidak" leaves the
    fact open; in "dikira berseragam, padahal tidak" a denial of what was said before; or a NO when it stands
    alone."""
    alone = before is None or before.cue in _TURNS
    if alone and (claimed := _claimed(sheet, mark)) is not None:
        mark.cue = Cue.GONE
        _turn_over(sheet, claimed)
        return
    mark.cue = Cue.GONE if before is not None else Cue.NO
    if before is not None and before.cue is Cue.OR:
        before = _before(sheet, before)
        if before is not None and before.cue is Cue.FACT:
            before.open = True


def _claimed(sheet: Sheet, mark: Mark) -> Mark | None:
    """The last fact of the clause before, if this one says what is really so, or takes it back."""
    own = (norm for place, norm in enumerate(sheet.norms) if sheet.segment_of[place] == mark.segment)
    taken_back = mark.cue is Cue.NOT_YET and sheet.small.cancelling & set(sheet.norms[mark.first : mark.last])
    if sheet.small.contrary.isdisjoint(own) and not taken_back:
        return None
    said = [m for m in sheet.marks if m.cue is Cue.FACT and m.segment == mark.segment - 1]
    return said[-1] if said else None


def _is_tag(sheet: Sheet, mark: Mark, before: Mark, after: Mark | None) -> bool:
    """Whether "ga" belongs to a question word before it. "boleh live ga pakai seragam" can be read both ways:
    the fact after it then stays open."""
    if before.cue in _QUESTIONS and _touching(sheet, before, mark):
        real = before.cue is Cue.MAY and _asked_already(sheet, before)
        return not (real and after is not None and after.cue in CONTENT)
    asked = _open_question(sheet, mark)
    if asked is None or (after is not None and after.cue in NEGATIONS | {Cue.MAY, Cue.MAY_NOT}):
        return False
    if after is not None and after.cue is Cue.FACT and sheet.norms[after.first] not in sheet.small.settings:
        after.open = True
    return True


def _denies(sheet: Sheet, mark: Mark, before: Mark, after: Mark | None) -> bool:
    """Whether the negation stands behind the fact it denies: "akun dinasnya ga dipakai"; not "di rumah ga
    pakai seragam", where the verb has an object of its own."""
    if before.cue is not Cue.FACT or before.negated or not _touching(sheet, before, mark):
        return False
    if after is not None and after.cue is Cue.FACT and after.first <= mark.last + 2:
        return False
    place = mark.last
    while place < len(sheet.norms) and any(m.cue is Cue.SELF and m.first == place for m in sheet.marks):
        place += 1
    return place < len(sheet.norms) and sheet.norms[place] in sheet.small.predicates


def _open_question(sheet: Sheet, mark: Mark) -> Mark | None:
    """A "boleh", "dilarang" or "harus" earlier in the clause that still lacks its question tag."""
    for other in sheet.marks:
        if other is mark:
            return None
        if other.cue in _ASKED and other.segment == mark.segment and not _asked_already(sheet, other):
            return None if _tagged(sheet, other) else other
    return None


def _tagged(sheet: Sheet, may: Mark) -> bool:
    """Whether a negation right behind was already taken as its tag."""
    return any(m.cue is Cue.GONE and m.first == may.last for m in sheet.marks)


def _asked_already(sheet: Sheet, may: Mark) -> bool:
    """Whether "boleh" is a question without "ga": bolehkah, apakah boleh, boleh kan."""
    if sheet.tokens[may.last - 1].text.lower().endswith(sheet.small.question_endings):
        return True
    if may.last < len(sheet.norms) and sheet.norms[may.last] in sheet.small.tags:
        return True
    return any(
        m.cue is Cue.ASK_WORD and m.segment == may.segment and m.first < may.first for m in sheet.marks
    )


def _govern(sheet: Sheet, mark: Mark, after: Mark) -> None:
    kind, mark.cue = mark.cue, Cue.GONE
    if after.cue in NEGATIONS:
        if not (kind in (Cue.NOT, Cue.NOT_YET) and after.cue in (Cue.NOT, Cue.NOT_YET, Cue.NOT_BUT)):
            after.cue = Cue.GONE  # "bukan tanpa seragam": the two cancel out; "nggak, bukan" is one
    elif after.cue is Cue.MAY:
        after.cue = Cue.MAY if kind is Cue.NOT_BUT else Cue.MAY_NOT
    elif after.cue in CONTENT or after.cue is Cue.STATUS:
        _turn_over(sheet, after)
    elif after.cue in (Cue.ACKNOWLEDGE, Cue.SANCTION, Cue.UNSURE):
        after.cue = Cue.GONE


def _turn_over(sheet: Sheet, target: Mark) -> None:
    """Negates a mark and what is listed with it: "tanpa seragam dan atribut". Of an act and a fact in one
    ("bukan live pribadi") it denies the fact."""
    target = _fact_within(sheet, target)
    end = target.last
    first = target.first
    for mark in sheet.marks:
        if mark.first < first or mark.cue in (Cue.AND, Cue.OR):
            continue
        same = mark.cue is target.cue and mark.value == target.value
        if (
            mark is not target
            and mark.first != first
            and not (same and _listed(sheet, end, mark.first, target.cue is not Cue.ACT))
        ):
            break
        if same:
            mark.negated = not mark.negated
            end = mark.last


def _fact_within(sheet: Sheet, target: Mark) -> Mark:
    if target.cue is not Cue.ACT:
        return target
    within = (
        m for m in sheet.marks if m.cue is Cue.FACT and (m.first, m.last) == (target.first, target.last)
    )
    return next(within, target)


def _listed(sheet: Sheet, end: int, start: int, commas: bool) -> bool:
    """Whether only "dan" or a comma stands between; between acts a comma turns: "ga jadi live, story aja"."""
    joints = {m.first for m in sheet.marks if m.cue in (Cue.AND, Cue.OR)}
    between = range(end, start)
    return end < start and all(p in joints or (commas and sheet.norms[p] in _JOINING) for p in between)


# --- neighbours ---


def _before(sheet: Sheet, mark: Mark) -> Mark | None:
    """The nearest mark before, in the same clause, that still means something."""
    for other in reversed(sheet.marks[: sheet.marks.index(mark)]):
        if other.segment != mark.segment:
            return None
        if other.cue not in _SKIPPED_BACK and other.last <= mark.first:
            return other
    return None


def _after(sheet: Sheet, mark: Mark) -> Mark | None:
    """The mark that a negation governs: the next in its clause, with only small words between. Before a
    fact one unknown word is taken for a verb like "pakai"."""
    for other in sheet.marks[sheet.marks.index(mark) + 1 :]:
        if other.segment != mark.segment or _strange(sheet, mark.last, other.first) > (other.cue is Cue.FACT):
            return None
        if other.cue not in _PASSED:
            return None if other.cue in (Cue.GONE, Cue.IGNORED) else other
    return None


def _strange(sheet: Sheet, first: int, last: int) -> int:
    """How many words between two places nobody here knows."""
    return sum(
        not sheet.covered[p] and sheet.norms[p] not in sheet.small.function for p in range(first, last)
    )


def _touching(sheet: Sheet, before: Mark, mark: Mark) -> bool:
    return all(word in sheet.small.particles for word in sheet.norms[before.last : mark.first])


def _ends(sheet: Sheet, place: int, segment: int) -> bool:
    """Whether nothing but particles and forms of address follows in the clause."""
    greeted = {p for m in sheet.marks if m.cue in (Cue.GREETING, Cue.THANKS) for p in range(m.first, m.last)}
    for position in range(place, len(sheet.norms)):
        if sheet.segment_of[position] != segment:
            return True
        word = sheet.norms[position]
        if word.isalnum() and word not in sheet.small.particles and position not in greeted:
            return False
    return True
