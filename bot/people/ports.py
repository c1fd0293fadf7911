"""What people/ needs from outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Protocol, TypeAlias

from bot.model import Asker, Button, Reply
from bot.people.profile import Profile
from bot.people.visit import Visit
from bot.rendering.texts import Texts
from bot.vocabulary import Wording


class Profiles(Protocol):
    """Where profiles are kept. A method returns when the change is durable."""

    async def get(self, channel: str, external_id: str) -> Profile | None:
        """None: this person has never been seen, or had her profile deleted."""

    async def put(self, profile: Profile) -> None:
        """Creates or replaces the profile of (channel, external_id)."""

    async def delete(self, channel: str, external_id: str) -> None:
        """Forgets the person. No error if there is nothing to forget."""


class Answerer(Protocol):
    """Understanding, policy and rendering as one. `key` names the conversation (channel:person:chat), whose
    memory the answerer keeps in RAM; `now` is aware; `language` is that of a catalogue."""

    def answer(self, text: str, asker: Asker, key: str, now: datetime, language: str) -> Reply:
        """Answers what was typed."""

    def press(self, action: str, asker: Asker, key: str, now: datetime, language: str) -> Reply:
        """Goes on after a button of an answer; `action` starts with "q:"."""

    def forget(self, key: str) -> None:
        """Drops what the conversation was about; "channel:person:" means all those of a person."""


class Records(Protocol):
    """What the ledger holds of a person."""

    async def about(self, channel: str, external_id: str, texts: Texts) -> Mapping[str, Any]:
        """Everything kept about whoever holds this account, as it goes into JSON: headings in words, values
        with nothing masked, since they are her own. Empty: nothing is kept."""


Rows: TypeAlias = tuple[tuple[Button, ...], ...]


class Campaigns(Protocol):
    """What people do with circulars that were sent to them. Each method gives None for what is none of its
    business."""

    async def press(self, visit: Visit, action: str) -> Sequence[Reply] | None:
        """After a button."""

    async def say(self, visit: Visit, text: str) -> Sequence[Reply] | None:
        """After typed text, in a private chat."""

    async def start(self, visit: Visit, payload: str) -> Sequence[Reply] | None:
        """After a link to the chat that carries `payload`."""

    async def command(self, visit: Visit, name: str) -> Sequence[Reply] | None: ...

    async def turned(self, visit: Visit) -> None:
        """A command: what she was about to type before is left."""

    async def waiting(self, visit: Visit) -> Rows:
        """The button below the list of circulars that shows those which wait for her; none where none do."""

    async def forget(self, channel: str, external_id: str) -> None:
        """She wants nothing kept of what she asked."""


class NoCampaigns:
    """Keeps `Campaigns` where none are sent."""

    async def press(self, visit: Visit, action: str) -> Sequence[Reply] | None:
        return None

    async def say(self, visit: Visit, text: str) -> Sequence[Reply] | None:
        return None

    async def start(self, visit: Visit, payload: str) -> Sequence[Reply] | None:
        return None

    async def command(self, visit: Visit, name: str) -> Sequence[Reply] | None:
        return None

    async def turned(self, visit: Visit) -> None: ...

    async def waiting(self, visit: Visit) -> Rows:
        return ()

    async def forget(self, channel: str, external_id: str) -> None: ...


class Post(Protocol):
    """Brings messages that nobody has just asked for."""

    def send(self, channel: str, external_id: str, reply: Reply) -> None:
        """Sends in the background, if the person can be reached; never raises."""


class Force(StrEnum):
    """Where a circular stands at a given moment."""

    IN_FORCE = "in_force"
    NOT_YET = "not_yet"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class CircularCard:
    """A circular as /edaran lists it.

    `number`: None where the source gives none. `since`: first day in force, None if unknown; `since_assumed`:
    the source does not state that day. `until`: last day in force, None: open-ended. `publisher`: who
    published what was read; `original_seen`: whether the signed text was.
    """

    id: str
    number: str | None
    about: Wording
    force: Force
    since: date | None
    since_assumed: bool
    until: date | None
    publisher: str
    original_seen: bool


class Directory(Protocol):
    """What the corpus offers to choose from. Ids are stable; names are for people. Asked anew at every use,
    because the corpus can be replaced while the bot runs."""

    def regencies(self) -> Mapping[str, str]:
        """Id → full name."""

    def statuses(self) -> Mapping[str, Wording]: ...

    def units(self) -> Mapping[str, Wording]:
        """Unit classes, in the order in which to offer them."""

    def patterns(self, regency: str) -> Mapping[str, Wording]:
        """Working patterns a person can belong to (not the dated replacements); the first is the default.
        Empty for an unknown regency."""

    def circulars(self, regency: str, now: datetime) -> Sequence[CircularCard]:
        """All registered circulars of the regency, those in force first. Empty for an unknown regency."""
