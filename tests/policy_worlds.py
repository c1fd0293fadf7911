"""Invented law for tests: a small vocabulary, a calendar, circulars by hand and at random."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from bot.model import FactValue, RuleRef
from bot.policy.condition import ALWAYS, All, Condition, Not, Some, Test
from bot.policy.corpus import Circular, Corpus, Evidence, Modality, Place, Rank, Regency, Rule
from bot.vocabulary import Activity, Fact, FactKind, Named, Option, Vocabulary
from bot.worktime import BreakRule, Calendar, Holiday, HolidayYear, Hours, Pattern, Source

REGION = "antah"
ZONE = ZoneInfo("Asia/Jakarta")
HOLIDAY = date(2026, 3, 4)  # a Wednesday
START = date(2026, 1, 1)
MONDAY = date(2026, 3, 2)

# --- vocabulary ---


def yes_no(name: str, presumption: bool | None = None, source: str | None = None) -> Fact:
    options = (Option(False, _word("bukan"), _word(f"tanpa {name}")), Option(True, _word("ya"), _word(name)))
    return Fact(name, FactKind.YES_NO, options, presumption, _word(f"{name}?"), source)


def choice(name: str, values: Iterable[str], source: str | None = None) -> Fact:
    options = tuple(Option(value, _word(value), _word(value)) for value in values)
    return Fact(name, FactKind.CHOICE, options, None, _word(f"{name}?"), source)


def _word(text: str) -> dict[str, str]:
    return {"id": text, "en": text}


WEEK = ("senin", "selasa", "rabu", "kamis", "jumat", "sabtu", "minggu")

FACTS = (
    choice("status", ("pns", "pppk", "desa"), "pegawai"),
    choice("unit", ("opd", "upt"), "pegawai"),
    yes_no("dalam_jam_kerja", True, "waktu"),
    choice("hari", WEEK, "waktu"),
    yes_no("hari_libur", None, "waktu"),
    Fact("tanggal", FactKind.DATE, (), None, None, "waktu"),
    yes_no("dinas", False),
    yes_no("resmi", False),
    yes_no("izin"),
    choice("jenis", ("a", "b", "c")),
    Fact("harga", FactKind.NUMBER, (), None, _word("berapa?"), None, "rupiah"),
    Fact("terima", FactKind.DATE, (), None, _word("kapan?"), None),
    Fact("pukul", FactKind.CLOCK, (), None, None, "waktu"),
)

ACTS = (
    Activity("media", _word("media")),
    Activity("live", _word("live"), "media"),
    Activity("unggah", _word("unggah"), "media"),
    Activity("lain", _word("lain")),
)


def vocabulary(facts: Iterable[Fact] = FACTS) -> Vocabulary:
    known = {fact.id: fact for fact in facts}
    return Vocabulary(
        activities={act.id: act for act in ACTS},
        facts=known,
        statuses=_named(known["status"]),
        units=_named(known["unit"]),
    )


def _named(fact: Fact) -> dict[str, Named]:
    return {str(option.value): Named(str(option.value), option.label) for option in fact.options}


# --- calendar ---


def holidays(year: int) -> HolidayYear:
    return HolidayYear({HOLIDAY: Holiday(_word("hari besar"))} if year == HOLIDAY.year else {})


def calendar(
    break_rule: BreakRule = BreakRule.OUTSIDE, leave_rule: BreakRule = BreakRule.UNREGULATED
) -> Calendar:
    """Monday to Friday 08:00–16:00 with a break 12:00–13:00; and shift work of unknown hours."""
    day = Hours(8 * 60, 16 * 60, ((12 * 60, 13 * 60),))
    sure = Source("uji", verified=True)
    office = Pattern("kantor", date.min, None, dict.fromkeys(range(5), day), source=sure)
    shift = Pattern("shift", date.min, None, None, works_on_holidays=True, source=sure)
    return Calendar(REGION, ZONE, (office, shift), holidays, break_rule, sure, leave_rule, sure)


def at(day: date, clock: str) -> datetime:
    hour, minute = clock.split(":")
    return datetime(day.year, day.month, day.day, int(hour), int(minute), tzinfo=ZONE)


# --- circulars ---


def ref(rule: str, circular: str = "se-1") -> RuleRef:
    return RuleRef(f"{REGION}/{circular}", rule)


def rule(
    name: str,
    modality: Modality = Modality.PROHIBITION,
    condition: Condition = ALWAYS,
    *,
    circular: str = "se-1",
    activity: str = "live",
    line: int = 10,
    **more: Any,
) -> Rule:
    place = Place(f"{REGION}/{circular}/edaran.yaml", line)
    return Rule(ref(name, circular), modality, activity, condition, place, **more)


def circular(*rules: Rule, name: str = "se-1", **more: Any) -> Circular:
    values: dict[str, Any] = {
        "id": f"{REGION}/{name}",
        "regency": REGION,
        "number": None,
        "about": _word("uji"),
        "issuer": "Kabupaten Antah",
        "rank": "biasa",
        "enacted": START,
        "since": START,
        "until": None,
        "since_basis": None,
        "evidence": Evidence("naskah", "naskah", original_seen=True),
        "addressees": one_of("status", "pns", "pppk"),
        "rules": rules,
        "place": Place(f"{REGION}/{name}/edaran.yaml", 3),
    }
    return Circular(**{**values, **more})


def corpus(*circulars: Circular, facts: Iterable[Fact] = FACTS, **more: Any) -> Corpus:
    clock = more.pop("calendar", None) or calendar()
    return Corpus(
        vocabulary=vocabulary(facts),
        regencies={REGION: Regency(REGION, "Antah", "00.00", clock)},
        circulars={c.id: c for c in circulars},
        ranks={"biasa": Rank(0, _word("biasa")), "tinggi": Rank(1, _word("tinggi"))},
        digest="uji",
        **more,
    )


# --- conditions ---


def one_of(fact: str, *values: FactValue) -> Test:
    return Test(fact, frozenset(values))


def yes(fact: str) -> Test:
    return one_of(fact, True)


def no(fact: str) -> Test:
    return one_of(fact, False)


def both(*parts: Condition) -> All:
    return All(parts)


def more_than(fact: str, bound: int) -> Test:
    return Test(fact, None, (bound, 1), None)


def by_clock(start: str, end: str) -> Condition:
    """A window of the day, over midnight if its end is the earlier time."""
    low, high = (int(time[:2]) * 60 + int(time[3:]) for time in (start, end))
    if low < high:
        return Test("pukul", None, (low, 0), (high, 0))
    return Some((Test("pukul", None, (low, 0), None), Test("pukul", None, None, (high, 0))))


def at_most(fact: str, bound: int) -> Test:
    return Test(fact, None, None, (bound, 1))


# --- at random ---

BAN, MAY, MUST = Modality.PROHIBITION, Modality.PERMISSION, Modality.OBLIGATION

_TESTS = st.one_of(
    st.builds(one_of, st.sampled_from(("dinas", "resmi", "izin", "dalam_jam_kerja")), st.booleans()),
    st.builds(one_of, st.just("jenis"), st.sampled_from("abc")),
    st.frozensets(st.sampled_from("abc"), min_size=2, max_size=2).map(lambda values: Test("jenis", values)),
    st.builds(one_of, st.just("status"), st.sampled_from(("pns", "pppk"))),
    st.builds(more_than, st.just("harga"), st.sampled_from((10, 20))),
    st.builds(at_most, st.just("harga"), st.sampled_from((10, 20))),
    st.just(Test("harga", None, (10, 0), (20, 1))),
    st.just(Test("terima", None, (5, 1), None, "hari_kerja")),
    st.just(Test("terima", None, None, (7, 1), "hari_kalender")),
)

CONDITIONS: st.SearchStrategy[Condition] = st.one_of(
    st.just(ALWAYS),
    st.recursive(
        _TESTS,
        lambda inner: st.one_of(
            st.lists(inner, min_size=2, max_size=3).map(lambda parts: All(tuple(parts))),
            st.lists(inner, min_size=2, max_size=2).map(lambda parts: Some(tuple(parts))),
            inner.map(Not),
        ),
        max_leaves=3,
    ),
)

_ADDRESSEES = st.sampled_from((ALWAYS, one_of("status", "pns"), one_of("status", "pns", "pppk")))
_DAYS = st.sampled_from([START + timedelta(days=30 * month) for month in range(4)])


def coin(draw: st.DrawFn) -> bool:
    return draw(st.booleans())


@st.composite
def rules(draw: st.DrawFn, name: str, earlier: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """One to four rules of a circular; exceptions and special rules name earlier ones, so no circles."""
    found: list[Rule] = []
    for index in range(draw(st.integers(1, 4))):
        targets = [r.ref for r in (*earlier, *found)]
        modality = draw(st.sampled_from((BAN, BAN, MAY, MAY, MUST)))
        more: dict[str, Any] = {}
        if targets and coin(draw):
            more["lifts"] = tuple(draw(st.lists(st.sampled_from(targets), max_size=2, unique=True)))
        if targets and draw(st.integers(0, 3)) == 0:
            more["special_to"] = (draw(st.sampled_from(targets)),)
        if modality is MUST and coin(draw):
            more["content"] = _word("jaga norma")
        activity = draw(st.sampled_from(("live", "live", "live", "media")))
        found.append(rule(f"r{index}", modality, draw(CONDITIONS), circular=name, activity=activity, **more))
    return tuple(found)


@st.composite
def circulars(draw: st.DrawFn, name: str, earlier: tuple[Circular, ...] = ()) -> Circular:
    before = tuple(r for c in earlier for r in c.rules)
    since = draw(_DAYS)
    until = draw(st.sampled_from((None, None, since + timedelta(days=45))))
    amended = draw(st.lists(st.sampled_from([r.ref for r in before]), max_size=1)) if before else []
    revoked = tuple(c.id for c in earlier if draw(st.integers(0, 4)) == 0)
    gone = tuple(f"{r.ref.circular}#{r.ref.rule}" for r in before if draw(st.integers(0, 9)) == 0)
    return circular(
        *draw(rules(name, before)),
        name=name,
        rank=draw(st.sampled_from(("biasa", "biasa", "tinggi"))),
        enacted=draw(_DAYS),
        since=since,
        until=until,
        addressees=draw(_ADDRESSEES),
        amends=tuple(amended),
        revokes=(*revoked, *gone),
    )


@st.composite
def corpora(draw: st.DrawFn) -> Corpus:
    """One to three circulars that know each other, over the whole small vocabulary."""
    found: list[Circular] = []
    for index in range(draw(st.integers(1, 3))):
        found.append(draw(circulars(f"se-{index + 1}", tuple(found))))
    return corpus(*found)
