"""The nouns of a campaign, and which state may follow which.

Moments are aware datetimes, days dates in the regency's zone. Ids are those of the ledger.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from bot.problems import Problem


class CampaignState(StrEnum):
    DRAFT = "draft"
    TESTED = "tested"  # its author has had it sent to herself
    APPROVED = "approved"  # by a second person; starts at `starts_at`
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"  # everything is sent or cannot be; acknowledgments go on being taken
    CANCELLED = "cancelled"


class Step(StrEnum):
    """What is done to a campaign."""

    TEST = "test"
    APPROVE = "approve"
    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    FINISH = "finish"
    CANCEL = "cancel"
    REOPEN = "reopen"  # somebody joined after it was done


_S = CampaignState

STEPS: Mapping[Step, Mapping[CampaignState, CampaignState]] = {
    Step.TEST: {_S.DRAFT: _S.TESTED, _S.TESTED: _S.TESTED},
    Step.APPROVE: {_S.TESTED: _S.APPROVED},
    Step.START: {_S.APPROVED: _S.RUNNING},
    Step.PAUSE: {_S.RUNNING: _S.PAUSED},
    Step.RESUME: {_S.PAUSED: _S.RUNNING},
    Step.FINISH: {_S.RUNNING: _S.DONE},
    Step.CANCEL: dict.fromkeys((_S.DRAFT, _S.TESTED, _S.APPROVED, _S.RUNNING, _S.PAUSED), _S.CANCELLED),
    Step.REOPEN: {_S.DONE: _S.RUNNING},
}


def after(state: CampaignState, step: Step) -> CampaignState:
    """The state that `step` leads to. Raises Problem where the step is not open from there."""
    found = STEPS[step].get(state)
    if found is None:
        raise Problem(f"campaign.wrong_step_{state}")
    return found


class DeliveryState(StrEnum):
    """Where one person's copy stands. Acknowledging is not a state of the delivery: it counts on all
    channels, and can happen before the channel says that the message arrived."""

    QUEUED = "queued"
    SENDING = "sending"  # marked before the call, so that a crash leaves a trace
    SENT = "sent"
    UNCERTAIN = "uncertain"  # the call was made, its outcome is not known
    FAILED = "failed"  # the channel refused the message itself
    UNREACHABLE = "unreachable"  # the channel cannot reach the person
    WITHDRAWN = "withdrawn"  # left the staff, or is no longer addressed


class Unreachable(StrEnum):
    """Why nothing can be sent to a person. None of them says anything about her will to obey."""

    NO_IDENTITY = "no_identity"  # has not registered on any channel
    NEVER_STARTED = "never_started"  # Telegram: has not opened the chat
    BLOCKED = "blocked"
    DEACTIVATED = "deactivated"
    STOPPED = "stopped"  # /berhenti


RELEASED = "released"
"""The reason of a withdrawn delivery: HR agrees that the circular is not for her. She is not added again."""


class Proof(StrEnum):
    """How an acknowledgment was given."""

    BUTTON = "button"
    WORDS = "words"
    ASSEMBLY = "assembly"  # scanned the code shown at the assembly
    PROXY = "proxy"  # entered by the unit's admin, approved by a second person


@dataclass(frozen=True, slots=True)
class Version:
    """One content of a circular. `digest`: SHA-256 of what is sent, in hexadecimal; equal: the same one.

    `circular`: an id of policies/, or of an ad-hoc circular ("adhoc/…"). `material`: asks again those whom it
    concerns; an editorial change asks nobody, and a running campaign keeps the version that is acknowledged.
    `replaces`: the version before it.
    """

    id: int
    regency: str
    circular: str
    digest: str
    number: str | None
    dated: date
    subject: str
    issuer: str
    material: bool = True
    replaces: int | None = None


@dataclass(frozen=True, slots=True)
class Campaign:
    """`audience`: its expression, as typed. `due`: by when an acknowledgment is in time. `author` and
    `approver`: names of actors, never the same. `quiz`: a check of understanding follows."""

    id: int
    regency: str
    version: int
    audience: str
    due: datetime
    state: CampaignState
    author: str
    approver: str | None = None
    starts_at: datetime | None = None
    quiz: bool = False


def same_person(first: str, second: str) -> bool:
    """Whether the second one, who approves, can be the first: people act in a chat ("person:12") or at a
    machine ("operator:name as person:12"). An operator who acts there as nobody but himself ("operator:name")
    is no second person of one as whom he has acted."""
    if first.rpartition(" as ")[2] == second.rpartition(" as ")[2]:
        return True
    return second == first.partition(" as ")[0]


def check_approver(campaign: Campaign, approver: str) -> None:
    """Raises Problem where the second pair of eyes is the first."""
    if same_person(campaign.author, approver):
        raise Problem("campaign.same_person")


@dataclass(frozen=True, slots=True)
class Acknowledgment:
    """Bound to a person, a version and a moment; at most one that stands per person and version."""

    person: int
    version: int
    at: datetime
    proof: Proof
    channel: str | None = None
    undone_at: datetime | None = None


def in_time(acknowledged: datetime, due: datetime) -> bool:
    """Whether an acknowledgment came by its deadline; the deadline itself still counts."""
    return acknowledged <= due
