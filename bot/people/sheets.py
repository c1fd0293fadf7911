"""The sheets on which one-time codes are handed over: A4 pages of slips to cut out, in one HTML file that
needs nothing from outside. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape

import segno
from babel.dates import format_date

from bot.people.codes import in_groups
from bot.people.numbers import mask_number
from bot.rendering.texts import Texts

A_PAGE = 8
"""Slips of a quarter of a page's height, two beside each other."""

STEPS = ("sheet.scan", "sheet.type", "sheet.keep")

STYLE = """
@page { size: A4; margin: 8mm }
* { box-sizing: border-box }
body { margin: 0; font: 9.5pt/1.3 "Noto Sans", "DejaVu Sans", Arial, sans-serif; color: #000 }
.page { width: 194mm; height: 280mm; margin: 0 auto; display: grid; grid-template: repeat(4, 1fr) / 1fr 1fr;
  break-after: page; overflow: hidden }
.page:last-child { break-after: auto }
.slip { border: .2mm dashed #777; padding: 4mm; display: grid; grid-template-columns: 1fr 32mm; gap: 0 3mm;
  align-content: space-between; overflow: hidden; break-inside: avoid }
.who { min-width: 0 }
.who p { margin: 0; overflow: hidden; display: -webkit-box; -webkit-box-orient: vertical;
  -webkit-line-clamp: 2 }
.who .name { font-weight: bold; font-size: 11pt }
.who .code { font: bold 14pt/1.2 "Noto Sans Mono", "DejaVu Sans Mono", monospace; margin: 2mm 0 1mm;
  display: block; white-space: nowrap }
.qr svg { width: 32mm; height: 32mm; display: block }
ol { grid-column: 1 / -1; margin: 0; padding-left: 4.5mm; font-size: 8pt; line-height: 1.25 }
@media screen { body { background: #ddd } .page { background: #fff; margin: 8mm auto } }
""".strip()


@dataclass(frozen=True, slots=True)
class Slip:
    """What one person gets. `number`: unmasked; the sheet shows its end only. `expires`: the first day on
    which the code may no longer be valid."""

    name: str
    unit: str
    number: str
    code: str
    expires: date


def deep_link(bot: str, code: str) -> str:
    """Opens the chat with the bot, and hands it the code when the person presses Start."""
    return f"https://t.me/{bot}?start={code}"


def sheet(slips: Sequence[Slip], bot: str, title: str, texts: Texts) -> Iterator[str]:
    """The file, in pieces. `bot`: the bot's username; `title`: what the sheet is for ("Kabupaten …")."""
    head = f'<meta charset="utf-8"><meta name="robots" content="noindex"><title>{escape(title)}</title>'
    yield f'<!doctype html>\n<html lang="{texts.language}"><head>{head}<style>{STYLE}</style></head><body>\n'
    for start in range(0, len(slips), A_PAGE):
        yield _page(slips[start : start + A_PAGE], bot, texts)
    yield "</body></html>\n"


def _page(slips: Iterable[Slip], bot: str, texts: Texts) -> str:
    return f'<section class="page">\n{"".join(_slip(slip, bot, texts) for slip in slips)}</section>\n'


def _slip(slip: Slip, bot: str, texts: Texts) -> str:
    until = texts("sheet.until", day=format_date(slip.expires, "d MMM y", locale=texts.language))
    lines = {
        "name": slip.name,
        "unit": slip.unit,
        "number": mask_number(slip.number),
        "code": in_groups(slip.code),
        "until": until,
    }
    who = "".join(f'<p class="{kind}">{escape(text)}</p>' for kind, text in lines.items())
    steps = "".join(f"<li>{escape(texts(key, bot=bot))}</li>" for key in STEPS)
    qr = segno.make(deep_link(bot, slip.code), error="m", micro=False).svg_inline(border=1, omitsize=True)
    top = f'<div class="who">{who}</div><div class="qr">{qr}</div>'
    return f'<article class="slip">{top}<ol>{steps}</ol></article>\n'
