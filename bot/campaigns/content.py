"""What is sent: a circular of policies/, or an ad-hoc one with its PDF, as one value with a digest.

The digest is over what people are told and the law that decides about them, never over the files: comments
and layout of YAML change nothing, and the same content has the same digest on every machine. A text
that comes back after another one took its place is a version of its own, and its digest is over both.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from hashlib import sha256
from typing import Any

from bot.campaigns.law import canonical, record
from bot.campaigns.summary import MOST_LINES, summary, units
from bot.policy.corpus import NATIONAL, Circular, Corpus
from bot.problems import Problem
from bot.rendering import dates
from bot.rendering.texts import Texts

LIMIT = 1024
"""What a message may have: the body of a WhatsApp message, the shortest of all."""
LONGEST_LINE = 200
LONGEST_SUBJECT = 200
LONGEST_NAME = 80
MOST_BYTES = 20 * 1024 * 1024

_HEADER = b"%PDF-"
_HEADER_WITHIN = 1024
_END_WITHIN = 2048
_ENCRYPTED = re.compile(rb"/Encrypt\s*(?:\d+\s+\d+\s+R|<<)")


@dataclass(frozen=True, slots=True)
class Document:
    """The circular itself, as people can open it. `name`: as it is saved, ending in ".pdf"."""

    name: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Content:
    """One version of a circular for one regency.

    `circular`: an id of policies/, or "adhoc/…". `number` None where it is not known. `subject`: in
    Indonesian, as the circular has it. `summary`: at most five lines a language; none for an ad-hoc circular
    without any. `law`: what decides, as `law.record` writes it; None: ad hoc, the program knows none of it.
    `wording`: clauses, quotes and sanctions, which answers cite and nothing decides by.
    """

    regency: str
    circular: str
    number: str | None
    dated: date
    subject: str
    issuer: str
    summary: Mapping[str, tuple[str, ...]]
    law: str | None = None
    wording: str | None = None
    document: Document | None = None
    kept: str | None = None
    """The digest of a text that has come back; None: that of the content."""

    @property
    def digest(self) -> str:
        """SHA-256 in hexadecimal."""
        return self.kept or self.plain_digest

    @property
    def plain_digest(self) -> str:
        """The same for the same text, however often it comes back."""
        told = {
            "regency": self.regency,
            "circular": self.circular,
            "number": self.number,
            "dated": self.dated.isoformat(),
            "subject": self.subject,
            "issuer": self.issuer,
            "summary": {language: list(lines) for language, lines in self.summary.items()},
            "law": json.loads(self.law) if self.law else None,
            "wording": json.loads(self.wording) if self.wording else None,
            "document": sha256(self.document.content).hexdigest() if self.document else None,
        }
        return sha256(canonical(told).encode()).hexdigest()

    def back_after(self, digest: str) -> Content:
        """The same text in the place of the version with this digest."""
        return replace(self, kept=sha256(canonical([self.plain_digest, digest]).encode()).hexdigest())


def message(content: Content, texts: Texts, *notes: str) -> str:
    """What a person reads, in the language of `texts`; Indonesian where the summary has no other. `notes`:
    of this sending, below the summary, as far as there is room. Fits every channel."""
    lines = content.summary.get(texts.language) or content.summary.get("id") or ()
    head = _head(content.issuer, content.number, content.dated, content.subject, texts)
    kept: tuple[str, ...] = ()
    for note in notes:
        if units(_composed(head, lines, texts, *kept, note)) <= LIMIT:
            kept += (note,)
    return _composed(head, lines, texts, *kept)


def _composed(head: str, lines: Iterable[str], texts: Texts, *notes: str) -> str:
    parts = (head, "\n".join(lines), "\n".join(notes), texts("content.foot"))
    return "\n\n".join(filter(None, parts))


def _head(issuer: str, number: str | None, dated: date, subject: str, texts: Texts) -> str:
    key = "content.head" if number else "content.head_unnumbered"
    return texts(
        key,
        issuer=_shortened(issuer, LONGEST_NAME),
        number=_shortened(number or "", LONGEST_NAME),
        dated=dates.date_of(dated, texts),
        subject=_shortened(subject, LONGEST_SUBJECT),
    )


def _shortened(text: str, most: int) -> str:
    if units(text) <= most:
        return text
    while units(text) >= most:
        text = text[:-1]
    return text.rstrip() + "…"


# --- a circular of policies/ ---


def of_policies(
    corpus: Corpus,
    circular: str,
    regency: str,
    languages: Mapping[str, Texts],
    document: Document | None = None,
) -> Content:
    """A registered circular. Raises Problem for one that the regency does not have, or a bad document."""
    found = corpus.circulars.get(circular)
    if found is None or found.regency not in (regency, NATIONAL):
        known = ", ".join(c.id for c in corpus.circulars_for(regency))
        raise Problem("content.unknown_circular", circular=circular, regency=regency, known=known)
    subject = found.about["id"]
    return Content(
        regency=regency,
        circular=circular,
        number=found.number,
        dated=found.enacted,
        subject=subject,
        issuer=found.issuer,
        summary={name: _told(corpus, found, regency, texts) for name, texts in languages.items()},
        law=record(corpus, circular),
        wording=canonical(_wording(found)),
        document=None if document is None else checked(document),
    )


def _told(corpus: Corpus, circular: Circular, regency: str, texts: Texts) -> tuple[str, ...]:
    head = _head(circular.issuer, circular.number, circular.enacted, circular.about["id"], texts)
    room = LIMIT - units(_composed(head, ["-"], texts)) + 1
    return summary(corpus, circular, regency, texts, room)


def _wording(circular: Circular) -> dict[str, Any]:
    return {
        "rules": {
            rule.ref.rule: [
                rule.clause,
                rule.quote,
                dict(rule.summary) if rule.summary else None,
                dict(rule.content) if rule.content else None,
            ]
            for rule in circular.rules
        },
        "sanctions": [
            [dict(s.content), s.quote, s.source, [ref.rule for ref in s.rules]] for s in circular.sanctions
        ],
    }


# --- an ad-hoc circular ---


def ad_hoc(
    regency: str,
    document: Document,
    *,
    number: str,
    dated: date,
    subject: str,
    issuer: str,
    lines: Mapping[str, Sequence[str]] | None = None,
) -> Content:
    """A circular that policies/ does not have. Raises Problem where something is missing, too long or no
    PDF. The same number of the same issuer is the same circular, whatever its content."""
    named = {"number": number.strip(), "subject": subject.strip(), "issuer": issuer.strip()}
    for name, most in (("number", LONGEST_NAME), ("subject", LONGEST_SUBJECT), ("issuer", LONGEST_NAME)):
        if not named[name]:
            raise Problem("content.missing", name=name)
        if units(named[name]) > most:
            raise Problem("content.too_long", name=name, most=most, length=units(named[name]))
    return Content(
        regency=regency,
        circular=_name(named["issuer"], named["number"]),
        number=named["number"],
        dated=dated,
        subject=named["subject"],
        issuer=named["issuer"],
        summary={language: _lines(found) for language, found in (lines or {}).items()},
        document=checked(document),
    )


def _name(issuer: str, number: str) -> str:
    """Readable, and different for every number and issuer."""
    slug = re.sub(r"[^a-z0-9]+", "-", number.lower()).strip("-")[:40]
    mark = sha256(canonical([issuer.casefold(), number.casefold()]).encode()).hexdigest()[:8]
    return f"adhoc/{slug}-{mark}" if slug else f"adhoc/{mark}"


def _lines(lines: Sequence[str]) -> tuple[str, ...]:
    found = tuple(filter(None, (" ".join(line.split()) for line in lines)))
    if len(found) > MOST_LINES:
        raise Problem("content.too_many_lines", most=MOST_LINES, count=len(found))
    for line in found:
        if units(line) > LONGEST_LINE:
            raise Problem(
                "content.long_line", most=LONGEST_LINE, length=units(line), line=_shortened(line, 40)
            )
    if units("\n".join(found)) > LIMIT // 2:
        raise Problem("content.long_lines", most=LIMIT // 2, length=units("\n".join(found)))
    return found


def checked(document: Document) -> Document:
    """The document if people can open it. Raises Problem: empty, too large, not a PDF, cut off, locked."""
    content = document.content
    if not content:
        raise Problem("content.empty", name=document.name)
    if len(content) > MOST_BYTES:
        raise Problem(
            "content.too_large", name=document.name, most=MOST_BYTES >> 20, size=f"{len(content) / 2**20:.1f}"
        )
    if _HEADER not in content[:_HEADER_WITHIN]:
        raise Problem("content.no_pdf", name=document.name)
    if b"%%EOF" not in content[-_END_WITHIN:]:
        raise Problem("content.cut_off", name=document.name)
    if any(_ENCRYPTED.search(part) for part in _outside_streams(content)):
        raise Problem("content.locked", name=document.name)
    return document


def _outside_streams(content: bytes) -> Iterable[bytes]:
    """The structure of a PDF without the data in it, which may hold any bytes."""
    start = 0
    while (end := content.find(b"stream", start)) >= 0:
        yield content[start:end]
        after = content.find(b"endstream", end + 1)
        if after < 0:
            break
        start = after + len(b"endstream")
    yield content[start:]
