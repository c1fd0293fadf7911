"""The states of a campaign."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product

import pytest

from bot.campaigns.campaign import (
    STEPS,
    Campaign,
    CampaignState,
    Step,
    after,
    check_approver,
    in_time,
    same_person,
)
from bot.problems import Problem

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def test_a_circular_is_tested_approved_and_sent() -> None:
    state = CampaignState.DRAFT
    for step in (Step.TEST, Step.APPROVE, Step.START, Step.PAUSE, Step.RESUME, Step.FINISH):
        state = after(state, step)
    assert state is CampaignState.DONE


def test_nothing_is_sent_that_nobody_tested_or_approved() -> None:
    reaching = {
        (s, step) for step, s in product(Step, CampaignState) if STEPS[step].get(s) is CampaignState.RUNNING
    }
    assert reaching == {
        (CampaignState.APPROVED, Step.START),
        (CampaignState.PAUSED, Step.RESUME),
        (CampaignState.DONE, Step.REOPEN),
    }


@pytest.mark.parametrize("step", Step)
def test_a_cancelled_campaign_stays_cancelled(step: Step) -> None:
    with pytest.raises(Problem, match=r"campaign\.wrong_step_cancelled"):
        after(CampaignState.CANCELLED, step)


def test_the_author_cannot_approve_her_own_campaign() -> None:
    campaign = Campaign(1, "lumajang", 1, "semua", NOW, CampaignState.TESTED, author="person:1")
    check_approver(campaign, "person:2")
    with pytest.raises(Problem):
        check_approver(campaign, "person:1")


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("person:1", "operator:a as person:1", True),
        ("operator:a as person:1", "person:1", True),
        ("operator:a as person:1", "operator:a", True),
        ("operator:a", "operator:a as person:1", False),
        ("operator:a", "operator:a", True),
        ("operator:a as person:1", "operator:a as person:2", False),
        ("operator:a as person:1", "operator:b", False),
        ("person:1", "person:12", False),
    ],
)
def test_an_operator_is_no_second_person_of_one_as_whom_he_has_acted(
    first: str, second: str, same: bool
) -> None:
    assert same_person(first, second) is same


def test_the_deadline_itself_is_in_time() -> None:
    assert in_time(NOW, NOW)
    assert not in_time(NOW.replace(second=1), NOW)
