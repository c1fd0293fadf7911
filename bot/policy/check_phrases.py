"""Checks of the phrases of the vocabulary: the same words in two places mean two things at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from bot.policy.check_finding import CheckFinding, Severity, finding
from bot.policy.corpus import Corpus, Place
from bot.policy.phrases import forms, listed
from bot.vocabulary import Vocabulary

ACTS, FACTS = "kosakata/perbuatan.yaml", "kosakata/fakta.yaml"
OWNER = "pegawai"
"""Facts of this source are read from the registration, not from what people say."""


def phrase_findings(corpus: Corpus) -> Iterator[CheckFinding]:
    """Phrases of two acts or of two values of one fact (people are asked back), and of two facts."""
    vocabulary = corpus.vocabulary
    classes = vocabulary.language.get("niat", {}).get("kelas", {})
    acts = {act.id: act.phrases for act in vocabulary.activities.values()}
    for phrase, names in _shared(acts, classes):
        yield _told(Severity.WARNING, "phrase_of_two_acts", ACTS, phrase, names)
    yield from _fact_findings(vocabulary, classes)
    yield from _set_aside(vocabulary, acts)


def _fact_findings(vocabulary: Vocabulary, classes: Mapping[str, str]) -> Iterator[CheckFinding]:
    said: dict[str, tuple[str, ...]] = {}
    for fact in vocabulary.facts.values():
        if fact.source == OWNER:
            continue
        values = {str(option.value): option.phrases for option in fact.options}
        for phrase, names in _shared(values, classes):
            yield _told(Severity.WARNING, "phrase_of_two_values", FACTS, phrase, (fact.id, *names))
        said[fact.id] = tuple(text for phrases in values.values() for text in phrases) + fact.phrases
    for phrase, names in _shared(said, {}):
        yield _told(Severity.INFO, "phrase_of_two_facts", FACTS, phrase, names)


def _set_aside(vocabulary: Vocabulary, acts: Mapping[str, Iterable[str]]) -> Iterator[CheckFinding]:
    """Phrases of an act that niat.yaml sets aside as meaning nothing."""
    ignored = frozenset(listed(_texts(vocabulary.language.get("niat", {}).get("abaikan", ()))))
    for name, phrases in acts.items():
        for phrase in ignored.intersection(listed(phrases)):
            yield _told(Severity.INFO, "phrase_set_aside", ACTS, phrase, (name,))


def _texts(value: object) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(map(str, value)) if isinstance(value, list) else ()


def _shared(
    said: Mapping[str, Iterable[str]], classes: Mapping[str, str]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The phrases that several of the named say, with who does."""
    speakers: dict[str, list[str]] = {}
    for name, phrases in said.items():
        for phrase in dict.fromkeys(forms(phrases, classes)):
            speakers.setdefault(phrase, []).append(name)
    yield from ((phrase, tuple(names)) for phrase, names in speakers.items() if len(names) > 1)


def _told(severity: Severity, code: str, file: str, phrase: str, names: tuple[str, ...]) -> CheckFinding:
    params = {"phrase": phrase, "names": ", ".join(names)}
    return finding(severity, code, Place(file, 0), params=params)
