"""What becomes of a message of the business: accepted, sent, delivered, read, or failed."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.simulating import webhooks
from bot.simulating.errors import GraphError, Json
from bot.simulating.people import Person
from bot.simulating.rules import Account, Kind

PRICED = (Kind.SENT, Kind.DELIVERED)
"""The statuses that say what the message costs."""


@dataclass(slots=True)
class Sent:
    """`person` None: nobody got it. It was addressed by `phone` (digits) or by `user_id`. `seen`: what she
    sees of it. `held`: statuses kept back in order to leave in reverse."""

    id: str
    person: Person | None
    phone: str | None
    user_id: str | None
    opaque: str | None
    pricing: Json
    seen: Json = field(default_factory=dict)
    reached: set[Kind] = field(default_factory=set)
    held: list[tuple[Kind, Json]] = field(default_factory=list)

    def entry(self, account: Account, kind: Kind, at: float, error: GraphError | None, named: bool) -> Json:
        """The webhook's entry. `named`: whether a failed status names the person in `contacts`."""
        failed = kind is Kind.FAILED
        status = webhooks.status_of(
            self.id,
            kind,
            at,
            phone=self.phone,
            user_id=None if failed and self.phone else self._user_id(),
            opaque=self.opaque,
            pricing=self.pricing if kind in PRICED else None,
            error=error,
        )
        return webhooks.status_entry(account, status, self._contact(kind) if named or not failed else None)

    def told(self, kind: Kind, entry: Json, backwards: bool) -> list[tuple[Kind, Json]]:
        """Which statuses leave now, this one being the newest."""
        self.held.append((kind, entry))
        if backwards and not self._last(kind):
            return []
        leaving, self.held = self.held, []
        return leaving[::-1] if backwards else leaving

    def _last(self, kind: Kind) -> bool:
        receipts = self.person is not None and self.person.receipts
        return kind in (Kind.FAILED, Kind.READ) or (kind is Kind.DELIVERED and not receipts)

    def _user_id(self) -> str | None:
        return self.person.user_id if self.person else self.user_id

    def _contact(self, kind: Kind) -> Json | None:
        if self.person is None:
            return {"user_id": self.user_id} if self.user_id else {"wa_id": self.phone}
        contact = self.person.contact(self.phone is not None or not self.person.hidden)
        if kind is Kind.SENT:
            contact["profile"].pop("username", None)
        return contact
