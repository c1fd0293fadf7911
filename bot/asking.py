"""Questions from scripts: one on the command line, or a file of JSON lines, each answered in its place.

Every line is a conversation of its own. A line that cannot be read gets an error object, and the run goes on.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TextIO

from bot.assistant import Assistant
from bot.model import Asker, Explanation, FactValue, Literal, When
from bot.parallel import batched, in_parallel
from bot.policy.situation import UnknownNameError
from bot.problems import Problem
from bot.rendering.facts import condition
from bot.rendering.texts import Texts
from bot.turn import Answered
from bot.understanding.normalise import Normaliser
from bot.understanding.time_reading import when_of
from bot.understanding.time_words import TimeWords
from bot.vocabulary import Fact, FactKind, Vocabulary

CHUNK = 250
"""Lines that one process answers at a time; a batch no longer than this stays in this one."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a batch once it is checked."""

    asker: Asker
    now: datetime
    text: str
    facts: Mapping[str, FactValue]


class Asking:
    """Answers lines through an assistant; `texts` is the language of replies and errors."""

    def __init__(self, assistant: Assistant, texts: Texts) -> None:
        self._assistant = assistant
        self._texts = texts
        self._vocabulary = assistant.engine.corpus.vocabulary

    def answer(self, data: Mapping[str, Any]) -> Answered:
        """Raises Problem for a line that does not say what is needed, or names what is not known."""
        line = self._line(data)
        return self._assistant.once(line.text, line.asker, line.now, self._texts.language, line.facts)

    def batch(self, lines: Iterable[bytes], out: TextIO) -> None:
        """One JSON object a line in, one out, in order. Long batches are shared among the processors."""
        chunks = batched((raw for raw in lines if raw.strip()), CHUNK)
        out.write(self.written(next(chunks, [])))  # what this works out, forked processes inherit
        for answers in in_parallel(self.written, chunks):
            out.write(answers)

    def written(self, lines: Sequence[bytes]) -> str:
        """One line of JSON for each line."""
        return "".join([json.dumps(self._answered(raw), ensure_ascii=False) + "\n" for raw in lines])

    def _answered(self, raw: bytes) -> dict[str, Any]:
        identity: Any = None
        try:
            data = _object(raw)
            identity = data.get("id")
            return {"id": identity, **self.document(self.answer(data))}
        except Problem as problem:
            return {"id": identity, "error": problem.line(self._texts)}

    # --- in ---

    def _line(self, data: Mapping[str, Any]) -> Line:
        asker = Asker(
            _text(data, "regency"),
            *(_text(data, name, optional=True) for name in ("status", "unit", "pattern")),
        )
        try:
            self._assistant.engine.check(asker)
        except UnknownNameError as error:
            raise Problem(
                "cli.unknown_name", kind=error.kind, value=error.value, known=", ".join(error.known)
            ) from error
        zone = self._assistant.engine.regency(asker.regency).calendar.zone
        now = _moment(data, "now")
        local = now.astimezone(zone) if now.tzinfo else now.replace(tzinfo=zone)
        facts = {name: self._fact(name, value) for name, value in _facts(data)}
        return Line(asker, local, _text(data, "text"), facts)

    def _fact(self, name: str, value: Any) -> FactValue:
        fact = self._vocabulary.facts.get(name)
        if fact is None:
            known = ", ".join(self._vocabulary.facts)
            raise Problem("cli.unknown_name", kind="fact", value=name, known=known)
        return _fact_value(fact, value)

    # --- out ---

    def document(self, answered: Answered) -> dict[str, Any]:
        """The answer as CONTRACT's JSON object, without its id."""
        question, verdict = answered.question, answered.verdict
        return {
            "intent": answered.intent.value,
            "activity": question.activity if question else None,
            "when": when_document(question.when) if question else None,
            "facts": {k: _plain(v) for k, v in answered.facts.items()},
            "verdict": verdict.kind.value if verdict else None,
            "certain": verdict.certain if verdict else None,
            "needs": list(answered.needs),
            "basis": _basis(answered.explanation),
            "valid_until": _iso(verdict.valid_until) if verdict else None,
            "next_permitted": self._next(answered),
            "reply": answered.reply.text,
        }

    def _next(self, answered: Answered) -> dict[str, Any] | None:
        window = answered.window
        if window is None:
            return None
        words = [self._condition(literal) for literal in window.conditions]
        return {"start": _iso(window.start), "end": _iso(window.end), "conditions": words}

    def _condition(self, literal: Literal) -> str:
        return condition(literal, self._texts, self._vocabulary)


def _basis(explanation: Explanation | None) -> list[dict[str, Any]]:
    return [
        {
            "circular": citation.ref.circular,
            "rule": citation.ref.rule,
            "clause": citation.clause,
            "quote": citation.quote,
            "source": citation.source.publisher,
        }
        for citation in (explanation.basis if explanation else ())
    ]


def when_document(when: When | None) -> dict[str, Any] | None:
    """A time as CONTRACT's JSON object."""
    if when is None:
        return None
    return {
        "start": _iso(when.start),
        "end": _iso(when.end),
        "grain": when.grain.value,
        "symbol": when.symbol,
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment is not None else None


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def _object(raw: bytes) -> dict[str, Any]:
    try:
        data = json.loads(raw)
    except ValueError as error:
        raise Problem("cli.line_not_json", detail=str(error)) from error
    if not isinstance(data, dict):
        raise Problem("cli.line_not_object", value=type(data).__name__)
    return data


def _text(data: Mapping[str, Any], name: str, *, optional: bool = False) -> Any:
    value = data.get(name)
    if value is None and optional:
        return None
    if not isinstance(value, str):
        raise Problem("cli.line_field", name=name, value=value)
    return value


def _moment(data: Mapping[str, Any], name: str) -> datetime:
    try:
        return datetime.fromisoformat(_text(data, name))
    except ValueError as error:
        raise Problem("cli.line_moment", name=name, value=data[name]) from error


def _facts(data: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    facts = data.get("facts") or {}
    if not isinstance(facts, dict):
        raise Problem("cli.line_field", name="facts", value=facts)
    return iter(facts.items())


def _fact_value(fact: Fact, value: Any) -> FactValue:
    """`value` as the fact's kind takes it: ya/tidak, one of its options, a number, an ISO date."""
    known = "ya, tidak" if fact.kind is FactKind.YES_NO else ", ".join(str(o.value) for o in fact.options)
    try:
        match fact.kind:
            case FactKind.YES_NO:
                found: FactValue = {"ya": True, "tidak": False}[value] if isinstance(value, str) else value
            case FactKind.NUMBER:
                found = float(value)
            case FactKind.DATE:
                found = datetime.fromisoformat(value).date()
            case FactKind.CHOICE:
                found = value
            case FactKind.CLOCK:
                raise ValueError("the time of day is that of the question")
    except (KeyError, ValueError, TypeError) as error:
        raise Problem("cli.fact_value", name=fact.id, value=value, known=known or fact.kind.value) from error
    discrete = fact.kind in (FactKind.YES_NO, FactKind.CHOICE)
    if discrete and not any(
        found is o.value or (isinstance(found, str) and found == o.value) for o in fact.options
    ):
        raise Problem("cli.fact_value", name=fact.id, value=value, known=known)
    return found


class Times:
    """Reads the times in lines of text; needs no regency."""

    def __init__(self, vocabulary: Vocabulary, texts: Texts) -> None:
        self._normaliser = Normaliser(vocabulary.language["obrolan"])
        self._words = TimeWords(vocabulary.language["waktu"])
        self._texts = texts

    def batch(self, lines: Iterable[bytes], out: TextIO) -> None:
        for raw in lines:
            if raw.strip():
                out.write(json.dumps(self._read(raw), ensure_ascii=False) + "\n")

    def _read(self, raw: bytes) -> dict[str, Any]:
        identity: Any = None
        try:
            data = _object(raw)
            identity = data.get("id")
            now = _moment(data, "now")
            if now.tzinfo is None:
                raise Problem("cli.line_moment", name="now", value=data["now"])
            tokens = self._normaliser.tokens(_text(data, "text"))
            when, readings = when_of(tokens, now, self._words)
        except Problem as problem:
            return {"id": identity, "error": problem.line(self._texts)}
        listed = [when_document(reading.when) for reading in readings]
        return {"id": identity, "when": when_document(when), "readings": listed}
