"""Lists, shows and explains the registered circulars, for `edaran circular` and `edaran policy explain`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from bot.campaigns.campaign import Version
from bot.campaigns.content import Content
from bot.explaining import name_within, page
from bot.policy.corpus import Circular, Corpus, Rule
from bot.problems import Problem
from bot.rendering.texts import Texts


def listed(corpus: Corpus, texts: Texts, added: Sequence[Version] = (), *, as_json: bool) -> str:
    """A line a circular: id, number, since when, about. `added`: the ad-hoc ones, without rules."""
    circulars = corpus.circulars.values()
    if as_json:
        heads = [_head(circular) for circular in circulars] + [_added(version) for version in added]
        return json.dumps(heads, ensure_ascii=False, indent=1)
    if not circulars and not added:
        return texts("circular.none")
    lines = [
        texts("circular.line", id=c.id, number=c.number or "–", since=c.since, about=texts.word(c.about))
        for c in circulars
    ]
    lines += [
        texts(
            "circular.line_added",
            id=one.circular,
            regency=one.regency,
            number=one.number,
            dated=one.dated,
            about=one.subject,
        )
        for one in added
    ]
    return "\n".join(lines)


def shown_added(version: Version, content: Content, texts: Texts, *, as_json: bool) -> str:
    """Everything that is known of an ad-hoc circular."""
    document = content.document
    if as_json:
        more = {
            "summary": {language: list(lines) for language, lines in content.summary.items()},
            "document": document.name if document else None,
        }
        return json.dumps(_added(version) | more, ensure_ascii=False, indent=1)
    values = {"dated": version.dated, "subject": version.subject, "issuer": version.issuer}
    values |= {"id": version.circular, "regency": version.regency, "version": version.id}
    values |= {"number": version.number, "file": document.name if document else "–"}
    lines = content.summary.get(texts.language) or content.summary.get("id") or ()
    return "\n".join([texts("circular.shown_added", **values), *lines])


def shown(corpus: Corpus, circular: str, texts: Texts, *, as_json: bool) -> str:
    """Everything that is registered of one circular. Raises Problem for an unknown id."""
    found = _found(corpus, circular)
    if not as_json:
        return explained(corpus, circular, texts)
    rules = [_rule(rule) for rule in found.rules]
    return json.dumps({**_head(found), "rules": rules}, ensure_ascii=False, indent=1)


def explained(corpus: Corpus, circular: str, texts: Texts) -> str:
    """The circular in sentences, for comparing it with its source. Raises Problem for an unknown id."""
    return page(corpus, _found(corpus, circular), texts)


def _found(corpus: Corpus, circular: str) -> Circular:
    found = corpus.circulars.get(circular)
    if found is None:
        raise Problem("cli.unknown_name", kind="edaran", value=circular, known=", ".join(corpus.circulars))
    return found


def _head(circular: Circular) -> dict[str, Any]:
    return {
        "id": circular.id,
        "regency": circular.regency,
        "number": circular.number,
        "about": dict(circular.about),
        "issuer": circular.issuer,
        "rank": circular.rank,
        "enacted": circular.enacted.isoformat(),
        "since": circular.since.isoformat(),
        "until": circular.until.isoformat() if circular.until else None,
        "source": circular.evidence.name,
        "original_seen": circular.evidence.original_seen,
        "ad_hoc": False,
    }


def _added(version: Version) -> dict[str, Any]:
    return {
        "id": version.circular,
        "regency": version.regency,
        "number": version.number,
        "about": {"id": version.subject},
        "issuer": version.issuer,
        "enacted": version.dated.isoformat(),
        "version": version.id,
        "digest": version.digest,
        "ad_hoc": True,
    }


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.ref.rule,
        "modality": rule.modality.value,
        "activity": rule.activity,
        "clause": rule.clause,
        "quote": rule.quote,
        "exception_to": [name_within(ref, rule.ref.circular) for ref in rule.lifts],
        "place": f"{rule.place.file}:{rule.place.line}",
    }
