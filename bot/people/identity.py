"""Who is who on a channel: links between accounts (channel, external id) and people of the roster.

An account proves whose it is by the telephone number that its channel vouches for, or by a one-time code
from the unit's admin. A number alone never takes a link away from somebody (numbers are given to new owners);
a code does, because it was handed to the person herself. An account that is somebody's stays so until it is
unlinked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol

from bot.model import Sender
from bot.people import codes
from bot.people.rights import Action, Actor, Target, require
from bot.people.staff import Member

CACHED = 50_000
"""Accounts kept in memory, about 60 MiB if all are full: more than the staff of several regencies."""


@dataclass(frozen=True, slots=True)
class Account:
    """A person's place on a channel, as the channel vouches for it."""

    channel: str
    external_id: str

    @property
    def actor(self) -> str:
        """Its name in the access log, while it is nobody's."""
        return f"account:{self.channel}:{self.external_id}"


@dataclass(frozen=True, slots=True)
class Holder:
    """The person behind an account or a number. `left`: the first day on which she no longer belongs to the
    staff."""

    person: int
    regency: str
    left: date | None = None


@dataclass(frozen=True, slots=True)
class NewCode:
    """A code about to be kept: by its digest only. `expires_at`: seconds since 1970."""

    holder: Holder
    digest: str
    expires_at: int


class Result(StrEnum):
    """What became of an attempt to link an account."""

    LINKED = "linked"
    ALREADY = "already"  # the account is that person's
    CODE_NEEDED = "code_needed"  # the number alone proves nothing; why is not said: it would speak of others
    ANOTHER = "another"  # the account is somebody else's
    WRONG = "wrong"  # unknown, used, expired or revoked: nobody learns which
    WAIT = "wait"  # too many wrong codes
    DECLINED = "declined"  # the person would rather not


@dataclass(frozen=True, slots=True)
class Linking:
    """`displaced`: the account on this channel that the person had until now, and that is unlinked."""

    result: Result
    displaced: Account | None = None


class Identities(Protocol):
    """Where links and codes are kept. A method returns when the change is durable; each change is noted in
    the access log, in the same transaction. `at`: seconds since 1970."""

    async def holder(self, account: Account) -> Holder | None: ...

    async def accounts(self, person: int) -> Sequence[Account]: ...

    async def with_phone(self, phone: str) -> Sequence[Holder]:
        """Everybody of any regency whose number this is, also those who left."""

    async def link(self, account: Account, person: int, at: int) -> bool:
        """Links by a vouched number, and revokes the person's live codes. False: the account is somebody's,
        or the person has another one on this channel; nothing is changed then."""

    async def redeem(
        self, account: Account, digest: str, at: int, serves: Callable[[Holder], bool]
    ) -> Linking:
        """Uses a code, once: the account becomes the person's, and what she had on this channel is unlinked.
        A code that is not live, or whose person does not serve, counts as a wrong try."""

    async def unlink(self, person: int, actor: str, at: int, channel: str | None = None) -> Sequence[Account]:
        """Takes the person's accounts away (that of one channel), and revokes her live codes."""

    async def data_as_of(self, holder: Holder) -> int | None:
        """When the roster last said something of her regency, or of her; seconds since 1970."""

    async def issue(self, new: Sequence[NewCode], actor: str, at: int) -> None:
        """Keeps new codes, all or none; earlier live ones of the same people are revoked."""

    async def revoke(self, people: Sequence[Holder], actor: str, at: int) -> int:
        """Revokes the live codes of these people; how many there were."""


class Staff(Protocol):
    """The roster, as far as identity depends on it."""

    async def member(self, person: int, day: date) -> Member | None:
        """None: does not serve on that day."""

    async def target_of(self, person: int, day: date) -> Target: ...


@dataclass(frozen=True, slots=True)
class _Known:
    """What memory holds of an account. `holder` None: nobody's. `member` is that of `day`."""

    holder: Holder | None
    day: date | None = None
    member: Member | None = None


class Identity:
    """`day_of`: the date in a regency's zone at a moment. `clock`, and moments: seconds since 1970."""

    def __init__(
        self,
        kept: Identities,
        staff: Staff,
        day_of: Callable[[str, float], date],
        clock: Callable[[], float],
        cached: int = CACHED,
    ) -> None:
        self._kept = kept
        self._staff = staff
        self._day_of = day_of
        self._clock = clock
        self._most = cached
        self._cache: dict[tuple[str, str], _Known] = {}
        self._generation = 0

    # --- who writes ---

    async def member_of(self, channel: str, external_id: str) -> Member | None:
        """The person of the roster whose account this is, as she is today. None: a guest."""
        known = self._cache.get((channel, external_id))
        if known is not None:
            if known.holder is None:
                return None
            if known.day == self.today(known.holder.regency):
                return known.member
        return (await self._load(Account(channel, external_id))).member

    async def has_left(self, channel: str, external_id: str) -> bool:
        """Whether the account is of somebody who has left the staff."""
        known = self._cache.get((channel, external_id)) or await self._load(Account(channel, external_id))
        holder = known.holder
        return holder is not None and not self._serves(holder)

    def forget(self) -> None:
        """Drops what memory holds: the staff has changed."""
        self._generation += 1
        self._cache.clear()

    def _drop(self, *accounts: Account) -> None:
        self._generation += 1
        for account in accounts:
            self._cache.pop((account.channel, account.external_id), None)

    async def _load(self, account: Account) -> _Known:
        generation = self._generation
        holder = await self._kept.holder(account)
        known = _Known(holder)
        if holder is not None:
            day = self.today(holder.regency)
            known = _Known(holder, day, await self._staff.member(holder.person, day))
        if generation == self._generation:  # else it changed while it was being read
            key = (account.channel, account.external_id)
            self._cache.pop(key, None)
            while len(self._cache) >= self._most:
                del self._cache[next(iter(self._cache))]
            self._cache[key] = known
        return known

    async def data_as_of(self, member: Member) -> date | None:
        """The day of the roster that the entries come from. None: not known."""
        holder = Holder(member.person.id, member.person.regency)
        moment = await self._kept.data_as_of(holder)
        return self._day_of(holder.regency, moment) if moment is not None else None

    # --- linking ---

    async def by_contact(self, sender: Sender, phone: str) -> Linking:
        """Links the account to the one person whose number the channel vouches for (E.164)."""
        account, bearers = _account(sender), await self._bearers(phone)
        holder = await self._kept.holder(account)
        if holder is not None:
            same = any(bearer.person == holder.person for bearer in bearers)
            return Linking(Result.ALREADY if same else Result.ANOTHER)
        if len(bearers) != 1:
            return Linking(Result.CODE_NEEDED)
        linked = await self._kept.link(account, bearers[0].person, self._now())
        self._drop(account)
        return Linking(Result.LINKED if linked else Result.CODE_NEEDED)

    async def _bearers(self, phone: str) -> list[Holder]:
        return [holder for holder in await self._kept.with_phone(phone) if self._serves(holder)]

    async def by_code(self, sender: Sender, typed: str) -> Linking:
        """Links the account to the person whose one-time code was typed, as `read_code` reads it. What cannot
        be a code is a wrong one too, and counts."""
        digest = codes.digest(codes.read_code(typed) or "")
        account = _account(sender)
        linking = await self._kept.redeem(account, digest, self._now(), self._serves)
        if linking.result is Result.LINKED:
            self._drop(account, *([linking.displaced] if linking.displaced else []))
        return linking

    # --- unlinking ---

    async def leave(self, sender: Sender) -> bool:
        """The person unlinks the account she writes from. False: it was nobody's."""
        holder = await self._kept.holder(_account(sender))
        if holder is None:
            return False
        gone = await self._kept.unlink(holder.person, f"person:{holder.person}", self._now(), sender.channel)
        self._drop(*gone)
        return True

    async def unlink(
        self, actor: Actor, person: int, regency: str, channel: str | None = None
    ) -> Sequence[Account]:
        """A lost or stolen account, a changed number: her accounts are unlinked and her codes revoked. Raises
        RefusedError."""
        require(actor, Action.UNLINK, await self._target(person, regency))
        gone = await self._kept.unlink(person, actor.name, self._now(), channel)
        self._drop(*gone)
        return gone

    # --- codes ---

    async def issue(
        self,
        actor: Actor,
        people: Sequence[Holder],
        random: Callable[[int], bytes],
        days: int = codes.VALID_DAYS,
    ) -> Sequence[str]:
        """A new code for each person, in order; all or none. Raises RefusedError."""
        await self._require_codes(actor, people)
        made = [codes.new_code(random) for _ in people]
        expires = self._now() + days * 86_400
        new = [NewCode(h, codes.digest(c), expires) for h, c in zip(people, made, strict=True)]
        await self._kept.issue(new, actor.name, self._now())
        return made

    async def revoke(self, actor: Actor, people: Sequence[Holder]) -> int:
        """Revokes the live codes of these people; how many there were. Raises RefusedError."""
        await self._require_codes(actor, people)
        return await self._kept.revoke(people, actor.name, self._now())

    async def _require_codes(self, actor: Actor, people: Sequence[Holder]) -> None:
        if actor.is_operator:  # reaches everybody: no need to look each of ten thousand up
            require(actor, Action.ISSUE_CODE, Target())
            return
        for holder in people:
            require(actor, Action.ISSUE_CODE, await self._target(holder.person, holder.regency))

    async def _target(self, person: int, regency: str) -> Target:
        return await self._staff.target_of(person, self.today(regency))

    def _serves(self, holder: Holder) -> bool:
        return holder.left is None or self.today(holder.regency) < holder.left

    def today(self, regency: str) -> date:
        """The date there, now."""
        return self._day_of(regency, self._clock())

    def _now(self) -> int:
        return int(self._clock())


def _account(sender: Sender) -> Account:
    return Account(sender.channel, sender.external_id)
