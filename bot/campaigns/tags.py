"""What a message says of itself to a channel that gives it back with what becomes of the message. Pure.

So a message whose call broke is found again. A tag holds the numbers under which the ledger knows a delivery,
and nothing that says who anybody is. It proves nothing: what brings it back must be signed. The moment at
which the campaign was made tells ours from those of another installation behind the same number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_FORM = re.compile(
    r"edaran\.([0-9]{1,18})\.([0-9]{1,18})\.([0-9]{1,18})\.([0-9]{1,9})(?:\.([a-z_]{1,40})\.([0-9]{1,9}))?"
)


@dataclass(frozen=True, slots=True)
class Tag:
    """`created`: when the campaign was made, seconds since 1970. `attempt`: at this delivery, from 1.
    `template`: its kind; None: free text. `price`: rupiah that were set aside for it."""

    campaign: int
    created: int
    person: int
    attempt: int
    template: str | None = None
    price: int = 0

    def __str__(self) -> str:
        return f"edaran.{self.campaign}.{self.created}.{self.person}.{self.attempt}"


def priced(tag: str, template: str, price: int) -> str:
    """The tag of a message that goes out as a template."""
    return f"{tag}.{template}.{price}"


def tag_of(text: str | None) -> Tag | None:
    """None: no tag, or not one of ours."""
    found = _FORM.fullmatch(text or "")
    if found is None:
        return None
    campaign, created, person, attempt, template, price = found.groups()
    return Tag(int(campaign), int(created), int(person), int(attempt), template, int(price or 0))
