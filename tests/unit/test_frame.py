"""What one message is understood to say: a table of sentences, and what must hold for all of them."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model import Intent, Move, Understood
from tests.speaking import MONDAY, facts_in, table, understanding, vocabulary

ASIDE = (Intent.GREETING, Intent.ACKNOWLEDGE, Intent.OUT_OF_SCOPE, Intent.UNCLEAR)


@dataclass(frozen=True)
class Sentence:
    """A line of sentences.yaml. `open`: other facts may be found beside those listed."""

    text: str
    intent: str
    acts: tuple[str, ...]
    move: str
    facts: dict[str, Any]
    open: bool


def sentences() -> list[Sentence]:
    return [
        _sentence(line, name, group)
        for name, group in table("sentences.yaml").items()
        for line in group["said"]
    ]


def _sentence(line: str, name: str, group: dict[str, str]) -> Sentence:
    text, _, tail = line.rpartition(" | ")
    words = [word for word in tail.split() if word not in ("-", "*")]
    move = next((word[1:] for word in words if word.startswith(">")), group["move"])
    acts = () if group["acts"] == "-" else tuple(group["acts"].split())
    facts = facts_in([word for word in words if not word.startswith(">")])
    return Sentence(text, group.get("intent", name), acts, move, facts, "*" in tail)


SENTENCES = sentences()


def read(text: str, expecting: str | None = None, now: datetime = MONDAY) -> Understood:
    return understanding().read(text, now, expecting)


def frame(understood: Understood) -> tuple[Any, ...]:
    """All of it but the places of the words."""
    return understood.intent, understood.activities, understood.times, dict(understood.facts)


@pytest.mark.parametrize("sentence", SENTENCES, ids=lambda s: s.text)
def test_a_sentence_is_understood_as_the_table_says(sentence: Sentence) -> None:
    understood = read(sentence.text)
    facts = dict(understood.facts)
    if sentence.open:
        facts = {name: value for name, value in facts.items() if name in sentence.facts}
    assert (understood.intent.value, understood.activities) == (sentence.intent, sentence.acts)
    assert facts == sentence.facts
    assert understood.move.value == sentence.move


def test_the_table_is_as_long_as_promised() -> None:
    assert len({sentence.text for sentence in SENTENCES}) == len(SENTENCES) >= 250


# --- answers to the bot ---

ANSWERS = [
    ("akun_resmi", "iya", True),
    ("akun_resmi", "engga", False),
    ("akun_resmi", "bukan", False),
    ("akun_resmi", "pribadi", False),
    ("akun_resmi", "punya kantor", True),
    ("akun_resmi", "punya sendiri sih", False),
    ("akun_resmi", "ya, akun puskesmas", True),
    ("akun_resmi", "bukan, akun pribadi", False),
    ("atribut_dinas", "iya pakai", True),
    ("atribut_dinas", "ga pakai", False),
    ("atribut_dinas", "masih", True),
    ("atribut_dinas", "udah dilepas", False),
    ("atribut_dinas", "kaosan aja", False),
    ("kepentingan_dinas", "iya buat dinas", True),
    ("kepentingan_dinas", "engga, iseng aja", False),
    ("kepentingan_dinas", "nggih", True),
    ("kepentingan_dinas", "betul", True),
    ("kepentingan_dinas", "oke", True),
    ("izin_pimpinan", "belum", False),
    ("izin_pimpinan", "udah", True),
    ("izin_pimpinan", "ga ada", False),
    ("izin_pimpinan", "ada, tertulis", True),
    ("dalam_jam_kerja", "masih jaga", True),
    ("dalam_jam_kerja", "lagi libur", False),
    ("di_tempat_kerja", "di rumah", False),
    ("di_tempat_kerja", "di kantor", True),
]


@pytest.mark.parametrize(("fact", "text", "value"), ANSWERS)
def test_a_short_reply_answers_what_was_asked(fact: str, text: str, value: bool) -> None:
    understood = read(text, expecting=fact)
    assert understood.move is Move.ANSWER
    assert understood.facts == {fact: value}


@pytest.mark.parametrize(
    "text", ["ga tau", "tidak tahu", "kurang tau juga", "tidak yakin", "entahlah", "belum pasti"]
)
def test_not_knowing_is_an_answer_of_its_own(text: str) -> None:
    understood = read(text, expecting="akun_resmi")
    assert understood.move is Move.DONT_KNOW
    assert understood.facts == {}


@pytest.mark.parametrize(
    "text", ["boleh upload?", "kenapa nanya itu?", "makasih", "kalau besok?", "sanksinya apa?"]
)
def test_what_is_no_answer_is_read_as_always(text: str) -> None:
    assert read(text, expecting="kepentingan_dinas") == read(text)


def test_an_answer_can_state_another_fact_too() -> None:
    understood = read("iya, tapi akun pribadi", expecting="kepentingan_dinas")
    assert understood.facts == {"kepentingan_dinas": True, "akun_resmi": False}


def test_an_act_answers_which_act() -> None:
    understood = read("yang live", expecting="activity")
    assert (understood.move, understood.activities) == (Move.ANSWER, ("siaran_langsung",))


def test_a_part_of_day_answers_which_time() -> None:
    understood = read("yang sore", expecting="time")
    assert (understood.move, len(understood.times)) == (Move.ANSWER, 1)


# --- time within the frame ---


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        ("boleh live ga pas jam kerja?", "@JAM_KERJA"),
        ("aman ga pas istirahat live?", "@ISTIRAHAT"),
        ("live ga pas jam kerja boleh?", "@LUAR_JAM_KERJA"),
        ("boleh live asal ga pas jam kerja?", "@LUAR_JAM_KERJA"),
        ("live bukan jam kerja boleh kan?", "@LUAR_JAM_KERJA"),
        ("bolehkah live tidak pada jam kerja?", "@LUAR_JAM_KERJA"),
    ],
)
def test_a_question_tag_does_not_turn_a_time_over(text: str, symbol: str) -> None:
    assert [when.symbol for when in read(text).times] == [symbol]


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("bukan sekarang, nanti jam 8 malam boleh live?", [20]),
        ("jam 9 eh salah jam 8 malam boleh live?", [20]),
        ("sekarang jam 10 kan jam kerja, nanti jam 8 malam boleh live?", [20]),
        ("teman saya live tadi pagi jam 7, kalau saya nanti jam 8 malam boleh?", [20]),
        ("besok boleh live jam 8 malam?", [20]),
    ],
)
def test_the_time_asked_about_is_chosen_among_several(text: str, hours: list[int]) -> None:
    assert [when.start.hour for when in read(text).times if when.start] == hours


AT_PRESENT = [
    "jumat barokah, skrg boleh live ngaji bareng?",
    "semenit lagi pulang, boleh live skrg?",
    "hari ini boleh live skrg apa nunggu jam 4 sore dulu?",
    "jam 1 masuk lagi, boleh live sekarang?",
    "Boleh saya live sekarang? Nanti malam ada pengajian.",
    "Kemarin live jam 8 malam aman. Sekarang saya mau live lagi, boleh?",
    "anak saya ulang tahun besok, boleh live sekarang?",
    "udah lewat jam 4 nih, boleh live?",
    "udah lewat jam pulang, boleh live?",
    "sudah bukan jam kerja kan, live boleh?",
    "jam kerja udah selesai, live boleh?",
    "ini kan di luar jam kerja, live boleh?",
    "video yang direkam kemarin mau diunggah sekarang, boleh?",
]


@pytest.mark.parametrize("text", AT_PRESENT)
def test_what_is_asked_or_claimed_of_the_present_means_the_real_now(text: str) -> None:
    assert [(when.start, when.end, when.symbol) for when in read(text).times] == [(MONDAY, None, None)]


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("klo hari ini pulang jam setengah lima kan? aku mau live jam 4 sore nanti boleh?", [16]),
        ("mau live jam 4 sore, pulangnya setengah lima, boleh?", [16]),
        ("toko buka jam 9, saya mau live jam 7 malam boleh?", [19]),
        ("live jam 3 sore boleh? soalnya jam 2 ada rapat", [15]),
        ("teman saya tiap jam 7 malam live. Makanya saya mau live jam 2 siang nanti. Boleh kan?", [14]),
        ("kerjanya sampe sore, boleh live jam 2 siang?", [14]),
        ("rencananya jam 8 malam, dimajukan ke jam 2 siang ini. boleh live?", [14]),
        ("rencana live jam 2 siang, tapi diundur ke jam 8 malam ini. boleh?", [20]),
        ("setengah jam lagi boleh live? udah ganti baju nanti", [9]),
        ("boleh live sekarang atau nanti jam 8 malam?", [9, 20]),
        ("live jam 8 malam kemarin kena tegur, besok jam 7 malam lagi boleh?", [19]),
        ("teman saya tiap jam 7 malam live nah saya mau live jam 2 siang boleh ga ya", [14]),
        ("lusa ada lomba nah tetangga minta saya jadi host live jam 10 pagi hari senin boleh ga ya", [10]),
        ("sekarang saya mau tanya boleh live nanti malam ga", [9, 18]),
    ],
)
def test_circumstances_do_not_compete_with_the_time_asked_about(text: str, hours: list[int]) -> None:
    assert [when.start.hour for when in read(text).times if when.start] == hours


def test_about_four_by_the_persons_clock_is_the_real_now() -> None:
    now = MONDAY.replace(hour=15, minute=55)
    assert [when.start for when in read("udah jam 4 nih, boleh live?", now=now).times] == [now]


def test_a_told_past_is_not_the_time_asked_about() -> None:
    assert read("Kemarin saya live. Boleh rekamannya diunggah?").times == ()
    assert read("Kemarin ada acara. Boleh saya live?").times == ()


def test_the_past_time_of_a_recording_is_not_the_time_of_posting_it() -> None:
    assert read("upload vlog kemarin boleh?").times == ()
    assert read("kemarin saya upload vlog, melanggar ga?").times != ()


# --- spans ---


def test_spans_name_the_words_that_gave_what() -> None:
    text = "besok jam 8 malam boleh live pakai akun punya dinas?"
    found = {name: text[start:end] for name, start, end in read(text).spans}
    assert found == {
        "time": "besok jam 8 malam",
        "day": "besok jam 8 malam",
        "clock": "besok jam 8 malam",
        "siaran_langsung": "live",
        "akun_resmi": "akun punya dinas",
    }


@pytest.mark.parametrize(
    ("text", "names"), [("kalau besok?", {"day"}), ("kalau jam 8 malam?", {"clock"}), ("sekarang", {"day"})]
)
def test_spans_tell_whether_a_day_or_an_hour_was_said(text: str, names: set[str]) -> None:
    assert {name for name, _, _ in read(text).spans} & {"day", "clock"} == names


# --- what must hold for every text ---

HOSTILE = [
    "",
    " " * 5_000,
    "live " * 2_000,
    "ga " * 3_000,
    "boleh ga " * 1_200,
    "akun yang yang yang " * 500,
    "🙏" * 10_000,
    "1" * 10_000,
    "'; DROP TABLE pegawai; --",
    "<script>alert('live')</script>",
    "\u202eevil helob\u202c",
    "\u0000\ud800live",
    "b\u200bo\u200bl\u200be\u200bh live?",
    "((((((((live))))))))",
    "?" * 4_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("expecting", [None, "akun_resmi", "time", "activity", "no such fact"])
def test_hostile_input_is_read_without_an_error(text: str, expecting: str | None) -> None:
    understood = read(text, expecting)
    assert all(0 <= start < end <= len(text) for _, start, end in understood.spans)


WORDS = sorted({word for sentence in SENTENCES for word in sentence.text.split()})


@given(st.one_of(st.text(max_size=200), st.lists(st.sampled_from(WORDS), max_size=25).map(" ".join)))
@settings(max_examples=400, deadline=None)
def test_any_text_is_read_and_its_spans_lie_within_it(text: str) -> None:
    understood = read(text)
    assert all(0 <= start < end <= len(text) for _, start, end in understood.spans)
    assert set(understood.activities) <= set(vocabulary().activities)
    assert set(understood.facts) <= set(vocabulary().facts)
    assert understood.intent not in ASIDE or not understood.facts


@given(st.text(max_size=80), st.sampled_from(["akun_resmi", "time", "activity"]))
@settings(max_examples=200, deadline=None)
def test_any_reply_is_read(text: str, expecting: str) -> None:
    assert read(text, expecting).move in Move


QUESTIONS = [s for s in SENTENCES if s.intent == "may_i" and s.move == "ask" and s.text[-1:].isalpha()]
DECORATION = [
    "{} ya",
    "{} min",
    "{} 🙏🙏",
    "{} kak 😭",
    "{}???",
    "min {}",
    "pak, {}",
    "assalamualaikum min, {}",
    "mohon izin bertanya, {}",
    "{} makasih",
]


@pytest.mark.parametrize("sentence", QUESTIONS, ids=lambda s: s.text)
def test_politeness_and_emoji_change_nothing(sentence: Sentence) -> None:
    plain = frame(read(sentence.text))
    for decoration in DECORATION:
        assert frame(read(decoration.format(sentence.text))) == plain, decoration


TURNED = [
    ("atribut_dinas", "pakai seragam"),
    ("atribut_dinas", "pakai name tag"),
    ("atribut_dinas", "pakai baju dinas"),
    ("akun_resmi", "pakai akun dinas"),
    ("akun_resmi", "lewat akun punya puskesmas"),
    ("kepentingan_dinas", "untuk kepentingan dinas"),
    ("kepentingan_dinas", "urusan kantor"),
]
FRAMES = [
    "live {} boleh?",
    "kalau live {} gimana",
    "boleh kan live {}",
    "saya {}, live boleh ga",
    "apakah boleh live {}",
]


@pytest.mark.parametrize(("fact", "words"), TURNED)
@pytest.mark.parametrize("sentence", FRAMES)
@pytest.mark.parametrize("negation", ["tidak", "ga", "nggak", "bukan", "gak"])
def test_negating_a_fact_turns_it_over(fact: str, words: str, sentence: str, negation: str) -> None:
    assert read(sentence.format(words)).facts == {fact: True}
    assert read(sentence.format(f"{negation} {words}")).facts == {fact: False}


@pytest.mark.parametrize(
    "sentence",
    [
        "boleh live di {}?",
        "live dari {} boleh ga",
        "saya pegawai {}, boleh live?",
        "teman saya di {} live, boleh?",
        "live di depan {} boleh?",
        "lagi di {} boleh live tiktok?",
        "live ig dari {} boleh?",
        "habis acara {} boleh live?",
    ],
)
def test_a_place_or_an_employer_proves_neither_duty_nor_account(sentence: str) -> None:
    classes = vocabulary().language["niat"]["kelas"]
    for place in f"{classes['tempat_kerja']}, {classes['instansi']}".split(", "):
        facts = read(sentence.format(place)).facts
        assert not facts.keys() & {"akun_resmi", "kepentingan_dinas"}, place


def test_the_order_of_clauses_does_not_matter() -> None:
    clauses = ["pakai akun dinas", "untuk kepentingan dinas", "tanpa seragam", "boleh live"]
    shuffler = random.Random(7)
    for _ in range(12):
        shuffler.shuffle(clauses)
        understood = read(", ".join(clauses) + "?")
        assert understood.activities == ("siaran_langsung",)
        assert understood.facts == {"akun_resmi": True, "kepentingan_dinas": True, "atribut_dinas": False}


def test_reading_twice_gives_the_same() -> None:
    for sentence in SENTENCES[:50]:
        assert read(sentence.text) == read(sentence.text)
