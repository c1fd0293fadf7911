"""The desk: commands, pages, groups, questions."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.desk import COMMANDS
from bot.model import Reply
from bot.people.profile import Profile
from tests.fakes import CATALOGUES, Office, buttons, message, press

TEXTS = CATALOGUES["id"]


@pytest.fixture
def office() -> Office:
    return Office()


async def test_a_registered_person_gets_her_answer(office: Office) -> None:
    await office.register(unit="rsud")
    assert (await office.say("boleh live sekarang?")).text.startswith("Jawaban: boleh live sekarang?")
    _, asker, key, language = office.answerer.asked[0]
    assert (asker.regency, asker.status, asker.unit) == ("lumajang", "pns", "rsud")
    assert (key, language) == ("telegram:7:7", "id")


async def test_the_key_of_a_conversation_differs_by_chat_and_by_person(office: Office) -> None:
    for person in ("7", "8"):
        await office.register(external_id=person)
    await office.say("a", person="7")
    await office.say("a", person="8")
    await office.say("a", person="7", private=False)
    assert len({key for _, _, key, _ in office.answerer.asked}) == 3


async def test_a_button_of_an_answer_goes_to_the_answerer(office: Office) -> None:
    await office.register()
    assert (await office.press("q:akun_resmi=ya")).text == "Tombol: q:akun_resmi=ya"


async def test_a_button_of_an_answer_without_a_profile_asks_for_the_regency(office: Office) -> None:
    assert "r:regency=lumajang" in buttons(await office.press("q:akun_resmi=ya")).values()


@pytest.mark.parametrize("action", ["", "r:", "x", "r:regency", "q", "p", "r:shoe=1", "é" * 200, "r:unit=\n"])
async def test_no_action_breaks_the_desk(office: Office, action: str) -> None:
    assert (await office.press(action)).text


async def test_an_unknown_button_says_that_it_no_longer_works(office: Office) -> None:
    assert (await office.press("z:old")).text == TEXTS("hint.stale_button")


async def test_every_command_of_the_menu_is_described_and_answered(office: Office) -> None:
    await office.register()
    for language in CATALOGUES:
        assert [name for name, _ in office.desk.commands(language)] == list(COMMANDS)
    for name in (*COMMANDS, "start", "help", "hapus"):
        reply = await office.say(f"/{name}")
        unknown = name == "bukti"  # nothing is sent here, so there is nothing to have receipts of
        assert (reply.text == TEXTS("hint.unknown_command")) is unknown
        assert office.desk.knows(name)


@pytest.mark.parametrize("command", ["/", "/x", "/" + "a" * 300, "/ bantuan", "/🙏"])
async def test_an_unknown_command_points_to_the_help(office: Office, command: str) -> None:
    assert (await office.say(command)).text == TEXTS("hint.unknown_command")


async def test_a_command_may_carry_arguments_capitals_and_our_name(office: Office) -> None:
    assert (await office.say("/BANTUAN@our_bot saya")).text == TEXTS("help.text")


async def test_empty_text_gets_a_hint(office: Office) -> None:
    assert (await office.say(" \n\t ")).text == TEXTS("hint.text_only")


async def test_very_long_text_is_cut_before_it_is_understood(office: Office) -> None:
    await office.register()
    await office.say("a" * 10_000)
    assert len(office.answerer.asked[0][0]) == 4096


async def test_half_a_surrogate_pair_becomes_a_question_mark(office: Office) -> None:
    await office.register()
    await office.say("boleh \ud83d live?")
    assert office.answerer.asked[0][0] == "boleh ? live?"


# --- profile ---


async def test_the_profile_shows_what_was_said_and_what_not(office: Office) -> None:
    await office.register()
    text = (await office.say("/profil")).text
    assert "Kabupaten Lumajang" in text
    assert "PNS" in text
    assert TEXTS("profile.not_said") in text
    assert TEXTS("profile.self_declared") in text


async def test_an_entry_is_changed_with_two_taps_and_shown(office: Office) -> None:
    await office.register()
    options = await office.press(buttons(await office.say("/profil"))[TEXTS("button.change_status")])
    changed = await office.press(buttons(options)["PPPK"])
    assert "PPPK" in changed.text
    assert (await office.profile()).status == "pppk"


async def test_another_regency_forgets_the_old_working_pattern(office: Office) -> None:
    await office.register(pattern="enam_hari")
    await office.press("e:regency=pamekasan")
    profile = await office.profile()
    assert (profile.regency, profile.pattern) == ("pamekasan", None)


async def test_another_regency_can_be_typed_and_a_question_meanwhile_is_answered(office: Office) -> None:
    await office.register()
    await office.press("e:regency")
    assert (await office.say("boleh live sekarang?")).text.startswith("Jawaban")
    assert "Kabupaten Pamekasan" in (await office.say("pamekasan")).text
    assert (await office.profile()).step is None


async def test_back_from_a_change_shows_the_profile_unchanged(office: Office) -> None:
    await office.register()
    options = await office.press("e:regency")
    shown = await office.press(buttons(options)[TEXTS("button.back")])
    assert "Kabupaten Lumajang" in shown.text
    assert (await office.profile()).step is None


async def test_deleting_asks_first_and_then_forgets_everything(office: Office) -> None:
    await office.register(language="id")
    question = await office.press("p:delete")
    assert buttons(question) == {TEXTS("button.delete_yes"): "p:erase", TEXTS("button.delete_no"): "p:show"}
    assert (await office.press("p:erase")).text == TEXTS("profile.deleted")
    assert await office.profiles.get("telegram", "7") is None


async def test_profile_without_one_starts_the_registration(office: Office) -> None:
    assert TEXTS("registration.ask_regency") in (await office.say("/profil")).text


async def test_an_old_profile_button_after_deletion_says_that_nothing_is_kept(office: Office) -> None:
    assert (await office.press("p:show")).text == TEXTS("profile.nothing_kept")


# --- language ---


async def test_the_language_is_changed_and_remembered(office: Office) -> None:
    await office.register()
    assert buttons(await office.say("/bahasa")) == {"Bahasa Indonesia": "l:id", "English": "l:en"}
    assert (await office.press("l:en")).text == CATALOGUES["en"]("language.chosen")
    await office.say("boleh live sekarang?")
    assert office.answerer.asked[-1][3] == "en"
    assert (await office.say("/bantuan")).text == CATALOGUES["en"]("help.text")


async def test_a_language_can_be_chosen_before_the_registration(office: Office) -> None:
    await office.press("l:en")
    assert CATALOGUES["en"]("registration.ask_regency") in (await office.say("boleh live?")).text


# --- circulars ---


async def test_circulars_are_listed_with_number_subject_force_and_source(office: Office) -> None:
    await office.register()
    text = (await office.say("/edaran")).text
    for part in ("800/3", "Siaran langsung", "29 Januari 2026", "(asumsi)", "Kabar Fiktif"):
        assert part in text


async def test_a_regency_without_circulars_is_told_so(office: Office) -> None:
    await office.register(regency="pamekasan")
    assert (await office.say("/edaran")).text == TEXTS("circulars.none", regency="Kabupaten Pamekasan")


async def test_circulars_without_a_profile_ask_for_the_regency(office: Office) -> None:
    assert TEXTS("registration.before_circulars") in (await office.say("/edaran")).text


# --- groups ---


@pytest.mark.parametrize("command", ["/mulai", "/start", "/profil", "/bahasa", "/hapus"])
async def test_personal_commands_are_not_answered_in_a_group(office: Office, command: str) -> None:
    await office.register()
    assert (await office.say(command, private=False)).text == TEXTS("group.private_only")


async def test_a_stranger_in_a_group_is_sent_to_the_private_chat(office: Office) -> None:
    for said in ("boleh live?", "/edaran"):
        reply = await office.say(said, private=False)
        assert reply == Reply(TEXTS("group.register_first"))
    assert await office.profiles.get("telegram", "7") is None


async def test_a_registered_person_is_answered_in_a_group(office: Office) -> None:
    await office.register()
    assert (await office.say("boleh live?", private=False)).text.startswith("Jawaban")


async def test_registration_buttons_do_nothing_in_a_group(office: Office) -> None:
    assert (await office.press("r:regency=lumajang", private=False)).text == TEXTS("group.private_only")
    assert await office.profiles.get("telegram", "7") is None


# --- questions that wait ---


async def test_a_question_that_waited_too_long_is_not_answered(office: Office) -> None:
    await office.say("boleh live sekarang?")
    office.clock.move(timedelta(hours=2))
    await office.press("r:regency=lumajang")
    assert len(await office.desk.handle(press("r:status=pns"))) == 1
    assert office.answerer.asked == []


async def test_the_oldest_waiting_question_gives_way_when_there_are_too_many(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.people.waiting.MOST_WAITING", 2)
    for person in ("1", "2", "3"):
        await office.say("boleh live sekarang?", person=person)
        await office.press("r:regency=lumajang", person=person)
    finished = [len(await office.desk.handle(press("r:status=pns", person=p))) for p in ("2", "3")]
    assert finished == [2, 2]
    await office.desk.handle(press("r:status=pns", person="1"))
    assert [asker.status for _, asker, _, _ in office.answerer.asked] == ["pns", "pns"]


async def test_an_error_inside_is_the_channels_to_catch(office: Office) -> None:
    await office.profiles.put(Profile("telegram", "7", regency="lumajang"))
    with pytest.raises(RuntimeError):
        await office.desk.handle(message("boom"))
    assert office.desk.apology().text == TEXTS("error.sorry")
