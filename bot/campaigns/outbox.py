"""What the command line needs of those who send: it opens one, and closes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from bot.campaigns.campaign import CampaignState
from bot.campaigns.hindrances import Held
from bot.campaigns.sending import Outcome


class Outbox(Protocol):
    async def start_due(self) -> Sequence[int]:
        """Starts the approved campaigns whose time has come and that nothing holds; their ids."""

    async def held(self, campaign: int) -> Held | None:
        """What keeps it from starting now."""

    async def run(self, campaign: int) -> CampaignState:
        """Sends what is due, obeying the lane; the state of the campaign when nothing is left to send, or
        when it was paused or cancelled."""

    async def try_out(self, campaign: int, person: int) -> Outcome:
        """The message of the campaign to one person, who need not be addressed: no delivery, and nothing that
        counts as an acknowledgment. Raises Problem where her channel cannot send it now."""

    async def remind(self, campaign: int) -> int:
        """The reminders of the campaign that are due now; how many messages."""
