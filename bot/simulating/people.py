"""The people on the other side: what the platform knows of them, and what they see in their chat."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.simulating.errors import Json
from bot.simulating.limits import Pair


@dataclass(slots=True)
class Person:
    """`user_id` is business-scoped, like `ID.800000000001`. `phone` are digits. `outbox` is what she
    received, oldest first, in the form of `showing.shown` with id, at and read."""

    user_id: str
    name: str
    phone: str
    hidden: bool = False
    """Whether webhooks leave her number out, as they do for people with a username."""
    username: str | None = None
    online: bool = True
    """An offline phone: messages are sent, and delivered when it is on again."""
    receipts: bool = True
    """Whether the business learns that she read."""
    reachable: bool = True
    """False: no WhatsApp, or the business is blocked (131026)."""
    spoke: float | None = None
    outbox: list[Json] = field(default_factory=list)
    pair: Pair = field(default_factory=Pair)

    def contact(self, with_phone: bool) -> Json:
        """Her entry in `contacts` of a webhook."""
        profile = {"name": self.name} | ({"username": self.username} if self.username else {})
        return {"profile": profile, "user_id": self.user_id} | ({"wa_id": self.phone} if with_phone else {})

    def described(self) -> Json:
        """For those who steer the simulator."""
        fields = (
            "user_id",
            "name",
            "phone",
            "hidden",
            "username",
            "online",
            "receipts",
            "reachable",
            "spoke",
        )
        return {field: getattr(self, field) for field in fields}

    def within(self, now: float, window: float) -> bool:
        """Whether she wrote recently enough to be answered without a template."""
        return self.spoke is not None and now - self.spoke < window


def digits(phone: str) -> str:
    """A number as `wa_id` has it."""
    return "".join(filter(str.isdecimal, phone))
