"""Acknowledging as a dialogue, through the desk and over both databases."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import date
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import update

from bot.campaigns.ack_pages import circular_buttons
from bot.campaigns.acknowledging import UNDO_SECONDS
from bot.campaigns.campaign import CampaignState, DeliveryState
from bot.campaigns.saying import Sayings
from bot.model import Reply
from bot.people.staff import Role
from bot.problems import Problem
from bot.storage.campaign_tables import acknowledgments, deliveries, evidence_events, quiz_counts, tasks
from bot.storage.tables import absences, people
from tests.fakes import CATALOGUES
from tests.policy_worlds import calendar
from tests.unit.ack_world import DAY, NOON, REGENCY, TEXTS, AckWorld, assistant, labels, proofs

GROUPS = ("ack", "proxy", "assembly", "receipt")
"""Whose buttons these are."""


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[AckWorld]:
    made = await AckWorld(database_url).build()
    yield made
    await made.engine.dispose()


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
    said = [texts(key, **dict.fromkeys(("number", "place", "request", "count"), 8)) for key in keys]
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
    assert reply.text == TEXTS("hint.stale_button")
    assert await proofs(world) == []


FORGED = ["read", "ack", "notme", "notme2", "unclear", "wrong", "proof"]


@pytest.mark.parametrize("verb", FORGED)
@pytest.mark.parametrize("state", [CampaignState.DRAFT, CampaignState.RUNNING, CampaignState.CANCELLED])
async def test_a_forged_number_names_no_circular(world: AckWorld, verb: str, state: CampaignState) -> None:
    stranger, person = await world.hire(), await world.hire()
    campaign = await world.campaign(await world.version(), [person], state=state)
    [reply] = await world.press(stranger, f"k:{verb}:{campaign}")
    assert reply.text == TEXTS("hint.stale_button")
    if state is not CampaignState.RUNNING:
        [reply] = await world.press(person, f"k:{verb}:{campaign}")
        assert reply.text == TEXTS("hint.stale_button")
    assert await world.rows(tasks) == []


async def test_who_tries_a_circular_out_sees_it(world: AckWorld) -> None:
    hera = await world.hire(role=Role.HR)
    campaign = await world.campaign(await world.version(), [], state=CampaignState.DRAFT)
    [shown] = await world.press(hera, f"k:read:{campaign}")
    assert "Satu." in shown.text
    [pressed] = await world.press(hera, read(campaign))
    assert "tidak, atau belum, menunggu" in pressed.text


async def test_who_was_withdrawn_sees_what_she_acknowledged(world: AckWorld) -> None:
    person = await world.hire()
    version = await world.version()
    campaign = await world.campaign(version, [person])
    await world.press(person, read(campaign))
    async with world.engine.begin() as connection:
        await connection.execute(update(deliveries).values(state=DeliveryState.WITHDRAWN.value))
    [reply] = await world.press(person, f"k:read:{campaign}")
    assert "Satu." in reply.text


async def test_only_an_acknowledgment_by_proxy_can_be_objected_to(world: AckWorld) -> None:
    person = await world.hire()
    campaign = await world.campaign(await world.version(), [person])
    for _ in range(2):
        [reply] = await world.press(person, f"k:wrong:{campaign}")
        assert reply.text == TEXTS("hint.stale_button")
        await world.press(person, read(campaign))
    assert await world.rows(tasks) == []


async def test_not_for_me_of_what_was_acknowledged_does_not_say_that_it_is_waited_for(
    world: AckWorld,
) -> None:
    person = await world.hire()
    campaign = await world.campaign(await world.version(), [person])
    await world.press(person, read(campaign))
    [reply] = await world.press(person, f"k:notme:{campaign}")
    assert "sudah tercatat pada Sen 23 Nov 2026 12.00 WIB" in reply.text
    assert labels(reply) == {"Ya, bukan untuk saya": f"k:notme2:{campaign}"}


async def test_who_has_left_the_staff_is_told_so(world: AckWorld) -> None:
    person = await world.hire()
    campaign = await world.campaign(await world.version(), [person])
    async with world.engine.begin() as connection:
        await connection.execute(update(people).values(left_on=date(2026, 11, 1)))
    world.open()
    for replies in (
        await world.press(person, read(campaign)),
        await world.say(person, "sudah baca"),
        await world.say(person, "/bukti"),
    ):
        assert [reply.text for reply in replies] == [TEXTS("ack.left")]


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


# --- what is declared ---

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
    '"sudah saya baca"',
    "“Sudah saya baca”.",
    "'sudah baca'",
    "> sudah baca",
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
    assert again.text.startswith(TEXTS("quiz.counted"))
    assert sum(row.right + row.wrong for row in await world.rows(quiz_counts)) == 1


async def test_an_answer_that_cannot_be_counted_says_nothing_of_the_acknowledgment(
    world: AckWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = await world.hire()
    campaign = await world.campaign(await world.version(), [person], quiz=True)
    _, asked = await world.press(person, read(campaign))

    async def locked(*_: Any) -> None:
        raise Problem("store.locked", setting="EDARAN_DATABASE__URL")

    with monkeypatch.context() as patched:
        patched.setattr(world.circulars, "count_answer", locked)
        [reply] = await world.press(person, labels(asked)["Boleh"])
    assert reply.text == TEXTS("quiz.not_counted")
    explained, *_ = await world.press(person, labels(reply)["Coba lagi"])
    assert explained.text.startswith((TEXTS("quiz.right"), TEXTS("quiz.wrong")))


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


# --- what arrives as it likes ---


async def test_whatever_order_taps_arrive_in_and_how_often_the_ledger_and_its_evidence_agree(
    world: AckWorld,
) -> None:
    """Each person's taps come in another order, each of them twice, by either channel."""
    taps = (
        ("k:ack:{}", "telegram"),
        ("k:undo:{}", "telegram"),
        ("k:ack:{}", "whatsapp"),
        ("k:notme:{}", "telegram"),
    )
    orders = list(permutations(taps))
    crowd = [await world.hire(2, "whatsapp") for _ in orders]
    campaign = await world.campaign(await world.version(), crowd)

    async def tapped(person: int, order: Sequence[tuple[str, str]]) -> None:
        for action, channel in [*order, *order[:2]]:
            for _ in range(2):
                await world.press(person, action.format(campaign), channel)

    await asyncio.gather(*map(tapped, crowd, orders))
    entries, events = await world.rows(acknowledgments), await world.rows(evidence_events)
    standing = Counter(entry.person_id for entry in entries if entry.undone_at is None)
    assert set(standing.values()) == {1}
    for person, order in zip(crowd, orders, strict=True):
        said = Counter(event.kind for event in events if event.person_id == person)
        assert said["acknowledged"] - said["undone"] == standing[person]
        assert said["undone"] == len(
            [e for e in entries if e.person_id == person and e.undone_at is not None]
        )
        last = [action for action, _ in (*order, *order[:2]) if action in ("k:ack:{}", "k:undo:{}")][-1]
        assert standing[person] == (last == "k:ack:{}")
    marked = {row.person_id for row in await world.rows(deliveries) if row.acknowledged_at is not None}
    assert marked == set(standing)
    assert await world.count_is_right(campaign)
