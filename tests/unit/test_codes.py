"""One-time codes: made from random bits, read from what people type, limited in tries."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.people.codes import (
    ALPHABET,
    LENGTH,
    MOST_FAILURES,
    WAIT,
    Life,
    Tries,
    digest,
    in_groups,
    is_spelled_out,
    may_be_spelled_out,
    new_code,
    read_code,
)

CODES = st.binary(min_size=8, max_size=8).map(lambda bits: new_code(lambda _: bits))


@given(st.integers(min_value=0, max_value=2**60 - 1), st.integers(min_value=0, max_value=2**60 - 1))
def test_every_sixty_bits_give_a_code_of_their_own(one: int, other: int) -> None:
    made = [new_code(lambda size, n=n: n.to_bytes(size, "big")) for n in (one, other)]  # type: ignore[misc]
    assert (made[0] == made[1]) == (one == other)


@given(CODES)
def test_a_code_has_twelve_letters_that_cannot_be_mixed_up(code: str) -> None:
    assert len(code) == LENGTH
    assert set(code) <= set(ALPHABET)
    assert not set(code) & set("ILOU")


@given(CODES, st.data())
def test_however_it_is_typed_the_code_is_read(code: str, data: st.DataObject) -> None:
    lookalikes = {"0": "0oO", "1": "1iIlL"}
    typed = "".join(
        data.draw(st.sampled_from(lookalikes.get(letter, letter + letter.lower())))
        + data.draw(st.sampled_from(["", "", " ", "-", " – ", ".", "\n"]))
        for letter in code
    )
    assert read_code(f"  {typed} ") == code


@given(CODES)
def test_as_it_is_printed_it_can_be_nothing_else(code: str) -> None:
    printed = in_groups(code)
    assert len(printed) == LENGTH + 2
    assert is_spelled_out(printed) == any(letter.isalpha() for letter in code)


@pytest.mark.parametrize(
    "said",
    [
        "boleh live sekarang?",
        "boleh posting",  # twelve letters that a code could have
        "kalo jam8 live",
        "0800-0000-0001",  # a telephone number
        "080000000001",
        "ABCD-EFGH",
        "ABCD-EFGH-JKM",
        "ABCD-EFGH-JKMNP",
        "UUUU-UUUU-UUUU",
        "",
        "🙏" * 12,
        "١٢٣٤-ABCD-EFGH",
    ],
)
def test_a_question_or_a_number_is_no_code(said: str) -> None:
    assert not is_spelled_out(said)


def test_blanks_between_the_groups_leave_it_to_the_meaning() -> None:
    assert may_be_spelled_out("abcd 2fgh jkmn")
    assert may_be_spelled_out("kalo jam8 live")
    assert not may_be_spelled_out("boleh posting 1")
    assert not may_be_spelled_out("abcd efgh jkmn")


def test_only_the_digest_tells_codes_apart_and_it_does_not_hold_them() -> None:
    assert digest("ABCDEFGHJKMN") != digest("ABCDEFGHJKMP")
    assert len(digest("ABCDEFGHJKMN")) == 64
    assert "ABCD" not in digest("ABCDEFGHJKMN").upper()


def test_a_code_lives_until_it_expires_is_used_or_revoked() -> None:
    assert Life(expires_at=100).live(99)
    assert not Life(expires_at=100).live(100)
    assert not Life(100, used_at=5).live(6)
    assert not Life(100, revoked_at=5).live(6)


def test_five_wrong_codes_make_a_sender_wait_an_hour() -> None:
    tries = Tries()
    for second in range(MOST_FAILURES):
        assert not tries.waits(second)
        tries = tries.failed(second)
    last = MOST_FAILURES - 1
    assert tries.waits(last)
    assert tries.waits(last + WAIT - 1)
    assert not tries.waits(last + WAIT)
    assert tries.failed(last + WAIT) == Tries(1, last + WAIT)


def test_wrong_codes_of_long_ago_do_not_count() -> None:
    tries = Tries(4, 1000)
    assert tries.failed(1000 + WAIT - 1).failures == 5
    assert tries.failed(1000 + WAIT).failures == 1
