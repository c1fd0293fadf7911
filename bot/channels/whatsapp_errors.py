"""What the Graph API's refusals mean for a message: wait, give up, or nobody knows. Pure.

Codes are those of Meta's list of Cloud API error codes. A refusal with a code of its own took nothing; what
has none (a proxy's page, a broken connection) may have been taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

import httpx
from pywa_async.errors import WhatsAppError

THROTTLED = frozenset({4, 80007, 130429, 131048, 131064})
"""The number, the account or the app sends too much."""
PAIR = 131056
"""Too much to one person."""
PAIR_PAUSE = 6.0
"""Seconds between messages to one person, in the long run."""
WINDOW_CLOSED = 131047
"""The person has not written for 24 hours: only a template reaches her."""
NOT_BY_USER_ID = 131062
"""This message cannot be addressed to a user id."""
UNDELIVERABLE = frozenset({131026, 131030, 131021})
"""No WhatsApp there, or not for us."""
OUT_OF_ORDER = frozenset({0, 3, 10, 190, 368, 131005, 131031, 131042, 131045, 131057, 133010})
"""Something is wrong with our token, number or account: it says nothing about the person."""
TEMPORARY = frozenset({1, 2, 131000, 131016, 133004})
THROTTLED_STATUS = 429

NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
"""Errors that arise before a request leaves this machine."""


class UnseenError(Exception):
    """Something broke that nobody sees, such as an upload: it may be done again."""


class Meaning(Enum):
    THROTTLED = auto()  # wait: everybody
    PAIR = auto()  # wait: this person
    UNAVAILABLE = auto()  # nothing was taken; later perhaps
    OUT_OF_ORDER = auto()  # nothing was taken; somebody has to repair it
    UNDELIVERABLE = auto()
    WINDOW_CLOSED = auto()
    NOT_BY_USER_ID = auto()
    REFUSED = auto()
    UNCERTAIN = auto()


@dataclass(frozen=True, slots=True)
class Trouble:
    """`code` 0: there was no answer."""

    meaning: Meaning
    code: int = 0


def trouble_of(error: Exception) -> Trouble | None:
    """None: an error that is not about sending."""
    if isinstance(error, WhatsAppError):
        return Trouble(_meaning(error), error.code)
    if isinstance(error, (*NEVER_SENT, UnseenError)):
        return Trouble(Meaning.UNAVAILABLE)
    if isinstance(error, httpx.HTTPError | httpx.StreamError | ValueError | KeyError | TypeError):
        return Trouble(Meaning.UNCERTAIN)  # cut off, or an answer that is none
    return None


def _meaning(error: WhatsAppError) -> Meaning:
    code = error.code
    if code in THROTTLED or error.status_code == THROTTLED_STATUS:
        return Meaning.THROTTLED
    known = {PAIR: Meaning.PAIR, WINDOW_CLOSED: Meaning.WINDOW_CLOSED, NOT_BY_USER_ID: Meaning.NOT_BY_USER_ID}
    if code in known:
        return known[code]
    if code in UNDELIVERABLE:
        return Meaning.UNDELIVERABLE
    if code in OUT_OF_ORDER or 200 <= code < 300:  # the permissions have a range of their own
        return Meaning.OUT_OF_ORDER
    if code in TEMPORARY:
        return Meaning.UNAVAILABLE
    synthetic = code == error.status_code
    return Meaning.UNCERTAIN if synthetic and code >= 500 else Meaning.REFUSED
