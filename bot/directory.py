"""What the corpus offers to choose from and to list, for registration and /edaran."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta

from bot.people.ports import CircularCard, Force
from bot.policy.corpus import Circular, Corpus
from bot.vocabulary import Named, Wording

_ORDER = (Force.IN_FORCE, Force.NOT_YET, Force.ENDED)


class CorpusDirectory:
    """`corpus` is asked anew at every use, because it can be replaced while the bot runs."""

    def __init__(self, corpus: Callable[[], Corpus]) -> None:
        self._corpus = corpus

    def regencies(self) -> Mapping[str, str]:
        return {regency.id: regency.name for regency in self._corpus().regencies.values()}

    def statuses(self) -> Mapping[str, Wording]:
        return _names(self._corpus().vocabulary.statuses)

    def units(self) -> Mapping[str, Wording]:
        return _names(self._corpus().vocabulary.units)

    def patterns(self, regency: str) -> Mapping[str, Wording]:
        found = self._corpus().regencies.get(regency)
        if found is None:
            return {}
        names = {pattern.id: pattern.names for pattern in found.calendar.patterns}
        return {name: names[name] or {"id": name} for name in found.calendar.pattern_ids}

    def circulars(self, regency: str, now: datetime) -> Sequence[CircularCard]:
        corpus = self._corpus()
        if regency not in corpus.regencies:
            return []
        today = now.astimezone(corpus.regencies[regency].calendar.zone).date()
        cards = [_card(circular, today) for circular in corpus.circulars_for(regency)]
        return sorted(cards, key=lambda card: _ORDER.index(card.force))


def _names(things: Mapping[str, Named]) -> dict[str, Wording]:
    return {thing.id: thing.name for thing in things.values()}


def _card(circular: Circular, today: date) -> CircularCard:
    last_day = circular.until - timedelta(days=1) if circular.until is not None else None
    return CircularCard(
        id=circular.id,
        number=circular.number,
        about=circular.about,
        force=_force(circular, today),
        since=circular.since,
        since_assumed=circular.since_basis is not None,
        until=last_day,
        publisher=circular.evidence.name,
        original_seen=circular.evidence.original_seen,
    )


def _force(circular: Circular, today: date) -> Force:
    if today < circular.since:
        return Force.NOT_YET
    return Force.ENDED if circular.until is not None and circular.until <= today else Force.IN_FORCE
