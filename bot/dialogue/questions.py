"""Which of the missing facts to ask for."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from bot.vocabulary import Fact, Vocabulary

A_SUPERIORS_JUDGEMENT = "atasan"
OF_THE_PERSON = "pegawai"
"""Where facts come from: what a superior judges is never asked; what the registration knows (unit, status)
comes first where it does not, because every other answer hangs on it."""


def next_question(vocabulary: Vocabulary, needs: Sequence[str], facts: Collection[str]) -> str | None:
    """The most telling missing fact that the person can be asked for, None if there is none.

    `needs`: missing facts, most telling first; `facts`: those answered already, also by "I don't know".
    """
    missing = [fact for name in needs if name not in facts and (fact := vocabulary.facts.get(name))]
    missing.sort(key=lambda fact: fact.source != OF_THE_PERSON)
    return next((fact.id for fact in missing if _askable(fact)), None)


def _askable(fact: Fact) -> bool:
    if fact.source == OF_THE_PERSON:
        return bool(fact.options)
    return fact.question is not None and fact.source != A_SUPERIORS_JUDGEMENT
