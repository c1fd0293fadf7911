"""Staff numbers and phones as rosters have them."""

from __future__ import annotations

from datetime import date
from string import ascii_letters, digits

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.people.numbers import (
    MASK,
    NumberError,
    NumberFault,
    NumberKind,
    _international,
    _mobile,
    mask_number,
    mask_phone,
    parse_number,
    parse_phone,
)

TODAY = date(2026, 11, 23)
NIP, PPPK = "198501012010011001", "199001012024211001"

births = st.dates(date(1950, 1, 1), date(2002, 12, 31))
separators = st.sampled_from(["", " ", ".", "-", "\u00a0", "  "])


@st.composite
def numbers(draw: st.DrawFn, months: st.SearchStrategy[int]) -> str:
    born = draw(births)
    year = draw(st.integers(born.year + 18, 2026))
    month, sex, serial = draw(months), draw(st.sampled_from("12")), draw(st.integers(1, 999))
    return f"{born:%Y%m%d}{year}{month:02d}{sex}{serial:03d}"


def fault(cell: object, kind: NumberKind = NumberKind.NIP) -> NumberFault:
    with pytest.raises(NumberError) as caught:
        parse_number(cell, kind, TODAY)
    return caught.value.fault


@given(numbers(st.integers(1, 12)), separators, separators)
def test_a_nip_is_read_however_it_is_spaced(number: str, one: str, two: str) -> None:
    typed = one.join((number[:8], number[8:14], number[14], number[15:]))
    assert parse_number(f"'{two}{typed}{two}", NumberKind.NIP, TODAY) == number
    assert parse_number(int(number), NumberKind.NIP, TODAY) == number


@given(numbers(st.integers(13, 99)))
def test_what_stands_for_the_month_is_a_code_for_pppk_and_wrong_for_pns(number: str) -> None:
    assert parse_number(number, NumberKind.NI_PPPK, TODAY) == number
    assert fault(number) is NumberFault.MONTH


@given(numbers(st.integers(1, 12)))
def test_a_number_that_a_spreadsheet_kept_as_a_number_has_lost_its_end(number: str) -> None:
    for damaged in (
        float(number),
        f"{float(number):.5E}",
        f"{float(number):.14E}".replace(".", ","),
        f"{int(float(number))}.0",
        f"{number[:15]}000",
    ):
        assert fault(damaged) is NumberFault.LOST_END
        assert fault(damaged, NumberKind.NI_PPPK) is NumberFault.LOST_END


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (None, NumberFault.EMPTY),
        ("", NumberFault.EMPTY),
        (" - ", NumberFault.EMPTY),
        (True, NumberFault.EMPTY),
        (NIP[:17], NumberFault.LENGTH),
        (NIP + "1", NumberFault.LENGTH),
        ("#" * 18, NumberFault.CHARACTERS),
        (NIP.replace("1", "l"), NumberFault.CHARACTERS),
        ("198502302010011001", NumberFault.BIRTH),  # 30 February
        ("198513012010011001", NumberFault.BIRTH),
        ("201501012030011001", NumberFault.BIRTH),  # eleven years old
        ("190001011920011001", NumberFault.BIRTH),
        ("198501011990011001", NumberFault.YEAR),  # appointed at five
        ("198501012028011001", NumberFault.YEAR),
        ("198501012010001001", NumberFault.MONTH),
        ("198501012010131001", NumberFault.MONTH),
        ("198501012010010001", NumberFault.SEX),
        ("198501012010013001", NumberFault.SEX),
    ],
)
def test_a_number_that_cannot_be_one_says_why(cell: object, expected: NumberFault) -> None:
    assert fault(cell) is expected


def test_the_regencys_own_number_has_letters_and_digits() -> None:
    assert parse_number("thl-2021/0045", NumberKind.OWN, TODAY) == "THL20210045"
    assert parse_number(12345.0, NumberKind.OWN, TODAY) == "12345"
    assert parse_number("12345.0", NumberKind.OWN, TODAY) == "12345"
    assert fault("nomor: 5", NumberKind.OWN) is NumberFault.CHARACTERS
    assert fault("9" * 31, NumberKind.OWN) is NumberFault.LENGTH
    assert fault(3.5080112345e15, NumberKind.OWN) is NumberFault.LOST_END


@given(st.text() | st.floats() | st.integers(), st.sampled_from(NumberKind))
def test_any_cell_gives_a_number_or_a_fault_that_does_not_repeat_it(cell: object, kind: NumberKind) -> None:
    found, said = read(cell, kind)
    assert said in set(NumberFault) if found is None else set(found) <= set(digits + ascii_letters)


def read(cell: object, kind: NumberKind) -> tuple[str | None, str]:
    """The number, or None and what the error says."""
    try:
        return parse_number(cell, kind, TODAY), ""
    except NumberError as error:
        return None, str(error)


@given(st.text(digits, min_size=1, max_size=30))
def test_a_masked_number_shows_at_most_its_last_four_and_never_most_of_it(number: str) -> None:
    masked = mask_number(number)
    shown = masked.lstrip(MASK)
    assert len(masked) == len(number)
    assert number.endswith(shown)
    assert len(shown) <= min(4, len(number) / 2)


@given(st.integers(0, 99_999_999), separators)
def test_one_mobile_number_is_one_however_it_is_written(tail: int, between: str) -> None:
    rest = f"812{tail:08d}"
    spaced = between.join((rest[:3], rest[3:7], rest[7:]))
    typed = (f"0{spaced}", f"62{rest}", f"+62 {spaced}", int(rest), float(rest), f"'0{rest}", f"0062{rest}")
    for cell in (*typed, f"{rest}.0", f"{float(rest):.10E}"):
        assert parse_phone(cell) == f"+62{rest}"


@pytest.mark.parametrize(
    "cell", [None, "", "-", "0", "0812", "628123", "881234", "tidak ada", "8,12E+10", True, "1" * 30]
)
def test_what_is_no_phone_gives_none(cell: object) -> None:
    assert parse_phone(cell) is None


def test_the_first_usable_phone_of_a_cell_counts() -> None:
    assert parse_phone("- / 0800 0000 001 / 0800 0000 002") == "+628000000001"


def test_a_masked_phone_shows_the_country_and_three_digits() -> None:
    assert mask_phone("+6280000000001") == "+62" + MASK * 8 + "001"


@given(st.text() | st.floats() | st.integers())
def test_any_cell_gives_a_phone_or_none(cell: object) -> None:
    found = parse_phone(cell)
    assert found is None or found.startswith("+")


@given(st.text("0123456789+68", min_size=5, max_size=16))
def test_the_short_way_to_a_mobile_number_says_what_the_long_way_says(typed: str) -> None:
    found = _mobile().fullmatch(typed)
    if found:
        assert parse_phone(typed) == _international(typed)
