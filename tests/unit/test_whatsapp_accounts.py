"""One person stays one on WhatsApp, whichever of her names a message gives; what is kept of her messages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select

from bot.config import Retention
from bot.people.profile import Profile
from bot.storage.store import Store, open_store
from bot.storage.tables import whatsapp_accounts, whatsapp_bodies, whatsapp_messages

NUMBER, ID = "6280000000001", "ID.1"
NOW = 1_795_400_000
DAY = 86_400


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    made = await open_store(database_url, clock=lambda: float(NOW))
    yield made
    await made.close()


async def test_the_user_id_names_an_account_where_there_is_one(store: Store) -> None:
    assert await store.whatsapp_accounts.of(ID, NUMBER, NOW) == ID
    assert await store.whatsapp_accounts.of(None, NUMBER, NOW) == ID


async def test_who_was_known_by_number_stays_the_same_when_it_disappears(store: Store) -> None:
    accounts = store.whatsapp_accounts
    assert await accounts.of(None, NUMBER, NOW) == NUMBER
    assert await accounts.of(ID, NUMBER, NOW) == NUMBER
    assert await accounts.of(ID, None, NOW) == NUMBER
    assert await accounts.address(NUMBER) == (ID, NUMBER)


async def test_names_outlive_the_process(store: Store, database_url: str) -> None:
    await store.whatsapp_accounts.of(None, NUMBER, NOW)
    await store.whatsapp_accounts.of(ID, NUMBER, NOW)
    again = await open_store(database_url)
    assert await again.whatsapp_accounts.of(ID, None, NOW) == NUMBER
    await again.close()


async def test_a_number_in_new_hands_is_another_person(store: Store) -> None:
    accounts = store.whatsapp_accounts
    await accounts.of(None, NUMBER, NOW)
    await accounts.of(ID, NUMBER, NOW)
    assert await accounts.of("ID.2", NUMBER, NOW) == "ID.2"
    assert await accounts.address(NUMBER) == (ID, None)
    assert await accounts.of(None, NUMBER, NOW) == "ID.2"


async def test_the_id_of_somebody_who_lost_her_number_is_not_given_again(store: Store) -> None:
    accounts = store.whatsapp_accounts
    await accounts.of(None, NUMBER, NOW)
    await accounts.renamed((None, NUMBER), (None, "6280000000002"))
    assert await accounts.of(None, "6280000000002", NOW) == NUMBER
    assert await accounts.of(None, NUMBER, NOW) == f"{NUMBER}-2"


async def test_a_changed_number_keeps_the_account(store: Store) -> None:
    accounts = store.whatsapp_accounts
    await accounts.of(ID, NUMBER, NOW)
    await accounts.renamed((ID, NUMBER), ("ID.9", "6280000000009"))
    assert await accounts.of("ID.9", "6280000000009", NOW) == ID
    await accounts.renamed(("ID.unknown", None), ("ID.8", None))
    assert await accounts.of("ID.8", None, NOW) == "ID.8"


async def test_several_that_come_at_once_are_told_apart(store: Store) -> None:
    accounts = store.whatsapp_accounts
    names: list[tuple[str | None, str | None]] = [(f"ID.{n % 5}", f"628{n % 5}") for n in range(20)] + [
        ("ID.0", None),
        (None, "6281"),
    ]
    found = await asyncio.gather(*(accounts.of(user_id, number, NOW) for user_id, number in names))
    assert list(found) == [f"ID.{n % 5}" for n in range(20)] + ["ID.0", "ID.1"]


async def test_the_last_message_is_remembered_never_later_than_it_was(
    store: Store, database_url: str
) -> None:
    accounts = store.whatsapp_accounts
    for moment in (NOW - 5000, NOW - 3000, NOW - 2900, NOW - 9000):
        await accounts.of(ID, None, moment)
    again = await open_store(database_url)
    heard = await again.whatsapp_accounts.heard_at(ID)
    assert heard is not None
    assert NOW - 3000 <= heard <= NOW - 2900
    assert await again.whatsapp_accounts.heard_at("ID.nobody") is None
    await again.close()


# --- bodies ----------------------------------------------------------------------------------


async def test_a_body_is_kept_once_in_the_order_it_came_until_it_is_worked_off(store: Store) -> None:
    assert await store.webhooks.keep("m1", b"a")
    assert await store.webhooks.keep("m2", b"b")
    assert not await store.webhooks.keep("m1", b"a")
    assert await store.webhooks.waiting() == [("m1", b"a"), ("m2", b"b")]
    await store.webhooks.finish(["wamid.1"], "m1")
    assert await store.webhooks.waiting() == [("m2", b"b")]
    assert not await store.webhooks.keep("m1", b"a")
    assert await store.webhooks.handled("wamid.1")
    assert not await store.webhooks.handled("wamid.2")


async def test_bodies_that_come_together_are_kept_once(store: Store) -> None:
    new = await asyncio.gather(*(store.webhooks.keep(f"m{n % 3}", b"x") for n in range(9)))
    assert sum(new) == 3


async def test_what_was_worked_off_keeps_nothing_of_it(store: Store) -> None:
    await store.webhooks.keep("m1", b"a")
    await store.webhooks.finish([], "m1")
    async with store.engine.connect() as connection:
        row = (await connection.execute(select(whatsapp_bodies))).one()
    assert (row.sealed, row.done_at) == (None, NOW)


async def test_everything_goes_after_its_time(store: Store) -> None:
    await store.webhooks.keep("m1", b"a")
    await store.webhooks.finish(["wamid.1"])
    await store.whatsapp_accounts.of(ID, NUMBER, NOW)
    await store.whatsapp_accounts.of("ID.guest", None, NOW)
    await store.profiles.put(Profile("whatsapp", "ID.guest", "lumajang"))
    periods = Retention(webhooks=8)
    await store.enforcer(periods).enforce(NOW + 8 * DAY)
    assert await count(store) == (1, 1, 2)
    await store.enforcer(periods).enforce(NOW + 8 * DAY + 1)
    assert await count(store) == (0, 0, 1)


async def count(store: Store) -> tuple[int, ...]:
    async with store.engine.connect() as connection:
        tables = (whatsapp_bodies, whatsapp_messages, whatsapp_accounts)
        return tuple([len((await connection.execute(select(table))).all()) for table in tables])
