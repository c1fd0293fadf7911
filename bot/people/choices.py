"""Buttons from long lists: short labels, pages, ids that fit a button, search by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b

from rapidfuzz import fuzz, utils

from bot.model import Button

LABEL = 20
"""Characters of a button's label: the smallest limit of the channels."""

PAGE = 8
"""Choices on one page: with the rows for paging and skipping at most ten, the longest list a channel
takes."""

COLUMNS = 2
TOKEN_BYTES = 40
"""Of the 64 bytes of a button's action; the rest is for the verb before it."""

SIMILAR = 84
"""Of 100: the likeness from which a typed name counts as a listed one (a letter or two wrong)."""


EXTRA_WORDS = 2
"""Words that may stand beside a typed name ("saya di …", "kab. …")."""


def token(identity: str) -> str:
    """The id itself, or a short hash of it if it would not fit a button."""
    if len(identity.encode()) <= TOKEN_BYTES and not identity.startswith("~"):
        return identity
    return "~" + blake2b(identity.encode(), digest_size=8).hexdigest()


def resolve(text: str, identities: Iterable[str]) -> str | None:
    """The id whose `token` is `text`; None if the list no longer holds it."""
    return next((identity for identity in identities if token(identity) == text), None)


def labels(names: Mapping[str, str], *, kind_first: bool = False) -> dict[str, str]:
    """A label of at most `LABEL` characters for each id, all different wherever the names are.

    A long name is shown by the first of these that fits and is no other's: without what is in brackets,
    without its first word (`kind_first`: that word only says what kind of region it is), with its end cut
    off, with its middle cut out.
    """
    forms = {key: _forms(name, kind_first) for key, name in names.items()}
    uses = Counter(form for several in forms.values() for form in set(several))
    return {
        key: next((form for form in several[:-1] if len(form) <= LABEL and uses[form] == 1), several[-1])
        for key, several in forms.items()
    }


def _forms(name: str, kind_first: bool) -> list[str]:
    if len(name) <= LABEL:
        return [name]
    half = LABEL // 2
    return [
        name.partition(" (")[0],
        *([_bare(name)] if kind_first else []),
        name[: LABEL - 1].rstrip() + "…",
        f"{name[:half].rstrip()}…{name[half + 1 - LABEL :].lstrip()}",
    ]


def page_rows(
    short: Mapping[str, str], number: int, verb: str, turn: tuple[str, str]
) -> tuple[tuple[Button, ...], ...]:
    """One page of choices from `labels`. `verb` is the action's beginning ("r:unit"): a choice adds "=" and
    its token, turning a page adds "/" and its number, from 0; a number beyond the last page shows the last.
    `turn`: the labels of "previous" and "next".
    """
    listed = list(short.items())
    last = max(0, (len(listed) - 1) // PAGE)
    number = min(max(number, 0), last)
    chosen = [
        Button(label, f"{verb}={token(key)}") for key, label in listed[number * PAGE : (number + 1) * PAGE]
    ]
    pages = [(label, to) for label, to in zip(turn, (number - 1, number + 1), strict=True) if 0 <= to <= last]
    return (*_grid(chosen), *_grid([Button(label, f"{verb}/{to}") for label, to in pages]))


def _grid(buttons: Sequence[Button]) -> Iterable[tuple[Button, ...]]:
    return (tuple(buttons[at : at + COLUMNS]) for at in range(0, len(buttons), COLUMNS))


def exact(text: str, names: Mapping[str, str], *, kind_first: bool = False) -> str | None:
    """The id whose name or label was typed, capitals aside."""
    short = labels(names, kind_first=kind_first)
    typed = text.casefold()
    return next(
        (key for key, name in names.items() if typed in (name.casefold(), short[key].casefold())), None
    )


def search(text: str, names: Mapping[str, str]) -> list[str]:
    """The ids whose names resemble what was typed, best first; only the sure ones if there are any.

    The name counts with and without its first word (the kind of region): "lumajng" is near "Lumajang", far
    from "Kabupaten Lumajang". A text with many more words than the name says something else.
    """
    typed = utils.default_process(text)
    words = len(typed.split())
    scores = {
        key: _likeness(typed, name) for key, name in names.items() if words <= _words(name) + EXTRA_WORDS
    }
    found = sorted((key for key, score in scores.items() if score >= SIMILAR), key=lambda key: -scores[key])
    sure = [key for key in found if scores[key] == 100]
    return (sure or found)[:PAGE]


def _likeness(typed: str, name: str) -> float:
    forms = (utils.default_process(name), utils.default_process(_bare(name)))
    return max(fuzz.token_set_ratio(typed, form, score_cutoff=SIMILAR) for form in forms)


def _words(name: str) -> int:
    return len(_bare(name).split())


def _bare(name: str) -> str:
    return name.split(" ", 1)[-1]
