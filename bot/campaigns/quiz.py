"""The short check of understanding: situations of the circular's own rules, answered "boleh" or "tidak".

Everything comes from the policy engine: which situations tell the rules apart, the right answers, and the
clause that explains a wrong one. What becomes of an answer is (rule, right or wrong) and nothing else, so
that it shows which clauses are misread, and never by whom.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from random import Random

from bot.campaigns.law import canonical
from bot.campaigns.situations import Situation, Sort, situations
from bot.model import ALLOWED, Asker, Button, Question, RuleRef, Unknown, Verdict
from bot.policy.corpus import Circular
from bot.policy.decide import Engine
from bot.policy.explanation import Explainer
from bot.rendering import dates, facts
from bot.rendering.answer import headline
from bot.rendering.context import Context
from bot.rendering.grounds import grounds
from bot.rendering.texts import Texts
from bot.vocabulary import Vocabulary

MOST = 3
PREFIX = "kuis:"
_YES, _NO = "b", "t"
_MARK = 8
_MEMO_LIMIT = 500


@dataclass(frozen=True, slots=True)
class Item:
    """One question of the check. `allowed`: the right answer. `rule`: the clause that it is about. `asker`:
    as far as the law depends on her, without her absences."""

    sort: Sort
    rule: RuleRef
    question: Question
    verdict: Verdict
    asker: Asker

    @property
    def allowed(self) -> bool:
        return self.verdict.kind in ALLOWED

    @property
    def mark(self) -> str:
        """Tells this item from every other: a button of an older question is known by it."""
        question = self.question
        assert question.when is not None
        assert question.when.start is not None
        said = {name: str(value) for name, value in question.facts.items()}
        whole = [self.rule.circular, self.rule.rule, question.activity, question.when.start.isoformat(), said]
        return sha256(canonical([*whole, self.allowed]).encode()).hexdigest()[:_MARK]


@dataclass(frozen=True, slots=True)
class Answer:
    """All that is kept of an answer."""

    rule: RuleRef
    right: bool


@dataclass(frozen=True, slots=True)
class Pressed:
    """What the button of an item says. `number`: of the item in its check, from 0."""

    version: int
    number: int
    mark: str
    allowed: bool


class Quiz:
    """Makes the checks of one corpus. Situations are looked for once for people who are alike."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._explainer = Explainer(engine)
        self._found: dict[object, tuple[Situation, ...]] = {}

    def items(self, circular: str, asker: Asker, seed: str, day: date, most: int = MOST) -> tuple[Item, ...]:
        """At most `most` items, the same ones for the same arguments; fewer, or none, where the circular does
        not have so many situations that are sure. They happen in the two weeks after `day`.

        Raises KeyError for an unknown circular, UnknownNameError for an unknown regency."""
        found = self._engine.corpus.circulars[circular]
        person = replace(self._engine.known(asker), absences=())
        chance = Random(f"{seed}|{circular}")
        chosen = _chosen(self._situations(found, person, day), chance, most)
        return tuple(filter(None, (self._item(situation, person, chance) for situation in chosen)))

    def _situations(self, circular: Circular, person: Asker, day: date) -> tuple[Situation, ...]:
        key = (circular.id, person, day)
        found = self._found.get(key)
        if found is None:
            if len(self._found) > _MEMO_LIMIT:
                self._found.clear()
            regency = self._engine.regency(person.regency)
            found = self._found[key] = situations(regency, circular, person, day)
        return found

    def _item(self, situation: Situation, person: Asker, chance: Random) -> Item | None:
        """The situation at one of its moments, judged once more by the engine that answers everybody."""
        at = chance.choice(situation.moments)
        question = situation.question(at)
        verdict = self._engine.decide(question, person, at)
        if not verdict.certain or verdict.cautions:
            return None
        return Item(situation.sort, situation.rule, question, verdict, person)

    # --- what people see ---

    def explained(self, item: Item, said: bool, texts: Texts) -> str:
        """The reply to an answer; the clause with its quote, whether it was right or wrong."""
        assert item.question.when is not None
        assert item.question.when.start is not None
        regency = self._engine.regency(item.asker.regency)
        now = item.question.when.start
        context = Context(texts, self._engine.corpus.vocabulary, now, regency.law.regency.name)
        about = () if item.rule in item.verdict.basis else (item.rule,)
        verdict = replace(item.verdict, contrary=about, others=())
        explanation = self._explainer.explain(item.question, item.asker, verdict, now)
        first = texts("quiz.right" if judged(item, said).right else "quiz.wrong")
        answer = headline(verdict, context, explanation)
        return "\n\n".join((f"{first} {answer}", "\n".join(grounds(verdict, explanation, context))))


def _chosen(found: Iterable[Situation], chance: Random, most: int) -> list[Situation]:
    """One of every sort, then more about other rules, in an order that gives no answer away."""
    left = list(found)
    chance.shuffle(left)
    chosen: list[Situation] = []
    for sort in Sort:
        fresh = [s for s in left if s.sort is sort and s.rule not in {c.rule for c in chosen}]
        chosen += (fresh or [s for s in left if s.sort is sort])[:1]
    for situation in left:
        if situation.rule not in {c.rule for c in chosen}:
            chosen.append(situation)
    chosen = chosen[:most]
    chance.shuffle(chosen)
    return chosen


def judged(item: Item, said: bool) -> Answer:
    return Answer(item.rule, said is item.allowed)


def worded(item: Item, vocabulary: Vocabulary, texts: Texts) -> str:
    """The question in one sentence."""
    question = item.question
    assert question.when is not None
    assert question.activity is not None
    said = [
        facts.said(vocabulary.facts[name], value, texts)
        for name, value in question.facts.items()
        if not isinstance(value, Unknown)
    ]
    joined = texts("verdict.and").join(filter(None, [", ".join(said[:-1]), *said[-1:]]))
    return texts(
        "quiz.question",
        when=dates.when(question.when, texts),
        activity=texts.word(vocabulary.activities[question.activity].name),
        facts=f" {joined}" if joined else "",
    )


def buttons(item: Item, version: int, number: int, texts: Texts) -> tuple[tuple[Button, ...], ...]:
    """One row. `version`: of the circular, in the ledger; `number`: of the item, from 0."""
    start = f"{PREFIX}{version}:{number}:{item.mark}:"
    return ((Button(texts("quiz.yes"), start + _YES), Button(texts("quiz.no"), start + _NO)),)


def pressed(action: str) -> Pressed | None:
    """What a button says; None for an action that is none of the check's."""
    parts = action.removeprefix(PREFIX).split(":")
    if not action.startswith(PREFIX) or len(parts) != 4:
        return None
    version, number, mark, said = parts
    counts = (version, number)
    if not all(part.isdecimal() and len(part) <= 18 for part in counts) or said not in (_YES, _NO):
        return None
    return Pressed(int(version), int(number), mark, said == _YES)
