"""Understanding, dialogue, policy and rendering in a row: one message in, one answer out.

Holds no clock and no disk. Conversations are remembered in RAM only: what a person asks is never stored
with who asked.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from functools import lru_cache

from bot.dialogue import Draft, Memory, merge, press, remember
from bot.model import Asker, FactValue, Intent, Reply, Understood
from bot.policy.decide import Engine
from bot.policy.explanation import Explainer
from bot.rendering.texts import Texts
from bot.turn import Answered, Turn
from bot.understanding import Understanding

FADES_AFTER = timedelta(minutes=30)
"""How long a conversation remembers what it was about."""

MOST_CONVERSATIONS = 20_000

SENTENCES = 2_000
"""Sentences whose reading is remembered, and answers, without who said or got them."""


Noticed = Callable[[str, Asker, Answered], None]
"""Told of every answer of a conversation: its key, who asked (as rules see her), what became of it."""


class Assistant:
    """Answers messages from one corpus. `catalogues`: language → texts. `noticed`: None, nobody is told."""

    def __init__(self, engine: Engine, understanding: Understanding, catalogues: Mapping[str, Texts]) -> None:
        self.engine = engine
        self._explainer = Explainer(engine)
        self.catalogues = catalogues
        self._understanding = understanding
        self._read = _reading_once(understanding)
        self._answers: dict[Hashable, Answered] = {}
        self._memories: OrderedDict[str, Memory] = OrderedDict()
        self.noticed: Noticed | None = None

    def adopt(self, engine: Engine, understanding: Understanding) -> None:
        """Goes on with another corpus. Conversations are forgotten: their acts and facts may be gone."""
        self.engine, self._understanding = engine, understanding
        self._explainer = Explainer(engine)
        self._read = _reading_once(understanding)
        self._answers.clear()
        self._memories.clear()

    # --- for channels ---

    def answer(self, text: str, asker: Asker, key: str, now: datetime, language: str) -> Reply:
        """Answers what was typed in the conversation `key`. Raises UnknownNameError for a regency that is
        not registered."""
        local = self._local(asker, now).replace(second=0, microsecond=0)
        memory = self._recall(key, local)
        wall, zone = local.replace(tzinfo=None), local.tzinfo
        understood = self._read(text, wall, zone, memory.expecting if memory else None)
        return self._turn(merge(memory, understood), asker, key, local, language)

    def press(self, action: str, asker: Asker, key: str, now: datetime, language: str) -> Reply:
        """Goes on after a button of an answer: "q:f:<fact>:<option or ?>", "q:t:<reading>", "q:a:<act>"."""
        local = self._local(asker, now)
        memory = self._recall(key, local)
        draft = press(memory, action, self.engine.corpus.vocabulary) if memory else None
        if draft is None:
            return Reply(self.catalogues[language]("conversation.gone"))
        return self._turn(draft, asker, key, local, language)

    def _turn(self, draft: Draft, asker: Asker, key: str, now: datetime, language: str) -> Reply:
        answered = self._answered(draft, self.engine.known(asker), now, language)
        self._remember(key, remember(draft, answered.pending, now + FADES_AFTER))
        if self.noticed is not None:
            self.noticed(key, asker, answered)
        return answered.reply

    def _answered(self, draft: Draft, known: Asker, now: datetime, language: str) -> Answered:
        """Answers a question once a minute to all whom it means the same: after a circular is sent everybody
        asks at once."""
        key = (draft.asked, known, now.replace(tzinfo=None), now.tzinfo, language)
        answered = self._answers.get(key)
        if answered is None:
            if len(self._answers) >= SENTENCES:
                self._answers.clear()
            texts = self.catalogues[language]
            answered = self._answers[key] = Turn(
                self.engine, self._explainer, draft, known, now, texts
            ).answer()
        return answered

    def is_question(self, text: str, now: datetime) -> bool:
        """Whether the text says anything that could be answered: an act, or what a circular says."""
        return self._understanding.read(text, now).intent not in (Intent.UNCLEAR, Intent.OUT_OF_SCOPE)

    def intent(self, text: str, local: datetime) -> Intent:
        """What the text asks for, standing alone. `local`: now, where the asker is; her question in the same
        minute is not read again."""
        wall = local.replace(second=0, microsecond=0, tzinfo=None)
        return self._read(text, wall, local.tzinfo, None).intent

    def forget(self, key: str) -> None:
        """Drops what the conversation `key` was about; "channel:person:" means all those of a person."""
        for known in [known for known in self._memories if known.startswith(key)]:
            del self._memories[known]

    # --- for scripts ---

    def once(
        self, text: str, asker: Asker, now: datetime, language: str, facts: Mapping[str, FactValue]
    ) -> Answered:
        """Answers a message that stands alone; `facts` are known besides those that the text says."""
        local = self._local(asker, now)
        draft = merge(None, self._understanding.read(text, local, None))
        if facts:
            draft = replace(draft, facts={**facts, **draft.facts})
        return Turn(self.engine, self._explainer, draft, asker, local, self.catalogues[language]).answer()

    # --- memory, bounded ---

    def _local(self, asker: Asker, now: datetime) -> datetime:
        return now.astimezone(self.engine.regency(asker.regency).calendar.zone)

    def _recall(self, key: str, now: datetime) -> Memory | None:
        memory = self._memories.get(key)
        return memory if memory is not None and now < memory.until else None

    def _remember(self, key: str, memory: Memory) -> None:
        self._memories[key] = memory
        self._memories.move_to_end(key)
        while len(self._memories) > MOST_CONVERSATIONS:
            self._memories.popitem(last=False)


Reading = Callable[[str, datetime, tzinfo | None, str | None], Understood]


def _reading_once(understanding: Understanding) -> Reading:
    """Reads a sentence once a minute: when everybody asks at once, they ask the same.

    The wall clock and its zone come apart, because two zones at the same instant would be equal.
    """

    @lru_cache(SENTENCES)
    def read(text: str, wall: datetime, zone: tzinfo | None, expecting: str | None) -> Understood:
        return understanding.read(text, wall.replace(tzinfo=zone), expecting)

    return read
