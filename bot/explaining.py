"""One circular in sentences, so that somebody who cannot read YAML can compare it with its source.

First who issued it, when, for whom, and what it does to other circulars; then every rule with its clause,
condition, exceptions and words; then sanctions, notes and what the source leaves open.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bot.model import FactValue, Literal, RuleRef
from bot.policy.condition import ALWAYS, All, Condition, Not, Some, Test
from bot.policy.corpus import Circular, Corpus, Modality, Note, OpenQuestion, Rule, Sanction, full_name
from bot.rendering import dates
from bot.rendering.facts import condition as literal_words
from bot.rendering.texts import Texts
from bot.vocabulary import Fact, FactKind, Vocabulary


def page(corpus: Corpus, circular: Circular, texts: Texts) -> str:
    """Everything that is registered of the circular, in the language of `texts`."""
    told = _Told(corpus, circular, texts)
    blocks = [
        "\n".join(told.head()),
        *("\n".join(told.rule(rule)) for rule in circular.rules),
        *(told.sanction(entry) for entry in circular.sanctions),
        *(told.note(entry) for entry in circular.notes),
        *(told.open_question(entry) for entry in circular.open_questions),
    ]
    return "\n\n".join(blocks)


def name_within(ref: RuleRef, circular: str) -> str:
    """A rule as one circular speaks of it: by its id alone if it is its own."""
    return ref.rule if ref.circular == circular else f"{ref.circular}#{ref.rule}"


class _Told:
    def __init__(self, corpus: Corpus, circular: Circular, texts: Texts) -> None:
        self._corpus = corpus
        self._circular = circular
        self._texts = texts
        self._words = ConditionWords(corpus.vocabulary, texts)

    # --- the circular ---

    def head(self) -> Iterator[str]:
        texts, circular = self._texts, self._circular
        rank = texts.word(self._corpus.ranks[circular.rank].name)
        yield circular.id
        yield texts("explain.number", rank=rank, number=circular.number or texts("which.no_number"))
        yield texts("which.about", about=texts.word(circular.about), issuer=circular.issuer)
        yield from self._dates()
        yield texts(
            "explain.addressees", who=self._words.of(circular.addressees) or texts("explain.everyone")
        )
        if circular.addressees_clause:
            yield texts("reply.clause", clause=circular.addressees_clause)
        if circular.addressees_quote:
            yield texts("reply.quoted", quote=circular.addressees_quote)
        yield from self._effects()
        key = "which.original" if circular.evidence.original_seen else "which.reported"
        yield texts(key, publisher=circular.evidence.name)
        if not circular.complete:
            yield texts("explain.incomplete")

    def _dates(self) -> Iterator[str]:
        texts, circular = self._texts, self._circular
        enacted, since = (dates.date_of(day, texts) for day in (circular.enacted, circular.since))
        yield texts("which.dates", enacted=enacted, since=since)
        if circular.until is None:
            yield texts("explain.open_end")
        else:
            yield texts("which.until", until=dates.last_day(circular.until, texts))
        if circular.since_basis:
            yield texts("which.assumed", basis=circular.since_basis)

    def _effects(self) -> Iterator[str]:
        """What the circular does to others, and others to it."""
        texts, circular = self._texts, self._circular
        if circular.amends:
            yield texts("explain.amends", rules=self._refs(circular.amends))
        if circular.revokes:
            yield texts("explain.revokes", circulars=", ".join(circular.revokes))
        for other in self._corpus.circulars.values():
            amended = [ref for ref in other.amends if ref.circular == circular.id]
            since = dates.date_of(other.since, texts)
            if amended:
                rules = self._refs(amended)
                yield texts("explain.amended", circular=other.id, since=since, rules=rules)
            if circular.id in other.revokes:
                yield texts("explain.revoked", circular=other.id, since=since)
            gone = [rule.ref for rule in circular.rules if full_name(rule.ref) in other.revokes]
            if gone:
                rules = self._refs(gone)
                yield texts("explain.revoked_rules", circular=other.id, since=since, rules=rules)

    def _refs(self, refs: Iterable[RuleRef]) -> str:
        return ", ".join(self._ref(ref) for ref in refs)

    def _ref(self, ref: RuleRef) -> str:
        """A rule's name, with its clause where the source numbers them."""
        clause = self._corpus.rule(ref).clause
        name = name_within(ref, self._circular.id)
        return name if clause is None else self._texts("explain.with_clause", rule=name, clause=clause)

    # --- its parts ---

    def rule(self, rule: Rule) -> Iterator[str]:
        texts = self._texts
        clause = texts("reply.clause", clause=rule.clause) if rule.clause else texts("explain.no_clause")
        yield f"{rule.place.file}:{rule.place.line} [{rule.ref.rule}] {clause}"
        yield self._sentence(rule)
        if rule.lifts:
            yield texts("explain.exception", rules=self._refs(rule.lifts))
        if rule.special_to:
            yield texts("explain.special", rules=self._refs(rule.special_to))
        if rule.quote:
            yield texts("reply.quoted", quote=rule.quote)
        elif rule.summary:
            yield texts("reply.summarised", summary=texts.word(rule.summary))

    def _sentence(self, rule: Rule) -> str:
        key = "explain.kewajiban_pendamping" if rule.rides_along else f"explain.{rule.modality.value}"
        activity = self._texts.word(self._corpus.vocabulary.activities[rule.activity].name)
        values = {"activity": activity, "condition": self._condition(rule.condition)}
        if rule.modality is Modality.OBLIGATION and rule.content:
            values["content"] = self._texts.word(rule.content)
        return self._texts(key, **values)

    def _condition(self, condition: Condition) -> str:
        words = self._words.of(condition)
        return self._texts("explain.if", condition=words) if words else self._texts("explain.always")

    def sanction(self, entry: Sanction) -> str:
        lines = [self._texts("explain.sanction", content=self._texts.word(entry.content))]
        if entry.quote:
            lines.append(self._texts("reply.quoted", quote=entry.quote))
        if entry.source:
            lines.append(self._texts("explain.source", source=entry.source))
        return "\n".join((*lines, *self._about(entry.rules, ALWAYS)))

    def note(self, entry: Note) -> str:
        content = self._texts.word(entry.content)
        speaker = entry.speaker or self._circular.issuer
        lines = [self._texts(f"remark.{entry.kind}", content=content, speaker=speaker)]
        if entry.clause:
            lines.append(self._texts("reply.clause", clause=entry.clause))
        if entry.quote:
            lines.append(self._texts("reply.quoted", quote=entry.quote))
        return "\n".join((*lines, *self._about(entry.rules, entry.condition)))

    def open_question(self, entry: OpenQuestion) -> str:
        line = self._texts("remark.terbuka", content=self._texts.word(entry.content))
        return "\n".join((line, *self._about(entry.rules, entry.condition)))

    def _about(self, rules: tuple[RuleRef, ...], condition: Condition) -> Iterator[str]:
        """Of what it speaks; nothing where it speaks of the whole circular."""
        if rules:
            yield self._texts("explain.concerns", rules=self._refs(rules))
        if words := self._words.of(condition):
            yield self._texts("explain.where", condition=words)


class ConditionWords:
    """Conditions in the words of the vocabulary."""

    def __init__(self, vocabulary: Vocabulary, texts: Texts) -> None:
        self._vocabulary = vocabulary
        self._texts = texts

    def of(self, condition: Condition) -> str:
        """ "" for a condition that always holds."""
        match condition:
            case Test():
                return self._texts("verdict.or").join(self._values(condition))
            case Not(Test(fact, frozenset() as values)) if len(self._others(fact, values)) == 1:
                return self._literal(Literal(fact, self._others(fact, values)[0]))
            case Not(part):
                return self._texts("explain.not", condition=self.of(part))
            case All(parts):
                return self._all(parts)
            case Some((Test() as night, Test() as morning)) if self._over_midnight(night, morning):
                return self._literal(Literal(night.fact, None, night.low, morning.high))
            case Some((part,)):
                return self.of(part)
            case Some(parts):
                return "(" + self._texts("verdict.or").join(map(self.of, parts)) + ")"

    def _all(self, parts: tuple[Condition, ...]) -> str:
        said = [(part, words) for part in parts if (words := self.of(part))]
        alone = len(said) == 1
        return self._texts("verdict.and").join(
            words if alone or not self._has_choice(part) else f"({words})" for part, words in said
        )

    def _has_choice(self, part: Condition) -> bool:
        """Whether its words are several joined by "or"."""
        return isinstance(part, Test) and len(list(self._values(part))) > 1

    def _values(self, test: Test) -> Iterator[str]:
        if test.values is None:
            yield self._literal(Literal(test.fact, None, test.low, test.high, test.measure))
            return
        for option in self._vocabulary.facts[test.fact].options:
            if option.value in test.values and not self._within(test.fact, option.value, test.values):
                yield self._literal(Literal(test.fact, option.value))

    def _within(self, fact: str, value: FactValue, values: frozenset[FactValue]) -> bool:
        """Whether a class of units or statuses is named by a wider one already."""
        tree = {"unit": self._vocabulary.units, "status": self._vocabulary.statuses}.get(fact, {})
        thing = tree.get(str(value))
        return thing is not None and thing.parent in values

    def _others(self, fact: str, values: frozenset[FactValue]) -> list[FactValue]:
        options = self._fact(fact).options
        return [option.value for option in options if option.value not in values]

    def _literal(self, literal: Literal) -> str:
        return literal_words(literal, self._texts, self._vocabulary)

    def _over_midnight(self, night: Test, morning: Test) -> bool:
        """Whether two tests are the two ends of one window of the day."""
        clock = all(self._fact(test.fact).kind is FactKind.CLOCK for test in (night, morning))
        return clock and night.high is None and morning.low is None

    def _fact(self, name: str) -> Fact:
        return self._vocabulary.facts[name]
