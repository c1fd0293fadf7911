"""A pressed button goes on from the conversation like a typed answer."""

from __future__ import annotations

from dataclasses import replace

from bot.dialogue.memory import Draft, Memory
from bot.model import FactValue, Unknown
from bot.vocabulary import Vocabulary

DONT_KNOW = "?"


def press(memory: Memory, action: str, vocabulary: Vocabulary) -> Draft | None:
    """The draft after a button: "q:f:<fact>:<option or ?>", "q:t:<which time>", "q:a:<act>".

    None if the button belongs to no question of this conversation.
    """
    kind, _, rest = action.removeprefix("q:").partition(":")
    draft = replace(memory.draft, intent=memory.draft.topic, earlier=None)
    if kind == "f":
        return _with_fact(draft, rest, vocabulary)
    if memory.pending is None:
        return None
    if kind == "t":
        times = memory.pending.times
        return (
            replace(draft, times=(times[int(rest)],)) if rest.isdecimal() and int(rest) < len(times) else None
        )
    if kind == "a":
        return (
            replace(draft, activities=(rest,), act_chosen=True) if rest in memory.pending.activities else None
        )
    return None


def _with_fact(draft: Draft, rest: str, vocabulary: Vocabulary) -> Draft | None:
    name, _, chosen = rest.rpartition(":")
    fact = vocabulary.facts.get(name)
    if fact is None:
        return None
    value: FactValue | Unknown
    if chosen == DONT_KNOW:
        value = Unknown.NOT_KNOWN_TO_ASKER
    elif chosen.isdecimal() and int(chosen) < len(fact.options):
        value = fact.options[int(chosen)].value
    else:
        return None
    return replace(draft, facts={**draft.facts, name: value})
