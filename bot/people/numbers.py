"""The numbers by which people are known: staff numbers and phones. Read, checked, and masked wherever shown.

A NIP has 18 digits: birth date 8, appointment 6 (year, month), sex 1, serial 3. An NI PPPK has a code where a
NIP has the month. Neither has a check digit. Those outside the civil service have a number of the regency's
own. No error here repeats a number.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from enum import StrEnum
from functools import cache

from phonenumbers import (
    NumberParseException,
    PhoneMetadata,
    PhoneNumberFormat,
    ValidationResult,
    country_code_for_region,
    format_number,
    is_possible_number_with_reason,
    parse,
)

SHOWN = 4
"""Characters at the end of a masked number that stay."""

MASK = "•"

DIGITS = 18
OWN_LONGEST = 30

EXACT_DIGITS = 15
"""What a spreadsheet keeps of a number: the digits after these become zeros."""

YOUNGEST, OLDEST = 15, 85
"""Ages that an entry can have without being a typing error. Not law: who may be staff is not asked here."""

COUNTRY = "ID"
_COUNTRY_CODE = country_code_for_region(COUNTRY)
_COUNTRY_CODE = country_code_for_region(COUNTRY)


class NumberKind(StrEnum):
    NIP = "nip"
    NI_PPPK = "ni_pppk"
    OWN = "sendiri"  # the regency's own staff number


class NumberFault(StrEnum):
    """What is wrong with a staff number."""

    EMPTY = "empty"
    LOST_END = "lost_end"  # kept as a number by a spreadsheet: the last digits are gone
    CHARACTERS = "characters"
    LENGTH = "length"
    BIRTH = "birth"
    YEAR = "year"
    MONTH = "month"
    SEX = "sex"


class NumberError(ValueError):
    """A staff number that cannot be one. Says what is wrong, never the number."""

    def __init__(self, fault: NumberFault) -> None:
        super().__init__(fault.value)
        self.fault = fault


# Excel's and others' way to write 18 digits that it has only 15 of; a number that went through one and came
# back with a decimal point.
_EXPONENT = re.compile(r"\d([.,]\d+)?e\+?\d+", re.IGNORECASE)
_DECIMAL = re.compile(r"(\d+)[.,]0+")

_LEFT_OUT = re.compile(r"[\s.\-'’‘`´/\u200b-\u200f\u2060\ufeff]+")
_OWN = re.compile(rf"[0-9A-Z]{{1,{OWN_LONGEST}}}")
_BETWEEN_PHONES = re.compile(r"[/;,|\n]")


def parse_number(cell: object, kind: NumberKind, today: date) -> str:
    """The staff number in a cell (text, or the number that a spreadsheet made of it), without spaces, dots,
    dashes and apostrophes. `today`: the day on which a birth date must be plausible. Raises NumberError."""
    text = _joined(cell)
    if not text:
        raise NumberError(NumberFault.EMPTY)
    if kind is NumberKind.OWN:
        return _own(text)
    if not text.isdigit() or not text.isascii():
        raise NumberError(NumberFault.CHARACTERS)
    if len(text) != DIGITS:
        raise NumberError(NumberFault.LENGTH)
    fault = _fault(text, kind, today)
    if fault is not None:
        raise NumberError(fault)
    return text


def bare_number(cell: object) -> str | None:
    """Letters and digits of the cell, whether or not they can be a number; None: there are none, or the end
    is lost."""
    try:
        return _joined(cell).upper() or None
    except NumberError:
        return None


def _joined(cell: object) -> str:
    """Letters and digits of the cell. A number that has lost its end raises NumberError."""
    if isinstance(cell, str) and cell.isascii() and cell.isdigit():
        return cell
    if isinstance(cell, float):
        if not cell.is_integer() or abs(cell) >= 10**EXACT_DIGITS:
            raise NumberError(NumberFault.LOST_END)
        cell = int(cell)
    text = unicodedata.normalize("NFKC", "" if cell is None or isinstance(cell, bool) else str(cell)).strip()
    bare = text.lstrip("'’‘`´ ")
    if _EXPONENT.fullmatch(bare):
        raise NumberError(NumberFault.LOST_END)
    decimal = _DECIMAL.fullmatch(bare)
    if decimal and len(decimal[1]) > EXACT_DIGITS:
        raise NumberError(NumberFault.LOST_END)
    return decimal[1] if decimal else _LEFT_OUT.sub("", text)


def _own(text: str) -> str:
    upper = text.upper()
    if not _OWN.fullmatch(upper):
        raise NumberError(NumberFault.CHARACTERS if len(upper) <= OWN_LONGEST else NumberFault.LENGTH)
    return upper


def _fault(number: str, kind: NumberKind, today: date) -> NumberFault | None:
    born = _birth(number[:8])
    if born is None or not YOUNGEST <= today.year - born.year <= OLDEST:
        return NumberFault.BIRTH
    year, month = int(number[8:12]), int(number[12:14])
    if not born.year + YOUNGEST <= year <= today.year + 1:
        return NumberFault.YEAR
    if kind is NumberKind.NIP and not 1 <= month <= 12:
        return NumberFault.MONTH
    if number[14] not in "12":
        return NumberFault.SEX
    if number[15:] == "000":  # nobody's serial, and what a spreadsheet leaves of any
        return NumberFault.LOST_END
    return None


def _birth(digits: str) -> date | None:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


def parse_phone(cell: object) -> str | None:
    """The first usable phone in a cell as E.164 ("+62812…"); None: there is none."""
    if isinstance(cell, str) and cell.isascii() and (usual := _mobile().fullmatch(cell)):
        return f"+{_COUNTRY_CODE}{usual[1]}"
    for part in _BETWEEN_PHONES.split(_dialled(cell)):
        digits = re.sub(r"[^\d+]", "", part)
        mobile = _mobile().fullmatch(digits)
        found = f"+{_COUNTRY_CODE}{mobile[1]}" if mobile else _international(digits)
        if found:
            return found
    return None


@cache
def _mobile() -> re.Pattern[str]:
    """A mobile number of the country, as almost all in a roster are, by what the library knows of the
    country: told many times faster than a number of anywhere."""
    known = PhoneMetadata.metadata_for_region(COUNTRY)
    assert known is not None
    assert known.mobile is not None
    number = known.mobile.national_number_pattern
    return re.compile(rf"(?:\+?{_COUNTRY_CODE}|{known.national_prefix})?({number})", re.ASCII)


def _dialled(cell: object) -> str:
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    text = unicodedata.normalize("NFKC", "" if cell is None or isinstance(cell, bool) else str(cell)).strip()
    decimal = _DECIMAL.fullmatch(text)
    if decimal:
        return decimal[1]
    return _unfolded(text) if _EXPONENT.fullmatch(text) else text


def _unfolded(text: str) -> str:
    """Writes "8.1200000001E10" out; nothing if digits are missing ("8,12E+10")."""
    mantissa, _, exponent = text.lower().partition("e")
    digits = re.sub(r"[.,]", "", mantissa)
    return digits if len(digits) == int(exponent) + 1 else ""


def _international(digits: str) -> str | None:
    """Abroad is "+" or "00"; "62…" is the country's own code with its sign left out."""
    if digits.startswith("62"):
        digits = f"+{digits}"
    elif digits.startswith("00"):
        digits = f"+{digits[2:]}"
    try:
        number = parse(digits, COUNTRY)
    except NumberParseException:
        return None
    if is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
        return None
    return format_number(number, PhoneNumberFormat.E164)


def mask_number(number: str) -> str:
    """Only the last four characters, and never more than half of them."""
    return _masked(number, min(SHOWN, len(number) // 2))


def mask_phone(phone: str) -> str:
    """The country's sign and the last three digits."""
    return phone[:3] + _masked(phone[3:], 3) if phone.startswith("+") else mask_number(phone)


def _masked(text: str, shown: int) -> str:
    return MASK * (len(text) - shown) + text[len(text) - shown :]
