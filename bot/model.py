"""The nouns of the flow: every arrow of the architecture carries one of these frozen values.

Nothing here imports another module of the package. Datetimes are always aware (they carry the
regency's zone); intervals are half open: the start belongs to them, the end does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

FactValue = bool | str | int | float | date
"""What a fact can be: yes/no, one of a list, a number (in the unit the vocabulary names), a date."""


class Unknown(StrEnum):
    """Why a fact has no value although somebody looked for one."""

    NOT_KNOWN_TO_ASKER = "not_known_to_asker"  # asked, and the person does not know
    HOURS_UNKNOWN = "hours_unknown"  # derived from working hours that are not registered (shift work)
    BREAK_UNREGULATED = "break_unregulated"  # a break, and the regency has not said whether it counts
    LEAVE_UNREGULATED = "leave_unregulated"  # hours on a day of leave, and the regency has not said either


# --- understanding ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Token:
    """One word, number or punctuation mark of a message.

    `text` is what was typed; `norm` its canonical lower-case form, the key of every lexicon;
    `start` and `end` are code-point offsets into the message. One typed word can give several
    tokens ("jam8pagi" → jam, 8, pagi): they then share or divide the typed word's offsets.
    """

    text: str
    norm: str
    start: int
    end: int


class Grain(StrEnum):
    INSTANT = "instant"
    INTERVAL = "interval"
    DAY = "day"  # 00:00 to 00:00 of the next day


@dataclass(frozen=True, slots=True)
class When:
    """One time that a text can mean.

    `end` is None for an instant, exclusive otherwise. `symbol` ("@ISTIRAHAT", "@JAM_KERJA", …; see
    `worktime.Symbol`) names a span of the regency's calendar: while it is unresolved, `start` and
    `end` are the days it was said of ("besok pas istirahat": all of tomorrow), or None if no day was said.
    """

    start: datetime | None
    end: datetime | None
    grain: Grain
    symbol: str | None = None


@dataclass(frozen=True, slots=True)
class TimeReading:
    """A `When` with the place in the message where it was read. `score`: higher is likelier."""

    when: When
    start: int
    end: int
    score: int = 0


class Intent(StrEnum):
    MAY_I = "may_i"
    WHEN_MAY_I = "when_may_i"
    WHY = "why"
    SANCTION = "sanction"
    WHICH_RULE = "which_rule"
    ACKNOWLEDGE = "acknowledge"
    GREETING = "greeting"
    OUT_OF_SCOPE = "out_of_scope"
    UNCLEAR = "unclear"


class Move(StrEnum):
    """What a message does to the conversation it stands in."""

    ASK = "ask"  # a question that stands on its own
    FOLLOW_UP = "follow_up"  # "kalau besok jam 8?": keeps the act, changes the time
    CORRECT = "correct"  # "bukan, maksud saya upload": replaces what was understood
    ANSWER = "answer"  # "iya", "akun dinas": answers the bot's question
    DONT_KNOW = "dont_know"  # "tidak tahu": an answer too


@dataclass(frozen=True, slots=True)
class Understood:
    """What one message says, before the conversation completes it.

    `activities` holds every act the words can mean, likeliest first (several only when they are truly
    ambiguous, as "tiktokan"). `times` holds the competing readings of one time, empty if none was said.
    `facts` maps vocabulary ids to values said; `spans` keeps, for the explanation, which words gave what:
    (name, start, end). `must`: the message asks whether something has to be done, not whether it may be; it
    names the facts said behind "harus" (empty: none), None where it does not ask so.
    """

    intent: Intent
    move: Move
    activities: tuple[str, ...] = ()
    times: tuple[When, ...] = ()
    facts: Mapping[str, FactValue] = field(default_factory=dict)
    spans: tuple[tuple[str, int, int], ...] = ()
    must: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """One complete question: what, when, under which facts. `when` is resolved (no bare symbol)."""

    intent: Intent
    activity: str | None
    when: When | None
    facts: Mapping[str, FactValue | Unknown] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Absence:
    """Days on which a person does not serve: `kind` is "cuti", "tugas_belajar", …; from `start` up to, not
    including, `end` (None: no end is known)."""

    kind: str
    start: date
    end: date | None = None


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, as far as rules depend on it. None means not known, never a default.

    `regency`, `status`, `unit` (a unit class such as "rsud") and `pattern` (of working hours) are ids
    of policies/. `pattern` None means the regency's first pattern. `absences`: those that are
    registered, in any order; where they overlap the first one counts.
    """

    regency: str
    status: str | None = None
    unit: str | None = None
    pattern: str | None = None
    absences: tuple[Absence, ...] = ()


# --- the answer ------------------------------------------------------------------------------


class VerdictKind(StrEnum):
    PROHIBITED = "prohibited"
    PERMITTED = "permitted"  # a clause allows it
    NOT_PROHIBITED = "not_prohibited"  # no registered clause forbids it
    OBLIGATORY = "obligatory"
    EXEMPT = "exempt"  # an exception lifts a ban or a duty
    CONFLICT = "conflict"  # clauses contradict each other and no precedence decides
    NOT_COVERED = "not_covered"  # no registered circular addresses this person
    NOT_IN_FORCE = "not_in_force"


ALLOWED = frozenset(
    {VerdictKind.PERMITTED, VerdictKind.NOT_PROHIBITED, VerdictKind.EXEMPT, VerdictKind.OBLIGATORY}
)
"""The verdicts under which a person may act."""


@dataclass(frozen=True, slots=True)
class RuleRef:
    """A rule by its place: circular id ("lumajang/se-3-2026") and rule id."""

    circular: str
    rule: str


@dataclass(frozen=True, slots=True)
class Literal:
    """A condition on one fact: it has `value` (or one of `also`), or (numbers, dates, minutes of the day,
    counts of days) it lies between `low` and `high`, each (bound, 0 if the bound itself lies above the cut, 1
    if below), None: open."""

    fact: str
    value: FactValue | None
    low: tuple[int | float | date, int] | None = None
    high: tuple[int | float | date, int] | None = None
    measure: str = "nilai"  # "hari_kerja", "hari_kalender": days from that date to the time asked about
    also: tuple[FactValue, ...] = ()

    @property
    def values(self) -> tuple[FactValue, ...]:
        """The values that fulfil it, the likeliest first; empty for a stretch of numbers or dates."""
        return () if self.value is None else (self.value, *self.also)


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time in which the act is allowed. `end` None: no end within the horizon.
    `conditions` must all hold; empty means unconditionally. `contrary`: as in Verdict."""

    start: datetime
    end: datetime | None
    conditions: tuple[Literal, ...] = ()
    contrary: tuple[RuleRef, ...] = ()


@dataclass(frozen=True, slots=True)
class Duty:
    """When an act is obligatory, seen from one instant.

    `window`: the stretch that begins last by then, or next, in which it is; `conditions` under which it is
    (empty: it simply is), `contrary` the rules that oblige. None: in none within a year. `limited`: the
    window ends because a rule names that date or time of day. `begins`: it starts because a rule or a
    circular does, so that nobody was obliged before. `missed`: the last stretch before that was so limited;
    None if none was.
    """

    window: Window | None = None
    limited: bool = False
    begins: bool = False
    missed: Window | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of an interval asked about, with its own headline verdict."""

    start: datetime
    end: datetime
    kind: VerdictKind


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to a Question.

    `kind` is the headline; when facts are missing, the headline under their ordinary presumptions.
    `certain`: no completion of the missing facts changes it. `needs`: exactly the facts some value of
    which, others left free, changes it, most telling first. `conditions`: what the headline rests on
    (allowed only if …) or, when prohibited, the nearest way out (prohibited unless …).
    `basis`: rules that carry the headline; `others`: rules that carry it in other completions
    (explanation by cases). `contrary`: the rules that the conditions come from: those that would forbid
    without them, or those that allow with them. `overridden`: rules that stood but gave way to another
    circular's. `duties`: obligations that ride along. `segments`: for an interval, its parts.
    `valid_until`: when the answer can change (None: not within the horizon).
    `cautions`: keys of cautions that the reply must name ("break", "hours_unverified", …).
    """

    kind: VerdictKind
    certain: bool = True
    needs: tuple[str, ...] = ()
    conditions: tuple[Literal, ...] = ()
    basis: tuple[RuleRef, ...] = ()
    others: tuple[RuleRef, ...] = ()
    contrary: tuple[RuleRef, ...] = ()
    overridden: tuple[RuleRef, ...] = ()
    duties: tuple[RuleRef, ...] = ()
    segments: tuple[Segment, ...] = ()
    valid_until: datetime | None = None
    next_permitted: Window | None = None
    cautions: tuple[str, ...] = ()


# --- the explanation -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Source:
    """A circular as a reply names it.

    `number` None where no source gives one. `publisher`: who published what was read; `original_seen`:
    whether someone of the regency confirmed the signed text (else the reply says "menurut pemberitaan").
    `about` and `rank` are wordings {"id": …, "en": …}. `since_assumed`: the start of force is an assumption.
    `complete`: every rule of the circular is registered. `revoked_by`: the circular that revokes it, from its
    own start of force on; None if none does.
    """

    circular: str
    number: str | None
    about: Mapping[str, str]
    issuer: str
    rank: Mapping[str, str]
    enacted: date
    since: date
    until: date | None
    publisher: str
    original_seen: bool
    since_assumed: str | None = None
    complete: bool = True
    revoked_by: Source | None = None


@dataclass(frozen=True, slots=True)
class Citation:
    """A rule as a reply cites it. `modality`: "larangan", "kebolehan" or "kewajiban"; `clause` and `quote`
    None where the source has none; `summary`: the rule in the encoder's words, for want of a quote;
    `content`: what an obligation asks for; `exception`: it lifts another rule."""

    ref: RuleRef
    source: Source
    modality: str
    activity: str
    clause: str | None
    quote: str | None
    summary: Mapping[str, str] | None = None
    content: Mapping[str, str] | None = None
    exception: bool = False


@dataclass(frozen=True, slots=True)
class Remark:
    """Something around the rules. `kind`: "pendapat", "pernyataan", "tujuan" (with `speaker`), "sanksi" (with
    the source of the sanction as `speaker`) or "terbuka" (an open question). `specific`: it speaks of the
    rules or the situation at hand, not of the circular as a whole."""

    kind: str
    content: Mapping[str, str]
    source: Source
    speaker: str | None = None
    quote: str | None = None
    specific: bool = True


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything of the law that a reply to one question may say.

    `sources`: the circulars that speak of the act (all in force, if none does). `regulated`: some does.
    `revoked`: those that speak of the act, or of a kind of it, and are revoked by then. `excluded`: what of
    the person keeps every circular from addressing her, None where nothing does. `contents`: what the sources
    say of the act (of all acts, if none was named), where no verdict is asked for.
    """

    basis: tuple[Citation, ...] = ()
    others: tuple[Citation, ...] = ()
    contrary: tuple[Citation, ...] = ()
    overridden: tuple[Citation, ...] = ()
    duties: tuple[Citation, ...] = ()
    sources: tuple[Source, ...] = ()
    sanctions: tuple[Remark, ...] = ()
    notes: tuple[Remark, ...] = ()
    open_questions: tuple[Remark, ...] = ()
    regulated: bool = True
    revoked: tuple[Source, ...] = ()
    excluded: Literal | None = None
    contents: tuple[Citation, ...] = ()


# --- channels --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sender:
    """Who writes, by the key a channel vouches for: (channel, external id)."""

    channel: str  # "telegram" | "whatsapp" | "console"
    external_id: str
    language: str | None = None  # as the client announces it: "id", "en-GB"; None: not announced
    phone: str | None = field(default=None, repr=False)  # E.164, where the channel vouches for it


@dataclass(frozen=True, slots=True)
class Contact:
    """A telephone number that came with a message: E.164 ("+62812…"). `own`: the channel vouches that it is
    the sender's own; False for a forwarded card and for somebody else's."""

    phone: str = field(repr=False)
    own: bool = False


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message or button press.

    `chat_id` is where the reply goes. `text` is what was typed ("" for a button); `action` is the
    payload of a pressed button, None for a typed message. `private` is False in a group;
    `addressed` says whether a group message speaks to the bot (command, mention or reply to it).
    `contact`: a contact card, in a private chat only. `forwarded`: the words are somebody else's, or were
    said elsewhere.
    """

    sender: Sender
    chat_id: str
    text: str
    action: str | None = None
    private: bool = True
    addressed: bool = True
    contact: Contact | None = None
    forwarded: bool = False


@dataclass(frozen=True, slots=True)
class Button:
    """`label` is what people see (≤ 20 characters, so that WhatsApp takes it); `action` is the payload that
    comes back as `Incoming.action` (≤ 64 bytes of UTF-8, Telegram's limit)."""

    label: str
    action: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a reply. `name` as it is saved, `media_type` as "application/json"."""

    name: str
    media_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ContactRequest:
    """Two large buttons below the chat: `share` gives the sender's own contact, `decline` sends its own label
    as a message. Both empty: the buttons of an earlier request are taken away. A channel without such
    buttons shows the text alone."""

    share: str = ""
    decline: str = ""


@dataclass(frozen=True, slots=True)
class Opening:
    """What stands for a reply on a channel where only a text that the platform has approved may begin a
    conversation; other channels ignore it.

    `kind`: which of these texts ("circular", "reminder", "digest", "news"), in `language`; `values`: what
    fills it, by name, each on one line. Its button gives `action`, as `Button.action`. `campaign`: which one
    it costs; None: none of them.
    """

    kind: str
    language: str
    values: tuple[tuple[str, str], ...]
    action: str
    campaign: int | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What a person sees. `text` is plain text (no markup), its first line the answer;
    `buttons` are rows. `replace`: edit the message whose button was pressed instead of sending a new one.
    `attachment` follows the text. `contact`: asks for the sender's contact, or stops asking; such a reply
    carries no `buttons`. `opening`: stands for it where nothing else may be sent. `tag`: comes back with what
    becomes of the message, on channels that tell; it says nothing to people."""

    text: str
    buttons: tuple[tuple[Button, ...], ...] = ()
    replace: bool = False
    attachment: Attachment | None = None
    contact: ContactRequest | None = None
    opening: Opening | None = None
    tag: str | None = None
