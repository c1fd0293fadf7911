"""The desk: takes one message of any channel, and gives the replies.

Commands, registration and the pages around it are handled here; everything else is a question for the
answerer. What a person asks is never stored: a question that waits for the registration stays in RAM.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from bot.model import Asker, Incoming, Reply
from bot.people import pages
from bot.people.ports import Profiles
from bot.people.profile import Profile, Step
from bot.people.registration import Outcome, Registration
from bot.rendering.texts import Texts

COMMANDS = ("mulai", "profil", "edaran", "bantuan", "bahasa", "privasi")
"""The commands shown in a channel's menu; locales/ describes them under "command.<name>"."""

ALIASES = {"start": "mulai", "help": "bantuan", "hapus": "hapus"}
PERSONAL = frozenset({"mulai", "profil", "bahasa", "hapus"})
"""Commands that speak of the person herself: answered in a private chat only."""

LONGEST = 4096
"""Characters of a message that are read; nobody's question is longer."""

PATIENCE = timedelta(minutes=30)
"""How long a question waits for its asker to register."""

MOST_WAITING = 10_000


class Answerer(Protocol):
    """Understanding, policy and rendering as one. `key` names the conversation (channel:person:chat), whose
    memory the answerer keeps in RAM; `now` is aware; `language` is that of a catalogue."""

    def answer(self, text: str, asker: Asker, key: str, now: datetime, language: str) -> Reply:
        """Answers what was typed."""

    def press(self, action: str, asker: Asker, key: str, now: datetime, language: str) -> Reply:
        """Goes on after a button of an answer; `action` starts with "q:"."""

    def forget(self, key: str) -> None:
        """Drops what the conversation was about."""


class Desk:
    def __init__(
        self,
        answerer: Answerer,
        profiles: Profiles,
        registration: Registration,
        clock: Callable[[], datetime],
    ) -> None:
        self._answerer = answerer
        self._profiles = profiles
        self._registration = registration
        self._clock = clock
        self._waiting: dict[str, tuple[str, datetime]] = {}

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
        sender = incoming.sender
        profile = await self._profiles.get(sender.channel, sender.external_id)
        if incoming.action is not None:
            return await self._press(incoming, profile, incoming.action)
        text = incoming.text[:LONGEST].encode(errors="replace").decode().strip()
        if text.startswith("/"):
            return await self._command(incoming, profile, text)
        if not text:
            return [Reply(self._registration.texts(profile)("hint.text_only"))]
        return await self._say(incoming, profile, text)

    # --- typed text ---

    async def _say(self, incoming: Incoming, profile: Profile | None, text: str) -> Sequence[Reply]:
        if profile is not None and profile.step is not None and incoming.private:
            outcome = self._registration.typed(profile, text, brief=self._waits(incoming))
            if outcome is not None:
                return await self._after(incoming, profile, outcome)
        asker = self._asker(profile)
        if asker is not None:
            return [self._answer(incoming, profile, asker, text)]
        if not incoming.private:
            return [Reply(self._registration.texts(profile)("group.register_first"))]
        self._remember(incoming, text)
        outcome = self._registration.first(profile or _fresh(incoming), "registration.before_answer")
        return await self._after(incoming, profile, outcome)

    def _asker(self, profile: Profile | None) -> Asker | None:
        """None also when the regency has left the corpus since the person chose it."""
        asker = profile.asker() if profile else None
        return asker if asker and asker.regency in self._registration.directory.regencies() else None

    def _answer(self, incoming: Incoming, profile: Profile | None, asker: Asker, question: str) -> Reply:
        language = self._registration.texts(profile).language
        return self._answerer.answer(question, asker, _key(incoming), self._clock(), language)

    # --- commands ---

    async def _command(self, incoming: Incoming, profile: Profile | None, text: str) -> Sequence[Reply]:
        word = text.split()[0][1:].partition("@")[0].lower()
        name = ALIASES.get(word, word)
        texts = self._registration.texts(profile)
        if name in PERSONAL and not incoming.private:
            return [Reply(texts("group.private_only"))]
        if name in ("mulai", "profil"):
            return await self._start(incoming, profile)
        if name == "edaran":
            return await self._circulars(incoming, profile)
        return [self._page(name, texts)]

    async def _start(self, incoming: Incoming, profile: Profile | None) -> Sequence[Reply]:
        """A finished profile is shown; an unfinished registration goes on where it stopped."""
        finished = profile is not None and profile.step in (None, Step.EDIT_REGENCY)
        if profile is not None and finished and self._asker(profile) is not None:
            return [pages.profile_page(self._registration, profile)]
        outcome = self._registration.resume(profile or _fresh(incoming), incoming.sender.language)
        return await self._after(incoming, profile, outcome)

    def _page(self, name: str, texts: Texts) -> Reply:
        if name == "hapus":
            return pages.delete_page(texts)
        if name == "bahasa":
            return pages.language_page(texts, self._registration.catalogues)
        if name == "bantuan":
            return Reply(texts("help.text"))
        return Reply(texts("privacy.text" if name == "privasi" else "hint.unknown_command"))

    async def _circulars(self, incoming: Incoming, profile: Profile | None) -> Sequence[Reply]:
        asker, texts = self._asker(profile), self._registration.texts(profile)
        if asker is not None:
            directory = self._registration.directory
            cards = directory.circulars(asker.regency, self._clock())
            return [pages.circulars_page(texts, directory.regencies()[asker.regency], cards)]
        if not incoming.private:
            return [Reply(texts("group.register_first"))]
        outcome = self._registration.first(profile or _fresh(incoming), "registration.before_circulars")
        return await self._after(incoming, profile, outcome)

    # --- buttons ---

    async def _press(self, incoming: Incoming, profile: Profile | None, action: str) -> Sequence[Reply]:
        if action.startswith("q:"):
            return await self._answer_button(incoming, profile, action)
        if not incoming.private:
            return [Reply(self._registration.texts(profile)("group.private_only"))]
        person = profile or _fresh(incoming)
        if action.startswith("p:"):
            return await self._profile_button(incoming, person, known=profile is not None)
        if action.startswith("l:"):
            return await self._language_button(person, action.removeprefix("l:"))
        outcome = self._registration.press(person, action, brief=self._waits(incoming))
        if outcome is None:
            return [Reply(self._registration.texts(profile)("hint.stale_button"))]
        return await self._after(incoming, profile, outcome)

    async def _answer_button(
        self, incoming: Incoming, profile: Profile | None, action: str
    ) -> Sequence[Reply]:
        asker = self._asker(profile)
        if asker is not None:
            language = self._registration.texts(profile).language
            return [self._answerer.press(action, asker, _key(incoming), self._clock(), language)]
        if not incoming.private:
            return [Reply(self._registration.texts(profile)("group.register_first"))]
        outcome = self._registration.first(profile or _fresh(incoming), "registration.before_answer")
        return await self._after(incoming, profile, outcome)

    async def _profile_button(self, incoming: Incoming, profile: Profile, known: bool) -> Sequence[Reply]:
        texts = self._registration.texts(profile)
        if incoming.action == "p:delete":
            return [replace(pages.delete_page(texts), replace=True)]
        if incoming.action == "p:erase":
            self._waiting.pop(_key(incoming), None)
            self._answerer.forget(_key(incoming))
            await self._profiles.delete(profile.channel, profile.external_id)
            return [Reply(texts("profile.deleted"), replace=True)]
        if not known:
            return [Reply(texts("profile.nothing_kept"), replace=True)]
        await self._keep(profile, replace(profile, step=None))
        return [replace(pages.profile_page(self._registration, profile), replace=True)]

    async def _language_button(self, profile: Profile, code: str) -> Sequence[Reply]:
        catalogues = self._registration.catalogues
        if code not in catalogues:
            page = pages.language_page(self._registration.texts(profile), catalogues)
            return [replace(page, replace=True)]
        await self._keep(None, replace(profile, language=code))
        return [Reply(catalogues[code]("language.chosen"), replace=True)]

    # --- what follows a step of the registration ---

    async def _after(self, incoming: Incoming, before: Profile | None, outcome: Outcome) -> Sequence[Reply]:
        await self._keep(before, outcome.profile)
        if outcome.edited:
            page = pages.profile_page(self._registration, outcome.profile, "profile.changed")
            return [replace(page, replace=incoming.action is not None)]
        if not outcome.finished:
            return [outcome.reply]
        return self._welcome(incoming, outcome.profile)

    def _welcome(self, incoming: Incoming, profile: Profile) -> Sequence[Reply]:
        """The end of a registration: what was noted, and the answer to the question that waited."""
        texts, pressed = self._registration.texts(profile), incoming.action is not None
        noted = pages.summary(self._registration, profile)
        question, asker = self._take(incoming), self._asker(profile)
        if question is None or asker is None:
            return [Reply(texts("registration.done", summary=noted), replace=pressed)]
        noted_reply = Reply(texts("registration.done_briefly", summary=noted), replace=pressed)
        return [noted_reply, self._answer(incoming, profile, asker, question)]

    async def _keep(self, before: Profile | None, after: Profile) -> None:
        if after != before:
            await self._profiles.put(after)

    # --- questions that wait, in RAM ---

    def _remember(self, incoming: Incoming, text: str) -> None:
        while len(self._waiting) >= MOST_WAITING:
            del self._waiting[next(iter(self._waiting))]
        self._waiting[_key(incoming)] = (text, self._clock())

    def _waits(self, incoming: Incoming) -> bool:
        return _key(incoming) in self._waiting

    def _take(self, incoming: Incoming) -> str | None:
        text, since = self._waiting.pop(_key(incoming), (None, self._clock()))
        return text if self._clock() - since <= PATIENCE else None


def _key(incoming: Incoming) -> str:
    return f"{incoming.sender.channel}:{incoming.sender.external_id}:{incoming.chat_id}"


def _fresh(incoming: Incoming) -> Profile:
    return Profile(incoming.sender.channel, incoming.sender.external_id)
