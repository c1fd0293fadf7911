"""In words, where two versions of a circular's law differ: for those who decide whether to ask again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from bot.campaigns.change import joint
from bot.campaigns.law import Law, canonical, read, record
from bot.campaigns.wording import Wording
from bot.policy.corpus import Circular, Corpus, Rule
from bot.rendering import dates
from bot.rendering.texts import Texts


def differences(old: str, new: str, corpus: Corpus, texts: Texts) -> tuple[str, ...]:
    """One sentence a difference, in the order of the circular; at least one. `old`, `new`: as `law.record`
    writes them."""
    before, after = read(old), read(new)
    teller = _Teller(before, after, Wording(joint(corpus, (before, after)).vocabulary, texts))
    return tuple(teller.sentences()) or (texts("change.nothing"),)


def between(old: Corpus, new: Corpus, circular: str, texts: Texts) -> tuple[str, ...]:
    """The same for two corpora."""
    return differences(record(old, circular), record(new, circular), new, texts)


class _Teller:
    def __init__(self, before: Law, after: Law, words: Wording) -> None:
        self._before, self._after = before, after
        self._words, self._texts = words, words.texts

    def sentences(self) -> Iterator[str]:
        old, new = self._before.circular, self._after.circular
        yield from self._dates(old, new)
        if old.addressees != new.addressees:
            who = [self._words.addressees(c.addressees) for c in (new, old)]
            yield self._texts("change.addressees", new=who[0], old=who[1])
        yield from self._rules(old, new)
        if self._standing(self._before) != self._standing(self._after):
            yield self._texts("change.standing")
        if self._reach(old, new):
            yield self._texts("change.vocabulary")

    def _dates(self, old: Circular, new: Circular) -> Iterator[str]:
        texts = self._texts
        if old.since != new.since:
            since = [dates.date_of(c.since, texts) for c in (new, old)]
            yield texts("change.since", new=since[0], old=since[1])
        if old.until != new.until:
            yield texts("change.until", new=self._end(new.until), old=self._end(old.until))

    def _end(self, until: date | None) -> str:
        return self._texts("change.no_end") if until is None else dates.last_day(until, self._texts)

    def _rules(self, old: Circular, new: Circular) -> Iterator[str]:
        before = {rule.ref.rule: rule for rule in old.rules}
        after = {rule.ref.rule: rule for rule in new.rules}
        for name, rule in after.items():
            earlier = before.get(name)
            if earlier is None:
                yield self._texts("change.added", new=self._rule(rule))
            elif (now := self._rule(rule)) != (then := self._rule(earlier)):
                yield self._texts("change.changed", new=now, old=then)
        yield from (
            self._texts("change.removed", old=self._rule(r)) for n, r in before.items() if n not in after
        )
        both = after.keys() & before.keys()
        moved = sorted(name for name in both if _links(before[name]) != _links(after[name]))
        if moved:
            yield self._texts("change.exceptions", rules=", ".join(moved))

    def _rule(self, rule: Rule) -> str:
        condition = self._words.condition(rule.condition)
        activity = self._words.activity(rule.activity)
        suffix = f" {condition}" if condition else ""
        if rule.content:
            content = self._texts.word(rule.content).rstrip(".")
            return self._texts("summary.duty", activity=activity, condition=suffix, content=content)
        key = f"summary.{rule.modality.value}"
        return self._texts(key, activity=activity, condition=suffix, unless="")

    def _standing(self, law: Law) -> tuple[object, ...]:
        circular = law.circular
        return law.order, circular.enacted, circular.amends, circular.revokes

    def _reach(self, old: Circular, new: Circular) -> bool:
        """Whether the acts have moved in their tree although the rules speak of the same ones."""
        same = {r.activity for r in old.rules} == {r.activity for r in new.rules}
        return same and canonical(dict(self._before.acts)) != canonical(dict(self._after.acts))


def _links(rule: Rule) -> tuple[object, ...]:
    return rule.lifts, rule.special_to
