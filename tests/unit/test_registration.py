"""The registration through the desk, as a person taps through it."""

from __future__ import annotations

import pytest

from bot.people import choices
from bot.people.profile import Step
from tests.fakes import CATALOGUES, Office, buttons, message, press

TEXTS = CATALOGUES["id"]


@pytest.fixture
def office() -> Office:
    return Office()


async def test_start_asks_for_the_regency_and_says_that_answers_are_self_declared(office: Office) -> None:
    reply = await office.say("/mulai")
    assert "pernyataan sendiri" in reply.text
    assert buttons(reply)["Kabupaten Lumajang"] == "r:regency=lumajang"


async def test_a_long_name_gives_way_to_its_bare_form_on_a_button(office: Office) -> None:
    assert buttons(await office.say("/start"))["Kepulauan Anambas"] == "r:regency=kepulauan-anambas"


async def test_four_taps_make_a_profile(office: Office) -> None:
    await office.say("/mulai")
    await office.press("r:regency=lumajang")
    await office.press("r:status=pns")
    await office.press("r:unit=rsud")
    done = await office.press("r:pattern=enam_hari")
    assert "Kabupaten Lumajang · PNS · RSUD · 6 hari" in done.text
    assert "pernyataan sendiri" in done.text
    profile = await office.profile()
    assert (profile.regency, profile.status, profile.unit, profile.pattern, profile.step) == (
        *("lumajang", "pns", "rsud", "enam_hari"),
        None,
    )


async def test_each_answer_is_kept_at_once(office: Office) -> None:
    await office.press("r:regency=lumajang")
    assert (await office.profile()).step is Step.STATUS
    await office.press("r:status=pppk")
    profile = await office.profile()
    assert (profile.status, profile.step) == ("pppk", Step.UNIT)


async def test_start_goes_on_where_a_registration_stopped(office: Office) -> None:
    await office.register(step=Step.UNIT)
    assert TEXTS("registration.ask_unit") in (await office.say("/mulai")).text


async def test_start_shows_a_finished_profile(office: Office) -> None:
    await office.register()
    assert TEXTS("profile.title") in (await office.say("/start")).text


async def test_a_regency_with_one_working_pattern_does_not_ask_for_it(office: Office) -> None:
    await office.press("r:regency=pamekasan")
    await office.press("r:status=pns")
    done = await office.press("r:unit=rsud")
    assert "Kabupaten Pamekasan · PNS · RSUD" in done.text
    assert (await office.profile()).pattern is None


async def test_i_dont_know_is_an_answer_and_goes_on(office: Office) -> None:
    ask_status = await office.press("r:regency=lumajang")
    ask_unit = await office.press(buttons(ask_status)[TEXTS("button.dont_know")])
    assert TEXTS("registration.ask_unit") in ask_unit.text
    assert (await office.profile()).status is None


async def test_the_regency_cannot_be_skipped(office: Office) -> None:
    assert TEXTS("registration.ask_regency") in (await office.press("r:regency=")).text


async def test_back_asks_the_step_before(office: Office) -> None:
    await office.press("r:regency=lumajang")
    ask_unit = await office.press("r:status=pns")
    back = await office.press(buttons(ask_unit)[TEXTS("button.back")])
    assert TEXTS("registration.ask_status") in back.text
    assert (await office.profile()).step is Step.STATUS


async def test_a_long_list_has_pages(office: Office) -> None:
    await office.press("r:regency=lumajang")
    first = await office.press("r:status=pns")
    assert "RSUD" not in buttons(first)
    second = await office.press(buttons(first)[TEXTS("button.next_page")])
    assert buttons(second)["RSUD"] == "r:unit=rsud"
    assert TEXTS("button.previous_page") in buttons(second)
    assert TEXTS("button.next_page") not in buttons(second)


@pytest.mark.parametrize(
    "typed", ["lumajang", "LUMAJANG", "kab. lumajang", "Kabupaten Lumajang", "lumajng", "saya di lumajang"]
)
async def test_the_regency_can_be_typed(office: Office, typed: str) -> None:
    await office.say("/mulai")
    assert TEXTS("registration.ask_status") in (await office.say(typed)).text
    assert (await office.profile()).regency == "lumajang"


async def test_an_unknown_regency_gets_the_list_of_known_ones(office: Office) -> None:
    await office.say("/mulai")
    reply = await office.say("Atlantis")
    assert "Atlantis" in reply.text
    assert "Kabupaten Lumajang, Kabupaten Pamekasan, Kabupaten Kepulauan Anambas" in reply.text
    assert "r:regency=lumajang" in buttons(reply).values()


async def test_a_name_that_fits_several_regencies_offers_just_those(office: Office) -> None:
    office.directory.names |= {"malang": "Kabupaten Malang", "kota-malang": "Kota Malang"}
    await office.say("/mulai")
    offered = {action for action in buttons(await office.say("malang")).values() if action.startswith("r:")}
    assert offered == {"r:regency=malang", "r:regency=kota-malang"}


async def test_a_status_can_be_typed(office: Office) -> None:
    await office.press("r:regency=lumajang")
    await office.say("pns")
    assert (await office.profile()).status == "pns"


async def test_a_question_in_the_middle_of_a_registration_is_answered(office: Office) -> None:
    await office.press("r:regency=lumajang")
    assert (await office.say("boleh live sekarang?")).text.startswith("Jawaban: boleh live")
    assert (await office.profile()).step is Step.STATUS


async def test_the_language_is_asked_only_of_those_whose_client_announces_another(office: Office) -> None:
    assert "r:regency=lumajang" in buttons(await office.say("/start", person="1", language="id")).values()
    assert "r:regency=lumajang" in buttons(await office.say("/start", person="2", language=None)).values()
    asked = await office.say("/start", person="3", language="en-GB")
    assert buttons(asked) == {"Bahasa Indonesia": "r:language=id", "English": "r:language=en"}


async def test_the_chosen_language_is_spoken_from_the_next_step_on(office: Office) -> None:
    await office.say("/start", language="en")
    reply = await office.press("r:language=en")
    assert CATALOGUES["en"]("registration.ask_regency") in reply.text


async def test_every_step_replaces_the_message_with_the_button(office: Office) -> None:
    assert (await office.press("r:regency=lumajang")).replace
    assert not (await office.say("/mulai")).replace


# --- the question that waits ---


async def test_a_question_before_the_registration_waits_for_regency_and_status(office: Office) -> None:
    asked = await office.say("boleh live sekarang?")
    assert "r:regency=lumajang" in buttons(asked).values()
    assert office.answerer.asked == []
    await office.press("r:regency=lumajang")
    noted, answer = await office.desk.handle(press("r:status=pns"))
    assert "Kabupaten Lumajang · PNS" in noted.text
    assert answer.text.startswith("Jawaban: boleh live sekarang?")
    assert office.answerer.asked[0][1].status == "pns"


async def test_the_waiting_question_is_answered_once(office: Office) -> None:
    await office.say("boleh live sekarang?")
    await office.press("r:regency=lumajang")
    await office.press("r:status=pns")
    assert len(await office.desk.handle(press("r:status=pppk"))) == 1


async def test_the_waiting_question_is_never_stored(office: Office) -> None:
    await office.say("boleh live sekarang?")
    assert "live" not in repr(office.profiles.__dict__)


async def test_a_typed_regency_serves_the_waiting_question_too(office: Office) -> None:
    await office.say("boleh live sekarang?")
    await office.say("lumajang")
    replies = await office.desk.handle(message("PNS"))
    assert replies[-1].text.startswith("Jawaban: boleh live sekarang?")


async def test_a_second_question_replaces_the_waiting_one(office: Office) -> None:
    await office.say("boleh live sekarang?")
    await office.say("kalau cuma upload video boleh tidak?")
    await office.press("r:regency=lumajang")
    replies = await office.desk.handle(press("r:status="))
    assert "upload" in replies[-1].text


async def test_a_question_that_names_a_regency_is_not_taken_for_its_name(office: Office) -> None:
    await office.say("/mulai")
    for question in ("boleh live di lumajang?", "boleh live di lumajang"):
        await office.say(question)
        assert (await office.profile()).regency is None


async def test_a_question_without_a_question_mark_is_not_an_unknown_regency() -> None:
    office = Office()
    office.desk = office.open_desk(is_question=lambda text: "live" in text)
    await office.say("/mulai")
    assert TEXTS("registration.before_answer") in (await office.say("boleh live sekarang")).text
    assert "Atlantis" in (await office.say("Atlantis")).text
    await office.say("lumajang")
    assert (await office.desk.handle(message("pns")))[-1].text.startswith("Jawaban: boleh live sekarang")


# --- buttons of another time ---


async def test_a_choice_that_left_the_corpus_is_asked_again(office: Office) -> None:
    reply = await office.press("r:regency=atlantis")
    assert TEXTS("registration.stale") in reply.text
    assert "r:regency=lumajang" in buttons(reply).values()


async def test_a_regency_that_left_the_corpus_is_asked_again_at_the_next_question(office: Office) -> None:
    await office.register(regency="atlantis")
    assert TEXTS("registration.before_answer") in (await office.say("boleh live sekarang?")).text


async def test_a_later_step_without_a_regency_asks_for_the_regency(office: Office) -> None:
    assert TEXTS("registration.ask_regency") in (await office.press("r:unit")).text
    assert TEXTS("registration.ask_regency") in (await office.press("e:status=pns", person="8")).text


# --- choices ---


def test_labels_are_short_and_stay_different() -> None:
    names = {
        "a": "Kabupaten Ogan Komering Ulu Selatan",
        "b": "Kabupaten Ogan Komering Ulu Timur",
        "c": "Kota Malang",
        "d": "Kabupaten Malang",
        "e": "Kabupaten Kepulauan Anambas",
    }
    labels = choices.labels(names, kind_first=True)
    assert len(set(labels.values())) == 5
    assert all(len(label) <= 20 for label in labels.values())
    assert (labels["d"], labels["e"]) == ("Kabupaten Malang", "Kepulauan Anambas")


def test_a_long_label_loses_its_brackets_or_else_its_end() -> None:
    names = {"pns": "PNS (permanent civil servant)", "upt": "Unit pelaksana teknis"}
    assert choices.labels(names) == {"pns": "PNS", "upt": "Unit pelaksana tekn…"}


def test_an_id_too_long_for_a_button_is_found_by_its_hash() -> None:
    ids = ["lumajang", "kabupaten-" * 9]
    token = choices.token(ids[1])
    assert len(f"r:language={token}".encode()) <= 64
    assert choices.resolve(token, ids) == ids[1]
    assert choices.resolve(token, ids[:1]) is None


@pytest.mark.parametrize("asked_for", [0, 3, 99])
def test_any_page_number_shows_a_page(asked_for: int) -> None:
    names = {f"id{n}": f"Nama {n}" for n in range(20)}
    rows = choices.page_rows(names, asked_for, "r:unit", ("<", ">"))
    assert any("=" in button.action for row in rows for button in row)
