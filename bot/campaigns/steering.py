"""What people do with a campaign: every step asks `rights` first. Who approves is never the author."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from bot.campaigns.campaign import STEPS, Campaign, CampaignState, Step, same_person
from bot.campaigns.reporting import Reporting, View
from bot.people.rights import Action, Actor, RefusedError

ACTIONS: Mapping[Step, Action] = {
    Step.TEST: Action.CREATE_CAMPAIGN,
    Step.APPROVE: Action.APPROVE_CAMPAIGN,
    Step.START: Action.RUN_CAMPAIGN,
    Step.PAUSE: Action.RUN_CAMPAIGN,
    Step.RESUME: Action.RUN_CAMPAIGN,
    Step.CANCEL: Action.RUN_CAMPAIGN,
}
"""The steps that people take; the others follow by themselves."""


class Ledger(Protocol):
    async def step(
        self,
        campaign: int,
        step: Step,
        by: str,
        *,
        seen: CampaignState | None = None,
        starts: datetime | None = None,
    ) -> Campaign: ...


class Steering:
    def __init__(self, reporting: Reporting, ledger: Ledger) -> None:
        self._reporting = reporting
        self._ledger = ledger

    async def reached(self, actor: Actor, campaign: int, action: Action) -> View:
        """The campaign, if the actor may do this to the whole of it. Raises RefusedError."""
        view = await self._reporting.view(actor, campaign, action)
        if not all(view.whole(top) for top in view.tops):
            raise RefusedError(action)
        return view

    async def take(
        self,
        actor: Actor,
        campaign: int,
        step: Step,
        seen: CampaignState | None = None,
        starts: datetime | None = None,
    ) -> Campaign:
        """`seen`: the state that the actor was shown. `starts`: of an approval. Raises RefusedError, Problem:
        the step is not open, somebody was quicker, or the approver is the author."""
        await self.reached(actor, campaign, ACTIONS[step])
        return await self._ledger.step(campaign, step, actor.name, seen=seen, starts=starts)

    async def open_to(self, actor: Actor, view: View) -> list[Step]:
        """The steps that the actor can take now, for buttons."""
        campaign = view.known.campaign
        found: list[Step] = []
        for step, action in ACTIONS.items():
            if campaign.state not in STEPS[step] or step in (Step.TEST, Step.START):
                continue
            if step is Step.APPROVE and same_person(campaign.author, actor.name):
                continue
            try:
                await self.reached(actor, campaign.id, action)
            except RefusedError:
                continue
            found.append(step)
        return found
