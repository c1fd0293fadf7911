"""Text as WhatsApp shows it: what it would take for markup is not, the first line is bold, parts fit. Pure.

WhatsApp has no way to escape `*bold*`, `_italic_`, `~struck~` and code. So a character that could begin or
end such a span gives way to one that looks the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

TEXT = 4096
BODY = 1024
"""Characters of a text message, and of one with buttons, counted in UTF-16 units: never fewer than
WhatsApp counts."""

LIKENESS = {"*": "∗", "_": "ˍ", "~": "∼", "`": "ˋ"}  # each looks like the sign before it
"""Markup → what looks like it."""

_ADDRESS = re.compile(r"https?://\S+")
_SIGN = re.compile(r"[*~`]|(?<![^\W_])_|_(?![^\W_])")
"""Any sign of markup; an underscore only where a word ends or begins."""
_QUOTE = re.compile(r"(?m)^(\s*)>(?=\s)")


def plain(text: str) -> str:
    """The text with nothing in it that would become markup; web addresses stay as they are."""
    done, at = [], 0
    for address in _ADDRESS.finditer(text):
        done += [_without_markup(text[at : address.start()]), address.group()]
        at = address.end()
    return "".join([*done, _without_markup(text[at:])])


def _without_markup(text: str) -> str:
    return _QUOTE.sub(r"\1›", _SIGN.sub(lambda sign: LIKENESS[sign.group()], text))


def headed(text: str) -> str:
    """The text, plain, with its first line bold: it holds the answer."""
    first, newline, rest = plain(text.strip()).partition("\n")
    return f"*{first.strip()}*{newline}{rest}" if first.strip() else ""


def units(text: str) -> int:
    return len(text.encode("utf-16-le", "replace")) // 2


def parts(text: str, last: int = TEXT) -> list[str]:
    """The text in as few messages as it needs, each of at most `TEXT` units and the last one of at most
    `last`; cut at a line's end, else at a space, else anywhere. A headline is not cut from its star."""
    done = list(_cut(text.strip(), TEXT))
    if not done or units(done[-1]) <= last:
        return done
    head, tail = _tail(done[-1], last)
    return [*done[:-1], head, *_cut(tail, last)]


def _cut(text: str, limit: int) -> Iterator[str]:
    rest = text
    while len(rest) * 2 > limit and units(rest) > limit:
        head = _first(rest, limit)
        cut = max(head.rfind("\n"), 0) or max(head.rfind(" "), 0) or len(head)
        yield head[:cut].rstrip()
        rest = rest[cut:].lstrip()
    if rest:
        yield rest


def _tail(text: str, limit: int) -> tuple[str, str]:
    """The text in two: as much as fits the limit in the second, from the beginning of a paragraph, a line or
    a word on."""
    start = len(text) - len(_last(text, limit))
    for boundary in ("\n\n", "\n", " "):
        found = text.find(boundary, start)
        if 0 <= found < len(text) - 1:
            return text[:found].rstrip(), text[found:].lstrip()
    return text[:start], text[start:]


def _first(text: str, limit: int) -> str:
    return text.encode("utf-16-le", "replace")[: limit * 2].decode("utf-16-le", errors="ignore")


def _last(text: str, limit: int) -> str:
    return text.encode("utf-16-le", "replace")[-limit * 2 :].decode("utf-16-le", errors="ignore")
