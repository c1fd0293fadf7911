"""What becomes of "I have read it": the rules, for any number of people at once.

An acknowledgment is bound to a person, a version and a moment. One counts on all channels and in all
campaigns of its version; a second one changes nothing and learns when the first was. It can be undone for a
while.

Moments are whole seconds since 1970, as in the ledger. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.campaigns.campaign import CampaignState, DeliveryState, Proof
from bot.campaigns.content import Content
from bot.campaigns.evidence import Event

UNDO_SECONDS = 300
"""For so long, and in the last second too, an acknowledgment can be undone. Nor longer before it: then one of
the two moments is that of a clock that was wrong, and nobody knows how long ago it was."""

OPEN = frozenset({CampaignState.RUNNING, CampaignState.PAUSED, CampaignState.DONE})
"""States in which a campaign takes acknowledgments."""

GOT = (DeliveryState.SENDING, DeliveryState.SENT, DeliveryState.UNCERTAIN)
"""Who says "sudah baca" in words can only mean a circular that went out to her."""

MISSED = (DeliveryState.UNREACHABLE, DeliveryState.FAILED)
"""It went out and did not reach her: she may know the circular from elsewhere."""


class Result(StrEnum):
    RECORDED = "recorded"
    ALREADY = "already"
    NOT_ADDRESSED = "not_addressed"  # nothing is asked of her, or not yet, or not any more
    UNDONE = "undone"
    TOO_LATE = "too_late"  # to undo it
    NOTHING = "nothing"  # there is nothing to undo


@dataclass(frozen=True, slots=True)
class Told:
    """What a campaign tells people; never changes. `content`: without its document. `renewed`: there was an
    earlier version."""

    campaign: int
    version: int
    content: Content
    quiz: bool
    renewed: bool = False


@dataclass(frozen=True, slots=True)
class Wish:
    """`proof` None: to undo. `channel` None: came through none."""

    person: int
    campaign: int
    at: int
    proof: Proof | None
    channel: str | None = None


@dataclass(frozen=True, slots=True)
class VersionRef:
    id: int
    digest: str


@dataclass(frozen=True, slots=True)
class Copy:
    """Somebody's delivery of some version. `campaign_state`: of its campaign. `due`: hers, by the ledger;
    leave is not counted yet. `begun`: from when on she could read it, as far as is known."""

    person: int
    version: int
    campaign: int
    campaign_state: str
    unit: int
    state: str
    due: int
    begun: int
    acknowledged_at: int | None = None

    @property
    def counts(self) -> bool:
        return self.state != DeliveryState.WITHDRAWN and self.campaign_state != CampaignState.CANCELLED

    @property
    def open(self) -> bool:
        return self.counts and self.campaign_state in OPEN


@dataclass(frozen=True, slots=True)
class Entry:
    """An acknowledgment as the ledger has it. `id` None: it is not there yet."""

    version: int
    person: int
    campaign: int
    at: int
    proof: Proof
    channel: str | None = None
    undone_at: int | None = None
    id: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """`at`: of the acknowledgment it speaks of; `copy`: the delivery that asked for it."""

    result: Result
    campaign: int
    at: int | None = None
    copy: Copy | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """What is to be written. `entries`: new ones, and old ones that are undone. `marks`: deliveries and what
    their `acknowledged_at` becomes."""

    outcomes: tuple[Outcome, ...]
    entries: tuple[Entry, ...]
    marks: tuple[tuple[Copy, int | None], ...]
    events: tuple[Event, ...]


def decide(
    wishes: Sequence[Wish],
    versions: Mapping[int, VersionRef],
    copies: Iterable[Copy],
    standing: Iterable[Entry],
) -> Decided:
    """Takes the wishes in their order. `versions`: of the campaigns that there are. `copies`: of these people
    and versions, all of them. `standing`: their acknowledgments that are not undone."""
    cases: dict[tuple[int, int], _Case] = {}
    for copy in copies:
        cases.setdefault((copy.person, copy.version), _Case()).copies.append(copy)
    for entry in standing:
        cases.setdefault((entry.person, entry.version), _Case()).found(entry)
    outcomes = []
    for wish in wishes:
        version = versions.get(wish.campaign)
        case = cases.get((wish.person, version.id)) if version else None
        if version is None or case is None:
            nothing = Result.NOT_ADDRESSED if wish.proof else Result.NOTHING
            outcomes.append(Outcome(nothing, wish.campaign))
        else:
            outcomes.append(case.take(wish, version))
    done = cases.values()
    return Decided(
        tuple(outcomes),
        tuple(entry for case in done for entry in case.entries),
        tuple(mark for case in done for mark in case.marks()),
        tuple(event for case in done for event in case.events),
    )


class _Case:
    """One person and one version."""

    def __init__(self) -> None:
        self.copies: list[Copy] = []
        self.entries: list[Entry] = []
        self.events: list[Event] = []
        self._standing: Entry | None = None

    def found(self, entry: Entry) -> None:
        self._standing = entry

    def take(self, wish: Wish, version: VersionRef) -> Outcome:
        if wish.proof is None:
            return self._undo(wish, version)
        return self._acknowledge(wish, wish.proof, version)

    def marks(self) -> Iterable[tuple[Copy, int | None]]:
        """Also what an earlier acknowledgment missed, of a delivery that was added at the same moment. A
        delivery that does not count any more is not marked, but loses a mark that stands for nothing."""
        at = self._standing.at if self._standing else None
        wrong = [copy for copy in self.copies if copy.acknowledged_at != at]
        return [(copy, at) for copy in wrong if copy.counts or at is None]

    def _acknowledge(self, wish: Wish, proof: Proof, version: VersionRef) -> Outcome:
        copy = self._copy(wish.campaign)
        if self._standing is not None:
            return Outcome(Result.ALREADY, self._standing.campaign, self._standing.at, copy)
        if copy is None:
            return Outcome(Result.NOT_ADDRESSED, wish.campaign)
        self._standing = Entry(version.id, wish.person, copy.campaign, wish.at, proof, wish.channel)
        self.entries.append(self._standing)
        kind = "proxy" if proof is Proof.PROXY else "acknowledged"
        # By when it was due, and not "late": leave moves a deadline, and can be registered afterwards.
        said: dict[str, str | int] = {"version": version.digest, "proof": proof.value, "due": copy.due}
        if wish.channel is not None:
            said["channel"] = wish.channel
        self.events.append(Event(kind, wish.at, copy.campaign, wish.person, said))
        return Outcome(Result.RECORDED, copy.campaign, wish.at, copy)

    def _undo(self, wish: Wish, version: VersionRef) -> Outcome:
        entry = self._standing
        if entry is None:
            return Outcome(Result.NOTHING, wish.campaign)
        if abs(wish.at - entry.at) > UNDO_SECONDS:
            return Outcome(Result.TOO_LATE, entry.campaign, entry.at)
        if self.entries and self.entries[-1] is entry:  # given and undone in the same group
            self.entries.pop()
        self.entries.append(replace(entry, undone_at=wish.at))
        self._standing = None
        said: dict[str, str | int] = {"version": version.digest, "acknowledged_at": entry.at}
        self.events.append(Event("undone", wish.at, entry.campaign, wish.person, said))
        return Outcome(Result.UNDONE, entry.campaign, entry.at)

    def _copy(self, campaign: int) -> Copy | None:
        """Hers of this campaign, else of another one of the same version."""
        open_ones = sorted(
            (c for c in self.copies if c.open), key=lambda c: (c.campaign != campaign, c.campaign)
        )
        return open_ones[0] if open_ones else None
