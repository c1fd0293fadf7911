"""Facts and conditions on them in words: "tanpa seragam", "nilai hadiah lebih dari Rp500.000", "pukul
22.00–05.00"."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from babel.numbers import format_decimal

from bot.model import FactValue, Literal
from bot.rendering import dates
from bot.rendering.texts import Texts
from bot.vocabulary import Fact, FactKind, Vocabulary

IN_ONE_LINE = 3
"""More conditions than this are listed, one a line."""

MOST_CLASSES = 4
"""More units or statuses than this are not named."""
OF_THE_PERSON = "pegawai"

_DAY_MINUTES = 24 * 60
_DEADLINES = {"hari_kerja": "condition.working_days", "hari_kalender": "condition.calendar_days"}
_ABOVE, _BELOW = 0, 1  # on which side of its cut an included bound lies


def conditions(literals: tuple[Literal, ...], texts: Texts, vocabulary: Vocabulary) -> str:
    """ "untuk kepentingan dinas dan lewat akun resmi instansi"; many become a list; "" for none."""
    return _joined(literals, texts, vocabulary) if literals else ""


@lru_cache(maxsize=1024)
def _joined(literals: tuple[Literal, ...], texts: Texts, vocabulary: Vocabulary) -> str:
    words = [_of_person(literal, texts, vocabulary) for literal in literals]
    if len(words) > IN_ONE_LINE:
        return texts("verdict.all_of") + "".join(f"\n• {word}" for word in words)
    return texts("verdict.and").join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def _of_person(literal: Literal, texts: Texts, vocabulary: Vocabulary) -> str:
    """One condition as it stands after "asalkan" or "kecuali": what the person is needs a word before it."""
    key = f"condition.{literal.fact}"
    if vocabulary.facts[literal.fact].source != OF_THE_PERSON or key not in texts:
        return condition(literal, texts, vocabulary)
    if len(_widest(literal, vocabulary)) > MOST_CLASSES:
        return texts(f"{key}_some")
    return texts(key, who=condition(literal, texts, vocabulary))


def condition(literal: Literal, texts: Texts, vocabulary: Vocabulary) -> str:
    """One condition in words."""
    fact = vocabulary.facts[literal.fact]
    if literal.value is not None:
        words = [said(fact, value, texts) for value in _widest(literal, vocabulary)]
        return texts("verdict.or").join(filter(None, [", ".join(words[:-1]), words[-1]]))
    if fact.kind is FactKind.CLOCK:
        return _clock(literal, texts)
    span = _range(fact, literal, texts)
    if literal.measure in _DEADLINES:
        days = texts(_DEADLINES[literal.measure], range=span)
        return texts("condition.deadline", days=days, date=name(fact, texts))
    return texts("condition.range", name=name(fact, texts), range=span)


def affirmed(literal: Literal, texts: Texts, vocabulary: Vocabulary) -> str | None:
    """The opposite of a condition that says "not …", in words; None for any other condition."""
    opposite = vocabulary.facts[literal.fact].option(True)
    if literal.value is not False or opposite is None:
        return None
    first = condition(literal, texts, vocabulary).partition(" ")[0]
    return texts.word(opposite.condition) if first in texts("condition.denials").split() else None


def _widest(literal: Literal, vocabulary: Vocabulary) -> list[FactValue]:
    """The values of a condition; of classes that lie within each other the widest."""
    tree = {"unit": vocabulary.units, "status": vocabulary.statuses}.get(literal.fact, {})
    parents = {value: tree[str(value)].parent for value in literal.values if str(value) in tree}
    return [value for value in literal.values if parents.get(value) not in literal.values]


def name(fact: Fact, texts: Texts) -> str:
    """What the fact is called; for want of a name its question, or its id without the underscores."""
    if fact.name is not None:
        return texts.word(fact.name)
    if fact.question is not None:
        return texts.word(fact.question).rstrip("?") + ":"
    return fact.id.replace("_", " ")


def said(fact: Fact, value: FactValue, texts: Texts) -> str:
    """A fact with its value: "lewat akun resmi instansi", "nilai hadiah Rp7.000.000"."""
    option = fact.option(value)
    if option is not None:
        return texts.word(option.condition)
    return texts("condition.range", name=name(fact, texts), range=value_of(fact, value, texts))


def value_of(fact: Fact, value: object, texts: Texts) -> str:
    """A number with its unit as people write it, a date with its weekday."""
    if isinstance(value, date):
        return dates.date_of(value, texts)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        number = format_decimal(value, locale=texts.language)
        if fact.unit is None:
            return number
        key = f"number.{fact.unit}"
        return texts(key if key in texts else "number.other", number=number, unit=fact.unit)
    return str(value)


def _clock(literal: Literal, texts: Texts) -> str:
    """Bounds count minutes, the end is exclusive."""
    start, end = (int(str(bound[0])) if bound else None for bound in (literal.low, literal.high))
    latest = end is not None and dates.at_latest(end)
    first, last = (
        texts("time.clock", hour=f"{minute // 60:02}", minute=f"{minute % 60:02}")
        for minute in (start or 0, (_DAY_MINUTES if end is None else end) - latest)
    )
    if not start:
        return texts("condition.clock_until" if latest else "condition.clock_before", end=last)
    return texts("condition.clock", start=first, end=last)


def _range(fact: Fact, literal: Literal, texts: Texts) -> str:
    """ "lebih dari Rp500.000 paling banyak Rp1.000.000"; without the name of what is compared."""
    low, high = literal.low, literal.high
    counted = literal.measure in _DEADLINES
    if fact.kind is FactKind.DATE and not counted:
        return _dates(literal, texts)
    if low and high and (low[0], low[1], high[1]) == (high[0], _ABOVE, _BELOW):
        return texts("condition.exactly", value=value_of(fact, low[0], texts))
    bounds = (
        (low, _ABOVE, "condition.at_least", "condition.more_than"),
        (high, _BELOW, "condition.at_most", "condition.less_than"),
    )
    parts = [
        texts(
            included if bound[1] == side else excluded,
            value=str(bound[0]) if counted else value_of(fact, bound[0], texts),
        )
        for bound, side, included, excluded in bounds
        if bound is not None
    ]
    return texts("verdict.and").join(parts)


def _dates(literal: Literal, texts: Texts) -> str:
    """Dates are only ever cut before a day: from one on, up to the day before the other."""
    first, after = (bound[0] if bound else None for bound in (literal.low, literal.high))
    start = dates.date_of(first, texts) if isinstance(first, date) else ""
    end = dates.last_day(after, texts) if isinstance(after, date) else ""
    if start == end:
        return start
    words = (("condition.from_date", start), ("condition.until_date", end))
    return " ".join(texts(key, value=value) for key, value in words if value)
