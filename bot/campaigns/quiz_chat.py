"""The check of understanding as a dialogue: a question with two buttons, the clause that explains it, and so
on.

Of an answer the ledger gets the clause and right or wrong. Nothing is kept of how far somebody is: a button
says which question it belongs to, and the questions come out the same for the same acknowledgment.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo

from bot.campaigns import quiz
from bot.campaigns.acknowledging import Told
from bot.campaigns.ports import Circulars
from bot.campaigns.quiz import Item, Quiz
from bot.model import Reply
from bot.people.visit import Visit
from bot.policy.decide import Engine
from bot.policy.situation import UnknownNameError
from bot.problems import Problem

PRESSED = 20_000
"""Questions remembered in RAM as answered, so that a second tap is not counted; not how they were."""


class QuizChat:
    """`engine`: that of now. `zone`: of a regency."""

    def __init__(
        self, circulars: Circulars, engine: Callable[[], Engine], zone: Callable[[str], tzinfo]
    ) -> None:
        self._circulars = circulars
        self._engine = engine
        self._zone = zone
        self._made: tuple[Engine, Quiz] | None = None
        # (person, version, question) → whether she has passed it since she acknowledged; all here are counted
        self._pressed: OrderedDict[tuple[int, int, str], bool] = OrderedDict()

    def first(self, visit: Visit, told: Told, at: int) -> Sequence[Reply]:
        """The first question after acknowledging at `at`; none where the circular gives none."""
        assert visit.member is not None
        items = self._items(visit, told, at)
        for item in items:  # after an undone one it is gone through again, and not counted again
            key = (visit.member.person.id, told.version, item.mark)
            if key in self._pressed:
                self._pressed[key] = False
        return [self._asked(visit, told, items, 0, "quiz.first")] if items else []

    async def press(self, visit: Visit, action: str) -> Sequence[Reply]:
        assert visit.member is not None
        stale = [Reply(visit.texts("hint.stale_button"))]
        pressed = quiz.pressed(action)
        person = visit.member.person.id
        entry = await self._circulars.standing(person, pressed.version) if pressed else None
        told = await self._circulars.told(entry.campaign) if entry else None
        if pressed is None or entry is None or told is None:
            return stale
        items = self._items(visit, told, entry.at)
        if pressed.number >= len(items):
            return stale
        item = items[pressed.number]
        if item.mark != pressed.mark:  # the rules have changed since, and so has the question
            return [self._asked(visit, told, items, pressed.number, "quiz.changed")]
        key = (person, pressed.version, item.mark)
        if self._pressed.get(key):  # how she answered first is not known any more
            again = self._explained(visit, item, pressed.allowed)
            return [replace(again, text=f"{visit.texts('quiz.counted')}\n\n{again.text}")]
        counted = key in self._pressed
        self._passed(key)
        if not counted:
            try:
                right = quiz.judged(item, pressed.allowed).right
                await self._circulars.count_answer(told.version, item.rule.rule, right)
            except Problem:  # it may be tried again
                del self._pressed[key]
                raise
        return [
            self._explained(visit, item, pressed.allowed),
            self._next(visit, told, items, pressed.number + 1),
        ]

    def _next(self, visit: Visit, told: Told, items: Sequence[Item], number: int) -> Reply:
        if number < len(items):
            return self._asked(visit, told, items, number, None)
        return Reply(visit.texts("quiz.end"))

    def _explained(self, visit: Visit, item: Item, said: bool) -> Reply:
        return Reply(self._quiz().explained(item, said, visit.texts), replace=True)

    def _asked(self, visit: Visit, told: Told, items: Sequence[Item], number: int, note: str | None) -> Reply:
        texts, item = visit.texts, items[number]
        head = texts("quiz.number", number=number + 1, count=len(items))
        worded = quiz.worded(item, self._engine().corpus.vocabulary, texts)
        text = "\n".join(filter(None, (texts(note) if note else "", f"{head} {worded}")))
        return Reply(text, quiz.buttons(item, told.version, number, texts))

    def _items(self, visit: Visit, told: Told, at: int) -> Sequence[Item]:
        assert visit.member is not None
        day = datetime.fromtimestamp(at, self._zone(told.content.regency)).date()
        asker = replace(visit.member.asker(), absences=())
        try:
            seed = f"{visit.member.person.id}:{told.version}"
            return self._quiz().items(told.content.circular, asker, seed, day)
        except (KeyError, UnknownNameError):  # ad hoc, or not in the corpus any more
            return ()

    def _quiz(self) -> Quiz:
        engine = self._engine()
        if self._made is None or self._made[0] is not engine:
            self._made = engine, Quiz(engine)
        return self._made[1]

    def _passed(self, key: tuple[int, int, str]) -> None:
        self._pressed[key] = True
        while len(self._pressed) > PRESSED:
            self._pressed.popitem(last=False)
