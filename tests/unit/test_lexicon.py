"""The phrases of the vocabulary: how they are written, found, and corrected when misspelt."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import pytest

from bot.understanding import Understanding
from bot.understanding.lexicon import CUES, Lexicon, entries
from bot.understanding.marks import Cue, Mark, Sense
from bot.understanding.normalise import Normaliser
from bot.understanding.spelling import Speller
from bot.understanding.template import Templates, Words
from bot.vocabulary import Vocabulary
from tests.speaking import MONDAY as _NOW
from tests.speaking import table, understanding, vocabulary

SILENT = {Cue.IGNORED, Cue.TOPIC, Cue.OTHERS, Cue.GREETING}
"""Senses that may share a phrase with another: they say what it is not about."""
SHARED = {("apa",)}
"""A question word, or "or"."""


def plain(text: str) -> Words:
    return tuple(text.split())


def norms() -> Callable[[str], Words]:
    normaliser = Normaliser(vocabulary().language["obrolan"])
    return lambda text: tuple(token.norm for token in normaliser.tokens(text) if token.norm[0].isalnum())


LEXICON = Lexicon(vocabulary(), norms())


def scan(text: str) -> list[Mark]:
    words = norms()(text)
    return LEXICON.scan(words, bytearray(len(words)))


def facts(text: str) -> dict[str, Any]:
    return {m.name: bool(m.value) is not m.negated for m in scan(text) if m.cue is Cue.FACT}


# --- templates ---

TEMPLATES = Templates({"akun": "akun, ig", "dinas": "dinas, kantor", "luas": "{akun}, halaman"}, plain)


def test_a_phrase_without_marks_stands_for_itself() -> None:
    assert list(TEMPLATES.expand("akun dinas, siaran langsung")) == [
        ("akun", "dinas"),
        ("siaran", "langsung"),
    ]


def test_a_class_stands_for_each_of_its_members() -> None:
    assert set(TEMPLATES.expand("{akun} {dinas}")) == {
        ("akun", "dinas"),
        ("akun", "kantor"),
        ("ig", "dinas"),
        ("ig", "kantor"),
    }


def test_a_class_can_contain_a_class() -> None:
    assert set(TEMPLATES.expand("{luas}")) == {("akun",), ("ig",), ("halaman",)}


def test_words_in_parentheses_may_be_left_out_or_are_one_of_several() -> None:
    assert set(TEMPLATES.expand("izin (dari|oleh) atasan")) == {
        ("izin", "atasan"),
        ("izin", "dari", "atasan"),
        ("izin", "oleh", "atasan"),
    }


def test_an_unknown_class_is_named() -> None:
    with pytest.raises(ValueError, match="akum"):
        list(TEMPLATES.expand("{akum} dinas"))


# --- scanning ---


def test_the_longest_phrase_wins() -> None:
    assert [(m.cue, m.name) for m in scan("rekaman siaran langsung")] == [(Cue.ACT, "unggah")]
    assert [m.cue for m in scan("kepala dinas")] == [Cue.IGNORED]


def test_small_words_may_stand_within_a_phrase() -> None:
    assert facts("akun yang dipakai punya dinas") == {"akun_resmi": True}


def test_other_words_may_not() -> None:
    assert facts("akun teman di dinas pendidikan").get("akun_resmi") is False


def test_a_negation_within_a_phrase_turns_the_fact_over() -> None:
    assert facts("akun bukan punya dinas") == {"akun_resmi": False}
    assert facts("baju yang bukan seragam") == {"atribut_dinas": False}


def test_an_affixed_form_is_found_as_its_stem() -> None:
    for text in ("ngelive", "nge-live", "livenya", "live-an", "LIVE"):
        assert [m.name for m in scan(text)] == ["siaran_langsung"], text


def test_every_phrase_of_an_act_or_a_fact_is_found_again() -> None:
    lost = [
        (sense.name, words)
        for phrases, sense in entries(vocabulary())
        if sense.cue in (Cue.ACT, Cue.FACT)
        for words in LEXICON.templates.expand(phrases)
        if not _found(words, sense)
    ]
    assert lost == []


def _found(words: Words, sense: Sense) -> bool:
    marks = LEXICON.scan(words, bytearray(len(words)))
    return any((m.cue, m.name, m.value) == (sense.cue, sense.name, sense.value) for m in marks)


def test_no_phrase_means_two_things() -> None:
    senses: dict[Words, dict[Cue, set[tuple[str, Any]]]] = defaultdict(lambda: defaultdict(set))
    for phrases, sense in entries(vocabulary()):
        if sense.cue not in SILENT:
            for words in LEXICON.templates.expand(phrases):
                senses[words][sense.cue].add((sense.name, sense.value))
    together = {words for words, cues in senses.items() if len(cues) > 1 and set(cues) != {Cue.ACT, Cue.FACT}}
    assert together <= SHARED
    assert {
        words for words, cues in senses.items() if any(len(meant) > 1 for meant in cues.values())
    } == set()


def test_no_phrase_of_an_act_or_a_fact_is_a_small_word() -> None:
    """A chat form that stands for something else ("spt" is "seperti") would find the fact everywhere."""
    small = LEXICON.words(vocabulary().language["niat"]["kata_tugas"])
    everywhere = [
        words
        for phrases, sense in entries(vocabulary())
        if sense.cue in (Cue.ACT, Cue.FACT, Cue.HINT, Cue.STATUS)
        for words in LEXICON.templates.expand(phrases)
        if len(words) == 1 and words[0] in small
    ]
    assert everywhere == []


def test_no_phrase_of_a_fact_swallows_the_act_it_names() -> None:
    acts = {
        w for p, sense in entries(vocabulary()) if sense.cue is Cue.ACT for w in LEXICON.templates.expand(p)
    }
    first_words = {words[0] for words in acts if len(words) == 1}
    swallowed = [
        words
        for phrases, sense in entries(vocabulary())
        if sense.cue is Cue.FACT
        for words in LEXICON.templates.expand(phrases)
        if words[0] in first_words
        and not any(m.cue is Cue.ACT for m in LEXICON.scan(words, bytearray(len(words))))
    ]
    assert swallowed == []


def test_every_class_of_the_grammar_is_used() -> None:
    grammar = vocabulary().language["niat"]
    texts = [
        text
        for phrases, _ in entries(vocabulary())
        for text in ([phrases] if isinstance(phrases, str) else phrases)
    ]
    answers = [text for values in grammar["jawaban"].values() for text in values.values()]
    everything = " ".join([*texts, *grammar["kelas"].values(), *answers])
    assert {name for name in grammar["kelas"] if f"{{{name}}}" not in everything} == set()


def test_an_unknown_kind_of_cue_is_named_with_the_known_ones() -> None:
    language = {**vocabulary().language}
    language["niat"] = {**language["niat"], "petunjuk": {"bolehh": "boleh"}}
    broken = Vocabulary({}, {}, {}, {}, language)
    with pytest.raises(ValueError, match=r"bolehh.*boleh"):
        Lexicon(broken, norms())
    assert "boleh" in CUES


def test_an_answer_to_an_unknown_fact_is_refused() -> None:
    shipped = vocabulary()
    niat = {**shipped.language["niat"], "jawaban": {"akun_rsmi": {"ya": "resmi"}}}
    language = {**shipped.language, "niat": niat}
    broken = Vocabulary(shipped.activities, shipped.facts, shipped.statuses, shipped.units, language)
    with pytest.raises(ValueError, match="akun_rsmi"):
        Understanding(broken)


# --- spelling ---

SPELLER = Speller(["live", "siaran", "seragam", "sanksi", "boleh", "bolak"], ["love", "like", "sarapan"])


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("lvie", "live"), ("livr", "live"), ("siarn", "siaran"), ("seragan", "seragam"), ("seargam", "seragam")],
)
def test_a_slip_is_corrected(typed: str, meant: str) -> None:
    assert SPELLER.correct(typed) == meant


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("love", "a real word"),
        ("sarapan", "a real word"),
        ("liv", "too short"),
        ("dive", "another first letter"),
        ("boleg1", "not only letters"),
        ("serangam0", "not only letters"),
        ("bolah", "two words are equally near"),
        ("kambing", "nothing is near"),
        ("", "nothing"),
    ],
)
def test_a_word_that_is_no_clear_slip_stays(typed: str, why: str) -> None:
    assert SPELLER.correct(typed) is None, why


REAL: list[str] = table("real_words.yaml")["words"]


@pytest.mark.parametrize("word", REAL)
def test_a_real_word_is_never_taken_for_one_of_ours(word: str) -> None:
    understood = understanding().read(f"boleh {word} {word}?", _NOW)
    assert "siaran_langsung" not in understood.activities
    assert understood.facts == {}


@pytest.mark.parametrize(
    "text", ["bolrh lvie?", "boleh siarn langsng?", "boleh siaran langsubg?", "boleh stremaing?"]
)
def test_a_misspelt_act_is_recognised(text: str) -> None:
    assert understanding().read(text, _NOW).activities == ("siaran_langsung",)
