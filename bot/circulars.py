"""Lists, shows and explains the registered circulars, for `edaran circular` and `edaran policy explain`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from bot.model import Literal, RuleRef
from bot.policy.condition import All, Condition, Not, Some, Test
from bot.policy.corpus import Circular, Corpus, Modality, Rule
from bot.problems import Problem
from bot.rendering.answer import condition as literal_words
from bot.rendering.texts import Texts
from bot.vocabulary import Vocabulary


def listed(corpus: Corpus, texts: Texts, *, as_json: bool) -> str:
    """A line a circular: id, number, since when, about."""
    circulars = corpus.circulars.values()
    if as_json:
        return json.dumps([_head(circular) for circular in circulars], ensure_ascii=False, indent=1)
    if not circulars:
        return texts("circular.none")
    return "\n".join(
        texts("circular.line", id=c.id, number=c.number or "–", since=c.since, about=texts.word(c.about))
        for c in circulars
    )


def shown(corpus: Corpus, circular: str, texts: Texts, *, as_json: bool) -> str:
    """Everything that is registered of one circular. Raises Problem for an unknown id."""
    found = _found(corpus, circular)
    if not as_json:
        return explained(corpus, circular, texts)
    rules = [_rule(rule) for rule in found.rules]
    return json.dumps({**_head(found), "rules": rules}, ensure_ascii=False, indent=1)


def explained(corpus: Corpus, circular: str, texts: Texts) -> str:
    """The circular in sentences: each rule with its condition, exceptions, quote and place."""
    found = _found(corpus, circular)
    words = _Words(corpus.vocabulary, texts)
    blocks = [
        texts(
            "explain.head",
            id=found.id,
            number=found.number or "–",
            about=texts.word(found.about),
            issuer=found.issuer,
            since=found.since,
            publisher=found.evidence.name,
        ),
        *(_sentence(rule, words, texts) for rule in found.rules),
        *(texts("explain.sanction", content=texts.word(s.content)) for s in found.sanctions),
        *(
            texts(f"remark.{n.kind}", content=texts.word(n.content), speaker=n.speaker or found.issuer)
            for n in found.notes
        ),
        *(texts("remark.terbuka", content=texts.word(q.content)) for q in found.open_questions),
    ]
    return "\n\n".join(blocks)


def _found(corpus: Corpus, circular: str) -> Circular:
    found = corpus.circulars.get(circular)
    if found is None:
        raise Problem("cli.unknown_name", kind="edaran", value=circular, known=", ".join(corpus.circulars))
    return found


def _head(circular: Circular) -> dict[str, Any]:
    return {
        "id": circular.id,
        "regency": circular.regency,
        "number": circular.number,
        "about": dict(circular.about),
        "issuer": circular.issuer,
        "rank": circular.rank,
        "enacted": circular.enacted.isoformat(),
        "since": circular.since.isoformat(),
        "until": circular.until.isoformat() if circular.until else None,
        "source": circular.evidence.name,
        "original_seen": circular.evidence.original_seen,
    }


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.ref.rule,
        "modality": rule.modality.value,
        "activity": rule.activity,
        "clause": rule.clause,
        "quote": rule.quote,
        "exception_to": [_name(ref, rule) for ref in rule.lifts],
        "place": f"{rule.place.file}:{rule.place.line}",
    }


def _name(ref: RuleRef, rule: Rule) -> str:
    return ref.rule if ref.circular == rule.ref.circular else f"{ref.circular}#{ref.rule}"


def _sentence(rule: Rule, words: _Words, texts: Texts) -> str:
    condition = words.of(rule.condition)
    activity = texts.word(words.vocabulary.activities[rule.activity].name)
    key = f"explain.{rule.modality.value}" if not rule.rides_along else "explain.kewajiban_pendamping"
    content = texts.word(rule.content) if rule.modality is Modality.OBLIGATION and rule.content else ""
    lines = [
        f"{rule.place.file}:{rule.place.line} [{rule.ref.rule}]",
        texts(key, activity=activity, condition=condition or texts("explain.always"), content=content),
    ]
    if rule.lifts:
        lines.append(texts("explain.exception", rules=", ".join(_name(ref, rule) for ref in rule.lifts)))
    if rule.quote:
        lines.append(f"“{rule.quote}”")
    return "\n".join(lines)


class _Words:
    """Conditions as words of the vocabulary."""

    def __init__(self, vocabulary: Vocabulary, texts: Texts) -> None:
        self.vocabulary = vocabulary
        self._texts = texts

    def of(self, condition: Condition) -> str:
        """ "" for a condition that always holds."""
        match condition:
            case Test():
                return self._texts("verdict.or").join(self._values(condition))
            case Not(part):
                return self._texts("explain.not", condition=self.of(part))
            case All(parts):
                return self._texts("verdict.and").join(filter(None, map(self.of, parts)))
            case Some(parts):
                return "(" + self._texts("verdict.or").join(map(self.of, parts)) + ")"

    def _values(self, test: Test) -> Iterator[str]:
        if test.values is None:
            literal = Literal(test.fact, None, test.low, test.high, test.measure)
            yield literal_words(literal, self._texts, self.vocabulary)
            return
        for option in self.vocabulary.facts[test.fact].options:
            if option.value in test.values:
                yield literal_words(Literal(test.fact, option.value), self._texts, self.vocabulary)
