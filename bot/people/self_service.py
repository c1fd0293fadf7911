"""What a person can see and do about herself: her entries, a copy of everything kept, erasure, an end.

p:show       the profile           p:delete   asks whether to delete it    p:erase    deletes it
p:data       everything kept       p:leave    asks whether to unlink       p:unlink   unlinks the account
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace

from bot.model import Attachment, Reply
from bot.people import pages
from bot.people.identity import Identity
from bot.people.ports import Profiles, Records
from bot.people.profile import Profile
from bot.people.reception import Reception
from bot.people.registration import Registration
from bot.people.rights import Action, Actor, Target, require
from bot.people.visit import Visit

FILE = "data-saya.json"


class SelfService:
    """`forget`: drops what every conversation of (channel, external id) was about. `clock`: seconds since
    1970."""

    def __init__(
        self,
        profiles: Profiles,
        registration: Registration,
        identity: Identity,
        reception: Reception,
        records: Records,
        forget: Callable[[str, str], Awaitable[None]],
        clock: Callable[[], float],
    ) -> None:
        self._profiles = profiles
        self._registration = registration
        self._identity = identity
        self._reception = reception
        self._records = records
        self._forget = forget
        self._clock = clock

    async def profile(self, visit: Visit) -> Reply:
        """The entries of the roster for who has proved who she is, else what she declared."""
        if visit.member is None:
            page = pages.profile_page(self._registration, visit.person)
            return replace(page, buttons=(*page.buttons, self._reception.ways(visit)))
        regency = visit.member.person.regency
        as_of = await self._identity.data_as_of(visit.member)
        today = self._identity.today(regency)
        return pages.member_page(self._registration, visit.texts, visit.member, today, as_of)

    async def press(self, visit: Visit, action: str) -> Reply | None:
        """None: no button of ours."""
        texts = visit.texts
        if action == "p:delete":
            return replace(pages.delete_page(texts), replace=True)
        if action == "p:erase":
            return replace(await self.erase(visit), replace=True)
        if action == "p:data":
            return await self.data(visit)
        if action == "p:leave":
            return replace(pages.leave_page(texts), replace=True)
        if action == "p:unlink":
            return await self._unlink(visit)
        if action != "p:show":
            return None
        if visit.profile is None and visit.member is None:
            return Reply(texts("profile.nothing_kept"), replace=True)
        if visit.person.step is not None:
            await self._profiles.put(replace(visit.person, step=None))
        return replace(await self.profile(visit), replace=True)

    async def data(self, visit: Visit) -> Reply:
        """Everything kept about her, as a file."""
        if visit.member is not None:
            person = visit.member.person.id
            actor = Actor(f"person:{person}", person, visit.member.assignments)
            require(actor, Action.EXPORT_PERSON, Target(person=person))
        sender = visit.incoming.sender
        kept = await self._records.about(sender.channel, sender.external_id, visit.texts)
        if not kept:
            return Reply(visit.texts("data.nothing"))
        content = json.dumps(kept, ensure_ascii=False, indent=1, default=str).encode()
        shown = pages.summary(self._registration, visit.person)
        if visit.member is not None:
            shown = pages.member_summary(self._registration, visit.texts, visit.member)
        text = visit.texts("data.text", summary=shown or visit.texts("profile.not_said"), file=FILE)
        return Reply(text, attachment=Attachment(FILE, "application/json", content))

    async def erase(self, visit: Visit) -> Reply:
        """Deletes what she said of herself and unlinks the account, at once."""
        sender = visit.incoming.sender
        await self._leave(visit)
        await self._profiles.delete(sender.channel, sender.external_id)
        return Reply(visit.texts("profile.deleted"))

    async def stop(self, visit: Visit) -> Reply:
        """As `erase`; what stays is the mark that she is to be left alone, and the language to say so in."""
        sender, language = visit.incoming.sender, visit.person.language
        await self._leave(visit)
        stopped = Profile(sender.channel, sender.external_id, language=language)
        await self._profiles.put(replace(stopped, stopped_at=int(self._clock())))
        return Reply(visit.texts("stop.done"))

    async def _unlink(self, visit: Visit) -> Reply:
        done = await self._leave(visit)
        return Reply(visit.texts("link.left" if done else "link.not_linked"), replace=True)

    async def _leave(self, visit: Visit) -> bool:
        sender = visit.incoming.sender
        await self._forget(sender.channel, sender.external_id)
        return await self._identity.leave(sender)
