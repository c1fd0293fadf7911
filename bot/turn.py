"""One turn of a conversation: what was said, completed by what is remembered, becomes an answer.

The readings of an ambiguous time or act are all judged; the bot asks back only where their verdicts differ.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from bot import asking_back
from bot.dialogue import Draft, Pending, next_question
from bot.model import (
    ALLOWED,
    Asker,
    Button,
    Explanation,
    FactValue,
    Intent,
    Literal,
    Question,
    Reply,
    Unknown,
    Verdict,
    Window,
)
from bot.policy.decide import Engine, RegencyEngine
from bot.policy.explanation import Explainer
from bot.prospects import Prospects
from bot.readings import Judged, Readings, severity
from bot.rendering import answer as rendering
from bot.rendering import clauses, dates, duties
from bot.rendering.context import Context
from bot.rendering.texts import Texts
from bot.whom import PERSONAL, Whom
from bot.worktime import state_at


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of one message.

    `question` and `verdict` are None where the intent asks for none, or something is ambiguous; `needs` then
    names what ("time", "activity"). `pending`: what the reply asks back, None if nothing; `asks`: that part
    of the reply.
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
    asks: Reply | None = None


class Turn:
    """`now` is local to the asker's regency; `draft` is the message completed by the conversation."""

    def __init__(
        self,
        engine: Engine,
        explainer: Explainer,
        draft: Draft,
        asker: Asker,
        now: datetime,
        texts: Texts,
    ) -> None:
        self.engine, self.explainer, self.texts = engine, explainer, texts
        self.draft, self.asker, self.now = draft, asker, now
        self.readings = Readings(engine, draft, asker, now)
        self.prospects = Prospects(engine, asker, now)

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
                return self._judge() if self.readings.ruled() else self._out_of_scope()
            case Intent.GREETING:
                return self._plain("greeting.hello")
            case Intent.ACKNOWLEDGE:
                return self._plain("acknowledge.none")
            case Intent.UNCLEAR:
                return self._unclear()

    # --- answers without a verdict ---

    def _plain(self, key: str) -> Answered:
        return Answered(self.draft.intent, Reply(self.texts(key)), self._facts)

    def _unclear(self) -> Answered:
        """What the bot had asked is put again: it may be the answer that could not be read."""
        again = self.draft.again
        if again is None:
            return self._plain("unclear.help")
        asks = Turn(self.engine, self.explainer, again, self.asker, self.now, self.texts).answer().asks
        if asks is None:  # what was unknown has become known
            return self._plain("unclear.help")
        text = f"{self.texts('unclear.answer')}\n\n{asks.text}"
        return replace(self._plain("unclear.help"), reply=replace(asks, text=text))

    def _around(self, page: Callable[[Explanation, Context], str]) -> Answered:
        """What the circulars say about the act, without judging a situation."""
        activity = self.draft.activities[0] if self.draft.activities else None
        question = Question(self.draft.intent, activity, self.readings.present, self.readings.situation)
        explanation = self.explainer.explain(question, self.asker, None, self.now)
        reply = Reply(page(explanation, self._context))
        shown = question if activity else None
        return Answered(self.draft.intent, reply, self._facts, shown, None, explanation)

    def _out_of_scope(self) -> Answered:
        return replace(self._around(clauses.unregulated), question=None)

    def _why(self) -> Answered:
        judged = self.readings.judged() if self.draft.activities else []
        if not judged:
            return self._around(clauses.which_rule)
        first = max(judged, key=severity)
        question, verdict, context = first.question, first.verdict, self._seen(first.question, first.verdict)
        duty = self.prospects.duty(first, self.draft.must)
        cited = verdict if duty is None else self.prospects.cited(first, duty.window, duty)
        explanation = self.explainer.explain(question, self.asker, cited, self.now)
        head = None if duty is None else duties.head(question, verdict, duty, context)
        text = clauses.why(question, verdict, explanation, context, head)
        return Answered(self.draft.intent, Reply(text), self._facts, question, None, explanation)

    # --- verdicts ---

    def _judge(self) -> Answered:
        if not self.draft.activities:
            return self._plain("unclear.activity")
        judged = self.readings.judged()
        if not judged:
            return replace(self._plain("conversation.time_unclear"), needs=("time",))
        if len({reading.what_counts for reading in judged}) == 1:
            return self._answered(judged[0])
        acts = tuple(dict.fromkeys(j.question.activity for j in judged if j.question.activity))
        same_time = {j.question.when for j in judged} == {judged[0].question.when}
        return self._which_act(acts, judged) if same_time and len(acts) > 1 else self._which_time(judged)

    def _answered(self, judged: Judged) -> Answered:
        question, verdict = judged.question, judged.verdict
        ahead, must = self.prospects, self.draft.must
        duty, kept = ahead.duty(judged, must), ahead.accompanying(judged, must)
        window = duty.window if duty is not None else ahead.window(judged)
        cited = ahead.cited(judged, window, duty)
        explanation = self.explainer.explain(question, self.asker, cited, self.now)
        context = self._seen(question, verdict)
        if duty is not None:
            text = duties.answer(question, verdict, duty, explanation, context)
        elif kept:
            named = self.explainer.cited(kept)
            text = duties.accompanied(question, verdict, explanation, context, named)
        else:
            text = self._text(judged, window, explanation, context)
        also = [self._also(activity) for activity in self.draft.activities[1:]]
        opening, personal = ahead.opening(question, window)
        pending = self._pending(verdict, personal)
        asks = self._asks(pending, opening)
        whole = "\n\n".join([text, *filter(None, also), *([asks.text] if asks else ())])
        return Answered(
            intent=question.intent,
            reply=Reply(whole, asks.buttons if asks else ()),
            facts=self._facts,
            question=question,
            verdict=verdict,
            explanation=explanation,
            needs=verdict.needs,
            window=window if duty is None or question.intent is Intent.WHEN_MAY_I else verdict.next_permitted,
            pending=pending,
            asks=asks,
        )

    def _text(self, judged: Judged, window: Window | None, explanation: Explanation, context: Context) -> str:
        question, verdict = judged.question, judged.verdict
        if question.intent is Intent.WHEN_MAY_I:
            return clauses.when_may_i(question, verdict, window, explanation, context)
        return rendering.answer(question, verdict, explanation, context)

    @property
    def _law(self) -> RegencyEngine:
        return self.engine.regency(self.asker.regency)

    def _also(self, activity: str) -> str:
        """The headline for another act named in the same message."""
        worst = self.readings.worst(activity)
        if worst is None:
            return ""
        name = self.texts.word(self.engine.corpus.vocabulary.activities[activity].name)
        return self.texts(
            "reply.also", activity=name, headline=rendering.headline(worst.verdict, self._context)
        )

    # --- asking back ---

    def _pending(self, verdict: Verdict, more: tuple[str, ...]) -> Pending | None:
        needs = (*verdict.needs, *more)
        fact = next_question(self.engine.corpus.vocabulary, needs, self.draft.facts)
        return Pending(fact=fact) if fact is not None else None

    def _asks(self, pending: Pending | None, asked: Question) -> Reply | None:
        if pending is None or pending.fact is None:
            return None
        fact, vocabulary = pending.fact, self.engine.corpus.vocabulary
        if fact in PERSONAL:
            choices = Whom(self.engine, asked, self.asker, self.now).choices(fact)
            question, rows = asking_back.about_person(fact, choices, self.texts, vocabulary)
        else:
            question, rows = asking_back.about_fact(fact, self.texts, vocabulary)
        return Reply(question, rows)

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
            asks=reply,
        )

    def _without_time(self, judged: Sequence[Judged]) -> Question:
        return replace(judged[0].question, when=None)

    def _which_act(self, acts: tuple[str, ...], judged: Sequence[Judged]) -> Answered:
        activities = [self.engine.corpus.vocabulary.activities[act] for act in acts]
        buttons = tuple((Button(self.texts.word(a.name), f"q:a:{a.id}"),) for a in activities)
        reply = Reply(clauses.which_act(activities, self._context), buttons)
        pending = Pending(activities=acts)
        return Answered(
            self.draft.intent,
            reply,
            self._facts,
            judged[0].question,
            needs=("activity",),
            pending=pending,
            asks=reply,
        )

    # --- small things ---

    @property
    def _facts(self) -> dict[str, FactValue]:
        return {k: v for k, v in self.readings.situation.items() if not isinstance(v, Unknown)}

    @property
    def _context(self) -> Context:
        corpus = self.engine.corpus
        return Context(self.texts, corpus.vocabulary, self.now, corpus.regencies[self.asker.regency].name)

    def _seen(self, question: Question, verdict: Verdict | None = None) -> Context:
        """The context of a question about one instant knows what the calendar says of it; that of a verdict,
        what of it is no news and no condition."""
        known: dict[str, Any] = {}
        when = question.when
        if when is not None and when.start is not None and when.end is None:
            known["stretch"] = state_at(
                self._law.calendar, self.asker.pattern, when.start, self.asker.absences
            )
        if verdict is not None:
            known["unaddressed"] = self._unaddressed(question, verdict)
            known["idle"] = self.prospects.idle(verdict.next_permitted)
        return replace(self._context, **known)

    def _unaddressed(self, question: Question, verdict: Verdict) -> tuple[Literal, ...]:
        whom = Whom(self.engine, question, self.asker, self.now)
        ways_out = verdict.conditions if verdict.kind not in ALLOWED else ()
        return tuple(literal for literal in ways_out if whom.unaddressed(literal))
