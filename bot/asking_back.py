"""The question that goes with an answer where something is missing, and the buttons that answer it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from bot.model import Button
from bot.rendering.texts import Texts
from bot.vocabulary import Vocabulary
from bot.whom import Choice, classes

LABEL = 20
"""Characters of a button that every channel takes."""

Rows = tuple[tuple[Button, ...], ...]


@lru_cache(maxsize=256)
def about_fact(fact: str, texts: Texts, vocabulary: Vocabulary) -> tuple[str, Rows]:
    """How to ask for a fact; "don't know" stands in a row below."""
    entry = vocabulary.facts[fact]
    assert entry.question is not None
    options = [
        Button(texts.word(option.label), f"q:f:{fact}:{index}") for index, option in enumerate(entry.options)
    ]
    rows = (tuple(reversed(options)), (_unknown(fact, texts),))  # a number or a date is typed
    return texts.word(entry.question), tuple(filter(None, rows))


def about_person(
    fact: str, choices: Sequence[Choice], texts: Texts, vocabulary: Vocabulary
) -> tuple[str, Rows]:
    """How to ask for her unit or status: one row for each class that is answered differently."""
    known, options = classes(vocabulary, fact), [option.value for option in vocabulary.facts[fact].options]
    rests = sum(choice.rest for choice in choices)
    rows = []
    for choice in choices:
        other = choice.rest and rests == 1
        label = texts(f"ask.rest_{fact}") if other else texts.word(known[choice.id].name)
        rows.append((Button(_short(label), f"q:f:{fact}:{options.index(choice.id)}"),))
    return texts(f"ask.{fact}"), (*rows, (_unknown(fact, texts),))


def _unknown(fact: str, texts: Texts) -> Button:
    return Button(texts("ask.dont_know"), f"q:f:{fact}:?")


def _short(label: str) -> str:
    return label if len(label) <= LABEL else label[: LABEL - 1].rstrip() + "…"
