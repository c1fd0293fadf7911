"""Messages that open a conversation: a template, paid for, within what WhatsApp and the ceiling allow."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace

from bot.campaigns.costs import CEILING, LIMIT, TEMPLATE, Costs
from bot.campaigns.sending import Halted, Later, Outcome, Refused, Sent
from bot.campaigns.tags import priced
from bot.campaigns.tariff import Tariff
from bot.channels.whatsapp_errors import Meaning, Trouble, trouble_of
from bot.channels.whatsapp_replies import Outgoing
from bot.channels.whatsapp_templates import Templates
from bot.model import Opening

log = logging.getLogger(__name__)

NEW_PEOPLE = 131048
"""So many people who had not written are reached in a day."""

UNUSABLE = frozenset({132000, 132001, 132005, 132007, 132012, 132015, 132016})
"""The template is missing, not approved, paused, or another one than ours."""

PAUSE = 3_600.0
"""Seconds between two tries once a day's new people are reached: they come free one by one."""

NO_TEMPLATE = "no_template"

Send = Callable[[Outgoing], Awaitable[str | None]]
Judge = Callable[[Trouble], Outcome]


class Openings:
    """`clock`: seconds since 1970."""

    def __init__(
        self, templates: Templates, costs: Costs, tariff: Tariff, clock: Callable[[], float]
    ) -> None:
        self._templates = templates
        self._costs = costs
        self._tariff = tariff
        self._clock = clock
        self._closed_until = 0.0

    async def send(self, opening: Opening, send: Send, judge: Judge, tag: str | None = None) -> Outcome:
        """`send`: makes the call; `judge`: what a refusal means that is not about templates; `tag`: of a
        delivery, which costs its campaign something."""
        message = self._templates.message(opening)
        if message is None:
            return Refused(NO_TEMPLATE)
        if (left := self._closed_until - self._clock()) > 0:
            return Later(left, LIMIT)
        campaign, tariff = opening.campaign, self._tariff
        if campaign is not None and not await self._costs.set_aside(campaign, tariff.price, tariff.ceiling):
            log.warning("campaign %d has reached its ceiling of %s rupiah", campaign, tariff.ceiling)
            return Halted(CEILING)
        try:
            done = await send(replace(message, tag=tag and priced(tag, opening.kind, tariff.price)))
        except Exception as error:
            trouble = trouble_of(error)
            if trouble is None:
                raise
            if campaign is not None and trouble.meaning is not Meaning.UNCERTAIN:
                await self._costs.give_back(campaign, tariff.price)
            return self._refused(trouble, judge)
        if done is not None:
            await self._costs.accepted(done, campaign, opening.kind, tariff.price)
        return Sent(done)

    def _refused(self, trouble: Trouble, judge: Judge) -> Outcome:
        if trouble.code == NEW_PEOPLE:
            log.warning("WhatsApp takes no more new people today; templates pause for %.0f s", PAUSE)
            self._closed_until = self._clock() + PAUSE
            return Later(PAUSE, LIMIT)
        if trouble.code in UNUSABLE:
            log.error("a template cannot be used (%d)", trouble.code)
            self._templates.forget()
            return Halted(TEMPLATE)
        return judge(trouble)
