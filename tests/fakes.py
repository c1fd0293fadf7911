"""Hand-written twins of the ports, and a small corpus of invented regencies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from bot.catalogues import load_catalogues
from bot.desk import Desk
from bot.model import Asker, Button, Incoming, Reply, Sender
from bot.people.ports import CircularCard, Force, Profiles
from bot.people.profile import Profile
from bot.people.registration import Registration
from bot.vocabulary import Wording

TOKEN = "42:TEST"
CATALOGUES = load_catalogues()


class MemoryProfiles:
    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], Profile] = {}

    async def get(self, channel: str, external_id: str) -> Profile | None:
        return self.kept.get((channel, external_id))

    async def put(self, profile: Profile) -> None:
        self.kept[profile.channel, profile.external_id] = profile

    async def delete(self, channel: str, external_id: str) -> None:
        self.kept.pop((channel, external_id), None)


class MemoryHandledUpdates:
    def __init__(self) -> None:
        self.seen: set[int] = set()

    async def claim(self, update_ids: Sequence[int]) -> Sequence[int]:
        new = [key for key in dict.fromkeys(update_ids) if key not in self.seen]
        self.seen |= set(new)
        return new


class MemoryUnreachable:
    def __init__(self) -> None:
        self.reasons: dict[str, str] = {}

    def __contains__(self, chat_id: str) -> bool:
        return chat_id in self.reasons

    async def add(self, chat_id: str, reason: str) -> None:
        self.reasons[chat_id] = reason

    async def discard(self, chat_id: str) -> None:
        self.reasons.pop(chat_id, None)


def _same(text: str) -> Wording:
    return {"id": text, "en": text}


@dataclass
class FakeDirectory:
    """Three regencies, one with two working patterns; enough units for two pages."""

    names: dict[str, str] = field(
        default_factory=lambda: {
            "lumajang": "Kabupaten Lumajang",
            "pamekasan": "Kabupaten Pamekasan",
            "kepulauan-anambas": "Kabupaten Kepulauan Anambas",
        }
    )

    def regencies(self) -> Mapping[str, str]:
        return self.names

    def statuses(self) -> Mapping[str, Wording]:
        return {"pns": _same("PNS"), "pppk": _same("PPPK")}

    def units(self) -> Mapping[str, Wording]:
        return {f"unit-{n}": _same(f"Unit {n}") for n in range(11)} | {"rsud": _same("RSUD")}

    def patterns(self, regency: str) -> Mapping[str, Wording]:
        two = {"lima_hari": _same("5 hari"), "enam_hari": _same("6 hari")}
        return two if regency == "lumajang" else {"lima_hari": _same("5 hari")}

    def circulars(self, regency: str, now: datetime) -> Sequence[CircularCard]:
        if regency != "lumajang":
            return []
        since = date(2026, 1, 29)
        about = {"id": "Siaran langsung", "en": "Live streaming"}
        card = CircularCard("se-3", "800/3", about, Force.IN_FORCE, since, True, None, "Kabar Fiktif", False)
        return [card]


class FakeAnswerer:
    """Repeats what it was asked, and of whom; "two buttons" offers buttons, "boom" fails."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Asker, str, str]] = []

    def forget(self, key: str) -> None:
        self.asked.append(("forget", Asker(""), key, ""))

    def answer(self, text: str, asker: Asker, key: str, now: datetime, language: str) -> Reply:
        self.asked.append((text, asker, key, language))
        if text == "boom":
            raise RuntimeError(f"private words: {text}")
        if text == "two buttons":
            row = (Button("Akun resmi", "q:akun_resmi=ya"), Button("Akun pribadi", "q:akun_resmi=tidak"))
            return Reply("Dilarang, kecuali lewat akun resmi\nPasal 1", (row,))
        if text == "long":
            return Reply("Jawaban\n" + "panjang sekali 🙏\n" * 600, ((Button("Lagi", "q:lagi"),),))
        return Reply(f"Jawaban: {text[:3000]}\n{asker.regency} {asker.status}")

    def press(self, action: str, asker: Asker, key: str, now: datetime, language: str) -> Reply:
        self.asked.append((action, asker, key, language))
        return Reply(f"Tombol: {action}", replace=True)


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 2, 10, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def move(self, by: timedelta) -> None:
        self.now += by


@dataclass
class Office:
    """A desk with everything around it in memory."""

    answerer: FakeAnswerer = field(default_factory=FakeAnswerer)
    profiles: Profiles = field(default_factory=MemoryProfiles)
    directory: FakeDirectory = field(default_factory=FakeDirectory)
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.desk = self.open_desk()

    def open_desk(self, **registration: Any) -> Desk:
        made = Registration(self.directory, CATALOGUES, **registration)
        return Desk(self.answerer, self.profiles, made, self.clock)

    async def register(self, channel: str = "telegram", external_id: str = "7", **entries: Any) -> None:
        """A person whose registration is finished."""
        entries = {"regency": "lumajang", "status": "pns", **entries}
        await self.profiles.put(Profile(channel, external_id, **entries))

    async def profile(self, external_id: str = "7") -> Profile:
        found = await self.profiles.get("telegram", external_id)
        assert found is not None
        return found

    async def say(self, text: str, **how: Any) -> Reply:
        """The first reply to a typed message."""
        return (await self.desk.handle(message(text, **how)))[0]

    async def press(self, action: str, **how: Any) -> Reply:
        return (await self.desk.handle(press(action, **how)))[0]


def message(text: str, *, person: str = "7", language: str | None = None, private: bool = True) -> Incoming:
    return Incoming(
        Sender("telegram", person, language), person if private else "-100", text, private=private
    )


def press(action: str, *, person: str = "7", private: bool = True) -> Incoming:
    chat = person if private else "-100"
    return Incoming(Sender("telegram", person), chat, "", action=action, private=private)


def buttons(reply: Reply) -> dict[str, str]:
    """Label → action."""
    return {button.label: button.action for row in reply.buttons for button in row}
