"""The law as the program holds it: circulars, rules, regencies, and the vocabulary they use.

`policy.load` builds a Corpus from policies/ and validates it whole; nobody changes it afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from bot.model import RuleRef
from bot.policy.condition import ALWAYS, Condition
from bot.policy.problems import Problem
from bot.vocabulary import Vocabulary, Wording
from bot.worktime import Calendar

NATIONAL = "nasional"
"""The id of the level whose circulars bind every regency."""


def full_name(ref: RuleRef) -> str:
    """A rule as other circulars name it: "wilayah/edaran#aturan"."""
    return f"{ref.circular}#{ref.rule}"


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is written: file relative to policies/, line from 1."""

    file: str
    line: int


class Modality(StrEnum):
    PROHIBITION = "larangan"
    PERMISSION = "kebolehan"
    OBLIGATION = "kewajiban"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a circular.

    `lifts` names the rules it is an exception to, `special_to` those it takes precedence over as the
    more special one. `content` (obligations only): what must be kept to while doing `activity`; such an
    obligation rides along with a verdict. Without it the activity itself is what is obligatory.
    `clause`: the number in the source, None where the source has none. `quote`: verbatim from the source
    text, None where a rule is our reading of it; then `summary` says it in the encoder's words.
    """

    ref: RuleRef
    modality: Modality
    activity: str
    condition: Condition
    place: Place
    lifts: tuple[RuleRef, ...] = ()
    special_to: tuple[RuleRef, ...] = ()
    content: Wording | None = None
    quote: str | None = None
    clause: str | None = None
    summary: Wording | None = None

    @property
    def rides_along(self) -> bool:
        return self.modality is Modality.OBLIGATION and self.content is not None


@dataclass(frozen=True, slots=True)
class Sanction:
    """What follows a violation of `rules` (all of the circular's bans if empty)."""

    content: Wording
    quote: str | None
    source: str | None
    rules: tuple[RuleRef, ...] = ()


@dataclass(frozen=True, slots=True)
class Note:
    """Something said about the circular that is not a rule: an opinion, a statement, its purpose.

    `kind`: "pendapat", "pernyataan", "tujuan" or "pengertian" (what a word of the circular means). Shown
    with its speaker, never evaluated. `rules`: the rules it comments on (empty: the circular); `condition`:
    shown unless known facts exclude it. `clause`: where the source says it, if its clauses are numbered.
    """

    kind: str
    content: Wording
    speaker: str | None = None
    quote: str | None = None
    rules: tuple[RuleRef, ...] = ()
    condition: Condition = ALWAYS
    clause: str | None = None


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """What the source leaves open; named in a reply about `rules` (empty: anything of the circular)
    unless known facts exclude `condition`."""

    content: Wording
    rules: tuple[RuleRef, ...] = ()
    condition: Condition = ALWAYS


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the encoding was read from. `kind`: "naskah" (the signed text) or "berita" (press report);
    `name`: who published it; `original_seen`: whether someone of the regency confirmed the signed text."""

    kind: str
    name: str
    original_seen: bool


@dataclass(frozen=True, slots=True)
class Circular:
    """One circular. In force from `since` (inclusive) to `until` (exclusive, None: open), by local dates.

    `id` is "<regency>/<name>". From `since` on, `amends` lists rules of other circulars that give way to
    this one, for the people it addresses (for good, unless this one is to last for a time only), `revokes`
    circulars or single rules ("circular#rule"), for good. `since_basis`: how the start of force was derived
    where the source does not state it. `complete`: every rule of the circular is encoded.
    `addressees_quote`, `addressees_clause`: where it says whom it is for, or not for.
    """

    id: str
    regency: str
    number: str | None
    about: Wording
    issuer: str
    rank: str
    enacted: date
    since: date
    until: date | None
    since_basis: str | None
    evidence: Evidence
    addressees: Condition
    rules: tuple[Rule, ...]
    place: Place
    amends: tuple[RuleRef, ...] = ()
    revokes: tuple[str, ...] = ()
    sanctions: tuple[Sanction, ...] = ()
    notes: tuple[Note, ...] = ()
    open_questions: tuple[OpenQuestion, ...] = ()
    complete: bool = True
    addressees_quote: str | None = None
    addressees_clause: str | None = None


@dataclass(frozen=True, slots=True)
class Regency:
    id: str
    name: str
    code: str
    calendar: Calendar


@dataclass(frozen=True, slots=True)
class Rank:
    """An instrument's place among instruments: the higher `order` prevails."""

    order: int
    name: Wording


@dataclass(frozen=True, slots=True)
class Waiver:
    """A finding of `policy.check` that someone answers for: `by` names an office, `reason` says why."""

    finding: str
    reason: str
    by: str
    day: date
    place: Place


@dataclass(frozen=True, slots=True)
class MessageTemplate:
    """A text with holes ("{{edaran}}") that WhatsApp has to approve before it may open a conversation.

    `kind`: what it stands for, as `bot.model.Opening.kind`; `name` and `language`: as WhatsApp knows it;
    `button`: on its one button; `samples`: what fills the holes where WhatsApp reviews it.
    """

    kind: str
    name: str
    language: str
    body: str
    button: str
    samples: Mapping[str, str]
    place: Place


@dataclass(frozen=True, slots=True)
class Corpus:
    """Everything that answers: immutable, checked. `digest` changes whenever any file of policies/ does.

    `remarks`: what reading the files showed that is worth saying and no error; `waivers`: which findings of
    a check are accepted. `templates`: texts that open a conversation on WhatsApp.
    """

    vocabulary: Vocabulary
    regencies: Mapping[str, Regency]
    circulars: Mapping[str, Circular]
    ranks: Mapping[str, Rank]
    digest: str
    remarks: tuple[Problem, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    templates: tuple[MessageTemplate, ...] = ()

    def circulars_for(self, regency: str) -> tuple[Circular, ...]:
        """The circulars of a regency and of the nation, whatever their dates."""
        return tuple(c for c in self.circulars.values() if c.regency in (regency, NATIONAL))

    def rule(self, ref: RuleRef) -> Rule:
        """The rule a reference names. Raises KeyError if there is none."""
        for rule in self.circulars[ref.circular].rules:
            if rule.ref == ref:
                return rule
        raise KeyError(ref)
