"""What the WhatsApp channel needs from the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Webhooks(Protocol):
    """Bodies that came to the webhook, and messages that were handled. A method returns when the change is
    durable."""

    async def keep(self, mark: str, sealed: bytes) -> bool:
        """Keeps a body. False: one with this mark was kept before. Raises OSError if it cannot be kept."""

    async def waiting(self) -> Sequence[tuple[str, bytes]]:
        """(mark, sealed body) of all that is not worked off, in the order in which it came."""

    async def handled(self, message_id: str) -> bool: ...

    async def finish(self, messages: Sequence[str], mark: str | None = None) -> None:
        """These messages are handled; with `mark`, that body is worked off, and what it said goes."""

    async def unread(self, mark: str, reader: str) -> None:
        """Something of the body could not be read, by this version of the reader: it stays."""


class Accounts(Protocol):
    """Who is who, by user id or telephone number (digits), of which one can be missing. Moments: seconds
    since 1970."""

    async def of(self, user_id: str | None, number: str | None, at: int) -> str:
        """The external id of whoever wrote under these names at the moment `at`."""

    async def address(self, external_id: str) -> tuple[str | None, str | None]:
        """(user id, number) to write to; (None, None): not known."""

    async def heard_at(self, external_id: str) -> int | None:
        """When she wrote last, never later than she did. None: never."""

    async def renamed(self, old: tuple[str | None, str | None], new: tuple[str | None, str | None]) -> None:
        """WhatsApp says that an account has other names now; None: as before."""
