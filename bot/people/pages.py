"""The pages behind the commands: profile, circulars, help, language, privacy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from babel.dates import format_date

from bot.model import Button, Reply
from bot.people.ports import CircularCard, Force
from bot.people.profile import Profile, Step
from bot.people.registration import Registration
from bot.rendering.texts import Texts

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
