"""The desk: takes one message of any channel, and gives the replies.

Commands, questions and buttons find their way from here; who proves who she is goes to the reception, what a
person does about her own data to the self-service. What a person asks is never stored: a question that waits
for the registration stays in RAM.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from bot.model import Incoming, Reply
from bot.people import codes, pages
from bot.people.conversing import Conversing
from bot.people.identity import Identity, Result
from bot.people.ports import Answerer, Campaigns, NoCampaigns, Post, Profiles, Records
from bot.people.profile import Profile, Step
from bot.people.reception import Received, Reception
from bot.people.registration import Outcome, Registration
from bot.people.self_service import SelfService
from bot.people.visit import Visit

COMMANDS = ("mulai", "profil", "edaran", "bukti", "bantuan", "bahasa", "privasi", "data_saya", "berhenti")
"""The commands shown in a channel's menu; locales/ describes them under "command.<name>"."""

ALIASES = {"start": "mulai", "help": "bantuan", "stop": "berhenti"} | {
    name: name for name in ("hapus", "kode", "apel", "hr")
}
PERSONAL = frozenset(
    {"mulai", "profil", "bahasa", "data_saya", "hapus", "berhenti", "kode", "apel", "hr", "bukti"}
)
"""Commands that speak of the person herself: answered in a private chat only."""

STILL_ANSWERED = frozenset({"mulai", "bantuan", "privasi", "data_saya", "hapus", "berhenti"})
"""Commands of somebody who asked to be left alone."""

LONGEST = 4096
"""Characters of a message that are read; nobody's question is longer."""


class Desk:
    def __init__(
        self,
        answerer: Answerer,
        profiles: Profiles,
        registration: Registration,
        clock: Callable[[], datetime],
        identity: Identity,
        records: Records,
        post: Post,
        campaigns: Campaigns | None = None,
    ) -> None:
        self._profiles = profiles
        self._registration = registration
        self._clock = clock
        self._identity = identity
        self._talk = Conversing(answerer, registration.directory, clock)
        self._campaigns = campaigns or NoCampaigns()
        self._reception = Reception(identity, profiles, registration, post)
        self._self_service = SelfService(
            profiles,
            registration,
            identity,
            self._reception,
            records,
            self._forget,
            lambda: clock().timestamp(),
        )

    def commands(self, language: str) -> Sequence[tuple[str, str]]:
        """(name, description) of each command, for a channel's menu."""
        texts = self._registration.catalogues[language]
        return [(name, texts(f"command.{name}")) for name in COMMANDS]

    def knows(self, command: str) -> bool:
        """Whether a word after the slash is a command of ours."""
        return ALIASES.get(command, command) in (*COMMANDS, *ALIASES.values())

    def apology(self) -> Reply:
        """What people see when something inside went wrong."""
        return Reply(self._registration.texts(None)("error.sorry"))

    async def handle(self, incoming: Incoming) -> Sequence[Reply]:
        """The replies to one message or button, in order. Raises whatever the parts raise: the channel's
        outermost loop turns that into the apology."""
        visit = await self._visit(incoming)
        text = incoming.text[:LONGEST].encode(errors="replace").decode().strip()
        if incoming.action is None and text.startswith("/"):
            return await self._command(visit, text)
        if visit.stopped:
            return [Reply(visit.texts("stop.hint"))]
        if incoming.action is not None:
            return await self._press(visit, incoming.action)
        if incoming.contact is not None and incoming.private:
            return await self._received(visit, await self._reception.contact(visit))
        if not text:
            return [Reply(visit.texts("hint.text_only"))]
        return await self._say(visit, text)

    async def _visit(self, incoming: Incoming) -> Visit:
        key = (incoming.sender.channel, incoming.sender.external_id)
        profile = await self._profiles.get(*key)
        member = await self._identity.member_of(*key)
        left = member is None and await self._identity.has_left(*key)
        return Visit(incoming, profile, member, self._registration.texts(profile), left)

    # --- typed text ---

    async def _say(self, visit: Visit, text: str) -> Sequence[Reply]:
        if visit.incoming.private:
            taken = await self._taken(visit, text) or await self._campaigns.say(visit, text)
            if taken is not None:
                return taken
        asker = self._talk.asker(visit)
        if asker is not None:
            return [self._talk.answer(visit, asker, text)]
        if not visit.incoming.private:
            return [Reply(visit.texts("group.register_first"))]
        if visit.member is None:
            self._talk.put_off(visit, text)
        return await self._ask_first(visit, "registration.before_answer")

    async def _taken(self, visit: Visit, text: str) -> Sequence[Reply] | None:
        """The replies if the text is a code or an answer of the registration; None: a question."""
        if self._reception.is_code(visit, text):
            return await self._received(visit, await self._reception.code(visit, text))
        if self._reception.declines(text):
            return await self._received(visit, self._reception.declined(visit))
        if self._reception.misses_code(visit, text):
            return [self._reception.no_code(visit)]
        if visit.profile is None or visit.profile.step is None or visit.member is not None:
            return None
        if visit.profile.step is Step.CODE:  # she asks something instead
            await self._profiles.put(replace(visit.profile, step=None))
            return None
        outcome = self._registration.typed(visit.profile, text, brief=self._talk.waits(visit))
        return await self._after(visit, outcome) if outcome is not None else None

    async def _ask_first(self, visit: Visit, note: str) -> Sequence[Reply]:
        """Asks for the regency, after the sentence `note` that says why."""
        if visit.member is not None:
            return [Reply(visit.texts("link.no_circulars"))]
        return await self._after(visit, self._registration.first(visit.person, note))

    # --- commands ---

    async def _command(self, visit: Visit, text: str) -> Sequence[Reply]:
        first, *others = text.split(maxsplit=1)
        word, rest = first[1:].partition("@")[0].lower(), "".join(others)
        name = ALIASES.get(word, word)
        if name in PERSONAL and not visit.incoming.private:
            return [Reply(visit.texts("group.private_only"))]
        if visit.stopped and name not in STILL_ANSWERED:
            return [Reply(visit.texts("stop.hint"))]
        await self._campaigns.turned(visit)
        if name == "kode" or (name == "mulai" and codes.read_code(rest)):
            visit = await self._back(visit)
            return await self._received(visit, await self._reception.typed(visit, rest))
        if name == "mulai":
            visit = await self._back(visit)
            return await self._campaigns.start(visit, rest) or await self._start(visit)
        return await self._page(visit, name)

    async def _back(self, visit: Visit) -> Visit:
        """Somebody who had stopped starts again."""
        if not visit.stopped:
            return visit
        person = visit.person
        kept = Profile(person.channel, person.external_id, language=person.language)
        if kept.language is not None:
            await self._profiles.put(kept)
            return replace(visit, profile=kept)
        await self._profiles.delete(person.channel, person.external_id)
        return replace(visit, profile=None)

    async def _start(self, visit: Visit) -> Sequence[Reply]:
        """A finished profile is shown; an unfinished registration goes on where it stopped."""
        finished = visit.person.step in (None, Step.EDIT_REGENCY, Step.CODE)
        if visit.member is not None or (finished and self._talk.asker(visit) is not None):
            return [await self._self_service.profile(visit)]
        outcome = self._registration.resume(visit.person, visit.incoming.sender.language)
        return await self._after(visit, outcome)

    async def _page(self, visit: Visit, name: str) -> Sequence[Reply]:
        texts = visit.texts
        match name:
            case "profil":
                return await self._start(visit)
            case "edaran":
                return await self._circulars(visit)
            case "data_saya":
                return [await self._self_service.data(visit)]
            case "hapus":
                return [await self._self_service.erase(visit)]
            case "berhenti":
                return [await self._self_service.stop(visit)]
            case "bahasa":
                return [pages.language_page(texts, self._registration.catalogues)]
        known = {"bantuan": "help.text", "privasi": "privacy.text"}.get(name, "hint.unknown_command")
        return await self._campaigns.command(visit, name) or [Reply(texts(known))]

    async def _circulars(self, visit: Visit) -> Sequence[Reply]:
        asker = self._talk.asker(visit)
        if asker is not None:
            directory = self._registration.directory
            cards = directory.circulars(asker.regency, self._clock())
            page = pages.circulars_page(visit.texts, directory.regencies()[asker.regency], cards)
            return [replace(page, buttons=await self._campaigns.waiting(visit))]
        if not visit.incoming.private:
            return [Reply(visit.texts("group.register_first"))]
        return await self._ask_first(visit, "registration.before_circulars")

    # --- buttons ---

    async def _press(self, visit: Visit, action: str) -> Sequence[Reply]:
        if action.startswith("q:"):
            return await self._answer_button(visit, action)
        if not visit.incoming.private:
            return [Reply(visit.texts("group.private_only"))]
        if action.startswith("p:"):
            shown = await self._self_service.press(visit, action)
            return [shown or Reply(visit.texts("hint.stale_button"))]
        if action.startswith("l:"):
            return await self._language_button(visit, action.removeprefix("l:"))
        received = await self._reception.press(visit, action)
        if received is not None:
            return await self._received(visit, received)
        about_circulars = await self._campaigns.press(visit, action)
        if about_circulars is not None:
            return about_circulars
        if visit.member is not None:  # an old button of the registration: the roster knows better
            return [await self._self_service.profile(visit)]
        brief = self._talk.waits(visit)
        outcome = self._registration.press(visit.person, action, brief=brief)
        if outcome is None:
            return [Reply(visit.texts("hint.stale_button"))]
        return await self._after(visit, outcome)

    async def _answer_button(self, visit: Visit, action: str) -> Sequence[Reply]:
        asker = self._talk.asker(visit)
        if asker is not None:
            return [self._talk.press(visit, asker, action)]
        if not visit.incoming.private:
            return [Reply(visit.texts("group.register_first"))]
        return await self._ask_first(visit, "registration.before_answer")

    async def _language_button(self, visit: Visit, code: str) -> Sequence[Reply]:
        catalogues = self._registration.catalogues
        if code not in catalogues:
            return [replace(pages.language_page(visit.texts, catalogues), replace=True)]
        await self._profiles.put(replace(visit.person, language=code))
        return [Reply(catalogues[code]("language.chosen"), replace=True)]

    # --- what follows ---

    async def _received(self, visit: Visit, received: Received) -> Sequence[Reply]:
        """After the reception: the question that waited, or the way on as a guest."""
        if received.result is Result.LINKED:
            now_known = await self._visit(visit.incoming)
            return [received.reply, *self._talk.waited(now_known)]
        if not received.as_guest or self._talk.asker(visit) is not None or visit.member is not None:
            return [received.reply]
        outcome = self._registration.first(visit.person)
        await self._keep(visit.profile, outcome.profile)
        return [received.reply, outcome.reply]

    async def _after(self, visit: Visit, outcome: Outcome) -> Sequence[Reply]:
        """After a step of the registration."""
        await self._keep(visit.profile, outcome.profile)
        now = replace(visit, profile=outcome.profile, texts=self._registration.texts(outcome.profile))
        if outcome.edited:
            page = pages.profile_page(self._registration, outcome.profile, "profile.changed")
            return [replace(page, replace=visit.pressed)]
        if outcome.finished:
            return self._welcome(now)
        offers = outcome.profile.step is Step.REGENCY and outcome.reply.buttons
        return [self._reception.offered(now, outcome.reply) if offers else outcome.reply]

    def _welcome(self, visit: Visit) -> Sequence[Reply]:
        """The end of a registration: what was noted, and the answer to the question that waited."""
        noted = pages.summary(self._registration, visit.person)
        answer = self._talk.waited(visit)
        key = "registration.done_briefly" if answer else "registration.done"
        return [Reply(visit.texts(key, summary=noted), replace=visit.pressed), *answer]

    async def _forget(self, channel: str, external_id: str) -> None:
        self._talk.forget(channel, external_id)
        await self._campaigns.forget(channel, external_id)

    async def _keep(self, before: Profile | None, after: Profile) -> None:
        if after != before:
            await self._profiles.put(after)
