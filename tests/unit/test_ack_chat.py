"""Acknowledging as a dialogue, through the desk and over both databases."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import pytest

from bot.campaigns.ack_pages import circular_buttons
from bot.campaigns.acknowledging import UNDO_SECONDS
from bot.campaigns.campaign import DeliveryState
from bot.campaigns.saying import Sayings
from bot.model import Reply
from bot.problems import Problem
from bot.storage.campaign_tables import acknowledgments, evidence_events, quiz_counts, tasks
from bot.storage.tables import absences
from tests.fakes import CATALOGUES
from tests.policy_worlds import calendar
from tests.unit.ack_world import DAY, NOON, REGENCY, TEXTS, AckWorld, assistant, labels

GROUPS = ("ack", "proxy", "assembly", "receipt")
"""Whose buttons these are."""


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[AckWorld]:
    made = await AckWorld(database_url).build()
    yield made
    await made.engine.dispose()


async def proofs(world: AckWorld) -> list[str]:
    return [row.proof for row in await world.rows(acknowledgments)]


def read(campaign: int) -> str:
    return labels(Reply("", circular_buttons(campaign, TEXTS)))["Saya sudah membaca"]


# --- the buttons ---


@pytest.mark.parametrize("language", sorted(CATALOGUES))
def test_the_buttons_of_a_circular_fit_every_channel(language: str) -> None:
    rows = circular_buttons(2**40, CATALOGUES[language])
    buttons = [button for row in rows for button in row]
    assert len(buttons) == 3
    assert all(len(b.label) <= 20 and len(b.action.encode()) <= 64 for b in buttons)


@pytest.mark.parametrize("language", sorted(CATALOGUES))
def test_every_label_fits(language: str) -> None:
    texts = CATALOGUES[language]
    keys = [k for k in texts.entries if k.partition(".")[0] in GROUPS and ".button" in k]
    said = [texts(key, **dict.fromkeys(("number", "place", "request"), 8)) for key in keys]
    assert said
    assert [label for label in said if len(label) > 20] == []


async def test_a_tap_is_recorded_and_says_when(world: AckWorld) -> None:
    person = await world.hire()
    campaign = await world.campaign(await world.version(), [person])
    [reply] = await world.press(person, read(campaign))
    assert "800/1/2026 tentang Perihal 1" in reply.text
    assert "Sen 23 Nov 2026 12.00 WIB" in reply.text
    assert not reply.replace  # the circular stays where it is
    assert labels(reply) == {"Batalkan": f"k:undo:{campaign}", "Tanda terima": f"k:proof:{campaign}"}
    assert await proofs(world) == ["button"]


async def test_a_second_tap_says_when_the_first_was(world: AckWorld) -> None:
    person = await world.hire(2, "whatsapp")
    campaign = await world.campaign(await world.version(), [person])
    await world.press(person, read(campaign))
    world.now += 3600
    [reply] = await world.press(person, read(campaign), "whatsapp")
    assert "12.00 WIB" in reply.text
    assert reply.text.startswith("Sudah tercatat")
    assert await proofs(world) == ["button"]


async def test_late_is_said_and_accepted(world: AckWorld) -> None:
    person = await world.hire()
    campaign = await world.campaign(await world.version(), [person], due=NOON - 1)
    [reply] = await world.press(person, read(campaign))
    assert reply.text.startswith("Tercatat")
    assert "setelah batas waktu" in reply.text


# (first day of leave, first day back, the deadline that she is told she has missed). It is Monday the 23rd,
# 12.01; the circular came on Wednesday the 18th and was due on Friday the 20th, 12.00.
@pytest.mark.parametrize(
    ("since", "until", "missed"),
    [
        pytest.param(date(2026, 11, 19), date(2026, 11, 23), None, id="two days: not over yet"),
        pytest.param(date(2026, 11, 19), date(2026, 11, 20), "Sen 23 Nov 2026 12.00", id="one day"),
        pytest.param(date(2026, 11, 9), date(2026, 11, 14), "Jum 20 Nov 2026 12.00", id="before it came"),
        pytest.param(date(2026, 11, 23), None, "Jum 20 Nov 2026 12.00", id="begins after it was due"),
        pytest.param(date(2026, 11, 19), None, None, id="nobody knows when she is back"),
    ],
)
async def test_who_was_on_leave_is_late_by_her_own_deadline(
    world: AckWorld, since: date, until: date | None, missed: str | None
) -> None:
    world.calendars[REGENCY] = calendar()
    person = await world.hire()
    await world.add(absences, person_id=person, kind="cuti_tahunan", since=since, until=until)
    due, version = NOON - 3 * DAY, await world.version()
    campaign = await world.campaign(version, [person], due=due, added=due - 2 * DAY)
    world.now += 60
    [reply] = await world.press(person, read(campaign))
    assert reply.text.startswith("Tercatat")
    if missed is None:
        assert "setelah batas waktu" not in reply.text
    else:
        assert f"setelah batas waktu {missed}" in reply.text


async def test_it_is_undone_by_the_button_for_five_minutes(world: AckWorld) -> None:
    person = await world.hire()
    campaign = await world.campaign(await world.version(), [person])
    [recorded] = await world.press(person, read(campaign))
    world.now += UNDO_SECONDS
    [reply] = await world.press(person, labels(recorded)["Batalkan"])
    assert reply.replace
    assert labels(reply) == {"Saya sudah membaca": read(campaign)}
    [again] = await world.press(person, labels(recorded)["Batalkan"])
    assert again.text == TEXTS("ack.nothing_to_undo")
    await world.press(person, read(campaign))
    world.now += UNDO_SECONDS + 1
    [late] = await world.press(person, labels(recorded)["Batalkan"])
    assert "sudah lewat 5 menit" in late.text


async def test_a_guest_is_told_how_to_register(world: AckWorld) -> None:
    member = await world.hire()
    campaign = await world.campaign(await world.version(), [member])
    for replies in (
        await world.press("guest", read(campaign)),
        await world.say("guest", "sudah saya baca"),
        await world.say("guest", "/start apel_" + "x" * 48),
        await world.press("guest", "kuis:1:0:abcdefgh:b"),
    ):
        assert replies[0].text == TEXTS("ack.register")
        assert "i:code" in labels(replies[0]).values()
    assert await proofs(world) == []


async def test_somebody_else_or_too_early_records_nothing(world: AckWorld) -> None:
    stranger, person = await world.hire(), await world.hire()
    campaign = await world.campaign(await world.version(), [person])
    [reply] = await world.press(stranger, read(campaign))
    assert "tidak, atau belum, menunggu" in reply.text
    assert await proofs(world) == []


@pytest.mark.parametrize("action", ["k:", "k:ack:", "k:ack:x", "k:ack:99", "k:ack:" + "9" * 50, "k:what:1"])
async def test_no_button_breaks_the_desk(world: AckWorld, action: str) -> None:
    person = await world.hire()
    assert (await world.press(person, action))[0].text == TEXTS("hint.stale_button")


async def test_a_ledger_that_cannot_be_written_says_so_and_offers_to_try_again(
    world: AckWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = await world.hire()
    campaign = await world.campaign(await world.version(), [person])

    async def locked(wish: Any) -> Any:
        raise Problem("store.locked", setting="EDARAN_DATABASE__URL")

    with monkeypatch.context() as patched:
        patched.setattr(world.acknowledgments, "take", locked)
        [reply] = await world.press(person, read(campaign))
        [said] = await world.say(person, "sudah saya baca")
    assert reply.text == said.text == TEXTS("ack.not_recorded")
    assert "belum tercatat" in reply.text
    assert await proofs(world) == []
    [again] = await world.press(person, labels(reply)["Coba lagi"])
    assert again.text.startswith("Tercatat")


async def test_no_reply_comes_before_the_ledger_has_it(
    world: AckWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = await world.hire()
    campaign = await world.campaign(await world.version(), [person])
    committed, go = world.acknowledgments._committed, asyncio.Event()

    async def slow(wishes: Any) -> Any:
        done = await committed(wishes)
        await go.wait()
        return done

    monkeypatch.setattr(world.acknowledgments, "_committed", slow)
    replying = asyncio.ensure_future(world.press(person, read(campaign)))
    while not await proofs(world):
        await asyncio.sleep(0.01)
    assert not replying.done()
    go.set()
    assert (await replying)[0].text.startswith("Tercatat")


# --- words ---

DECLARED = [
    "sudah baca",
    "sudah saya baca dan pahami",
    "Saya sudah membaca",
    "sdh dibaca kak",
    "udah baca min, makasih 🙏",
    "telah kami baca dan pahami, terima kasih.",
    "aku udah baca kok",
    "SUDAH BACA EDARANNYA PAK!",
    "saya sudah membaca dan memahami isi surat edaran tersebut",
]
NOT_DECLARED = [
    "apa saya sudah baca?",
    "apa saya sudah baca",
    "apakah saya sudah membaca edaran",
    "sudah baca?",
    "sudah baca ya",
    "saya sudah baca belum",
    "belum baca",
    "belum saya baca",
    "tidak sudah baca",
    "saya belum sempat membaca",
    "dia sudah baca",
    "teman saya sudah baca edaran ini",
    "siapa yang sudah baca",
    "kalau sudah baca ngapain",
    "harus sudah baca kapan",
    "nanti saya baca",
    "saya sudah baca tapi tidak paham",
    "sudah baca sebagian",
    "oke siap",
    "paham",
    "sudah",
    "",
    "boleh live sambil membaca edaran?",
    "sudah baca " * 40,
]


@pytest.mark.parametrize("text", DECLARED)
def test_a_declaration_is_one(text: str) -> None:
    assert Sayings(assistant().engine.corpus.vocabulary).declares(text)


@pytest.mark.parametrize("text", NOT_DECLARED)
def test_anything_else_is_no_declaration(text: str) -> None:
    assert not Sayings(assistant().engine.corpus.vocabulary).declares(text)


@pytest.mark.parametrize("text", ["batalkan", "Batalkan!", "tolong batalkan konfirmasi saya", "batalin dong"])
def test_taking_back_is_understood(text: str) -> None:
    assert Sayings(assistant().engine.corpus.vocabulary).undoes(text)


@pytest.mark.parametrize(
    "text", ["jangan batalkan", "batalkan?", "boleh dibatalkan?", "live saya batalkan", ""]
)
def test_not_everything_with_the_word_takes_back(text: str) -> None:
    assert not Sayings(assistant().engine.corpus.vocabulary).undoes(text)


async def test_words_acknowledge_the_only_circular_that_waits(world: AckWorld) -> None:
    person = await world.hire(2, "whatsapp")
    await world.campaign(await world.version(), [person])
    [reply] = await world.say(person, "sudah saya baca dan pahami", "whatsapp")
    assert reply.text.startswith("Tercatat")
    [row] = await world.rows(acknowledgments)
    assert (row.proof, row.channel) == ("words", "whatsapp")
    [again] = await world.say(person, "sudah baca")
    assert again.text.startswith("Sudah tercatat")


async def test_with_several_words_ask_which(world: AckWorld) -> None:
    person = await world.hire()
    later = await world.campaign(await world.version(), [person], due=NOON + 2 * DAY)
    sooner = await world.campaign(await world.version(), [person])
    [reply] = await world.say(person, "sudah baca")
    assert list(labels(reply).values()) == [read(sooner), read(later)]
    assert await proofs(world) == []
    await world.press(person, read(later))
    [left] = await world.say(person, "sudah baca")
    assert left.text.startswith("Tercatat: Anda sudah membaca 800/2/2026")


async def test_with_none_words_say_so(world: AckWorld) -> None:
    person = await world.hire()
    assert [r.text for r in await world.say(person, "sudah baca")] == [TEXTS("acknowledge.none")]
    await world.campaign(await world.version(), [person], sent=DeliveryState.QUEUED)
    assert [r.text for r in await world.say(person, "sudah baca")] == [TEXTS("acknowledge.none")]
    assert await proofs(world) == []


async def test_two_campaigns_of_one_version_are_one_circular(world: AckWorld) -> None:
    person = await world.hire()
    version = await world.version()
    for _ in range(2):
        await world.campaign(version, [person])
    assert (await world.say(person, "sudah baca"))[0].text.startswith("Tercatat")


async def test_a_question_is_told_what_waits_and_records_nothing(world: AckWorld) -> None:
    person = await world.hire()
    campaign = await world.campaign(await world.version(), [person])
    [reply] = await world.say(person, "apa saya sudah baca?")
    assert reply.text.startswith(TEXTS("ack.waits"))
    assert labels(reply) == {"Saya sudah membaca": read(campaign)}
    assert await proofs(world) == []
    await world.press(person, read(campaign))
    assert (await world.say(person, "apa saya sudah baca?"))[0].text == TEXTS("ack.nothing_waits")


async def test_a_question_about_an_act_is_still_answered(world: AckWorld) -> None:
    person = await world.hire()
    await world.campaign(await world.version(), [person])
    [reply] = await world.say(person, "sudah baca edarannya, boleh live sekarang?")
    assert reply.text != TEXTS("ack.which")
    assert "live" in reply.text or "siaran" in reply.text.lower()
    assert await proofs(world) == []


async def test_words_undo(world: AckWorld) -> None:
    person = await world.hire()
    first, second = [await world.campaign(await world.version(), [person]) for _ in range(2)]
    for campaign in (first, second):
        await world.press(person, read(campaign))
    [which] = await world.say(person, "batalkan")
    assert set(labels(which).values()) == {f"k:undo:{first}", f"k:undo:{second}"}
    await world.press(person, f"k:undo:{second}")
    [done] = await world.say(person, "batalkan")
    assert done.text.startswith("Dibatalkan")
    assert [row.undone_at for row in await world.rows(acknowledgments)] == [NOON, NOON]


async def test_words_that_undo_come_too_late_or_mean_nothing(world: AckWorld) -> None:
    person, other = await world.hire(), await world.hire()
    campaign = await world.campaign(await world.version(), [person])
    await world.press(person, read(campaign))
    world.now += UNDO_SECONDS + 1
    assert "sudah lewat 5 menit" in (await world.say(person, "batalkan"))[0].text
    assert TEXTS("ack.nothing_to_undo") not in [r.text for r in await world.say(other, "batalkan")]


async def test_nothing_that_anybody_writes_is_kept(world: AckWorld) -> None:
    person = await world.hire()
    campaign = await world.campaign(await world.version(), [person])
    for text in ("saya tidak paham kalimat kedua rahasia", "sudah saya baca", "batalkan"):
        await world.say(person, text)
    await world.press(person, f"k:unclear:{campaign}")
    for table in (acknowledgments, tasks, evidence_events):
        assert "rahasia" not in str(await world.rows(table))


# --- tasks ---


async def test_not_for_me_becomes_a_task_after_a_second_tap(world: AckWorld) -> None:
    person = await world.hire()
    campaign = await world.campaign(await world.version(), [person])
    [sure] = await world.press(person, f"k:notme:{campaign}")
    assert await world.rows(tasks) == []
    for _ in range(2):
        [reply] = await world.press(person, labels(sure)["Ya, bukan untuk saya"])
        assert (reply.text, reply.replace) == (TEXTS("ack.task_made"), True)
    [task] = await world.rows(tasks)
    assert (task.person_id, task.campaign_id, task.kind, task.closed_at) == (
        person,
        campaign,
        "not_for_me",
        None,
    )


async def test_not_understood_becomes_a_task_and_shows_the_five_lines_again(world: AckWorld) -> None:
    person = await world.hire()
    campaign = await world.campaign(await world.version(), [person])
    [reply] = await world.press(person, f"k:unclear:{campaign}")
    assert all(line in reply.text for line in ("Satu.", "Dua.", "Tiga.", "Empat.", "Lima."))
    assert [row.kind for row in await world.rows(tasks)] == ["not_understood"]


async def test_two_taps_at_once_make_one_task(world: AckWorld) -> None:
    person = await world.hire()
    campaign = await world.campaign(await world.version(), [person])
    await asyncio.gather(*(world.press(person, f"k:unclear:{campaign}") for _ in range(5)))
    assert len(await world.rows(tasks)) == 1


async def test_who_is_not_addressed_makes_no_task(world: AckWorld) -> None:
    person, stranger = await world.hire(), await world.hire()
    campaign = await world.campaign(await world.version(), [person])
    await world.press(stranger, f"k:notme2:{campaign}")
    assert await world.rows(tasks) == []


# --- the check of understanding ---


async def test_the_check_follows_question_by_question_and_counts_clauses_only(world: AckWorld) -> None:
    person = await world.hire()
    campaign = await world.campaign(await world.version(), [person], quiz=True)
    recorded, asked = await world.press(person, read(campaign))
    assert recorded.text.startswith("Tercatat")
    answers = 0
    while asked.buttons:
        answers += 1
        explained, asked = await world.press(person, labels(asked)["Boleh"])
        assert explained.replace
        assert explained.text.startswith((TEXTS("quiz.right"), TEXTS("quiz.wrong")))
    assert 1 <= answers <= 3
    assert asked.text == TEXTS("quiz.end")
    counted = await world.rows(quiz_counts)
    assert sum(row.right + row.wrong for row in counted) == answers
    assert {column.name for column in quiz_counts.columns} == {"version_id", "rule", "right", "wrong"}


async def test_a_second_tap_on_an_answer_is_not_counted(world: AckWorld) -> None:
    person = await world.hire()
    campaign = await world.campaign(await world.version(), [person], quiz=True)
    _, asked = await world.press(person, read(campaign))
    await world.press(person, labels(asked)["Boleh"])
    [again] = await world.press(person, labels(asked)["Tidak boleh"])
    assert again.replace
    assert sum(row.right + row.wrong for row in await world.rows(quiz_counts)) == 1


async def test_the_check_goes_on_after_a_restart(world: AckWorld) -> None:
    person = await world.hire()
    campaign = await world.campaign(await world.version(), [person], quiz=True)
    _, asked = await world.press(person, read(campaign))
    world.now += 3 * DAY
    world.open()
    explained, *_ = await world.press(person, labels(asked)["Boleh"])
    assert explained.text.startswith((TEXTS("quiz.right"), TEXTS("quiz.wrong")))


async def test_a_question_whose_rules_have_changed_is_asked_anew(world: AckWorld) -> None:
    person = await world.hire()
    campaign = await world.campaign(await world.version(), [person], quiz=True)
    _, asked = await world.press(person, read(campaign))
    prefix, version, number, _, said = labels(asked)["Boleh"].split(":")
    [reply] = await world.press(person, f"{prefix}:{version}:{number}:00000000:{said}")
    assert reply.text.startswith(TEXTS("quiz.changed"))
    assert labels(reply) == labels(asked)
    assert await world.rows(quiz_counts) == []


@pytest.mark.parametrize("change", ["undone", "number", "version", "noise"])
async def test_a_stale_answer_says_so_and_counts_nothing(world: AckWorld, change: str) -> None:
    person = await world.hire()
    campaign = await world.campaign(await world.version(), [person], quiz=True)
    recorded, asked = await world.press(person, read(campaign))
    action = labels(asked)["Boleh"]
    prefix, version, number, mark, said = action.split(":")
    if change == "undone":
        await world.press(person, labels(recorded)["Batalkan"])
    if change == "number":
        action = f"{prefix}:{version}:9:{mark}:{said}"
    if change == "version":
        action = f"{prefix}:99:{number}:{mark}:{said}"
    if change == "noise":
        action = f"{prefix}:x"
    assert [r.text for r in await world.press(person, action)] == [TEXTS("hint.stale_button")]
    assert await world.rows(quiz_counts) == []


async def test_an_ad_hoc_circular_has_no_check(world: AckWorld) -> None:
    person = await world.hire()
    campaign = await world.campaign(await world.version("adhoc/1"), [person], quiz=True)
    assert len(await world.press(person, read(campaign))) == 1
