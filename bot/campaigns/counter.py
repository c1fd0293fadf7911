"""Where the desk brings what is about campaigns: acknowledging, what HR sees, who is told of new rules."""

from __future__ import annotations

from collections.abc import Sequence

from bot.campaigns.chat import CampaignChat
from bot.campaigns.hr_chat import HrChat
from bot.campaigns.subscriptions import Subscriptions
from bot.model import Reply
from bot.people.identity import Account
from bot.people.ports import Rows
from bot.people.visit import Visit


class CampaignCounter:
    """Keeps `bot.people.ports.Campaigns`."""

    def __init__(self, chat: CampaignChat, hr: HrChat, subscriptions: Subscriptions) -> None:
        self._chat = chat
        self._hr = hr
        self._subscriptions = subscriptions

    async def press(self, visit: Visit, action: str) -> Sequence[Reply] | None:
        found = await self._hr.press(visit, action)
        found = found or await self._subscriptions.press(_account(visit), action, visit.texts)
        return [found] if found is not None else await self._chat.press(visit, action)

    async def say(self, visit: Visit, text: str) -> Sequence[Reply] | None:
        found = await self._hr.say(visit, text, self._chat.is_own)
        return [found] if found is not None else await self._chat.say(visit, text)

    async def start(self, visit: Visit, payload: str) -> Sequence[Reply] | None:
        return await self._chat.start(visit, payload)

    async def command(self, visit: Visit, name: str) -> Sequence[Reply] | None:
        """/hr; and what campaigns add to the pages of others."""
        if name == "hr":
            return [await self._hr.open(visit)]
        if name == "privasi" and visit.incoming.private:
            page = visit.texts("privacy.text")
            return [await self._subscriptions.page(_account(visit), page, visit.texts)]
        if name == "bantuan" and visit.incoming.private and self._hr.meant_for(visit.member):
            return [Reply(f"{visit.texts('help.text')}\n\n{visit.texts('hr.help')}")]
        return await self._chat.command(visit, name)

    async def turned(self, visit: Visit) -> None:
        account = _account(visit)
        self._hr.forget(account.channel, account.external_id)

    async def waiting(self, visit: Visit) -> Rows:
        return await self._chat.waiting(visit)

    async def forget(self, channel: str, external_id: str) -> None:
        self._hr.forget(channel, external_id)
        await self._subscriptions.forget(Account(channel, external_id))


def _account(visit: Visit) -> Account:
    return Account(visit.incoming.sender.channel, visit.incoming.sender.external_id)
