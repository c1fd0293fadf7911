"""Acknowledging at an assembly (apel): a code on the wall that those present scan.

The code is a link with a token: campaign, unit and moment, signed. Nothing of it is kept. It is a new one
every few minutes and serves a quarter of an hour, so that a link that is passed on is soon worth nothing; who
scans it may take as long again to read what she acknowledges.
"""

from __future__ import annotations

import hmac
import io
import re
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

import segno

from bot.people.rights import Action, Actor, Target, require
from bot.problems import Problem

PREFIX = "apel_"
ROTATES = 300
"""Seconds for which the same code is shown."""

SERVES = 900
READING = 900
"""Seconds more for who scanned it in time."""

_FIELDS = struct.Struct(">QQI")
_MAC_BYTES = 16
_TOKEN = re.compile(r"[A-Za-z0-9_-]{48}")  # 36 bytes, so without padding
_PURPOSE = b"edaran assembly 1\0"
SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Pass:
    """What a token says. `unit`: those of this unit and below may scan it. `since`: seconds since 1970."""

    campaign: int
    unit: int
    since: int

    @property
    def until(self) -> int:
        return self.since + SERVES


class Tokens:
    """`secret`: at least 32 bytes, known to the processes of one installation only."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) < SECRET_BYTES:
            raise ValueError("the secret is too short")
        self._secret = secret

    def written(self, found: Pass) -> str:
        """Letters that a link and a button can carry: 48 of them."""
        said = _FIELDS.pack(found.campaign, found.unit, found.since)
        return urlsafe_b64encode(said + self._mac(said)).decode()

    def read(self, token: str, now: float, extra: int = 0) -> Pass | None:
        """None: not ours, changed, too old (`extra` seconds are forgiven), or of another day to come."""
        if not _TOKEN.fullmatch(token):
            return None
        raw = urlsafe_b64decode(token)
        said, mac = raw[: _FIELDS.size], raw[_FIELDS.size :]
        if not hmac.compare_digest(mac, self._mac(said)):
            return None
        found = Pass(*_FIELDS.unpack(said))
        return found if found.since <= now + ROTATES and now < found.until + extra else None

    def _mac(self, said: bytes) -> bytes:
        return hmac.digest(self._secret, _PURPOSE + said, "sha256")[:_MAC_BYTES]


@dataclass(frozen=True, slots=True)
class Shown:
    """What is put on the wall. `rotates`: when the next one is to be shown; `until`: when it ends."""

    token: str
    link: str
    rotates: int
    until: int

    def svg(self) -> str:
        return segno.make(self.link, error="m", micro=False).svg_inline(border=2, omitsize=True)

    def png(self) -> bytes:
        out = io.BytesIO()
        segno.make(self.link, error="m", micro=False).save(out, kind="png", scale=12, border=3)
        return out.getvalue()


class Ledger(Protocol):
    async def assembly_opened(self, campaign: int, by: str, unit: int, at: int) -> str | None:
        """Notes it, once a turn of the code. The campaign's regency; None: it takes no acknowledgments."""


class Staff(Protocol):
    async def unit_target(self, unit: int) -> Target: ...


class Assembly:
    """`link`: to the chat, carrying a text. `clock`: seconds since 1970."""

    def __init__(
        self,
        tokens: Tokens,
        ledger: Ledger,
        staff: Staff,
        link: Callable[[str], Awaitable[str]],
        clock: Callable[[], float],
    ) -> None:
        self.tokens = tokens
        self._ledger = ledger
        self._staff = staff
        self._link = link
        self._clock = clock

    async def show(self, actor: Actor, campaign: int, unit: int) -> Shown:
        """The code of now, for the people of `unit` and below. Raises RefusedError; Problem for a campaign
        that takes no acknowledgments."""
        require(actor, Action.OPEN_ASSEMBLY, await self._staff.unit_target(unit))
        now = int(self._clock())
        since = now - now % ROTATES
        if await self._ledger.assembly_opened(campaign, actor.name, unit, now) is None:
            raise Problem("assembly.no_campaign", campaign=campaign)
        token = self.tokens.written(Pass(campaign, unit, since))
        return Shown(token, await self._link(PREFIX + token), since + ROTATES, since + SERVES)
