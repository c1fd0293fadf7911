"""Questions that wait until their askers have said who they are. In RAM only."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from bot.model import Incoming

PATIENCE = timedelta(minutes=30)
"""How long a question waits."""

MOST_WAITING = 10_000

Key = tuple[str, str, str]


class Waiting:
    """One question a conversation; the oldest gives way when there are too many."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._questions: dict[Key, tuple[str, datetime]] = {}

    def put(self, incoming: Incoming, question: str) -> None:
        while len(self._questions) >= MOST_WAITING:
            del self._questions[next(iter(self._questions))]
        self._questions[_key(incoming)] = (question, self._clock())

    def holds(self, incoming: Incoming) -> bool:
        return _key(incoming) in self._questions

    def take(self, incoming: Incoming) -> str | None:
        """The question, once; None: there is none, or it waited too long."""
        question, since = self._questions.pop(_key(incoming), (None, self._clock()))
        return question if self._clock() - since <= PATIENCE else None

    def drop(self, channel: str, external_id: str) -> None:
        """Forgets whatever this person asked, in any chat."""
        for key in [key for key in self._questions if key[:2] == (channel, external_id)]:
            del self._questions[key]


def _key(incoming: Incoming) -> Key:
    return (incoming.sender.channel, incoming.sender.external_id, incoming.chat_id)
