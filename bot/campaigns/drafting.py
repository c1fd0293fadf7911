"""What a new campaign would bring, and to whom: decided before anybody is asked to confirm it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from bot.campaigns.addressing import Preview, Terms
from bot.campaigns.campaign import Version
from bot.campaigns.change import Change, Kind, compare
from bot.campaigns.content import Content
from bot.campaigns.reports import lineage
from bot.people.staff import Unit
from bot.policy.corpus import NATIONAL, Corpus
from bot.problems import Problem
from bot.vocabulary import Wording

AD_HOC = "adhoc/"
FAR = timedelta(days=2 * 366)
"""From now until a deadline whose year is more likely a slip."""


@dataclass(frozen=True, slots=True)
class Before:
    """The version that was sent before. `law`: None for an ad-hoc circular."""

    version: Version
    law: str | None


@dataclass(frozen=True, slots=True)
class Prepared:
    """`before`: None, nothing of this circular was sent yet. `change`: whom the new version concerns; None:
    everybody is asked. `editorial`: nobody is asked again."""

    content: Content
    before: Before | None = None
    change: Change | None = None
    editorial: bool = False


def prepared(
    content: Content,
    before: Before | None,
    corpus: Corpus,
    *,
    editorial: bool = False,
    everybody: bool = False,
) -> Prepared:
    """`editorial`: a person who has read both versions says that the new one changes nothing. It is her word
    for an ad-hoc circular, and where only the words of a duty differ. Raises Problem where more does."""
    if before is None:
        if editorial:
            raise Problem("campaign.nothing_before", circular=content.circular)
        return Prepared(content)
    if content.law is None or before.law is None:
        return Prepared(content, before, editorial=editorial and not everybody)
    change = compare(before.law, content.law, corpus, content.regency)
    if editorial and change.kind is Kind.MATERIAL and not change.only_words:
        raise Problem("campaign.not_editorial", circular=content.circular)
    if everybody:
        return Prepared(content, before)
    if editorial or change.kind is Kind.EDITORIAL:
        return Prepared(content, before, change, editorial=True)
    return Prepared(content, before, change)


def terms_of(corpus: Corpus, regency: str, patterns: Mapping[str, Wording]) -> Terms:
    """The words that an audience may be described with."""
    vocabulary, calendar = corpus.vocabulary, corpus.regencies[regency].calendar
    return Terms(vocabulary.statuses, vocabulary.units, patterns, next(iter(calendar.pattern_ids), None))


def regency_of(corpus: Corpus, circular: str, named: str | None, ad_hoc: Iterable[str]) -> str:
    """The regency that a circular is sent in. `named`: what the author says; `ad_hoc`: the regencies that
    have an ad-hoc circular of this id. Raises Problem: there is no such circular, or one must be named."""
    found = corpus.circulars.get(circular)
    choices = sorted(corpus.regencies) if found and found.regency == NATIONAL else sorted(ad_hoc)
    if found is not None and found.regency != NATIONAL:
        choices = [found.regency]
    if not choices or (named is not None and named not in choices):
        known = ", ".join(corpus.circulars)
        raise Problem("campaign.no_circular", circular=circular, known=known)
    if named is None and len(choices) > 1:
        raise Problem("campaign.which_regency", circular=circular, known=", ".join(choices))
    return named or choices[0]


def due_of(text: str, zone: tzinfo, now: datetime) -> datetime:
    """ISO 8601; a day alone means its end, a moment without a zone the regency's. Raises Problem for what is
    none, or is over."""
    try:
        if len(text.strip()) <= len("2026-01-01"):
            due = datetime.combine(date.fromisoformat(text.strip()) + timedelta(days=1), time(), zone)
            due -= timedelta(seconds=1)
        else:
            due = datetime.fromisoformat(text.strip())
    except (ValueError, OverflowError) as error:
        raise Problem("campaign.bad_due", value=text) from error
    due = due if due.tzinfo else due.replace(tzinfo=zone)
    if due <= now:
        raise Problem("campaign.due_over", due=due.isoformat())
    return due


def check_quiz(content: Content, *, quiz: bool) -> None:
    """Raises Problem for a check of understanding of a circular of which the program knows no rule."""
    if quiz and content.law is None:
        raise Problem("campaign.no_quiz", circular=content.circular)


# --- the preview as a tree -------------------------------------------------------------------


@dataclass(slots=True)
class Branch:
    """`depth`: from the regency; the counts are of the unit and all below it."""

    unit: Unit
    depth: int
    addressed: int = 0
    unregistered: int = 0
    excluded: int = 0


def branches(preview: Preview, units: Mapping[int, Unit]) -> list[Branch]:
    """The units that the preview names and all above them: a unit before those below, siblings by name."""
    found: dict[int, Branch] = {}
    for unit, counts in preview.units.items():
        line = lineage(units, unit)
        for place in line:
            depth = len(lineage(units, place)) - 1
            branch = found.setdefault(place, Branch(units[place], depth))
            branch.addressed += counts.addressed
            branch.unregistered += counts.unregistered
            branch.excluded += sum(counts.excluded.values())

    def key(branch: Branch) -> list[tuple[str, int]]:
        return [(units[at].name.casefold(), at) for at in reversed(lineage(units, branch.unit.id))]

    return sorted(found.values(), key=key)
