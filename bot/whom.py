"""What of the person herself is not known (her unit, her status), and how the answers differ by it.

Nothing is decided here that the engine does not decide: each class is asked for in turn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from bot.model import Asker, Literal, Question, Verdict, VerdictKind
from bot.policy.decide import Engine
from bot.policy.situation import STATUS, UNIT
from bot.vocabulary import Named, Vocabulary

PERSONAL = frozenset({STATUS, UNIT})

_UNADDRESSED = frozenset({VerdictKind.NOT_COVERED, VerdictKind.NOT_IN_FORCE})


@dataclass(frozen=True, slots=True)
class Choice:
    """A class to choose. `rest`: classes within it stand beside it, so that it means all its others."""

    id: str
    rest: bool = False


class Whom:
    """How the answer to one question differs by what the person is."""

    def __init__(self, engine: Engine, question: Question, asker: Asker, now: datetime) -> None:
        self._engine, self._question, self._asker, self._now = engine, question, asker, now

    def verdicts(self, fact: str) -> dict[str, Verdict]:
        """Every class of units (or every status) with the verdict on those who belong to it."""
        question = self._question
        return {
            name: self._engine.decide(
                replace(question, facts={**question.facts, fact: name}), self._asker, self._now
            )
            for name in classes(self._engine.corpus.vocabulary, fact)
        }

    def choices(self, fact: str) -> tuple[Choice, ...]:
        """The classes to choose from: of those that are answered alike the widest, the rest last."""
        known = classes(self._engine.corpus.vocabulary, fact)
        found = {name: (verdict.kind, verdict.conditions) for name, verdict in self.verdicts(fact).items()}
        shown = [n for n, thing in known.items() if thing.parent is None or found[thing.parent] != found[n]]
        choices = [Choice(n, any(n in _lineage(known, other)[1:] for other in shown)) for n in shown]
        return tuple(sorted(choices, key=lambda choice: choice.rest))

    def unaddressed(self, literal: Literal) -> tuple[str, ...]:
        """The classes that a condition on what the person is leaves out, if the only reason is that no
        circular in force addresses them; empty otherwise. To them nothing is forbidden or allowed."""
        if literal.fact not in PERSONAL:
            return ()
        others = {n: v.kind for n, v in self.verdicts(literal.fact).items() if n not in literal.values}
        return tuple(others) if _UNADDRESSED.issuperset(others.values()) else ()


def classes(vocabulary: Vocabulary, fact: str) -> Mapping[str, Named]:
    """The classes of units, or the statuses, by id."""
    return vocabulary.units if fact == UNIT else vocabulary.statuses


def _lineage(known: Mapping[str, Named], name: str) -> list[str]:
    """The class and the wider ones that it belongs to, nearest first."""
    line = [name]
    while (parent := known[line[-1]].parent) is not None and parent not in line:
        line.append(parent)
    return line
