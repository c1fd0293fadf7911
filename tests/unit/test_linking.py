"""Proving who one is, as a dialogue: contact, code, deep link; and what a person does about her own data."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from bot.model import Absence, Contact, ContactRequest, Incoming, Reply, Sender
from bot.people import codes
from bot.people.identity import Holder, Result
from bot.people.profile import Profile
from tests.fakes import CATALOGUES, MemoryIdentities, Office, buttons, message, press

TEXTS = CATALOGUES["id"]
PHONE = "+6280000000001"
MINE = Contact(PHONE, own=True)
STOP_ASKING = ContactRequest()


@pytest.fixture
def office() -> Office:
    return Office()


async def share(office: Office, contact: Contact = MINE, **how: str) -> list[Reply]:
    return list(await office.desk.handle(message("", contact=contact, **how)))  # type: ignore[arg-type]


async def linked(office: Office, **entries: object) -> None:
    """Employee 1 is linked with the account 7."""
    office.hire(1, PHONE, **entries)
    await share(office)


# --- what is offered ---


async def test_the_first_question_offers_contact_code_and_going_on_as_a_guest(office: Office) -> None:
    reply = await office.say("/mulai")
    assert list(buttons(reply))[:2] == [TEXTS("link.button_contact"), TEXTS("link.button_code")]
    assert "r:regency=lumajang" in buttons(reply).values()
    assert "tamu" in reply.text


async def test_a_channel_without_shared_contacts_offers_a_code(office: Office) -> None:
    reply = (await office.desk.handle(message("/mulai", channel="console")))[0]
    assert "i:contact" not in buttons(reply).values()
    assert "i:code" in buttons(reply).values()


async def test_a_guest_sees_the_ways_in_on_her_profile(office: Office) -> None:
    await office.register()
    assert {"i:contact", "i:code"} <= set(buttons(await office.say("/profil")).values())


async def test_asking_for_the_contact_shows_the_channels_own_button(office: Office) -> None:
    reply = await office.press("i:contact")
    asked = ContactRequest(TEXTS("link.button_share"), TEXTS("link.button_decline"))
    assert (reply.contact, reply.buttons, reply.replace) == (asked, (), False)


# --- the contact ---


async def test_ones_own_contact_links_and_the_roster_answers_for_one(office: Office) -> None:
    office.hire(1, PHONE, kind="sekolah", pattern="enam_hari")
    [reply] = await share(office)
    assert "Pegawai 1" in reply.text
    assert "Kabupaten Lumajang · SDN 1 · PNS" in reply.text
    assert reply.contact == STOP_ASKING
    await office.say("boleh live sekarang?")
    asker = office.answerer.asked[-1][1]
    assert (asker.regency, asker.status, asker.unit, asker.pattern) == (
        "lumajang",
        "pns",
        "sekolah",
        "enam_hari",
    )


async def test_the_question_that_waited_is_answered_after_linking(office: Office) -> None:
    office.hire(1, PHONE)
    await office.say("boleh live sekarang?")
    noted, answer = await share(office)
    assert "Pegawai 1" in noted.text
    assert answer.text.startswith("Jawaban: boleh live sekarang?")


async def test_what_a_guest_said_of_herself_is_dropped_but_her_language_stays(office: Office) -> None:
    await office.register(status="pppk", language="en")
    await linked(office)
    assert await office.profile() == Profile("telegram", "7", language="en")
    assert "Your staff record" in (await office.say("/profil")).text


@pytest.mark.parametrize("how", ["forwarded", "somebody else's"])
async def test_a_contact_that_is_not_ones_own_is_refused_and_links_nobody(office: Office, how: str) -> None:
    office.hire(1, PHONE)
    [reply] = await share(office, Contact(PHONE, own=False))
    assert reply.text == TEXTS("link.not_own", share=TEXTS("link.button_share")), how
    assert await office.identity.member_of("telegram", "7") is None


async def test_a_contact_in_a_group_links_nobody(office: Office) -> None:
    office.hire(1, PHONE)
    sender = Sender("telegram", "7")
    replies = await office.desk.handle(Incoming(sender, "-100", "", private=False, contact=MINE))
    assert [reply.text for reply in replies] == [TEXTS("hint.text_only")]
    assert await office.identity.member_of("telegram", "7") is None


@pytest.mark.parametrize("bearers", [(), (1, 2)], ids=["nobody's", "shared by two"])
async def test_a_number_that_fits_nobody_or_two_needs_a_code_and_goes_on_as_a_guest(
    office: Office, bearers: tuple[int, ...]
) -> None:
    for person in bearers:
        office.hire(person, PHONE)
    refusal, question = await share(office)
    assert (refusal.text, refusal.contact) == (TEXTS("link.code_needed"), STOP_ASKING)
    assert "r:regency=lumajang" in buttons(question).values()
    assert "Pegawai" not in refusal.text


async def test_the_answer_is_the_same_whether_the_number_is_nobodys_or_taken(office: Office) -> None:
    await linked(office)
    taken = await share(office, person="8")
    unknown = await share(office, Contact("+6280000000099", own=True), person="9")
    assert taken == unknown


async def test_a_guest_with_a_profile_is_not_asked_again(office: Office) -> None:
    await office.register()
    assert len(await share(office)) == 1


async def test_not_now_takes_the_button_away_and_goes_on_as_a_guest(office: Office) -> None:
    await office.press("i:contact")
    declined, question = await office.desk.handle(message(TEXTS("link.button_decline")))
    assert declined.contact == STOP_ASKING
    assert TEXTS("registration.ask_regency") in question.text


async def test_a_vouched_number_links_with_one_press(office: Office) -> None:
    office.hire(1, PHONE)
    sender = Sender("whatsapp", "w7", phone=PHONE)
    offered = (await office.desk.handle(Incoming(sender, "w7", "/mulai")))[0]
    assert "i:contact" in buttons(offered).values()
    [reply] = await office.desk.handle(Incoming(sender, "w7", "", action="i:contact"))
    assert "Pegawai 1" in reply.text


# --- codes ---


@pytest.mark.parametrize("spelling", ["{}", "/kode {}", "/start {}", "/mulai {}", " {} ", "{}\n"])
async def test_a_code_links_typed_or_as_a_deep_link(office: Office, spelling: str) -> None:
    code = codes.in_groups(await office.code(office.hire(1)))
    assert "Pegawai 1" in (await office.say(spelling.format(code))).text


async def test_a_deep_link_used_twice_says_that_it_is_linked_or_that_it_is_not_valid(office: Office) -> None:
    code = await office.code(office.hire(1))
    await office.say(f"/start {code}")
    assert (await office.say(f"/start {code}")).text == TEXTS("link.already")
    assert (await office.say(f"/start {code}", person="8")).text == TEXTS("link.wrong")


async def test_a_start_with_something_else_than_a_code_is_a_start(office: Office) -> None:
    assert TEXTS("registration.welcome") in (await office.say("/start iklan")).text


@pytest.mark.parametrize("command", ["/kode ABCD-EFGH-JKMN", "/start ABCDEFGHJKMN"])
async def test_codes_are_not_taken_in_a_group(office: Office, command: str) -> None:
    assert (await office.say(command, private=False)).text == TEXTS("group.private_only")


async def test_a_code_typed_in_a_group_links_nobody(office: Office) -> None:
    code = await office.code(office.hire(1))
    await office.say(codes.in_groups(code), private=False)
    assert await office.identity.member_of("telegram", "7") is None


async def test_a_mistyped_code_is_said_to_be_none_and_is_no_try(office: Office) -> None:
    await office.press("i:code")
    for typed in ("ABCD-EFGH", "kode saya mana ya"):
        assert (await office.say(typed)).text == TEXTS("link.not_a_code", count=12, sample="ABCD-EFGH-JKMN")
    assert (await office.say("/kode x")).text == TEXTS("link.not_a_code", count=12, sample="ABCD-EFGH-JKMN")
    assert isinstance(office.identities, MemoryIdentities)
    assert office.identities.tries == {}


async def test_a_question_while_a_code_is_awaited_is_a_question(office: Office) -> None:
    office.desk = office.open_desk(is_question=lambda text: "live" in text)
    await office.register()
    await office.press("i:code")
    assert (await office.say("kalo jam8 live")).text.startswith("Jawaban")
    assert (await office.say("pagi min")).text.startswith("Jawaban")  # and no code is awaited any more


async def test_a_code_with_blanks_is_told_from_a_question_by_its_meaning(office: Office) -> None:
    office.desk = office.open_desk(is_question=lambda text: "live" in text)
    await office.register()
    assert (await office.say("kalo jam8 live")).text.startswith("Jawaban")
    assert (await office.say("abcd 8fgh jkmn")).text == TEXTS("link.wrong")


async def test_guessing_codes_ends_with_a_wait(office: Office) -> None:
    said = [(await office.say(f"ABCD-EFGH-{n:04}")).text for n in range(7)]
    assert said == [TEXTS("link.wrong")] * 5 + [TEXTS("link.wait")] * 2


async def test_another_persons_account_is_refused_without_naming_her(office: Office) -> None:
    await linked(office)
    reply = await office.say(f"/kode {await office.code(office.hire(2))}")
    assert reply.text == TEXTS("link.another")
    assert "Pegawai" not in reply.text


async def test_a_new_phone_takes_the_link_along_and_the_old_account_is_told(office: Office) -> None:
    await linked(office)
    await office.press("l:en")
    reply = await office.say(f"/start {await office.code(Holder(1, 'lumajang'))}", person="8")
    assert "Pegawai 1" in reply.text
    assert office.post.sent == [("telegram", "7", Reply(CATALOGUES["en"]("link.displaced")))]
    assert await office.identity.member_of("telegram", "7") is None


# --- once linked ---


async def test_the_profile_shows_the_roster_masked_with_its_source_and_whom_to_ask(office: Office) -> None:
    cuti = Absence("cuti", date(2026, 12, 1), date(2026, 12, 4))
    past = Absence("cuti", date(2025, 12, 1), date(2025, 12, 4))
    await linked(office, kind="rsud", pattern="enam_hari", absences=(past, cuti))
    assert isinstance(office.identities, MemoryIdentities)
    office.identities.as_of = int(datetime(2026, 11, 2, tzinfo=UTC).timestamp())
    text = (await office.say("/profil")).text
    for part in (
        "Pegawai 1",
        "Kabupaten Lumajang",
        "SDN 1 (RSUD)",
        "PNS",
        "6 hari",
        "1 Des 2026 – 3 Des 2026",
    ):
        assert part in text
    assert "2025" not in text
    assert "data BKPSDM per 2 November 2026" in text
    assert "admin unit" in text
    assert PHONE not in text
    assert f"{1:018}" not in text
    assert "0001" in text


async def test_an_old_button_of_the_registration_changes_nothing_any_more(office: Office) -> None:
    await linked(office)
    for action in ("r:status=pppk", "e:regency=pamekasan", "r:regency"):
        assert (await office.press(action)).text.startswith(TEXTS("profile.member_title"))
    assert (await office.profile()).status is None


async def test_start_shows_the_roster_entries(office: Office) -> None:
    await linked(office)
    assert (await office.say("/mulai")).text.startswith(TEXTS("profile.member_title"))


async def test_a_linked_person_is_answered_in_a_group_too(office: Office) -> None:
    await linked(office)
    assert (await office.say("boleh live?", private=False)).text.startswith("Jawaban")


async def test_a_regency_without_circulars_is_said_plainly(office: Office) -> None:
    await linked(office)
    del office.directory.names["lumajang"]
    for said in ("boleh live?", "/edaran"):
        assert (await office.say(said)).text == TEXTS("link.no_circulars")
    assert (await office.say("/profil")).text.startswith(TEXTS("profile.member_title"))


async def test_unlinking_asks_first_and_leaves_a_guest(office: Office) -> None:
    await linked(office)
    question = await office.press(buttons(await office.say("/profil"))[TEXTS("button.leave")])
    assert (await office.press(buttons(question)[TEXTS("button.leave_yes")])).text == TEXTS("link.left")
    assert await office.identity.member_of("telegram", "7") is None
    assert (await office.press("p:unlink")).text == TEXTS("link.not_linked")
    assert TEXTS("registration.before_answer") in (await office.say("boleh live?")).text


# --- one's own data ---


async def test_everything_kept_is_handed_over_as_a_file(office: Office) -> None:
    await linked(office)
    reply = await office.say("/data_saya")
    assert reply.attachment is not None
    assert (reply.attachment.name, reply.attachment.media_type) == ("data-saya.json", "application/json")
    kept = json.loads(reply.attachment.content)
    assert (kept["staff"]["name"], kept["staff"]["phone"]) == ("Pegawai 1", PHONE)
    assert PHONE not in reply.text + repr(reply)


async def test_a_guests_data_are_what_she_said_of_herself(office: Office) -> None:
    await office.register()
    await office.say("boleh live sekarang?")
    reply = await office.say("/data_saya")
    assert reply.attachment is not None
    assert json.loads(reply.attachment.content)["profile"]["status"] == "pns"
    assert b"live" not in reply.attachment.content


async def test_of_a_stranger_nothing_is_kept(office: Office) -> None:
    assert await office.say("/data_saya") == Reply(TEXTS("data.nothing"))


async def test_deleting_takes_profile_link_and_memory_at_once_and_says_what_stays(office: Office) -> None:
    await linked(office)
    await office.say("boleh live sekarang?")
    reply = await office.say("/hapus")
    assert reply.text == TEXTS("profile.deleted")
    assert "bukti" in reply.text
    assert await office.profiles.get("telegram", "7") is None
    assert await office.identity.member_of("telegram", "7") is None
    assert office.answerer.asked[-1][::2] == ("forget", "telegram:7:")


async def test_deleting_forgets_the_question_that_waits(office: Office) -> None:
    await office.say("boleh live sekarang?")
    await office.say("/hapus")
    await office.press("r:regency=lumajang")
    await office.desk.handle(press("r:status=pns"))
    assert [asked[0] for asked in office.answerer.asked] == ["forget"]


async def test_stopping_leaves_nothing_but_the_mark_and_the_language(office: Office) -> None:
    await office.register(language="id")
    assert (await office.say("/berhenti")).text == TEXTS("stop.done")
    stopped = int(office.clock().timestamp())
    assert await office.profile() == Profile("telegram", "7", language="id", stopped_at=stopped)


@pytest.mark.parametrize("how", ["say", "press", "contact", "code", "edaran", "group"])
async def test_who_stopped_is_not_worked_on(office: Office, how: str) -> None:
    office.hire(1, PHONE)
    code = await office.code(Holder(1, "lumajang"))
    await office.say("/berhenti")
    before = await office.profile()
    incoming = {
        "say": message("boleh live?"),
        "press": press("r:regency=lumajang"),
        "contact": message("", contact=MINE),
        "code": message(codes.in_groups(code)),
        "edaran": message("/edaran"),
        "group": message("boleh live?", private=False),
    }[how]
    assert await office.desk.handle(incoming) == [Reply(TEXTS("stop.hint"))]
    assert await office.profile() == before
    assert await office.identity.member_of("telegram", "7") is None


@pytest.mark.parametrize("command", ["/bantuan", "/privasi", "/data_saya", "/hapus", "/berhenti"])
async def test_who_stopped_still_learns_about_her_data(office: Office, command: str) -> None:
    await office.say("/berhenti")
    assert (await office.say(command)).text != TEXTS("stop.hint")


async def test_start_brings_back_who_stopped(office: Office) -> None:
    await office.say("/berhenti")
    assert TEXTS("registration.welcome") in (await office.say("/mulai")).text
    assert (await office.profile()).stopped_at is None


async def test_a_deep_link_brings_back_and_links(office: Office) -> None:
    code = await office.code(office.hire(1))
    await office.say("/berhenti")
    assert "Pegawai 1" in (await office.say(f"/start {code}")).text
    assert (await office.profile()).stopped_at is None


async def test_an_account_that_stopped_is_not_even_told_of_its_unlinking(office: Office) -> None:
    await linked(office)
    await office.profiles.put(replace(await office.profile(), stopped_at=1))
    await office.say(f"/kode {await office.code(Holder(1, 'lumajang'))}", person="8")
    assert office.post.sent == []


@pytest.mark.parametrize("command", ["/data_saya", "/berhenti", "/hapus", "/kode ABCD-EFGH-JKMN"])
async def test_ones_own_data_are_no_matter_for_a_group(office: Office, command: str) -> None:
    await office.register()
    assert (await office.say(command, private=False)).text == TEXTS("group.private_only")
    assert (await office.profile()).regency == "lumajang"


# --- texts ---


@pytest.mark.parametrize("language", list(CATALOGUES))
@pytest.mark.parametrize("result", [result for result in Result if result is not Result.LINKED])
def test_every_outcome_has_its_words(language: str, result: Result) -> None:
    assert CATALOGUES[language](f"link.{result.value}")
