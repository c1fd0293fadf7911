"""Who is who: the links and codes in memory and in both databases do the same, and so does the service."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import insert, select

from bot.model import Sender
from bot.people import codes
from bot.people.identity import Account, Holder, Identities, Identity, Result
from bot.people.rights import Action, Actor, RefusedError
from bot.people.staff import Assignment, Member, Person, Role, Unit
from bot.storage.changes import staff_version
from bot.storage.store import Store, open_store
from bot.storage.tables import access_log, people, placements, units
from bot.storage.tables import codes as code_table
from tests.fakes import FakeStaff, MemoryIdentities

DAY = date(2026, 11, 23)
NOON = int(datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp())
PHONES = {n: f"+628000000000{n}" for n in (1, 2, 3, 5)} | {4: "+6280000000003"}
"""Persons 3 and 4 share a telephone; 5 has left."""
LEFT = {5: date(2026, 11, 1)}
OPERATOR = Actor("operator:test", None, (Assignment(Role.OPERATOR, None, date.min),))
TELEGRAM, OTHER, THIRD = Sender("telegram", "7"), Sender("telegram", "8"), Sender("telegram", "9")
WHATSAPP = Sender("whatsapp", "w7")

Log = list[tuple[str, str, int | None]]


@dataclass
class World:
    """Five people, a clock that is moved by hand, and the service over one implementation of the port."""

    kept: Identities
    log: Callable[[], Awaitable[Log]]
    now: int = NOON
    staff: FakeStaff = field(default_factory=FakeStaff)

    def __post_init__(self) -> None:
        for number, phone in PHONES.items():
            person = Person(
                number, "lumajang", f"{number:018}", f"Pegawai {number}", phone=phone, left=LEFT.get(number)
            )
            unit = Unit(10, "lumajang", "SDN 1", parent=1)
            self.staff.members[number] = Member(person, unit, (10, 1))
        day_of = lambda _, moment: datetime.fromtimestamp(moment, UTC).date()  # noqa: E731
        self.identity = Identity(self.kept, self.staff, day_of, lambda: self.now)

    async def whose(self, sender: Sender) -> int | None:
        member = await self.identity.member_of(sender.channel, sender.external_id)
        return member.person.id if member else None

    async def code(self, number: int, actor: Actor = OPERATOR, days: int = 7) -> str:
        [made] = await self.identity.issue(actor, [holder(number)], secrets.token_bytes, days)
        return made


def holder(number: int) -> Holder:
    return Holder(number, "lumajang", LEFT.get(number))


async def fill(store: Store) -> None:
    """The same five people in a database."""
    since = date(2020, 1, 1)
    rows = [
        {
            **{"id": number, "regency": "lumajang", "number": f"{number:018}", "name": f"Pegawai {number}"},
            **{"phone": phone, "joined_on": since, "left_on": LEFT.get(number), "updated_at": NOON},
        }
        for number, phone in PHONES.items()
    ]
    root = {"id": 1, "regency": "lumajang", "name": "Lumajang", "parent_id": None}
    placed = [{"person_id": n, "unit_id": 10, "kind": "primary", "since": since} for n in PHONES]
    async with store._engine.begin() as connection:
        await connection.execute(insert(units), [root, {**root, "id": 10, "name": "SDN 1", "parent_id": 1}])
        await connection.execute(insert(people), rows)
        await connection.execute(insert(placements), placed)


def memory_world() -> World:
    kept = MemoryIdentities()
    for number, phone in PHONES.items():
        kept.bearers.setdefault(phone, []).append(holder(number))

    async def read_log() -> Log:
        return list(kept.notes)

    return World(kept, read_log)


def sql_world(store: Store) -> World:
    async def read_log() -> Log:
        columns = select(access_log.c.actor, access_log.c.action, access_log.c.person_id)
        async with store._engine.connect() as connection:
            found = await connection.execute(columns.order_by(access_log.c.id))
            return [(row.actor, row.action, row.person_id) for row in found]

    return World(store.identities, read_log)


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    if request.param == "memory":
        yield memory_world()
        return
    store = await open_store(request.getfixturevalue(f"{request.param}_url"), lambda: NOON)
    await fill(store)
    yield sql_world(store)
    await store.close()


# --- by the number that a channel vouches for ---


async def test_the_only_bearer_of_a_number_is_linked(world: World) -> None:
    assert await world.whose(TELEGRAM) is None
    assert (await world.identity.by_contact(TELEGRAM, PHONES[1])).result is Result.LINKED
    assert await world.whose(TELEGRAM) == 1
    assert ("person:1", "identity.linked", 1) in await world.log()


@pytest.mark.parametrize(
    ("whose", "phone"),
    [("nobody's", "+6280000000099"), ("shared", PHONES[3]), ("of one who left", PHONES[5])],
)
async def test_a_number_that_is_not_one_persons_needs_a_code(world: World, whose: str, phone: str) -> None:
    assert (await world.identity.by_contact(TELEGRAM, phone)).result is Result.CODE_NEEDED, whose
    assert await world.whose(TELEGRAM) is None
    assert await world.log() == []


async def test_a_recycled_number_takes_over_nothing(world: World) -> None:
    await world.identity.by_contact(TELEGRAM, PHONES[1])
    assert (await world.identity.by_contact(OTHER, PHONES[1])).result is Result.CODE_NEEDED
    assert (await world.whose(TELEGRAM), await world.whose(OTHER)) == (1, None)


async def test_an_account_that_is_somebodys_is_not_given_to_another(world: World) -> None:
    await world.identity.by_contact(TELEGRAM, PHONES[1])
    assert (await world.identity.by_contact(TELEGRAM, PHONES[1])).result is Result.ALREADY
    assert (await world.identity.by_contact(TELEGRAM, PHONES[2])).result is Result.ANOTHER
    assert (await world.identity.by_code(TELEGRAM, await world.code(2))).result is Result.ANOTHER
    assert await world.whose(TELEGRAM) == 1


async def test_a_person_may_have_both_channels(world: World) -> None:
    await world.identity.by_contact(TELEGRAM, PHONES[1])
    await world.identity.by_contact(WHATSAPP, PHONES[1])
    assert (await world.whose(TELEGRAM), await world.whose(WHATSAPP)) == (1, 1)
    assert [a.channel for a in await world.kept.accounts(1)] == ["telegram", "whatsapp"]


# --- by a code ---


async def test_a_code_links_whoever_types_it_once(world: World) -> None:
    code = await world.code(3)
    assert (await world.identity.by_code(TELEGRAM, codes.in_groups(code).lower())).result is Result.LINKED
    assert await world.whose(TELEGRAM) == 3
    assert (await world.identity.by_code(OTHER, code)).result is Result.WRONG
    assert await world.whose(OTHER) is None


async def test_a_code_moves_the_link_and_the_old_account_is_out_at_once(world: World) -> None:
    await world.identity.by_contact(TELEGRAM, PHONES[1])
    assert await world.whose(TELEGRAM) == 1
    linking = await world.identity.by_code(OTHER, await world.code(1))
    assert (linking.result, linking.displaced) == (Result.LINKED, Account("telegram", "7"))
    assert (await world.whose(TELEGRAM), await world.whose(OTHER)) == (None, 1)
    assert ("account:telegram:8", "identity.unlinked", 1) in await world.log()


async def test_a_code_for_one_channel_leaves_the_other_alone(world: World) -> None:
    await world.identity.by_contact(TELEGRAM, PHONES[1])
    linking = await world.identity.by_code(WHATSAPP, await world.code(1))
    assert (linking.displaced, await world.whose(TELEGRAM)) == (None, 1)


async def test_the_same_code_again_from_the_same_account_says_that_it_is_linked(world: World) -> None:
    code = await world.code(1)
    await world.identity.by_code(TELEGRAM, code)
    assert (await world.identity.by_code(TELEGRAM, code)).result is Result.ALREADY


async def test_unknown_used_expired_and_revoked_codes_are_answered_alike(world: World) -> None:
    used, expired = await world.code(1), await world.code(2, days=0)
    await world.identity.by_code(TELEGRAM, used)
    revoked = await world.code(3)
    assert await world.identity.revoke(OPERATOR, [holder(3)]) == 1
    gone = await world.code(5)  # its person has left
    unknown = "0" * codes.LENGTH
    answers = {(await world.identity.by_code(OTHER, code)).result for code in (used, expired, revoked, gone)}
    answers.add((await world.identity.by_code(THIRD, unknown)).result)
    assert answers == {Result.WRONG}
    assert await world.whose(OTHER) is None


async def test_a_new_code_makes_the_old_one_worthless_and_so_does_linking(world: World) -> None:
    first, second = await world.code(1), await world.code(1)
    assert (await world.identity.by_code(OTHER, first)).result is Result.WRONG
    await world.identity.by_contact(TELEGRAM, PHONES[1])
    assert (await world.identity.by_code(OTHER, second)).result is Result.WRONG
    assert await world.whose(TELEGRAM) == 1


async def test_guessing_ends_after_five_tries_and_goes_on_an_hour_later(world: World) -> None:
    right = await world.code(1)
    for guess in range(codes.MOST_FAILURES):
        assert (await world.identity.by_code(TELEGRAM, f"{guess:012}")).result is Result.WRONG
    assert (await world.identity.by_code(TELEGRAM, right)).result is Result.WAIT
    assert (await world.identity.by_code(OTHER, "0" * 12)).result is Result.WRONG  # others are not held up
    world.now += codes.WAIT - 1
    assert (await world.identity.by_code(TELEGRAM, right)).result is Result.WAIT
    world.now += 1
    assert (await world.identity.by_code(TELEGRAM, right)).result is Result.LINKED
    refused = [entry for entry in await world.log() if entry[1] == "identity.code_refused"]
    assert len(refused) == codes.MOST_FAILURES + 1


async def test_a_right_code_clears_the_wrong_ones_before_it(world: World) -> None:
    for _ in range(2):
        for guess in range(codes.MOST_FAILURES - 1):
            await world.identity.by_code(TELEGRAM, f"{guess:012}")
        assert (await world.identity.by_code(TELEGRAM, await world.code(1))).result is Result.LINKED
        await world.identity.leave(TELEGRAM)


async def test_what_cannot_be_a_code_is_a_wrong_one(world: World) -> None:
    assert (await world.identity.by_code(TELEGRAM, "bukan kode")).result is Result.WRONG


# --- unlinking ---


async def test_a_person_unlinks_the_account_she_writes_from_and_no_other(world: World) -> None:
    await world.identity.by_contact(TELEGRAM, PHONES[1])
    await world.identity.by_contact(WHATSAPP, PHONES[1])
    assert await world.identity.leave(TELEGRAM)
    assert not await world.identity.leave(TELEGRAM)
    assert (await world.whose(TELEGRAM), await world.whose(WHATSAPP)) == (None, 1)


async def test_a_stolen_account_loses_everything_and_the_codes_too(world: World) -> None:
    await world.identity.by_contact(TELEGRAM, PHONES[1])
    await world.identity.by_contact(WHATSAPP, PHONES[1])
    code = await world.code(1)
    gone = await world.identity.unlink(OPERATOR, 1, "lumajang")
    assert {account.channel for account in gone} == {"telegram", "whatsapp"}
    assert (await world.whose(TELEGRAM), await world.whose(WHATSAPP)) == (None, None)
    assert (await world.identity.by_code(OTHER, code)).result is Result.WRONG
    assert (await world.identity.by_code(OTHER, await world.code(1))).result is Result.LINKED


async def test_somebody_who_left_is_a_guest_from_that_day_on(world: World) -> None:
    await world.identity.by_contact(TELEGRAM, PHONES[1])
    member = world.staff.members[1]
    world.staff.members[1] = replace(member, person=replace(member.person, left=date(2026, 11, 24)))
    world.identity.forget()
    assert await world.whose(TELEGRAM) == 1
    world.now += 86_400
    assert await world.whose(TELEGRAM) is None


# --- rights ---


def admin(unit: int) -> Actor:
    return Actor("person:2", 2, (Assignment(Role.UNIT_ADMIN, unit, date.min),))


async def test_a_unit_admin_issues_revokes_and_unlinks_in_her_unit_only(world: World) -> None:
    await world.identity.by_contact(TELEGRAM, PHONES[1])
    for stranger in (admin(99), Actor("person:2", 2)):
        for attempt in (
            world.code(1, stranger),
            world.identity.revoke(stranger, [holder(1)]),
            world.identity.unlink(stranger, 1, "lumajang"),
        ):
            with pytest.raises(RefusedError):
                await attempt
    assert await world.whose(TELEGRAM) == 1
    assert (await world.identity.by_code(OTHER, await world.code(3, admin(10)))).result is Result.LINKED
    assert await world.identity.unlink(admin(10), 1, "lumajang") == [Account("telegram", "7")]


async def test_a_refused_issue_names_the_right_and_leaves_no_code(world: World) -> None:
    with pytest.raises(RefusedError) as refused:
        await world.identity.issue(admin(99), [holder(1), holder(3)], secrets.token_bytes)
    assert refused.value.action is Action.ISSUE_CODE
    assert await world.log() == []


# --- memory ---


async def test_a_sender_is_looked_up_once_until_something_changes(world: World) -> None:
    await world.identity.by_contact(TELEGRAM, PHONES[1])
    for _ in range(3):
        assert await world.whose(TELEGRAM) == 1
    assert world.staff.looked == 1
    world.identity.forget()
    assert await world.whose(TELEGRAM) == 1
    assert world.staff.looked == 2


async def test_another_day_is_another_look(world: World) -> None:
    await world.identity.by_contact(TELEGRAM, PHONES[1])
    await world.whose(TELEGRAM)
    world.now += 86_400
    assert await world.whose(TELEGRAM) == 1
    assert world.staff.looked == 2


# --- the databases alone ---


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    opened = await open_store(database_url, lambda: NOON)
    await fill(opened)
    yield opened
    await opened.close()


async def test_of_two_accounts_that_use_one_code_at_once_exactly_one_wins(store: Store) -> None:
    for _ in range(5):
        world = sql_world(store)
        code = await world.code(1)
        senders = [Sender("telegram", str(number)) for number in range(8)]
        done = await asyncio.gather(*(world.identity.by_code(sender, code) for sender in senders))
        assert sorted(linking.result for linking in done) == [Result.LINKED] + [Result.WRONG] * 7
        assert len(await store.identities.accounts(1)) == 1
        await world.identity.unlink(OPERATOR, 1, "lumajang")


async def test_of_two_accounts_with_one_number_at_once_exactly_one_wins(store: Store) -> None:
    world = sql_world(store)
    senders = [Sender("telegram", str(number)) for number in range(8)]
    done = await asyncio.gather(*(world.identity.by_contact(sender, PHONES[1]) for sender in senders))
    assert [linking.result for linking in done].count(Result.LINKED) == 1
    assert len(await store.identities.accounts(1)) == 1


async def test_guesses_at_once_are_counted_each(store: Store) -> None:
    world = sql_world(store)
    done = await asyncio.gather(*(world.identity.by_code(TELEGRAM, f"{n:012}") for n in range(12)))
    results = [linking.result for linking in done]
    assert (results.count(Result.WRONG), results.count(Result.WAIT)) == (codes.MOST_FAILURES, 7)


async def test_numbers_and_codes_at_once_end_with_one_account_a_person(store: Store) -> None:
    world = sql_world(store)
    made = [await world.code(number) for number in (2, 3)]
    attempts = [world.identity.by_contact(Sender("telegram", str(n)), PHONES[2]) for n in range(4)]
    attempts += [world.identity.by_code(Sender("telegram", str(n)), code) for n in range(4) for code in made]
    await asyncio.gather(*attempts)
    assert len(await store.identities.accounts(2)) == 1
    assert len(await store.identities.accounts(3)) <= 1


async def test_a_change_tells_other_processes_and_a_wrong_code_does_not(store: Store) -> None:
    world = sql_world(store)

    async def version() -> int:
        async with store._engine.connect() as connection:
            return await staff_version(connection)

    before = await version()
    await world.identity.by_code(TELEGRAM, "0" * 12)
    assert await version() == before
    await world.identity.by_contact(TELEGRAM, PHONES[1])
    assert await version() > before


async def test_the_database_holds_no_code(store: Store) -> None:
    world = sql_world(store)
    code = await world.code(1)
    async with store._engine.connect() as connection:
        rows = (await connection.execute(select(code_table))).all()
    assert [row.digest for row in rows] == [codes.digest(code)]
    assert code not in repr(rows)
    assert code not in repr(await world.log())


async def test_the_day_of_the_data_is_that_of_the_person_without_an_import(store: Store) -> None:
    world = sql_world(store)
    assert await world.identity.data_as_of(world.staff.members[1]) == DAY


async def test_those_with_an_account_are_told_from_those_without(store: Store) -> None:
    world = sql_world(store)
    await world.identity.by_contact(TELEGRAM, PHONES[1])
    assert await store.identities.linked([1, 2, 3]) == {1}
    assert await store.identities.linked([]) == frozenset()
