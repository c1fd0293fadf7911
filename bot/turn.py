"""One turn of a conversation: what was said, completed by what is remembered, becomes an answer.

The readings of an ambiguous time or act are all judged; the bot asks back only where their verdicts differ.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache

from bot.dialogue import Draft, Pending, next_question
from bot.model import (
    ALLOWED,
    Asker,
    Button,
    Explanation,
    FactValue,
    Grain,
    Intent,
    Question,
    Reply,
    Unknown,
    Verdict,
    When,
    Window,
)
from bot.policy.decide import Engine
from bot.policy.derived import IN_WORKING_HOURS
from bot.policy.explanation import Explainer
from bot.policy.finding import SEVERITY
from bot.rendering import answer as rendering
from bot.rendering import clauses, dates
from bot.rendering.answer import Context
from bot.rendering.texts import Texts
from bot.vocabulary import Vocabulary
from bot.worktime import implied, resolve, state_at


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of one message.

    `question` and `verdict` are None where the intent asks for none, or something is ambiguous; `needs` then
    names what ("time", "activity"). `pending`: what the reply asks back, None if nothing.
    """

    intent: Intent
    reply: Reply
    facts: Mapping[str, FactValue] = field(default_factory=dict)
    question: Question | None = None
    verdict: Verdict | None = None
    explanation: Explanation | None = None
    needs: tuple[str, ...] = ()
    window: Window | None = None
    pending: Pending | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """One reading of what was asked, with its verdict."""

    question: Question
    verdict: Verdict

    @property
    def what_counts(self) -> tuple[object, ...]:
        """Readings that agree in this need not be told apart."""
        return (self.verdict.kind, self.verdict.conditions)


@dataclass(frozen=True, slots=True)
class Turn:
    """`now` is local to the asker's regency; `draft` is the message completed by the conversation."""

    engine: Engine
    explainer: Explainer
    draft: Draft
    asker: Asker
    now: datetime
    texts: Texts

    def answer(self) -> Answered:
        """The answer to the draft's intent."""
        match self.draft.intent:
            case Intent.MAY_I | Intent.WHEN_MAY_I:
                return self._judge()
            case Intent.WHY:
                return self._why()
            case Intent.SANCTION:
                return self._around(clauses.sanction)
            case Intent.WHICH_RULE:
                return self._around(clauses.which_rule)
            case Intent.OUT_OF_SCOPE:
                return self._judge() if self._ruled() else self._out_of_scope()
            case Intent.GREETING:
                return self._plain("greeting.hello")
            case Intent.ACKNOWLEDGE:
                return self._plain("acknowledge.none")
            case Intent.UNCLEAR:
                return self._plain("unclear.help")

    # --- answers without a verdict ---

    def _plain(self, key: str) -> Answered:
        return Answered(self.draft.intent, Reply(self.texts(key)), self._facts)

    def _around(self, page: Callable[[Explanation, Context], str]) -> Answered:
        """What the circulars say about the act, without judging a situation."""
        activity = self.draft.activities[0] if self.draft.activities else None
        question = Question(self.draft.intent, activity, self._present, self._situation)
        explanation = self.explainer.explain(question, self.asker, None, self.now)
        reply = Reply(page(explanation, self._context))
        shown = question if activity else None
        return Answered(self.draft.intent, reply, self._facts, shown, None, explanation)

    def _out_of_scope(self) -> Answered:
        return replace(self._around(clauses.unregulated), question=None)

    def _ruled(self) -> bool:
        """Whether some rule speaks of the act: a neighbour of what the bot knows may be regulated here."""
        law = self.engine.regency(self.asker.regency).law
        return any(map(law.regulates, self.draft.activities))

    def _why(self) -> Answered:
        judged = self._readings() if self.draft.activities else []
        if not judged:
            return self._around(clauses.which_rule)
        first = max(judged, key=lambda j: SEVERITY[j.verdict.kind])
        explanation = self.explainer.explain(first.question, self.asker, first.verdict, self.now)
        text = clauses.why(first.question, first.verdict, explanation, self._seen(first.question))
        return Answered(self.draft.intent, Reply(text), self._facts, first.question, None, explanation)

    # --- verdicts ---

    def _judge(self) -> Answered:
        if not self.draft.activities:
            return self._plain("unclear.activity")
        judged = self._readings()
        if not judged:
            return replace(self._plain("conversation.time_unclear"), needs=("time",))
        if len({reading.what_counts for reading in judged}) == 1:
            return self._answered(judged[0])
        acts = tuple(dict.fromkeys(j.question.activity for j in judged if j.question.activity))
        same_time = {j.question.when for j in judged} == {judged[0].question.when}
        return self._which_act(acts, judged) if same_time and len(acts) > 1 else self._which_time(judged)

    def _readings(self) -> list[Judged]:
        """Every reading of act and time, likeliest first, with its verdict."""
        return [
            judged
            for activity in self._acts()
            for when in self.draft.times or (self._present,)
            if (judged := self._worst(activity, when)) is not None
        ]

    def _acts(self) -> tuple[str, ...]:
        """The main act; with its kinds where no rule speaks of it but some of a kind ("tiktokan")."""
        main = self.draft.activities[0]
        law = self.engine.regency(self.asker.regency).law
        if self.draft.act_chosen or law.regulates(main):
            return (main,)
        kinds = self.engine.corpus.vocabulary.kinds_of(main)
        ruled = {rule.activity for circular in law.circulars for rule in circular.rules}
        return (main, *(kind for kind in kinds if kind in ruled))

    def _worst(self, activity: str, when: When) -> Judged | None:
        """The severest verdict over the times that `when` means (two breaks); None if it means none."""
        judged = [
            self._decide(Question(self._intent, activity, time, self._situation))
            for time in self._meant(when)
        ]
        named = [self._by_name(reading) for reading in judged]
        if not named and when.symbol is not None:
            # Hours are not registered (shift work), but the name of the time tells where it lies.
            alone = Question(
                self._intent, activity, replace(self._present, symbol=when.symbol), self._situation
            )
            named = [self._by_name(self._decide(alone))] if self._named(when.symbol) is not None else []
        return max(named, key=lambda j: SEVERITY[j.verdict.kind], default=None)

    def _meant(self, when: When) -> tuple[When, ...]:
        calendar = self.engine.regency(self.asker.regency).calendar
        return resolve(when, calendar, self.asker.pattern, self.now)

    def _named(self, symbol: str) -> bool | Unknown | None:
        """Whether a time named so lies in working hours, by its very name."""
        return implied(symbol, self.engine.regency(self.asker.regency).calendar)

    def _by_name(self, judged: Judged) -> Judged:
        """ "Saat jam kerja" means working hours and not the break within them: the verdict is that of the
        name; when it is allowed again, the calendar tells."""
        when = judged.question.when
        said = self._named(when.symbol) if when is not None and when.symbol is not None else None
        if not isinstance(said, bool):
            return judged
        facts = {**judged.question.facts, IN_WORKING_HOURS: said}
        verdict = self._decide(replace(judged.question, facts=facts)).verdict
        verdict = replace(verdict, segments=(), next_permitted=judged.verdict.next_permitted)
        return Judged(judged.question, verdict)

    @property
    def _intent(self) -> Intent:
        return Intent.MAY_I if self.draft.intent is Intent.OUT_OF_SCOPE else self.draft.intent

    def _decide(self, question: Question) -> Judged:
        return Judged(question, self.engine.decide(question, self.asker, self.now))

    def _answered(self, judged: Judged) -> Answered:
        question, verdict = judged.question, judged.verdict
        window = verdict.next_permitted
        if question.intent is Intent.WHEN_MAY_I and window is None and verdict.kind in ALLOWED:
            start = question.when.start if question.when and question.when.start else self.now
            window = self.engine.regency(self.asker.regency).next_permitted(start, question, self.asker)
        # "When may I?" is answered by the window: what it cites are the rules that its conditions come from.
        cited = verdict
        if question.intent is Intent.WHEN_MAY_I and window is not None:
            cited = replace(verdict, contrary=window.contrary)
        explanation = self.explainer.explain(question, self.asker, cited, self.now)
        text = self._text(judged, window, explanation)
        pending = self._pending(verdict)
        return Answered(
            intent=question.intent,
            reply=self._asking(text, pending),
            facts=self._facts,
            question=question,
            verdict=verdict,
            explanation=explanation,
            needs=verdict.needs,
            window=window,
            pending=pending,
        )

    def _text(self, judged: Judged, window: Window | None, explanation: Explanation) -> str:
        question, verdict, context = judged.question, judged.verdict, self._seen(judged.question)
        if question.intent is Intent.WHEN_MAY_I:
            text = clauses.when_may_i(question, verdict, window, explanation, context)
        else:
            text = rendering.answer(question, verdict, explanation, context)
        also = [self._also(activity) for activity in self.draft.activities[1:]]
        return "\n\n".join([text, *filter(None, also)])

    def _also(self, activity: str) -> str:
        """The headline for another act named in the same message."""
        judged = [self._worst(activity, when) for when in self.draft.times or (self._present,)]
        worst = max((j for j in judged if j), key=lambda j: SEVERITY[j.verdict.kind], default=None)
        if worst is None:
            return ""
        name = self.texts.word(self.engine.corpus.vocabulary.activities[activity].name)
        return self.texts(
            "reply.also", activity=name, headline=rendering.headline(worst.verdict, self._context)
        )

    # --- asking back ---

    def _pending(self, verdict: Verdict) -> Pending | None:
        fact = next_question(self.engine.corpus.vocabulary, verdict.needs, self.draft.facts)
        return Pending(fact=fact) if fact is not None else None

    def _asking(self, text: str, pending: Pending | None) -> Reply:
        if pending is None or pending.fact is None:
            return Reply(text)
        question, rows = _question(pending.fact, self.texts, self.engine.corpus.vocabulary)
        return Reply(f"{text}\n\n{question}", rows)

    def _which_time(self, judged: Sequence[Judged]) -> Answered:
        times = tuple(dict.fromkeys(j.question.when for j in judged if j.question.when is not None))
        starts = [when.start for when in times if when.start is not None]
        labels = [dates.moment(start, self.now, self.texts) for start in starts]
        buttons = tuple((Button(label, f"q:t:{index}"),) for index, label in enumerate(labels))
        reply = Reply(clauses.which_time(starts, self._context), buttons)
        return Answered(
            self.draft.intent,
            reply,
            self._facts,
            self._without_time(judged),
            needs=("time",),
            pending=Pending(times=times),
        )

    def _without_time(self, judged: Sequence[Judged]) -> Question:
        return replace(judged[0].question, when=None)

    def _which_act(self, acts: tuple[str, ...], judged: Sequence[Judged]) -> Answered:
        activities = [self.engine.corpus.vocabulary.activities[act] for act in acts]
        buttons = tuple((Button(self.texts.word(a.name), f"q:a:{a.id}"),) for a in activities)
        reply = Reply(clauses.which_act(activities, self._context), buttons)
        pending = Pending(activities=acts)
        return Answered(
            self.draft.intent, reply, self._facts, judged[0].question, needs=("activity",), pending=pending
        )

    # --- small things ---

    @property
    def _present(self) -> When:
        return When(self.now, None, Grain.INSTANT)

    @property
    def _facts(self) -> dict[str, FactValue]:
        return {k: v for k, v in self._situation.items() if not isinstance(v, Unknown)}

    @property
    def _situation(self) -> Mapping[str, FactValue | Unknown]:
        """The facts said, without those that only repeat what is known of the asker."""
        if not self.draft.facts:
            return self.draft.facts
        own = {"status": self.asker.status, "unit": self.asker.unit}
        return {name: value for name, value in self.draft.facts.items() if own.get(name) != value}

    @property
    def _context(self) -> Context:
        corpus = self.engine.corpus
        return Context(self.texts, corpus.vocabulary, self.now, corpus.regencies[self.asker.regency].name)

    def _seen(self, question: Question) -> Context:
        """The context of a question about one instant knows what the calendar says of it."""
        when = question.when
        if when is None or when.start is None or when.end is not None:
            return self._context
        calendar = self.engine.regency(self.asker.regency).calendar
        stretch = state_at(calendar, self.asker.pattern, when.start, self.asker.absences)
        corpus = self.engine.corpus
        name = corpus.regencies[self.asker.regency].name
        return Context(self.texts, corpus.vocabulary, self.now, name, stretch)


@lru_cache(maxsize=256)
def _question(fact: str, texts: Texts, vocabulary: Vocabulary) -> tuple[str, tuple[tuple[Button, ...], ...]]:
    """How to ask for a fact, and the buttons that answer it; "don't know" stands in a row below."""
    entry = vocabulary.facts[fact]
    assert entry.question is not None
    options = [
        Button(texts.word(option.label), f"q:f:{fact}:{index}") for index, option in enumerate(entry.options)
    ]
    unknown = Button(texts("ask.dont_know"), f"q:f:{fact}:?")
    rows = (tuple(reversed(options)), (unknown,))  # a number or a date has no options: it is typed
    return texts.word(entry.question), tuple(filter(None, rows))
