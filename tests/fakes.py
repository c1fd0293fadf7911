"""Hand-written twins of the ports, and a small corpus of invented regencies."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from bot.catalogues import load_catalogues
from bot.desk import Desk
from bot.model import Asker, Button, Contact, Incoming, Reply, Sender
from bot.people.codes import Life, Tries
from bot.people.identity import Account, Holder, Identities, Identity, Linking, NewCode, Result, Staff
from bot.people.ports import CircularCard, Force, Profiles
from bot.people.profile import Profile
from bot.people.registration import Registration
from bot.people.rights import Actor, Target
from bot.people.staff import Assignment, Member, Person, Role, Unit
from bot.rendering.texts import Texts
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


@dataclass
class MemoryIdentities:
    """`bearers`: the people of a roster by phone; `notes`: the access log, (actor, action, person)."""

    bearers: dict[str, list[Holder]] = field(default_factory=dict)
    links: dict[Account, Holder] = field(default_factory=dict)
    codes: dict[str, tuple[Holder, Life]] = field(default_factory=dict)
    tries: dict[Account, Tries] = field(default_factory=dict)
    notes: list[tuple[str, str, int | None]] = field(default_factory=list)
    as_of: int | None = None

    async def holder(self, account: Account) -> Holder | None:
        return self.links.get(account)

    async def accounts(self, person: int) -> Sequence[Account]:
        return sorted(
            (a for a, h in self.links.items() if h.person == person), key=lambda account: account.channel
        )

    async def with_phone(self, phone: str) -> Sequence[Holder]:
        return self.bearers.get(phone, [])

    async def data_as_of(self, holder: Holder) -> int | None:
        return self.as_of

    async def link(self, account: Account, person: int, at: int) -> bool:
        known = {h.person: h for several in self.bearers.values() for h in several}
        if account in self.links or person not in known or self._on(person, account.channel):
            return False
        self._join(account, known[person], at)
        return True

    async def redeem(
        self, account: Account, digest: str, at: int, serves: Callable[[Holder], bool]
    ) -> Linking:
        tries = self.tries.get(account, Tries())
        if tries.waits(at):
            return Linking(Result.WAIT)
        self.tries[account] = tries.failed(at)
        bearer, life = self.codes.get(digest, (None, None))
        current = self.links.get(account)
        if bearer is not None and current is not None and current.person == bearer.person:
            return Linking(Result.ALREADY)
        if bearer is None or life is None or not life.live(at) or not serves(bearer):
            self.notes.append((account.actor, "identity.code_refused", None))
            return Linking(Result.WRONG)
        if current is not None:
            return Linking(Result.ANOTHER)
        self.codes[digest] = (bearer, replace(life, used_at=at))
        old = self._on(bearer.person, account.channel)
        if old is not None:
            self._part(old, account.actor)
        del self.tries[account]
        self._join(account, bearer, at)
        return Linking(Result.LINKED, old)

    async def unlink(self, person: int, actor: str, at: int, channel: str | None = None) -> Sequence[Account]:
        self._revoke(person, actor, at)
        gone = [a for a in await self.accounts(person) if channel in (None, a.channel)]
        for account in gone:
            self._part(account, actor)
        return gone

    async def issue(self, new: Sequence[NewCode], actor: str, at: int) -> None:
        for code in new:
            self._revoke(code.holder.person, actor, at)
            self.codes[code.digest] = (code.holder, Life(code.expires_at))
            self.notes.append((actor, "identity.code_issued", code.holder.person))

    async def revoke(self, people: Sequence[Holder], actor: str, at: int) -> int:
        return sum(self._revoke(holder.person, actor, at) for holder in people)

    def _on(self, person: int, channel: str) -> Account | None:
        return next((a for a, h in self.links.items() if h.person == person and a.channel == channel), None)

    def _join(self, account: Account, holder: Holder, at: int) -> None:
        self._revoke(holder.person, f"person:{holder.person}", at)
        self.links[account] = holder
        self.notes.append((f"person:{holder.person}", "identity.linked", holder.person))

    def _part(self, account: Account, actor: str) -> None:
        self.notes.append((actor, "identity.unlinked", self.links.pop(account).person))

    def _revoke(self, person: int, actor: str, at: int) -> int:
        live = [d for d, (holder, life) in self.codes.items() if holder.person == person and life.live(at)]
        for digest in live:
            holder, life = self.codes[digest]
            self.codes[digest] = (holder, replace(life, revoked_at=at))
            self.notes.append((actor, "identity.code_revoked", person))
        return len(live)


@dataclass
class FakeStaff:
    """A roster: people by id, all in a unit of their own regency."""

    members: dict[int, Member] = field(default_factory=dict)
    looked: int = 0

    async def member(self, person: int, day: date) -> Member | None:
        self.looked += 1
        found = self.members.get(person)
        return found if found and (found.person.left is None or day < found.person.left) else None

    async def target_of(self, person: int, day: date) -> Target:
        return Target(frozenset(self.members[person].lineage), person)


@dataclass
class MemoryRecords:
    """`Office` fills `about` with what its twins hold."""

    office: Office

    async def about(self, channel: str, external_id: str, texts: Texts) -> Mapping[str, Any]:
        profile = await self.office.profiles.get(channel, external_id)
        member = await self.office.identity.member_of(channel, external_id)
        return ({"profile": asdict(profile)} if profile else {}) | (
            {"staff": asdict(member.person)} if member else {}
        )


class MemoryPost:
    def __init__(self) -> None:
        self.sent: list[tuple[str, str, Reply]] = []

    def send(self, channel: str, external_id: str, reply: Reply) -> None:
        self.sent.append((channel, external_id, reply))


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

    identities: Identities = field(default_factory=MemoryIdentities)
    staff: Staff = field(default_factory=FakeStaff)
    post: MemoryPost = field(default_factory=MemoryPost)

    def __post_init__(self) -> None:
        self.identity = Identity(
            self.identities,
            self.staff,
            lambda _, moment: datetime.fromtimestamp(moment, UTC).date(),
            lambda: self.clock().timestamp(),
        )
        self.desk = self.open_desk()

    def open_desk(self, **registration: Any) -> Desk:
        made = Registration(self.directory, CATALOGUES, **registration)
        return Desk(
            self.answerer, self.profiles, made, self.clock, self.identity, MemoryRecords(self), self.post
        )

    def hire(self, person: int = 1, phone: str | None = None, **entries: Any) -> Holder:
        """Somebody of the roster. `entries`: of the member (pattern, kind, …), `left` and `status` of the
        person."""
        assert isinstance(self.staff, FakeStaff)
        left = entries.pop("left", None)
        who = Person(
            person,
            "lumajang",
            f"{person:018}",
            f"Pegawai {person}",
            entries.pop("status", "pns"),
            phone,
            left=left,
        )
        unit = Unit(10 + person, "lumajang", f"SDN {person}", parent=1)
        self.staff.members[person] = Member(who, unit, (unit.id, 1), **entries)
        holder = Holder(person, "lumajang", left)
        if phone is not None and isinstance(self.identities, MemoryIdentities):
            self.identities.bearers.setdefault(phone, []).append(holder)
        return holder

    async def register(self, channel: str = "telegram", external_id: str = "7", **entries: Any) -> None:
        """A person whose registration is finished."""
        entries = {"regency": "lumajang", "status": "pns", **entries}
        await self.profiles.put(Profile(channel, external_id, **entries))

    async def code(self, holder: Holder) -> str:
        """A one-time code for somebody who was hired."""
        operator = Actor("operator:test", None, (Assignment(Role.OPERATOR, None, date.min),))
        [code] = await self.identity.issue(operator, [holder], secrets.token_bytes)
        return code

    async def profile(self, external_id: str = "7") -> Profile:
        found = await self.profiles.get("telegram", external_id)
        assert found is not None
        return found

    async def say(self, text: str, **how: Any) -> Reply:
        """The first reply to a typed message."""
        return (await self.desk.handle(message(text, **how)))[0]

    async def press(self, action: str, **how: Any) -> Reply:
        return (await self.desk.handle(press(action, **how)))[0]


def message(
    text: str,
    *,
    person: str = "7",
    language: str | None = None,
    private: bool = True,
    channel: str = "telegram",
    contact: Contact | None = None,
) -> Incoming:
    sender = Sender(channel, person, language)
    return Incoming(sender, person if private else "-100", text, private=private, contact=contact)


def press(action: str, *, person: str = "7", private: bool = True, channel: str = "telegram") -> Incoming:
    chat = person if private else "-100"
    return Incoming(Sender(channel, person), chat, "", action=action, private=private)


def buttons(reply: Reply) -> dict[str, str]:
    """Label → action."""
    return {button.label: button.action for row in reply.buttons for button in row}
