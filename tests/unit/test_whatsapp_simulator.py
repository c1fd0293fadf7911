"""The simulator's rules, without any web: what the platform accepts, refuses and tells."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.simulating import arriving
from bot.simulating.cloud import Cloud
from bot.simulating.errors import GraphError, Json
from bot.simulating.limits import Pair
from bot.simulating.people import Person
from bot.simulating.rules import DAY, Faults, Kind, Rules

NOON = 1_790_000_000.0
BUSINESS = "6280000000000"
NOTICE: Json = {
    "name": "edaran_baru",
    "language": "id",
    "category": "UTILITY",
    "components": [{"type": "BODY", "text": "Edaran {{1}} berlaku mulai {{2}}."}],
}
AT_ONCE = Rules(told_later=frozenset(), templates_approved=True)


def text(to: str, body: str = "halo", **more: Any) -> Json:
    return {"messaging_product": "whatsapp", "to": to, "type": "text", "text": {"body": body}} | more


def notice(to: str, *values: str, name: str = "edaran_baru", language: str = "id") -> Json:
    parameters = [{"type": "text", "text": value} for value in values]
    template = {
        "name": name,
        "language": {"code": language},
        "components": [{"type": "body", "parameters": parameters}],
    }
    return {"messaging_product": "whatsapp", "to": to, "type": "template", "template": template}


def talking(rules: Rules = AT_ONCE) -> tuple[Cloud, Person]:
    """A person who has just written."""
    cloud = Cloud(rules=rules)
    person = cloud.join("Sari")
    cloud.arrive(person, arriving.text("halo", None, BUSINESS), NOON)
    return cloud, person


def told(cloud: Cloud, now: float = NOON) -> list[str]:
    """The statuses that have left by then, in order."""
    entries = [one.entry["changes"][0]["value"] for one in cloud.mail.due(now)]
    return [status["status"] for value in entries for status in value.get("statuses", [])]


def refused(cloud: Cloud, body: Json, now: float = NOON) -> int:
    with pytest.raises(GraphError) as refusal:
        cloud.send(body, now)
    return refusal.value.code


# --- the window ------------------------------------------------------------------------------


def test_a_person_can_be_answered_until_a_day_after_she_wrote() -> None:
    cloud, person = talking()
    cloud.send(text(person.phone), NOON + DAY - 1)
    assert [seen["text"] for seen in person.outbox] == ["halo"]


def test_after_a_day_only_a_template_reaches_her() -> None:
    cloud, person = talking()
    assert refused(cloud, text(person.phone), NOON + DAY) == 131047
    cloud.submit_template(NOTICE)
    cloud.send(notice(person.phone, "Nomor 1", "1 Mei"), NOON + DAY)
    assert person.outbox[-1]["text"] == "Edaran Nomor 1 berlaku mulai 1 Mei."


def test_a_new_message_of_hers_opens_the_window_again() -> None:
    cloud, person = talking()
    cloud.arrive(person, arriving.text("lagi", None, BUSINESS), NOON + 3 * DAY)
    cloud.send(text(person.phone), NOON + 3 * DAY + 1)
    assert len(person.outbox) == 1


def test_what_the_platform_tells_later_is_accepted_first_and_fails_then() -> None:
    cloud = Cloud(rules=Rules())
    person = cloud.join("Sari")
    answer = cloud.send(text(person.phone), NOON)
    assert answer["messages"][0]["id"].startswith("wamid.")
    assert told(cloud) == ["failed"]
    assert person.outbox == []


# --- how much ----------------------------------------------------------------------------------


def test_one_person_gets_a_message_every_six_seconds_in_the_long_run() -> None:
    cloud, person = talking(AT_ONCE.model_copy(update={"pair_burst": 1}))
    cloud.send(text(person.phone), NOON)
    assert refused(cloud, text(person.phone), NOON + 5.9) == 131056
    cloud.send(text(person.phone), NOON + 6)


def test_a_burst_is_paid_for_with_the_time_that_it_borrowed() -> None:
    cloud, person = talking(AT_ONCE)
    for _ in range(20):
        cloud.send(text(person.phone), NOON)
    assert refused(cloud, text(person.phone), NOON + 119) == 131056
    cloud.send(text(person.phone), NOON + 120)


def test_a_new_burst_begins_where_the_last_one_is_paid_for() -> None:
    cloud, person = talking(AT_ONCE)
    for moment in (0, 6, 6.5, 18):
        cloud.send(text(person.phone), NOON + moment)
    assert len(person.outbox) == 4


def test_a_burst_ends_at_its_limit() -> None:
    cloud, person = talking(AT_ONCE)
    for _ in range(45):
        cloud.send(text(person.phone), NOON)
    assert refused(cloud, text(person.phone), NOON + 1) == 131056


def test_another_person_is_not_held_up_by_a_burst_to_the_first() -> None:
    cloud, person = talking(AT_ONCE.model_copy(update={"pair_burst": 1}))
    other = cloud.join("Budi")
    cloud.arrive(other, arriving.text("halo", None, BUSINESS), NOON)
    cloud.send(text(person.phone), NOON)
    cloud.send(text(other.phone), NOON)
    assert len(other.outbox) == 1


def test_more_than_the_throughput_of_a_second_is_refused_and_goes_a_second_later() -> None:
    cloud, person = talking(AT_ONCE.model_copy(update={"throughput": 2, "pair_seconds": None}))
    cloud.send(text(person.phone), NOON)
    cloud.send(text(person.phone), NOON + 0.5)
    assert refused(cloud, text(person.phone), NOON + 0.9) == 130429
    cloud.send(text(person.phone), NOON + 1)


def test_only_so_many_new_people_get_a_template_in_a_day() -> None:
    cloud = Cloud(rules=AT_ONCE.model_copy(update={"new_people": 1, "pair_seconds": None}))
    cloud.submit_template(NOTICE)
    first, second = cloud.join("Sari"), cloud.join("Budi")
    cloud.send(notice(first.phone, "1", "Mei"), NOON)
    cloud.send(notice(first.phone, "2", "Mei"), NOON)
    assert refused(cloud, notice(second.phone, "1", "Mei"), NOON) == 131048
    cloud.send(notice(second.phone, "1", "Mei"), NOON + DAY)


def test_people_who_wrote_themselves_do_not_count_as_new() -> None:
    cloud, person = talking(AT_ONCE.model_copy(update={"new_people": 0}))
    cloud.submit_template(NOTICE)
    cloud.send(notice(person.phone, "1", "Mei"), NOON)
    assert len(person.outbox) == 1


@given(st.lists(st.floats(0, 60), max_size=200), st.integers(1, 45))
def test_no_history_gets_more_than_the_pair_rate_and_one_burst(gaps: list[float], burst: int) -> None:
    pair, now, sent = Pair(), 0.0, 0
    for gap in gaps:
        now += gap
        if pair.free_at(now, 6.0, burst) <= now:
            pair.took(now, 6.0)
            sent += 1
    assert sent <= now / 6.0 + burst


# --- who -----------------------------------------------------------------------------------------


def test_a_number_without_whatsapp_is_undeliverable() -> None:
    cloud, person = talking()
    assert refused(cloud, text("+62 800-9999-9999")) == 131026
    person.reachable = False
    assert refused(cloud, text(person.phone)) == 131026


def test_a_number_may_be_written_as_people_write_it() -> None:
    cloud, person = talking()
    cloud.send(text(f"+62 {person.phone[2:5]}-{person.phone[5:]}"), NOON)
    assert len(person.outbox) == 1


def test_an_id_is_addressed_as_recipient() -> None:
    cloud, person = talking()
    body = text("") | {"recipient": person.user_id}
    del body["to"]
    answer = cloud.send(body, NOON)
    assert answer["contacts"] == [{"input": person.user_id, "user_id": person.user_id}]
    assert len(person.outbox) == 1


def test_an_id_in_the_place_of_a_number_is_accepted_and_never_heard_of_again() -> None:
    cloud, person = talking()
    cloud.send(text(person.user_id), NOON)
    assert person.outbox == []
    assert told(cloud) == []


def test_a_hidden_number_stands_in_no_webhook() -> None:
    cloud = Cloud(rules=AT_ONCE)
    person = cloud.join("Sari", hidden=True, username="sari")
    cloud.arrive(person, arriving.text("halo", None, BUSINESS), NOON)
    body = text("") | {"recipient": person.user_id}
    del body["to"]
    cloud.send(body, NOON)
    entries = [notice.entry for notice in cloud.mail.due(NOON)]
    assert len(entries) == 3
    assert person.phone not in str(entries)
    assert all(entry["changes"][0]["value"]["contacts"][0]["user_id"] == person.user_id for entry in entries)


def test_a_hidden_number_that_the_business_wrote_to_is_named_in_the_statuses() -> None:
    cloud = Cloud(rules=AT_ONCE)
    person = cloud.join("Sari", hidden=True)
    cloud.arrive(person, arriving.text("halo", None, BUSINESS), NOON)
    cloud.mail.due(NOON)
    cloud.send(text(person.phone), NOON)
    (sent, _) = (one.entry["changes"][0]["value"] for one in cloud.mail.due(NOON))
    assert sent["contacts"][0]["wa_id"] == person.phone
    assert sent["statuses"][0]["recipient_id"] == person.phone


def test_a_failure_is_told_by_what_the_message_was_addressed_with() -> None:
    cloud, person = talking()
    cloud.mail.due(NOON)
    cloud.faults = Faults(fails=131026)
    cloud.send(text(person.phone), NOON)
    by_id = text("") | {"recipient": person.user_id}
    del by_id["to"]
    cloud.send(by_id, NOON)
    first, second = (one.entry["changes"][0]["value"]["statuses"][0] for one in cloud.mail.due(NOON))
    assert (first.get("recipient_id"), first.get("recipient_user_id")) == (person.phone, None)
    assert (second.get("recipient_id"), second.get("recipient_user_id")) == (None, person.user_id)


# --- templates -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "code"),
    [("PENDING", 132001), ("REJECTED", 132001), ("PAUSED", 132015), ("DISABLED", 132016)],
)
def test_a_template_that_is_not_approved_cannot_be_sent(status: str, code: int) -> None:
    cloud, person = talking()
    cloud.review(cloud.submit_template(NOTICE), status, "NONE", NOON)
    assert refused(cloud, notice(person.phone, "1", "Mei")) == code


@pytest.mark.parametrize(("name", "language"), [("edaran_lama", "id"), ("edaran_baru", "en_US")])
def test_a_template_exists_in_its_language_only(name: str, language: str) -> None:
    cloud, person = talking()
    cloud.submit_template(NOTICE)
    assert refused(cloud, notice(person.phone, "1", "Mei", name=name, language=language)) == 132001


@pytest.mark.parametrize(
    ("values", "code"),
    [(("1",), 132000), (("1", "2", "3"), 132000), (("1", ""), 132012), (("1", "a\nb"), 132012)],
)
def test_parameters_must_fit_the_template(values: tuple[str, ...], code: int) -> None:
    cloud, person = talking()
    cloud.submit_template(NOTICE)
    assert refused(cloud, notice(person.phone, *values)) == code


def test_a_filled_in_template_has_its_limit() -> None:
    cloud, person = talking()
    cloud.submit_template(NOTICE)
    cloud.send(notice(person.phone, "x", "y" * (1024 - len("Edaran x berlaku mulai ."))), NOON)
    body = notice(person.phone, "x", "y" * (1025 - len("Edaran x berlaku mulai .")))
    assert refused(cloud, body) == 132005


def test_named_parameters_go_to_their_names() -> None:
    cloud, person = talking()
    component = {"type": "BODY", "text": "Halo {{nama}}, {{hal}}."}
    cloud.submit_template(NOTICE | {"components": [component], "parameter_format": "NAMED"})
    body = notice(person.phone, "edaran baru", "Sari")
    given_names = body["template"]["components"][0]["parameters"]
    given_names[0]["parameter_name"], given_names[1]["parameter_name"] = "hal", "nama"
    cloud.send(body, NOON)
    assert person.outbox[-1]["text"] == "Halo Sari, edaran baru."
    given_names[0]["parameter_name"] = "tanggal"
    assert refused(cloud, body) == 132012


@pytest.mark.parametrize(
    "change",
    [{"name": "Edaran Baru"}, {"category": "IKLAN"}, {"components": []}, {"language": ""}],
)
def test_an_ill_formed_template_is_not_taken(change: Json) -> None:
    with pytest.raises(GraphError) as refusal:
        Cloud().submit_template(NOTICE | change)
    assert refusal.value.code == 100


def test_a_template_is_submitted_once_and_waits_for_review() -> None:
    cloud = Cloud()
    assert cloud.submit_template(NOTICE).status == "PENDING"
    with pytest.raises(GraphError):
        cloud.submit_template(NOTICE)


def test_only_a_template_outside_the_window_costs_money() -> None:
    cloud, person = talking(AT_ONCE)
    cloud.submit_template(NOTICE)

    def cost(body: Json, now: float) -> tuple[bool, str]:
        pricing = cloud.sent[cloud.send(body, now)["messages"][0]["id"]].pricing
        return pricing["billable"], pricing["category"]

    assert cost(text(person.phone), NOON) == (False, "service")
    assert cost(notice(person.phone, "1", "Mei"), NOON + 60) == (False, "utility")
    assert cost(notice(person.phone, "1", "Mei"), NOON + DAY) == (True, "utility")


# --- the ladder of statuses ------------------------------------------------------------------------


def test_a_message_is_sent_delivered_and_read_when_the_chat_is_opened() -> None:
    cloud, person = talking()
    cloud.send(text(person.phone), NOON)
    assert told(cloud) == ["sent", "delivered"]
    cloud.read(person, NOON + 60)
    assert told(cloud, NOON + 60) == ["read"]


def test_it_is_read_once() -> None:
    cloud, person = talking()
    cloud.send(text(person.phone), NOON)
    cloud.read(person, NOON)
    cloud.read(person, NOON)
    assert told(cloud) == ["sent", "delivered", "read"]


def test_whoever_answers_has_read() -> None:
    cloud, person = talking()
    cloud.send(text(person.phone), NOON)
    cloud.arrive(person, arriving.text("ya", None, BUSINESS), NOON)
    assert told(cloud) == ["sent", "delivered", "read"]


def test_nobody_learns_that_a_person_without_receipts_read() -> None:
    cloud, person = talking()
    person.receipts = False
    cloud.send(text(person.phone), NOON)
    cloud.read(person, NOON)
    assert told(cloud) == ["sent", "delivered"]
    assert person.outbox[-1]["read"] is True


def test_a_phone_that_is_off_gets_its_messages_when_it_is_on_again() -> None:
    cloud, person = talking()
    cloud.connect(person, False, NOON)
    cloud.send(text(person.phone), NOON)
    assert told(cloud) == ["sent"]
    assert person.outbox == []
    cloud.connect(person, True, NOON + 60)
    assert told(cloud, NOON + 60) == ["delivered"]
    assert [seen["text"] for seen in person.outbox] == ["halo"]


def test_a_failure_can_come_after_it_was_sent() -> None:
    cloud, person = talking()
    cloud.connect(person, False, NOON)
    wamid = cloud.send(text(person.phone), NOON)["messages"][0]["id"]
    cloud.fail(wamid, 131026, NOON + 60)
    cloud.connect(person, True, NOON + 120)
    assert told(cloud, NOON + 120) == ["sent", "failed"]


@pytest.mark.parametrize(
    ("faults", "expected"),
    [
        (Faults(), ["sent", "delivered", "read"]),
        (Faults(missing=frozenset({Kind.DELIVERED})), ["sent", "read"]),
        (Faults(doubled=frozenset({Kind.READ})), ["sent", "delivered", "read", "read"]),
        (Faults(reversed=True), ["read", "delivered", "sent"]),
        (Faults(late={Kind.SENT: 30}), ["delivered", "read"]),
        (Faults(fails=131026), ["failed"]),
    ],
)
def test_statuses_go_wrong_as_asked(faults: Faults, expected: list[str]) -> None:
    cloud, person = talking()
    cloud.faults = faults
    cloud.send(text(person.phone), NOON)
    cloud.read(person, NOON)
    assert told(cloud) == expected


def test_a_late_status_tells_when_it_really_was() -> None:
    cloud, person = talking()
    cloud.mail.due(NOON)
    cloud.faults = Faults(late={Kind.SENT: 30})
    cloud.send(text(person.phone), NOON)
    cloud.mail.due(NOON)
    (late,) = cloud.mail.due(NOON + 30)
    assert late.entry["changes"][0]["value"]["statuses"][0]["timestamp"] == str(int(NOON))


def test_a_fault_lasts_as_many_messages_as_asked() -> None:
    cloud, person = talking()
    cloud.faults = Faults(refuses=130429, times=2)
    assert [refused(cloud, text(person.phone)) for _ in range(2)] == [130429, 130429]
    cloud.send(text(person.phone), NOON)
    assert len(person.outbox) == 1


def test_statuses_say_what_the_message_was_labelled_with() -> None:
    cloud, person = talking()
    cloud.mail.due(NOON)
    cloud.send(text(person.phone, biz_opaque_callback_data="kiriman:7"), NOON)
    values = [one.entry["changes"][0]["value"]["statuses"][0] for one in cloud.mail.due(NOON)]
    assert [value["biz_opaque_callback_data"] for value in values] == ["kiriman:7", "kiriman:7"]


# --- what fits into a message --------------------------------------------------------------------


def buttons(*titles: str, body: str = "Pilih", ids: list[str] | None = None) -> Json:
    replies = [
        {"type": "reply", "reply": {"id": ids[place] if ids else f"b{place}", "title": title}}
        for place, title in enumerate(titles)
    ]
    return {"type": "button", "body": {"text": body}, "action": {"buttons": replies}}


def rows(count: int, *, sections: int = 1, title: str = "Baris", headed: bool = True) -> Json:
    parts: list[Json] = [{"title": f"Bagian {part}"} if headed else {} for part in range(sections)]
    for part in parts:
        part["rows"] = []
    for place in range(count):
        parts[place % sections]["rows"].append({"id": f"r{place}", "title": title})
    return {"type": "list", "body": {"text": "Pilih"}, "action": {"button": "Buka", "sections": parts}}


def interactive(to: str, content: Json) -> Json:
    return {"messaging_product": "whatsapp", "to": to, "type": "interactive", "interactive": content}


@pytest.mark.parametrize(
    "content",
    [
        buttons("Saya sudah membaca", "Ya", "Tidak"),
        buttons("x" * 20, ids=["i" * 256]),
        buttons("Ya", body="x" * 1024),
        rows(10),
        rows(10, sections=2),
        rows(1, title="x" * 24, headed=False),
    ],
)
def test_what_is_just_within_the_limits_is_taken(content: Json) -> None:
    cloud, person = talking()
    cloud.send(interactive(person.phone, content), NOON)
    assert len(person.outbox) == 1


@pytest.mark.parametrize(
    "content",
    [
        buttons("1", "2", "3", "4"),
        buttons(),
        buttons("x" * 21),
        buttons("Ya", ids=["i" * 257]),
        buttons("Ya", body="x" * 1025),
        buttons("Ya", "Ya"),
        buttons("Ya", "Tidak", ids=["sama", "sama"]),
        rows(11),
        rows(11, sections=2),
        rows(1, title="x" * 25),
        rows(2, sections=2, headed=False),
    ],
)
def test_what_is_just_beyond_the_limits_is_refused(content: Json) -> None:
    cloud, person = talking()
    assert refused(cloud, interactive(person.phone, content)) == 131009


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, 100),
        ({"messaging_product": "whatsapp", "type": "text", "text": {"body": "halo"}}, 100),
        ({"messaging_product": "whatsapp", "to": "1", "type": "text"}, 131008),
        ({"messaging_product": "whatsapp", "to": "1", "type": "text", "text": {}}, 131008),
        ({"messaging_product": "whatsapp", "to": "1", "type": "text", "text": {"body": ""}}, 131009),
        (text("1", "x" * 4097), 100),
        (text("1", warna="merah"), 100),
        ({"messaging_product": "whatsapp", "to": "1", "type": "flow"}, 131051),
        ({"messaging_product": "whatsapp", "to": "1", "type": "document", "document": {}}, 131009),
        ([], 100),
    ],
)
def test_a_message_that_does_not_fit_is_refused_with_its_code(body: Any, code: int) -> None:
    assert refused(Cloud(), body) == code


def test_a_file_must_have_been_uploaded() -> None:
    cloud, person = talking()
    body = {"messaging_product": "whatsapp", "to": person.phone, "type": "document", "document": {"id": "1"}}
    assert refused(cloud, body) == 131053
    body["document"] = {"id": cloud.upload("application/pdf", b"%PDF", None).id, "filename": "a.pdf"}
    cloud.send(body, NOON)
    assert person.outbox[-1]["file"]["filename"] == "a.pdf"


def test_a_refused_message_does_not_count_against_any_limit() -> None:
    cloud, person = talking(AT_ONCE.model_copy(update={"throughput": 1, "pair_burst": 1}))
    refused(cloud, text(person.phone, "x" * 4097))
    cloud.send(text(person.phone), NOON)
    assert len(person.outbox) == 1


def test_ids_of_messages_are_all_different() -> None:
    cloud, person = talking(AT_ONCE.model_copy(update={"pair_seconds": None, "throughput": None}))
    ids = {cloud.send(text(person.phone), NOON)["messages"][0]["id"] for _ in range(100)}
    assert len(ids) == 100
