"""One message or button, with who sent it."""

from __future__ import annotations

from dataclasses import dataclass

from bot.model import Incoming
from bot.people.profile import Profile
from bot.people.staff import Member
from bot.rendering.texts import Texts


@dataclass(frozen=True, slots=True)
class Visit:
    """`profile` None: never seen, or deleted. `member` None: a guest, or (`left`) whose account this is has
    left the staff. `texts`: in the person's language."""

    incoming: Incoming
    profile: Profile | None
    member: Member | None
    texts: Texts
    left: bool = False

    @property
    def person(self) -> Profile:
        """The profile, or the one that would be kept."""
        return self.profile or Profile(self.incoming.sender.channel, self.incoming.sender.external_id)

    @property
    def stopped(self) -> bool:
        return self.profile is not None and self.profile.stopped_at is not None

    @property
    def pressed(self) -> bool:
        return self.incoming.action is not None
