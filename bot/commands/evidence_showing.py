"""How `edaran evidence` says things: findings, what holds, receipts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.campaigns.findings import Finding, Report
    from bot.campaigns.receipts import Receipt
    from bot.rendering.texts import Texts
    from bot.storage.evidence import Noted


def sentence(finding: Finding, texts: Texts) -> str:
    values: dict[str, object] = {**finding.values, "seq": finding.seq}
    if "at" in finding.values:
        values["at"] = _moment(int(finding.values["at"]), texts)
        values["what"] = _kind(str(finding.values["what"]), texts)
    # What the file says may hold anything; it does not move the cursor of a terminal.
    plain = {name: _plain(value) if isinstance(value, str) else value for name, value in values.items()}
    return texts(f"evidence.found_{finding.kind}", **plain)


def _plain(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def summary(report: Report, texts: Texts) -> Iterator[str]:
    if report.more:
        yield texts("evidence.more", count=report.more)
    if report.findings:
        yield texts("evidence.not_whole", count=len(report.findings) + report.more, events=report.events)
        return
    keys = ", ".join(report.keys)
    yield texts("evidence.whole", events=report.events, checkpoints=report.checkpoints, keys=keys)
    if report.forgotten:
        yield texts("evidence.forgotten", count=report.forgotten)
    if not report.pinned:
        if report.unendorsed:
            yield texts("evidence.unendorsed", keys=_plain(", ".join(report.unendorsed)))
        yield texts("evidence.unpinned")


def receipt_summary(receipt: Receipt, *, pinned: bool, texts: Texts) -> Iterator[str]:
    yield texts("evidence.receipt_whole", **_proved(receipt, texts))
    yield texts("evidence.receipt_subject", subject=receipt.subject)
    if not pinned:
        yield texts("evidence.unpinned")


def receipt_text(receipt: Receipt, texts: Texts, zone: tzinfo) -> str:
    """What the employee keeps: three lines to read, and the receipt itself as one word."""
    told = texts("evidence.receipt", code=receipt.code(), **_proved(receipt, texts, zone))
    return f"{told}\n{receipt.token()}"


def _proved(receipt: Receipt, texts: Texts, zone: tzinfo = UTC) -> dict[str, object]:
    """Which event, and under whose signature."""
    entry, signed = receipt.entry, receipt.checkpoint
    return {
        "seq": entry.seq,
        "what": _kind(entry.kind, texts),
        "at": _moment(entry.at, texts, zone),
        "size": signed.size,
        "signed": _moment(signed.at, texts, zone),
        "signer": signed.key_id,
    }


def listed(noted: Iterable[Noted], texts: Texts, zone: tzinfo) -> Iterator[str]:
    for one in noted:
        at = _moment(one.at, texts, zone)
        yield texts("evidence.listed", seq=one.seq, at=at, what=_kind(one.kind, texts))


def _kind(kind: str, texts: Texts) -> str:
    key = f"evidence.kind_{kind}"
    return texts(key) if key in texts else kind


def _moment(at: int, texts: Texts, zone: tzinfo = UTC) -> str:
    """In UTC where no regency is known: a bundle can hold events of regencies in different zones."""
    from bot.rendering.dates import clock, day, zone_name

    try:
        moment = datetime.fromtimestamp(at, zone)
    except (OverflowError, OSError, ValueError):
        return str(at)
    return f"{day(moment, texts)} {clock(moment, texts)} {zone_name(moment)}"
