"""The pages behind the commands: profile, circulars, language, deletion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from babel.dates import format_date

from bot.model import Absence, Button, Reply
from bot.people.numbers import mask_number, mask_phone
from bot.people.ports import CircularCard, Force
from bot.people.profile import Profile, Step
from bot.people.registration import Registration
from bot.people.staff import Member
from bot.rendering.texts import Texts
from bot.vocabulary import Wording

ENTRIES = (Step.REGENCY, Step.STATUS, Step.UNIT, Step.PATTERN)
"""What a profile shows and lets change, in this order."""

LISTED = 12
"""So many circulars fit a phone's screen or two; the page says how many more there are."""


def summary(registration: Registration, profile: Profile) -> str:
    """The declared entries on one line: "Kabupaten Lumajang · PNS"."""
    return " · ".join(name for step in ENTRIES if (name := _entry(registration, profile, step)))


def profile_page(registration: Registration, profile: Profile, note: str | None = None) -> Reply:
    """What is kept of the person, a button to change each entry, and one to delete it all."""
    texts = registration.texts(profile)
    unsaid = texts("profile.not_said")
    lines = [
        texts(f"profile.{step.value}", value=_entry(registration, profile, step) or unsaid)
        for step in ENTRIES
    ]
    head = [texts(note), ""] if note else []
    text = "\n".join([*head, texts("profile.title"), "", *lines, "", texts("profile.self_declared")])
    change = [Button(texts(f"button.change_{step.value}"), f"e:{step.value}") for step in ENTRIES]
    last = (Button(texts("button.language"), "l:ask"), Button(texts("button.delete"), "p:delete"))
    return Reply(text, (tuple(change[:2]), tuple(change[2:]), last))


def _entry(registration: Registration, profile: Profile, step: Step) -> str | None:
    value: str | None = getattr(profile, step.value)
    return registration.names(step, profile).get(value, value) if value else None


def member_summary(registration: Registration, texts: Texts, member: Member) -> str:
    """The entries of the roster on one line: "Kabupaten Lumajang · SDN 1 · PNS"."""
    directory = registration.directory
    regency = directory.regencies().get(member.person.regency, member.person.regency)
    status = _worded(texts, directory.statuses(), member.person.status)
    return " · ".join(part for part in (regency, member.unit.name, status) if part)


def member_page(
    registration: Registration, texts: Texts, member: Member, today: date, as_of: date | None
) -> Reply:
    """The entries of the roster as of the day `as_of`, how to have them corrected, and the ways out."""
    person, directory = member.person, registration.directory
    regency = directory.regencies().get(person.regency, person.regency)
    entries = {
        "name": person.name,
        "regency": regency,
        "unit": _unit(texts, member, directory.units()),
        "status": _worded(texts, directory.statuses(), person.status),
        "pattern": _pattern(texts, member, directory.patterns(person.regency)),
        "leave": "; ".join(_leave(texts, absence) for absence in _to_come(member.absences, today)),
        "number": mask_number(person.number),
        "phone": mask_phone(person.phone) if person.phone else None,
    }
    unsaid = texts("profile.not_registered")
    lines = [texts(f"profile.{key}", value=value or unsaid) for key, value in entries.items()]
    source = texts("profile.source", day=_day(texts, as_of)) if as_of else texts("profile.source_undated")
    correct = texts("profile.correct", regency=regency)
    text = "\n".join([texts("profile.member_title"), "", *lines, "", source, correct])
    first = (Button(texts("button.language"), "l:ask"), Button(texts("button.data"), "p:data"))
    last = (Button(texts("button.leave"), "p:leave"), Button(texts("button.delete"), "p:delete"))
    return Reply(text, (first, last))


def _worded(texts: Texts, names: Mapping[str, Wording], key: str | None) -> str | None:
    """The name of an id of policies/; the id itself where the corpus does not know it."""
    return texts.word(names[key]) if key is not None and key in names else key


def _unit(texts: Texts, member: Member, kinds: Mapping[str, Wording]) -> str:
    kind = _worded(texts, kinds, member.kind)
    return f"{member.unit.name} ({kind})" if kind and kind != member.unit.name else member.unit.name


def _pattern(texts: Texts, member: Member, patterns: Mapping[str, Wording]) -> str | None:
    """The regency's first pattern where nothing else is registered."""
    return _worded(texts, patterns, member.pattern or next(iter(patterns), None))


def _to_come(absences: Sequence[Absence], today: date) -> list[Absence]:
    return [absence for absence in absences if absence.end is None or today < absence.end]


def _leave(texts: Texts, absence: Absence) -> str:
    start = format_date(absence.start, "d MMM y", locale=texts.language)
    key = f"absence.{absence.kind}"
    kind = texts(key) if key in texts else absence.kind.replace("_", " ")
    if absence.end is None:
        return texts("profile.leave_since", kind=kind, start=start)
    last = format_date(absence.end - timedelta(days=1), "d MMM y", locale=texts.language)
    return texts("profile.leave_span", kind=kind, start=start, end=last)


def leave_page(texts: Texts) -> Reply:
    """Asks whether to unlink the account."""
    yes, no = Button(texts("button.leave_yes"), "p:unlink"), Button(texts("button.delete_no"), "p:show")
    return Reply(texts("link.leave_question"), ((yes, no),))


def delete_page(texts: Texts) -> Reply:
    yes, no = Button(texts("button.delete_yes"), "p:erase"), Button(texts("button.delete_no"), "p:show")
    return Reply(texts("profile.delete_question"), ((yes, no),))


def language_page(texts: Texts, catalogues: Mapping[str, Texts]) -> Reply:
    row = tuple(Button(catalogue("language.name"), f"l:{code}") for code, catalogue in catalogues.items())
    return Reply(texts("language.question"), (row,))


def circulars_page(texts: Texts, regency: str, cards: Sequence[CircularCard]) -> Reply:
    """The circulars of the regency named `regency`; says so plainly if none is registered."""
    if not cards:
        return Reply(texts("circulars.none", regency=regency))
    blocks = [_card(texts, card) for card in cards[:LISTED]]
    if len(cards) > LISTED:
        blocks.append(texts("circulars.more", count=len(cards) - LISTED))
    return Reply("\n\n".join([texts("circulars.title", regency=regency, count=len(cards)), *blocks]))


def _card(texts: Texts, card: CircularCard) -> str:
    head = texts("circulars.number", number=card.number) if card.number else texts("circulars.no_number")
    source = texts("which.original" if card.original_seen else "which.reported", publisher=card.publisher)
    return "\n".join([head, texts.word(card.about), _force(texts, card), source])


def _force(texts: Texts, card: CircularCard) -> str:
    if card.force is Force.ENDED:
        return texts("circulars.ended", until=_day(texts, card.until))
    key = "circulars.in_force" if card.force is Force.IN_FORCE else "circulars.not_yet"
    line = texts(key, since=_day(texts, card.since))
    if card.until is not None:
        line += " " + texts("circulars.until", until=_day(texts, card.until))
    return f"{line} {texts('circulars.assumed')}" if card.since_assumed else line


def _day(texts: Texts, day: date | None) -> str:
    return format_date(day, "d MMMM y", locale=texts.language) if day else texts("circulars.day_unknown")
