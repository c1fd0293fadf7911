"""Typed chat becomes canonical words, each with its place."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.understanding.folding import MAX_CHARACTERS
from bot.understanding.normalise import CACHED_WORDS, Normaliser
from tests.unit.time_table import language, normaliser


def norms(text: str) -> list[str]:
    return [token.norm for token in normaliser().tokens(text)]


def typed(text: str) -> list[str]:
    return [token.text for token in normaliser().tokens(text)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("gk blh live", "tidak boleh live"),
        ("bsk skrg klo jmt mlm", "besok sekarang kalau jumat malam"),
        ("gaboleh", "tidak boleh"),
        ("gapapa", "tidak apa-apa"),
        ("p3k", "pppk"),
        ("jam 7 s/d 9", "jam 7 sampai 9"),
        ("Jum'at jum’at", "jumat jumat"),
        ("ALLCAPS Besok", "allcaps besok"),
    ],
)
def test_chat_forms_become_canonical(text: str, words: str) -> None:
    assert norms(text) == words.split()


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("bolehhh", "boleh"),
        ("livee", "live"),
        ("bangettt", "sekali"),
        ("maaaaf", "maaf"),
        ("besokkk", "besok"),
        ("semuaaa", "semua"),
        ("entahlaaaah", "entahlah"),
    ],
)
def test_lengthened_letters_are_cut(text: str, word: str) -> None:
    assert norms(text) == [word]


@pytest.mark.parametrize("word", ["iii", "xviii", "maaf", "saat", "08xxxx"])
def test_letters_that_belong_double_stay(word: str) -> None:
    assert "".join(norms(word)) == word


@pytest.mark.parametrize("text", ["bisa2", "bisa-bisa", "bisa2nya", "BISA2"])
def test_a_doubled_word_becomes_its_base(text: str) -> None:
    assert norms(text) == ["bisa"]


@pytest.mark.parametrize(("text", "word"), [("tiba2", "tiba-tiba"), ("kapan-kapan", "kapan-kapan")])
def test_doubling_that_changes_the_sense_is_kept(text: str, word: str) -> None:
    assert norms(text) == [word]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("jam8pagi", "jam 8 pagi"),
        ("2jam", "2 jam"),
        ("jam2", "jam 2"),
        ("tgl17", "tanggal 17"),
        ("15.30wib", "15.30 wib"),
        ("jam8.30pagi", "jam 8.30 pagi"),
        ("8-10", "8 - 10"),
        ("senin-jumat", "senin - jumat"),
        ("17-an 17an", "17an 17an"),
    ],
)
def test_glued_words_and_numbers_come_apart(text: str, words: str) -> None:
    assert norms(text) == words.split()


@pytest.mark.parametrize(
    "text", ["15.30", "15:30", "1/12", "17-8-2026", "2026-08-17", "800.1.6.2/3/427.72/2026"]
)
def test_a_written_time_date_or_number_stays_one_token(text: str) -> None:
    assert norms(text) == [text]


@pytest.mark.parametrize(
    "text",
    ["ngelive", "nge-live", "livenya", "livein", "ngeLive-in", "liveee", "dilive", "di-live", "livekan"],
)
def test_affixes_of_the_domains_words_are_stripped(text: str) -> None:
    assert norms(text) == ["live"]


@pytest.mark.parametrize(
    ("text", "word"), [("bolehkah", "boleh"), ("sanksinya", "sanksi"), ("tiktokan", "tiktok")]
)
def test_question_and_possessive_endings_are_stripped(text: str, word: str) -> None:
    assert norms(text) == [word]


@pytest.mark.parametrize(
    "word", ["sebelum", "setengah", "apakah", "selama", "dilarang", "nanti", "makan", "kasihan"]
)
def test_function_words_and_others_are_never_stemmed(word: str) -> None:
    assert norms(word) == [word]


@pytest.mark.parametrize(
    ("text", "word"), [("besk", "besok"), ("skarang", "sekarang"), ("sekarnag", "sekarang")]
)
def test_slips_of_the_finger_are_mended(text: str, word: str) -> None:
    assert norms(text) == [word]


@pytest.mark.parametrize(
    ("text", "word"), [("dpn", "depan"), ("snksi", "sanksi"), ("prbd", "pribadi"), ("dlrng", "dilarang")]
)
def test_words_without_their_vowels_are_read(text: str, word: str) -> None:
    assert norms(text) == [word]


def test_a_word_that_only_looks_like_a_slip_is_left_alone() -> None:
    assert norms("sang siap mask sma dpk") == ["sang", "siap", "mask", "sma", "dpk"]


def test_punctuation_that_matters_is_kept() -> None:
    assert norms("boleh, ga?\nlive.") == ["boleh", ",", "tidak", "?", "\n", "live", "."]


def test_tokens_keep_what_was_typed_and_where() -> None:
    text = "Bsk  LIVEE ga?"
    assert typed(text) == ["Bsk", "LIVEE", "ga", "?"]
    assert [text[token.start : token.end] for token in normaliser().tokens(text)] == typed(text)


def test_one_typed_word_can_give_several_tokens_with_its_offsets() -> None:
    first, second = normaliser().tokens("gaboleh")
    assert (first.norm, first.start, first.end) == ("tidak", 0, 7)
    assert (second.norm, second.start, second.end) == ("boleh", 0, 7)


@pytest.mark.parametrize(
    "text",
    ["l\u200bi\u200dve", "\u202elive\u202c", "ｌｉｖｅ", "𝗹𝗶𝘃𝗲", "lívé", "LIVE\ufe0f"],
    ids=["zero width", "right to left", "full width", "mathematical", "accents", "variation selector"],
)
def test_disguised_letters_are_seen_through_and_offsets_kept(text: str) -> None:
    (token,) = normaliser().tokens(f"😀 {text} ok")[:1]
    assert token.norm == "live"
    assert f"😀 {text} ok"[token.start : token.end] == token.text
    assert token.text.strip("\u202e\u202c\ufe0f") == text.strip("\u202e\u202c\ufe0f")


def test_only_the_beginning_of_a_very_long_message_is_read() -> None:
    tokens = normaliser().tokens("live " * 5_000)
    assert len(tokens) == MAX_CHARACTERS // len("live ")


def test_the_cache_of_words_is_bounded() -> None:
    small = Normaliser(language("obrolan"))
    for number in range(CACHED_WORDS + 100):
        small.tokens(f"{number:x}q")
    assert len(small._cache) <= CACHED_WORDS


def test_the_text_is_written_anew_without_particles_and_with_affixes() -> None:
    assert normaliser().text("Livenya bsk gk bisa2 sih min") == "livenya besok tidak bisa-bisa admin"


def test_a_form_cannot_have_two_meanings() -> None:
    data = language("obrolan")
    data["bentuk"]["lusa"] = ["bsk"]
    with pytest.raises(ValueError, match="'bsk' has two canonical forms"):
        Normaliser(data)


def test_a_canonical_word_cannot_be_a_form_of_another() -> None:
    data = language("obrolan")
    data["bentuk"]["lusa"] = ["besok"]
    with pytest.raises(ValueError, match="'besok' has two canonical forms"):
        Normaliser(data)


def test_every_form_gives_its_canonical_words() -> None:
    for canonical, forms in language("obrolan")["bentuk"].items():
        for form in forms:
            assert norms(form) == canonical.split(), form


@given(st.text(max_size=300))
def test_any_text_gives_tokens_in_order_within_it(text: str) -> None:
    tokens = normaliser().tokens(text)
    assert all(token.text == text[token.start : token.end] and token.norm for token in tokens)
    assert all(0 <= token.start < token.end <= len(text) for token in tokens)
    assert all(one.start <= other.start for one, other in pairwise(tokens))


def test_canonical_words_stay_what_they_are() -> None:
    for canonical in language("obrolan")["bentuk"]:
        assert norms(canonical) == canonical.split()
