"""Whether an excerpt stands in its source word for word, and whole: no word of its clause left out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_ON = re.compile(r"\s\w[^.,;:!?()…”“\"]{0,80}")
"""What goes on after an excerpt without a punctuation mark between."""
_UP_TO = re.compile(r"[^.,;:!?()…”“\"]{0,79}\w\s$")
"""What leads up to an excerpt without a punctuation mark between."""


_NUMBER = re.compile(r"((?:[^\W\d]+ )?[\w.]*\d[\w.]*|[IVXLC]+(?:\.\w+)*|[a-z])[.)]\s")
"""The number that a clause begins with: "3.", "III.2.b)", "Lampiran 1."."""


def folded(text: str) -> str:
    """White space and Markdown quote marks do not count when an excerpt is looked for."""
    return " ".join(word for word in text.split() if word != ">")


def contains(text: str, quote: str) -> bool:
    """Whether `quote` stands in `text` (both folded), beginning and ending with whole words."""
    return re.search(_pattern(quote), text) is not None


def cut_off(quote: str, source: str) -> str:
    """The words of the same clause that a folded `quote` leaves out; "" if it is whole somewhere in `source`.

    They may be the condition that makes the rule ("… during working hours") or turn it round ("not …"). In
    running text an excerpt may begin anywhere, since its subject is often left out; in a block quote it
    begins where that begins.
    """
    left_out = ""
    for paragraph in re.split(r"\n\s*\n", source):
        text = folded(paragraph)
        for found in re.finditer(_pattern(quote), text):
            before = _UP_TO.search(text[: found.start()]) if paragraph.lstrip().startswith(">") else None
            rest = before or _ON.match(text, found.end())
            if rest is None:
                return ""
            left_out = left_out or rest[0].strip()
    return left_out


def uncovered(source: str, quotes: Iterable[str], clauses: Iterable[str]) -> Iterator[str]:
    """The block quotes of `source` that none of `quotes` (folded) stands in and none of `clauses` numbers."""
    known, numbers = tuple(quotes), {clause.casefold() for clause in clauses}
    for paragraph in re.split(r"\n\s*\n", source):
        if not paragraph.lstrip().startswith(">"):
            continue
        text = folded(paragraph)
        number = _NUMBER.match(text)
        named = number is not None and number[1].casefold() in numbers
        if not named and not any(contains(text, quote) or contains(quote, text) for quote in known):
            yield text


def _pattern(quote: str) -> str:
    return rf"(?<!\w){re.escape(quote)}(?!\w)"
