"""A circular in at most five lines, made from its own rules: what is forbidden, asked for and excepted, when,
for whom, and what follows.

An exception stands in the line of the ban that it lifts, without the conditions that the ban has named
already. What finds no room is counted, never silently left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.campaigns.wording import Wording, parts_of
from bot.model import RuleRef
from bot.policy.condition import ALWAYS, All, Condition, Some
from bot.policy.corpus import Circular, Corpus, Modality, Rule
from bot.policy.law import RegencyLaw
from bot.rendering import dates
from bot.rendering.texts import Texts

MOST_LINES = 5


def units(text: str) -> int:
    """How long a channel counts `text`: in UTF-16 units, as the strictest does."""
    return len(text.encode("utf-16-le")) // 2


@dataclass(frozen=True, slots=True)
class _Line:
    """One line, with the rules that it tells."""

    text: str
    rules: frozenset[RuleRef]


@dataclass(frozen=True, slots=True)
class _Group:
    """Rules that ask the same of the same act and have the same exceptions."""

    modality: Modality
    activity: str
    condition: Condition
    exceptions: tuple[Rule, ...]
    rules: frozenset[RuleRef]


def summary(corpus: Corpus, circular: Circular, regency: str, texts: Texts, room: int) -> tuple[str, ...]:
    """The lines of one language, together no longer than `room` (line breaks included) as far as the dates
    and the sanction allow; those are always told."""
    teller = _Teller(corpus, circular, regency, texts)
    last = teller.closing()
    lines = teller.rules()
    free = MOST_LINES - len(last)
    for kept in range(min(len(lines), free), -1, -1):
        left = teller.left(lines[:kept])
        if left and kept == free:
            continue  # the line that counts what is left needs a place too
        found = [*(line.text for line in lines[:kept]), *left, *last]
        if units("\n".join(found)) <= room or not kept:
            return tuple(found)
    raise AssertionError("nothing kept fits always")


class _Teller:
    def __init__(self, corpus: Corpus, circular: Circular, regency: str, texts: Texts) -> None:
        self._circular = circular
        self._law = RegencyLaw(corpus, regency)
        self._texts = texts
        self._words = Wording(corpus.vocabulary, texts)

    # --- rules ---

    def rules(self) -> list[_Line]:
        """Bans first, then what is asked for, then what is allowed besides."""
        groups = list(self._groups())
        bans = [g for g in groups if g.modality is Modality.PROHIBITION]
        asked = [g for g in groups if g.modality is Modality.OBLIGATION]
        allowed = [g for g in groups if g.modality is Modality.PERMISSION]
        duties = [self._duty(rule) for rule in self._circular.rules if rule.rides_along]
        return [*map(self._line, bans), *map(self._line, asked), *duties, *map(self._line, allowed)]

    def _groups(self) -> Iterable[_Group]:
        found: dict[tuple[Modality, str, tuple[RuleRef, ...]], list[Rule]] = {}
        for rule in self._circular.rules:
            if not rule.rides_along and not self._is_told_elsewhere(rule):
                refs = tuple(exception.ref for exception in self._exceptions(rule))
                found.setdefault((rule.modality, rule.activity, refs), []).append(rule)
        for (modality, activity, refs), rules in found.items():
            exceptions = tuple(rule for rule in self._circular.rules if rule.ref in refs)
            told = {
                rule.ref
                for rule in (*rules, *exceptions, *(x for e in exceptions for x in self._exceptions(e)))
            }
            yield _Group(modality, activity, _any_of(rules), exceptions, frozenset(told))

    def _is_told_elsewhere(self, rule: Rule) -> bool:
        """Whether it is an exception only to rules of this circular, and so told with them."""
        own = {other.ref for other in self._circular.rules if not other.rides_along}
        return rule.modality is Modality.PERMISSION and bool(rule.lifts) and own.issuperset(rule.lifts)

    def _exceptions(self, rule: Rule) -> tuple[Rule, ...]:
        return tuple(e for e in self._circular.rules if self._law.precedence.may_lift(e, rule))

    def _line(self, group: _Group) -> _Line:
        text = self._texts(
            f"summary.{group.modality.value}",
            activity=self._words.activity(group.activity),
            condition=self._suffix(group.condition, always=group.modality is Modality.PROHIBITION),
            unless=self._unless(group),
        )
        return _Line(text, group.rules)

    def _suffix(self, condition: Condition, *, always: bool) -> str:
        """The condition after the act; `always`: that there is none is said. Several rules in one line are
        told one after another where "and" and "or" would get mixed."""
        words = self._words.condition(condition)
        if isinstance(condition, Some) and any(isinstance(part, (All, Some)) for part in condition.parts):
            words = self._texts("summary.or_if").join(map(self._words.condition, condition.parts))
        if words:
            return f" {words}"
        return self._texts("summary.always") if always else ""

    def _unless(self, group: _Group) -> str:
        words = [self._exception(rule, group) for rule in group.exceptions]
        if not words:
            return ""
        return self._texts("summary.unless", exceptions=self._texts("summary.or_if").join(words))

    def _exception(self, rule: Rule, group: _Group) -> str:
        """Its condition, less what the rules that it lifts say already; its act where that is narrower."""
        words = self._words.condition(self._beyond(rule.condition, group.condition))
        if rule.activity != group.activity or not words:
            words = " ".join(filter(None, (self._words.activity(rule.activity), words)))
        but = [
            self._words.condition(self._beyond(r.condition, rule.condition)) for r in self._exceptions(rule)
        ]
        return words + "".join(self._texts("summary.but_not", condition=b) for b in filter(None, but))

    def _beyond(self, condition: Condition, known: Condition) -> Condition:
        """The parts of `condition` without which it would be another one where `known` holds."""
        kept = list(parts_of(condition))
        whole = self._law.holds(All((known, *kept)))
        for part in tuple(kept):
            fewer = [other for other in kept if other is not part]
            if self._law.holds(All((known, *fewer))) == whole:
                kept = fewer
        return All(tuple(kept))

    def _duty(self, rule: Rule) -> _Line:
        text = self._texts(
            "summary.duty",
            activity=self._words.activity(rule.activity),
            condition=self._suffix(rule.condition, always=False),
            content=self._texts.word(rule.content or {"id": ""}).rstrip("."),
        )
        return _Line(text, frozenset({rule.ref}))

    def left(self, told: Iterable[_Line]) -> list[str]:
        """A line that counts the rules that no line tells; none where all are told."""
        if not self._circular.complete:
            return [self._texts("summary.partial")]
        every = {rule.ref for rule in self._circular.rules}
        count = len(every.difference(*(line.rules for line in told)))
        return [self._texts("summary.more", count=count)] if count else []

    # --- for whom, from when, what follows ---

    def closing(self) -> list[str]:
        return [self._force(), *self._consequence()]

    def _force(self) -> str:
        circular, texts = self._circular, self._texts
        since, who = dates.date_of(circular.since, texts), self._words.addressees(circular.addressees)
        if circular.until is None:
            return texts("summary.force", since=since, who=who)
        return texts("summary.force_until", since=since, until=dates.last_day(circular.until, texts), who=who)

    def _consequence(self) -> list[str]:
        contents = dict.fromkeys(
            self._texts.word(sanction.content).rstrip(".") for sanction in self._circular.sanctions
        )
        return [self._texts("summary.sanction", sanctions="; ".join(contents))] if contents else []


def _any_of(rules: Iterable[Rule]) -> Condition:
    conditions = tuple(dict.fromkeys(rule.condition for rule in rules))
    if len(conditions) == 1:
        return conditions[0]
    return ALWAYS if any(not parts_of(condition) for condition in conditions) else Some(conditions)
