"""Conditions and addressees in words of the vocabulary, exact about "and" and "or"."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bot.model import FactValue, Literal
from bot.policy.condition import ALWAYS, All, Condition, Not, Some, Test, tests_in
from bot.policy.derived import KINDS
from bot.rendering import facts
from bot.rendering.texts import Texts
from bot.vocabulary import Fact, FactKind, Named, Vocabulary

_REGISTERED = ("status", "unit")


def parts_of(condition: Condition) -> tuple[Condition, ...]:
    """The conditions that must all hold; empty for one that always does."""
    if isinstance(condition, All):
        return tuple(p for part in condition.parts for p in parts_of(part))
    return (condition,)


class Wording:
    """Says conditions in one language."""

    def __init__(self, vocabulary: Vocabulary, texts: Texts) -> None:
        self.vocabulary = vocabulary
        self.texts = texts
        self._order = {name: n for n, name in enumerate(vocabulary.facts)}

    def activity(self, name: str) -> str:
        return self.texts.word(self.vocabulary.activities[name].name)

    def condition(self, condition: Condition) -> str:
        """ "dalam jam kerja dan (A atau B)"; "" for a condition that always holds."""
        match condition:
            case Test():
                return self._joined("verdict.or", tuple(self._values(condition)))
            case Not(part):
                return self._not(part)
            case All():
                parts = self._ordered(parts_of(condition))
                return self._joined("verdict.and", tuple(self._enclosed(part, parts) for part in parts))
            case Some((Test(low=low, high=None), Test(low=None, high=high) as evening)) if self._clock(
                evening
            ):
                return self._literal(Literal(evening.fact, None, low, high))  # a window over midnight
            case Some(some):
                parts = self._ordered(some)
                return self._joined("verdict.or", tuple(self._enclosed(part, parts) for part in parts))

    def _ordered(self, parts: tuple[Condition, ...]) -> tuple[Condition, ...]:
        """The time first, then as the vocabulary has the facts: the order in a file is layout."""

        def place(part: Condition) -> list[tuple[bool, int, list[str], str]]:
            return sorted(
                (
                    test.fact not in KINDS,
                    self._order[test.fact],
                    sorted(map(str, test.values or ())),
                    f"{test.low} {test.high}",
                )
                for test in tests_in(part)
            )

        return tuple(sorted(parts, key=place))

    def _enclosed(self, part: Condition, among: tuple[Condition, ...]) -> str:
        """In brackets where its "and" or "or" would be read together with those around it."""
        words = self.condition(part)
        joined = isinstance(part, Some) or (isinstance(part, All) and len(parts_of(part)) > 1)
        several = isinstance(part, Test) and part.values is not None and len(part.values) > 1
        return f"({words})" if len(among) > 1 and (joined or several) else words

    def _not(self, part: Condition) -> str:
        if isinstance(part, Test) and part.values is not None:
            fact = self.vocabulary.facts[part.fact]
            others = [option.value for option in fact.options if option.value not in part.values]
            if len(others) == 1:
                return self._literal(Literal(fact.id, others[0]))
            return self.texts(
                "wording.other_than", values=self._joined("verdict.or", tuple(self._values(part)))
            )
        return self.texts("wording.not", condition=self.condition(part))

    def _joined(self, key: str, words: tuple[str, ...]) -> str:
        return self.texts(key).join(filter(None, [", ".join(words[:-1]), *words[-1:]]))

    def _values(self, test: Test) -> Iterator[str]:
        if test.values is None:
            yield self._literal(Literal(test.fact, None, test.low, test.high, test.measure))
            return
        fact = self.vocabulary.facts[test.fact]
        for value in self._widest(fact, test.values):
            yield self._literal(Literal(fact.id, value))

    def _widest(self, fact: Fact, values: frozenset[FactValue]) -> Iterable[FactValue]:
        """The values in the vocabulary's order, without those that belong to another one of them."""
        tree: dict[str, Named] = {}
        if fact.id in _REGISTERED:
            tree = dict(self.vocabulary.units if fact.id == "unit" else self.vocabulary.statuses)
        for option in fact.options:
            named = tree.get(str(option.value))
            inside = named is not None and named.parent in values
            if option.value in values and not inside:
                yield option.value

    def _literal(self, literal: Literal) -> str:
        return facts.condition(literal, self.texts, self.vocabulary)

    def _clock(self, test: Test) -> bool:
        return self.vocabulary.facts[test.fact].kind is FactKind.CLOCK

    def addressees(self, condition: Condition) -> str:
        """ "PNS, PPPK, RSUD"; everybody where nothing is asked of a person."""
        parts = [part for part in parts_of(condition) if part != ALWAYS]
        words = [self.condition(part) for part in parts]
        return "; ".join(words) if words else self.texts("wording.everyone")
