"""Which of the missing facts to ask for."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from bot.vocabulary import Vocabulary

A_SUPERIORS_JUDGEMENT = "atasan"


def next_question(vocabulary: Vocabulary, needs: Sequence[str], facts: Collection[str]) -> str | None:
    """The most telling missing fact that the person can be asked for, None if there is none.

    `needs`: missing facts, most telling first; `facts`: those answered already, also by "I don't know".
    """
    return next((name for name in needs if name not in facts and _askable(vocabulary, name)), None)


def _askable(vocabulary: Vocabulary, name: str) -> bool:
    fact = vocabulary.facts.get(name)
    return fact is not None and fact.question is not None and fact.source != A_SUPERIORS_JUDGEMENT
