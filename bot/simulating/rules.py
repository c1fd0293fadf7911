"""What the platform allows, and what goes wrong on demand. Durations are seconds of the simulator's clock."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Seconds = Annotated[float, Field(ge=0)]
DAY = 86_400.0


class Values(BaseModel):
    """Closed and unchangeable."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Account(Values):
    """The business: one account, one number, one app. The ids are what the program under test is told."""

    token: str = "token-simulator"
    app_secret: str = "rahasia-simulator"
    verify_token: str = "verifikasi-simulator"
    app_id: str = "900000000000001"
    waba_id: str = "900000000000002"
    phone_id: str = "900000000000003"
    phone: str = "6280000000000"
    """Digits only, as `display_phone_number` has it."""
    name: str = "Edaran"


class Rules(Values):
    """A limit that is None does not hold."""

    window: Seconds = DAY
    """How long after her last message a person can be written to without a template."""
    pair_seconds: Seconds | None = 6.0
    """One message to one person in this time, in the long run."""
    pair_burst: Annotated[int, Field(ge=1)] = 45
    """As many may go within `pair_seconds`; each borrows its share of the time that follows."""
    throughput: Annotated[int, Field(ge=1)] | None = 80
    """Messages in one second."""
    new_people: Annotated[int, Field(ge=0)] | None = 250
    """Different people in 24 hours to whom templates go outside the window."""
    told_later: frozenset[int] = frozenset({131026, 131047})
    """Codes that the call does not return: it accepts the message, and a status says `failed`."""
    contacts_when_failed: bool = False
    """The platform leaves `contacts` out of failed statuses."""
    billed_replies: bool = False
    """Whether a message inside the window costs money."""
    templates_approved: bool = False
    """Whether a new template is approved at once; otherwise it waits as PENDING."""
    answer_within: Annotated[float, Field(gt=0)] = 10.0
    """Real seconds that the webhook has to answer."""
    redelivery: Annotated[float, Field(gt=0)] = 1.0
    """The pause before a webhook is repeated; it doubles each time."""
    redelivery_limit: Seconds = 7 * DAY
    """After this a webhook that nobody took is given up."""
    connections: Annotated[int, Field(ge=1)] = 1
    """Webhooks under way at once. With one they arrive in order."""


class Kind(StrEnum):
    """What a webhook tells: a message of a person, or what became of one to her."""

    MESSAGE = "message"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"


class Faults(Values):
    """What goes wrong from now on. The empty one: nothing."""

    late: dict[Kind, Seconds] = {}
    """Such webhooks leave later than what they tell of; their timestamps stay true."""
    missing: frozenset[Kind] = frozenset()
    """Such webhooks never leave."""
    doubled: frozenset[Kind] = frozenset()
    """Such webhooks leave twice."""
    reversed: bool = False
    """The statuses of a message are held until its last one, and leave in reverse order."""
    batched: bool = False
    """Webhooks that are due together leave in one body."""
    fails: int | None = None
    """Messages are accepted, then a status says `failed` with this code."""
    refuses: int | None = None
    """Calls to send a message are refused with this code."""
    lost_answers: bool = False
    """Messages are accepted and go out, but the caller gets a 502 without a JSON body."""
    slow: Seconds = 0.0
    """Real seconds before a call to send a message is answered."""
    times: Annotated[int, Field(ge=0)] | None = None
    """For how many sent messages `fails`, `refuses`, `lost_answers` and `slow` hold; None: until changed."""
    without_user_ids: bool = False
    """Webhooks as they were before business-scoped user ids: phone numbers only."""

    @property
    def on_sending(self) -> bool:
        """Whether one of those is set that `times` counts."""
        return self.fails is not None or self.refuses is not None or self.lost_answers or self.slow > 0
