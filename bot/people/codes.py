"""One-time codes: 60 random bits that prove who a person is, because her unit's admin handed them to her.

Pure: randomness and the time are arguments. The ledger keeps a code's digest only. Letters are Crockford's
base32: none of I, L, O and U, so that what is typed from paper can be forgiven.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 12
GROUP = 4
BITS_A_LETTER = 5

VALID_DAYS = 7
"""How long a code is valid where nothing else is said."""

MOST_FAILURES = 5
WAIT = 3600
"""Seconds that a sender waits after so many wrong codes."""

_FORGIVEN = str.maketrans({"O": "0", "I": "1", "L": "1"})
_BLANKS = re.compile(r"[\s\-–—_.·]+")
_DASHED = re.compile(r"\w{4}\s*[-–—_.·]\s*\w{4}\s*[-–—_.·]\s*\w{4}")


@dataclass(frozen=True, slots=True)
class Tries:
    """The wrong codes of one sender: how many in a row, and when the last one was (seconds since 1970)."""

    failures: int = 0
    last_at: int = 0

    def waits(self, now: int) -> bool:
        """Whether the sender may not try for now."""
        return self.failures >= MOST_FAILURES and now < self.last_at + WAIT

    def failed(self, now: int) -> Tries:
        """After one more wrong code; what lies longer back than the wait no longer counts."""
        return Tries(1 if now >= self.last_at + WAIT else self.failures + 1, now)


@dataclass(frozen=True, slots=True)
class Life:
    """When a code was used or revoked (None: not) and until when it is valid; seconds since 1970."""

    expires_at: int
    used_at: int | None = None
    revoked_at: int | None = None

    def live(self, now: int) -> bool:
        return self.used_at is None and self.revoked_at is None and now < self.expires_at


def new_code(random: Callable[[int], bytes]) -> str:
    """A code in its canonical form: twelve letters. `random`: gives that many random bytes."""
    number = int.from_bytes(random(8), "big")
    return "".join(ALPHABET[number >> BITS_A_LETTER * at & 31] for at in range(LENGTH))


def in_groups(code: str) -> str:
    """As people read it: "ABCD-EFGH-JKMN"."""
    return "-".join(code[at : at + GROUP] for at in range(0, len(code), GROUP))


def read_code(typed: str) -> str | None:
    """The canonical form of what was typed, if it can be a code: capitals, blanks, dashes and look-alike
    letters are forgiven."""
    code = _BLANKS.sub("", typed).upper().translate(_FORGIVEN)
    return code if len(code) == LENGTH and all(letter in ALPHABET for letter in code) else None


def is_spelled_out(typed: str) -> bool:
    """Whether the text can hardly be anything but a code: dashed groups, or letters and digits in one piece.
    A telephone number is none."""
    text = typed.strip()
    if read_code(text) is None or not any(letter.isalpha() for letter in text):
        return False
    one_piece = len(text) == LENGTH and any(letter.isdigit() for letter in text)
    return one_piece or _DASHED.fullmatch(text) is not None


def may_be_spelled_out(typed: str) -> bool:
    """Whether the text looks like a code with blanks between its groups: so does "kalo jam8 live", and only
    its meaning tells the two apart."""
    return (
        read_code(typed) is not None
        and [len(group) for group in typed.split()] == [GROUP] * (LENGTH // GROUP)
        and any(letter.isdigit() for letter in typed)
    )


def digest(code: str) -> str:
    """What the ledger keeps: the SHA-256 of the canonical form, in hexadecimal."""
    return hashlib.sha256(code.encode()).hexdigest()
