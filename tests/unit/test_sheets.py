"""The printed sheets of codes."""

from __future__ import annotations

import re
from datetime import date
from html import unescape
from html.parser import HTMLParser

import pytest

from bot.people.sheets import A_PAGE, Slip, deep_link, sheet
from tests.fakes import CATALOGUES

BOT = "edaran_contoh_bot"
SLIP = Slip("Siti <Aminah>", "SDN 1 & 2", "199001012020012001", "ABCDEFGHJKMN", date(2026, 11, 28))


def printed(slips: int = 1, language: str = "id") -> str:
    return "".join(sheet([SLIP] * slips, BOT, "Kabupaten Contoh", CATALOGUES[language]))


class Outside(HTMLParser):
    """Collects whatever a file would fetch from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "link", "img", "iframe", "object"):
            self.found.append(tag)
        self.found += [str(value) for name, value in attrs if name in ("src", "href", "xlink:href")]


def test_a_slip_has_the_name_unit_code_validity_and_only_the_end_of_the_number() -> None:
    text = unescape(re.sub(r"<[^>]+>", "\n", printed()))
    for part in ("Siti <Aminah>", "SDN 1 & 2", "••••2001", "ABCD-EFGH-JKMN", "28 Nov 2026", f"@{BOT}"):
        assert part in text
    assert "199001012020" not in text


def test_names_cannot_become_markup() -> None:
    assert "<Aminah>" not in printed()


def test_the_picture_opens_the_chat_with_the_code() -> None:
    assert deep_link(BOT, SLIP.code) == "https://t.me/edaran_contoh_bot?start=ABCDEFGHJKMN"
    assert re.fullmatch(r"[\w-]{1,64}", SLIP.code)  # what Telegram takes after "start="
    assert printed().count("<svg") == 1


@pytest.mark.parametrize(("slips", "pages"), [(0, 0), (1, 1), (A_PAGE, 1), (A_PAGE + 1, 2)])
def test_a_page_holds_so_many_slips(slips: int, pages: int) -> None:
    shown = printed(slips)
    assert (shown.count('class="slip"'), shown.count('class="page"')) == (slips, pages)


@pytest.mark.parametrize("language", list(CATALOGUES))
def test_the_file_needs_nothing_from_outside_and_says_how_in_three_steps(language: str) -> None:
    shown = printed(1, language)
    outside = Outside()
    outside.feed(shown)
    assert outside.found == []
    assert "url(" not in shown
    assert shown.count("<li>") == 3
