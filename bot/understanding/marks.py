"""What the lexicon finds in a message: marks, each a stretch of tokens that means one thing."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, auto

from bot.model import FactValue, Token


class Cue(IntEnum):
    """What a mark means. The first group carries the content, the second the intent, the rest the shape."""

    ACT = auto()
    HINT = auto()
    FACT = auto()
    STATUS = auto()
    TIME = auto()

    MAY = auto()
    MAY_NOT = auto()
    MAY_ACT = auto()
    WHEN = auto()
    WHY = auto()
    HOW_COME = auto()
    SANCTION = auto()
    RULE = auto()
    RULE_WORD = auto()
    ACKNOWLEDGE = auto()
    GREETING = auto()
    THANKS = auto()
    ASK_WORD = auto()
    TOPIC = auto()
    REFERENCE = auto()

    NOT = auto()
    NOT_YET = auto()
    NOT_BUT = auto()
    WITHOUT = auto()
    YES = auto()
    OKAY = auto()
    NO = auto()
    UNSURE = auto()
    IF = auto()
    THEN = auto()
    BUT = auto()
    BECAUSE = auto()
    OR = auto()
    AND = auto()
    AFTER = auto()
    WHILE = auto()
    CORRECTION = auto()
    SLIP = auto()
    OTHERS = auto()
    SELF = auto()
    PRETEXT = auto()
    ORDER = auto()
    MUST = auto()
    EXCEPT = auto()
    IGNORED = auto()
    GONE = auto()  # a mark that another one has used up


NEGATIONS = frozenset({Cue.NOT, Cue.NOT_YET, Cue.NOT_BUT, Cue.WITHOUT})
CONTENT = frozenset({Cue.ACT, Cue.HINT, Cue.FACT, Cue.TIME})


@dataclass(frozen=True, slots=True)
class Sense:
    """What a phrase means: `name` is the id of an act, a fact or a status; `value` a fact's value."""

    cue: Cue
    name: str = ""
    value: FactValue | None = None


@dataclass(slots=True)
class Mark:
    """A sense at its place. `first` and `last` count tokens, `last` is exclusive; `segment` counts clauses.

    `negated`: a negation governs it. `open`: it was said as one side of "… or not", so it asserts nothing.
    `group`: of a time, the expression it is a piece of.
    """

    cue: Cue
    first: int
    last: int
    name: str = ""
    value: FactValue | None = None
    segment: int = 0
    negated: bool = False
    open: bool = False
    group: int = -1


@dataclass(frozen=True, slots=True)
class SmallWords:
    """Canonical words without content of their own."""

    function: frozenset[str]  # all ordinary small words
    particles: frozenset[str]  # may follow a question tag: "boleh ga ya min?"
    tags: frozenset[str]  # make "boleh" a question: "boleh kan"
    question_endings: tuple[str, ...]  # so do these endings: "bolehkah"
    places: frozenset[str]  # prepositions, before a name
    settings: frozenset[str]  # those and words like "pas", before what goes on meanwhile
    denials: frozenset[str]  # the words of negation
    predicates: frozenset[str]  # verbs by which "ga" behind a fact denies it: "akun dinasnya ga dipakai"
    waiting: frozenset[str]  # before a time that has not come: "nunggu jam pulang"
    events: frozenset[str]  # beside a time that is theirs: "pulang jam 4"
    reached: frozenset[str]  # before a time that has come: "sudah jam 4"
    dreaded: frozenset[str]  # before what is feared or heard of, not asked: "takut kena sanksi"
    subjects: frozenset[str]  # before an act that rules are about: "larangan live"
    doubts: frozenset[str]  # beside what is only guessed: "kayaknya buat dinas"
    former: frozenset[str]  # beside what was so another time: "minggu lalu pakai akun resmi"
    wishes: frozenset[str]  # before an act that is meant to be done: "mau live"
    turns: frozenset[str]  # before what replaces what was said: "akhirnya pakai akun resmi"
    asking: frozenset[str]  # words that ask by themselves: "apa", "berapa"
    gone: frozenset[str]  # behind an act that is over: "live kemarin sudah selesai"
    existence: frozenset[str]  # before somebody who is only there: "cuma ada satpam"
    contrary: frozenset[str]  # before what is really so: "dikira berseragam, padahal tidak"
    cancelling: frozenset[str]  # in what takes something back: "lepas seragam, eh tidak jadi"


@dataclass(slots=True)
class Sheet:
    """The work sheet of one message.

    `marks` stand in the order of the text. `covered[i]` says that token i belongs to a mark.
    `segment_of[i]` is the clause of token i; `asking[s]` says that clause s ends in a question mark.
    """

    tokens: tuple[Token, ...]
    norms: list[str]
    marks: list[Mark]
    covered: bytearray
    small: SmallWords
    segment_of: list[int] = field(default_factory=list)
    asking: list[bool] = field(default_factory=list)
    tags: set[int] = field(default_factory=set)
    """Places of negations that only end a question: "boleh live ga pas jam kerja?"."""
    _by_cue: dict[Cue, list[Mark]] = field(default_factory=dict)

    def settled(self) -> None:
        """Call once no mark changes its cue any more; `of` and `has` speak of the marks as they are then."""
        for mark in self.marks:
            self._by_cue.setdefault(mark.cue, []).append(mark)

    def of(self, cue: Cue) -> list[Mark]:
        return self._by_cue.get(cue, [])

    def has(self, *cues: Cue) -> bool:
        return not self._by_cue.keys().isdisjoint(cues)

    def last_turn(self) -> int:
        """The place of the last word like "akhirnya" that makes what follows replace what came before, 0 if
        there is none."""
        return max((place for place, norm in enumerate(self.norms) if norm in self.small.turns), default=0)

    def last_correction(self) -> int:
        """The place behind the last correction ("eh", "maksud saya"), 0 if there is none."""
        return max((mark.last for cue in (Cue.CORRECTION, Cue.SLIP) for mark in self.of(cue)), default=0)
