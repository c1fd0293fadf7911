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
    ("one", "other", "same"),
    [
        ("person:1", "operator:a as person:1", True),
        ("operator:a", "operator:a as person:1", True),
        ("operator:a", "operator:a", True),
        ("operator:a as person:1", "operator:a as person:2", False),
        ("operator:b", "operator:a as person:1", False),
        ("person:1", "person:12", False),
    ],
)
def test_an_operator_without_a_name_of_hers_can_be_whomever_she_acted_as(
    one: str, other: str, same: bool
) -> None:
    assert same_person(one, other) is same_person(other, one) is same


def test_the_deadline_itself_is_in_time() -> None:
    assert in_time(NOW, NOW)
    assert not in_time(NOW.replace(second=1), NOW)
