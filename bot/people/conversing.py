"""Handing questions to the answerer: for whom, in which conversation, in which language."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bot.model import Asker, Incoming, Reply
from bot.people.ports import Answerer, Directory
from bot.people.visit import Visit
from bot.people.waiting import Waiting


class Conversing:
    def __init__(self, answerer: Answerer, directory: Directory, clock: Callable[[], datetime]) -> None:
        self._answerer = answerer
        self._directory = directory
        self._clock = clock
        self._waiting = Waiting(clock)

    def asker(self, visit: Visit) -> Asker | None:
        """The roster goes before what a person says of herself. None also when the regency is not, or no
        longer, in the corpus."""
        asker = visit.member.asker() if visit.member else visit.person.asker()
        return asker if asker and asker.regency in self._directory.regencies() else None

    def answer(self, visit: Visit, asker: Asker, question: str) -> Reply:
        language = visit.texts.language
        return self._answerer.answer(question, asker, _key(visit.incoming), self._clock(), language)

    def press(self, visit: Visit, asker: Asker, action: str) -> Reply:
        """Goes on after a button of an answer."""
        language = visit.texts.language
        return self._answerer.press(action, asker, _key(visit.incoming), self._clock(), language)

    def put_off(self, visit: Visit, question: str) -> None:
        """Keeps a question in RAM until its asker has said who she is."""
        self._waiting.put(visit.incoming, question)

    def waits(self, visit: Visit) -> bool:
        return self._waiting.holds(visit.incoming)

    def waited(self, visit: Visit) -> list[Reply]:
        """The answer to the question that waited; none if none did, or it did too long."""
        question, asker = self._waiting.take(visit.incoming), self.asker(visit)
        return [self.answer(visit, asker, question)] if question and asker else []

    def forget(self, channel: str, external_id: str) -> None:
        """Drops whatever this person was talking about, in any chat."""
        self._waiting.drop(channel, external_id)
        self._answerer.forget(f"{channel}:{external_id}:")


def _key(incoming: Incoming) -> str:
    return f"{incoming.sender.channel}:{incoming.sender.external_id}:{incoming.chat_id}"
