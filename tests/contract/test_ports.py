"""What every implementation of a port must do: the one on the database and its twin in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.channels.port import HandledUpdates, Unreachable
from bot.people.ports import Profiles
from bot.people.profile import Profile, Step
from bot.storage.store import Store, open_store
from tests.conftest import ENGINES
from tests.fakes import MemoryHandledUpdates, MemoryProfiles, MemoryUnreachable

FULL = Profile("telegram", "7", "lumajang", "pns", "rsud", "lima_hari", "en", Step.UNIT, 1_764_000_000)


@pytest.fixture(params=["memory", *ENGINES])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Store | None]:
    """A ledger on each engine; None: the twin in memory is meant."""
    if request.param == "memory":
        yield None
        return
    opened = await open_store(request.getfixturevalue(f"{request.param}_url"))
    yield opened
    await opened.close()


@pytest.fixture
async def profiles(store: Store | None) -> Profiles:
    return store.profiles if store else MemoryProfiles()


@pytest.fixture
async def handled(store: Store | None) -> HandledUpdates:
    return await store.updates_of(42) if store else MemoryHandledUpdates()


@pytest.fixture
async def unreachable(store: Store | None) -> Unreachable:
    return await store.unreachable_on("telegram") if store else MemoryUnreachable()


async def test_a_profile_comes_back_as_it_was_put(profiles: Profiles) -> None:
    for profile in (FULL, Profile("telegram", "8")):
        await profiles.put(profile)
        assert await profiles.get("telegram", profile.external_id) == profile


async def test_a_person_never_seen_has_no_profile(profiles: Profiles) -> None:
    assert await profiles.get("telegram", "7") is None


async def test_the_same_id_on_another_channel_is_another_person(profiles: Profiles) -> None:
    await profiles.put(FULL)
    assert await profiles.get("whatsapp", "7") is None


async def test_a_later_profile_replaces_the_earlier(profiles: Profiles) -> None:
    await profiles.put(FULL)
    await profiles.put(Profile("telegram", "7", "natuna"))
    assert await profiles.get("telegram", "7") == Profile("telegram", "7", "natuna")


async def test_a_deleted_profile_is_gone_and_deleting_nothing_is_no_error(profiles: Profiles) -> None:
    await profiles.put(FULL)
    await profiles.delete("telegram", "7")
    await profiles.delete("telegram", "7")
    assert await profiles.get("telegram", "7") is None


async def test_an_update_is_claimed_once(handled: HandledUpdates) -> None:
    assert list(await handled.claim([1, 2])) == [1, 2]
    assert list(await handled.claim([2, 3])) == [3]
    assert list(await handled.claim([1, 2, 3])) == []


async def test_an_update_twice_in_one_batch_is_claimed_once(handled: HandledUpdates) -> None:
    assert list(await handled.claim([5, 4, 5])) == [5, 4]


@pytest.mark.parametrize("reason", ["blocked", "deactivated", "not_found"])
async def test_an_unreachable_chat_is_remembered_until_it_writes_again(
    unreachable: Unreachable, reason: str
) -> None:
    await unreachable.add("7", reason)
    await unreachable.add("7", "blocked")
    assert "7" in unreachable
    assert "8" not in unreachable
    await unreachable.discard("7")
    await unreachable.discard("7")
    assert "7" not in unreachable
