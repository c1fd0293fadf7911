"""A message and the conversation it stands in → a complete draft."""

from __future__ import annotations

from dataclasses import replace

from bot.dialogue import times
from bot.dialogue.memory import Draft, Memory
from bot.model import FactValue, Intent, Move, Understood, Unknown

_ASIDE = frozenset({Intent.GREETING, Intent.ACKNOWLEDGE, Intent.UNCLEAR, Intent.OUT_OF_SCOPE})
"""Intents that leave the conversation as it was."""
_PASSING = frozenset({Intent.WHY, Intent.SANCTION, Intent.WHICH_RULE})
"""Intents that ask about a topic without replacing it, when they name no act of their own."""
_TIMED = frozenset({"dalam_jam_kerja", "hari", "hari_libur", "tanggal"})
"""Facts that end with the time they were said of."""
_PERSONAL = frozenset({"unit", "status"})
"""Facts of the person: words that answer these say nothing else."""

Facts = dict[str, FactValue | Unknown]


def merge(memory: Memory | None, understood: Understood) -> Draft:
    """The draft of what is asked. `memory` is None when nothing is remembered, or no longer."""
    alone = _alone(understood)
    if memory is None:
        return alone
    if understood.intent in _ASIDE:
        return replace(alone, earlier=memory)
    draft = alone if understood.move is Move.ASK else _continued(memory, understood, alone)
    return replace(draft, act_chosen=_chosen(memory, draft))


def _chosen(memory: Memory, draft: Draft) -> bool:
    """Whether the act is one that the bot offered, or was picked before."""
    offered = memory.pending.activities if memory.pending is not None else ()
    kept = memory.draft.act_chosen and draft.activities == memory.draft.activities
    return kept or any(activity in offered for activity in draft.activities[:1])


def _alone(understood: Understood) -> Draft:
    day, clock = times.said(understood)
    return Draft(
        intent=understood.intent,
        activities=understood.activities,
        times=understood.times,
        facts=dict(understood.facts),
        topic=understood.intent,
        day_said=day,
        clock_said=clock,
        must=understood.must,
    )


def _continued(memory: Memory, understood: Understood, alone: Draft) -> Draft:
    before = memory.draft
    when = times.completed(before, alone)
    options = memory.pending.times if memory.pending is not None else ()
    if options and understood.times:
        when = times.chosen(options, understood.times) or when
    intent = _intent(before.topic, understood)
    passing = intent in _PASSING and not understood.activities
    return Draft(
        intent=intent,
        activities=understood.activities or before.activities,
        times=when,
        facts=_facts(memory, understood),
        topic=before.topic if passing else intent,
        day_said=before.day_said or alone.day_said,
        clock_said=before.clock_said or alone.clock_said,
        must=before.must if understood.must is None and not understood.activities else understood.must,
    )


def _intent(topic: Intent, understood: Understood) -> Intent:
    """What is asked now: after "kapan boleh live?", "kalau pakai akun dinas?" still asks when, a new time
    whether."""
    if understood.intent is not Intent.MAY_I:
        return understood.intent
    if understood.move is not Move.FOLLOW_UP:
        return topic
    kept = topic in (Intent.WHEN_MAY_I, Intent.SANCTION) and not understood.times
    return topic if kept else Intent.MAY_I


def _facts(memory: Memory, understood: Understood) -> Facts:
    """What is known so far. A question that was passed over counts as one the person cannot answer: it is not
    put again."""
    facts: Facts = dict(memory.draft.facts)
    if understood.times:
        facts = {name: value for name, value in facts.items() if name not in _TIMED}
    asked = memory.pending.fact if memory.pending is not None else None
    if asked is not None:
        facts[asked] = Unknown.NOT_KNOWN_TO_ASKER
    if asked in _PERSONAL and asked in understood.facts:
        # "di dinas" says where one belongs, not where one is
        return {**facts, asked: understood.facts[asked]}
    return {**facts, **understood.facts}
