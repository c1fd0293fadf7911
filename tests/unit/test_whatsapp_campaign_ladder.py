"""The status ladder: whatever order the news come in, the end is the same."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.campaigns.campaign import Unreachable
from bot.campaigns.ladder import NOBODY_THERE, Heard, Rung, Standing, climbed
from bot.campaigns.sending import NotReached, Refused
from bot.channels.whatsapp_errors import UNDELIVERABLE
from bot.channels.whatsapp_reading import Message, Notice, Person, Status
from bot.channels.whatsapp_told import Telling

START = Standing(Rung.ACCEPTED, 100)
NEWS = st.builds(
    Heard,
    st.just("m"),
    st.sampled_from([rung for rung in Rung if rung is not Rung.ACCEPTED]),
    st.integers(100, 110),
    st.sampled_from([None, 131026, 131049]),
    st.sampled_from([None, True, False]),
)


def after(*news: Heard) -> Standing:
    standing = START
    for one in news:
        standing = climbed(standing, one)
    return standing


@given(st.lists(NEWS, max_size=5), st.randoms())
def test_the_order_of_the_news_does_not_matter(news: list[Heard], chance: object) -> None:
    shuffled = list(news)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert after(*news) == after(*shuffled)


@given(st.lists(NEWS, min_size=1, max_size=5))
def test_news_that_come_twice_change_nothing(news: list[Heard]) -> None:
    assert after(*news, *news) == after(*news)


@pytest.mark.parametrize("order", list(permutations([Rung.SENT, Rung.DELIVERED, Rung.READ])))
def test_what_was_read_stays_read(order: tuple[Rung, ...]) -> None:
    assert after(*(Heard("m", rung, 105) for rung in order)).rung is Rung.READ


def test_a_rung_that_is_missing_is_passed_over() -> None:
    assert after(Heard("m", Rung.READ, 105)).rung is Rung.READ


def test_a_message_that_was_sent_can_fail_and_one_that_arrived_cannot() -> None:
    failed = Heard("m", Rung.FAILED, 105, 131049)
    assert after(Heard("m", Rung.SENT, 104), failed).rung is Rung.FAILED
    assert after(Heard("m", Rung.DELIVERED, 104), failed).rung is Rung.DELIVERED
    assert after(failed, Heard("m", Rung.DELIVERED, 104)).rung is Rung.DELIVERED


def test_a_failure_says_whether_the_account_or_the_message_is_the_reason() -> None:
    assert after(Heard("m", Rung.FAILED, 1, 131026)).fate == NotReached(Unreachable.NEVER_STARTED)
    assert after(Heard("m", Rung.FAILED, 1, 131049)).fate == Refused("131049")
    assert after(Heard("m", Rung.FAILED, 1)).fate == Refused("unknown")
    assert after(Heard("m", Rung.SENT, 1)).fate is None


def test_both_sides_know_the_same_codes_of_accounts_that_nothing_reaches() -> None:
    assert NOBODY_THERE == UNDELIVERABLE


def test_what_failed_or_was_free_costs_nothing() -> None:
    assert START.charged
    assert after(Heard("m", Rung.READ, 1, billable=True)).charged
    assert not after(Heard("m", Rung.DELIVERED, 1, billable=False)).charged
    assert not after(Heard("m", Rung.FAILED, 1, 131026, billable=True)).charged


class Listening:
    def __init__(self) -> None:
        self.news: list[Heard] = []

    async def heard(self, statuses: list[Heard]) -> None:
        self.news += statuses


async def test_the_channel_s_events_become_news_of_the_ladder() -> None:
    statuses, changed = Listening(), []
    telling = Telling(statuses, lambda: changed.append(1))  # type: ignore[arg-type]
    person = Person("ID.1", None)
    await telling(Status("m1", "delivered", 5, person, (), True, tag="t"))
    await telling(Status("m2", "failed", 6, person, (131026,)))
    await telling(Status("m3", "played", 7, person))
    await telling(Status("m4", "deleted", 7, person))
    await telling(Message("m5", person, 8, "halo"))
    assert statuses.news == [
        Heard("m1", Rung.DELIVERED, 5, None, True, "t"),
        Heard("m2", Rung.FAILED, 6, 131026),
        Heard("m3", Rung.READ, 7),
    ]
    assert not changed
    await telling(Notice("message_template_status_update", {}))
    assert changed
