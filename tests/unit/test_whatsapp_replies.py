"""Replies as WhatsApp takes them: its limits, its markup, its buttons and lists."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from bot.channels.whatsapp_replies import KEYS, ROWS, Outgoing, Wording, messages
from bot.channels.whatsapp_text import BODY, LIKENESS, TEXT, headed, parts, plain, units
from bot.model import Button, ContactRequest, Reply
from bot.simulating.requests import read_message

WORDING = Wording("Pilih", "Pilihan lainnya:")
TEXTS = st.text(alphabet=st.sampled_from("a b\n🙏👩‍🏫é*_~`>\u202e"), max_size=6000) | st.text(max_size=300)
BUTTONS = st.lists(
    st.builds(Button, st.text(alphabet="abc 🙏", min_size=1, max_size=40), st.from_regex(r"[a-z:=]{1,64}")),
    max_size=25,
    unique_by=(lambda button: button.action),
)


def taken(message: Outgoing) -> bool:
    """Whether the simulated platform takes the message."""
    whole = {"messaging_product": "whatsapp", "to": "6280000000001", "type": message.kind}
    read_message(whole | {message.kind: dict(message.content)})
    return True


@given(TEXTS, BUTTONS)
def test_whatever_is_said_whatsapp_takes_it(text: str, buttons: list[Button]) -> None:
    reply = Reply(text, tuple((button,) for button in buttons))
    assert all(taken(message) for message in messages(reply, WORDING))


@given(TEXTS, st.integers(20, 200))
def test_parts_fit_and_nothing_but_blanks_is_lost(text: str, last: int) -> None:
    cut = parts(text, last)
    assert all(0 < units(part) <= TEXT for part in cut)
    assert not cut or units(cut[-1]) <= last
    assert "".join("".join(cut).split()) == "".join(text.split())


def test_a_long_text_with_buttons_has_its_end_and_the_buttons_in_one_message() -> None:
    text = "Judul\n" + "Satu kalimat yang cukup panjang untuk satu baris.\n" * 40
    first, last = messages(Reply(text, ((Button("Ya", "y"),),)), WORDING)
    assert (first.kind, last.kind) == ("text", "interactive")
    assert units(last.content["body"]["text"]) <= BODY
    assert last.content["body"]["text"].startswith("Satu kalimat")


# --- markup ----------------------------------------------------------------------------------


@given(st.text(alphabet="ab *_~`\n>", max_size=60))
def test_nothing_that_people_write_becomes_markup(text: str) -> None:
    shown = plain(text)
    assert not re.search(r"[*~`]|(?m:^\s*>\s)", shown)
    assert not re.search(r"(?<![^\W_])_|_(?![^\W_])", shown)


@given(st.text(max_size=100))
def test_what_stands_for_markup_looks_like_it_and_the_rest_is_untouched(text: str) -> None:
    back = plain(text).translate({ord(likeness): sign for sign, likeness in LIKENESS.items()})
    before = text.translate({ord(likeness): sign for sign, likeness in LIKENESS.items()})
    assert back.replace("›", ">") == before.replace("›", ">")


def test_names_and_addresses_stay_as_they_are() -> None:
    text = "berkas data_saya.json di https://contoh.go.id/_a_/*b* untuk semua"
    assert plain(text) == text


def test_the_headline_is_bold_and_only_it() -> None:
    assert headed("Boleh. \nPasal 1") == "*Boleh.*\nPasal 1"
    assert headed(" \n ") == ""


# --- choices ---------------------------------------------------------------------------------


def choices(number: int, label: str = "Pilihan") -> Reply:
    return Reply("Apa?", tuple((Button(f"{label} {n}", f"c:{n}"),) for n in range(number)))


def test_up_to_three_choices_are_buttons() -> None:
    [message] = messages(choices(KEYS), WORDING)
    assert [key["reply"]["id"] for key in message.content["action"]["buttons"]] == ["c:0", "c:1", "c:2"]


def test_more_are_a_list_that_a_button_opens() -> None:
    [message] = messages(choices(ROWS), WORDING)
    assert message.content["action"]["button"] == "Pilih"
    assert len(message.content["action"]["sections"][0]["rows"]) == ROWS


def test_more_than_a_list_holds_follow_in_a_second_one() -> None:
    first, second = messages(choices(ROWS + 2), WORDING)
    assert first.content["body"]["text"] == "*Apa?*"
    assert second.content["body"]["text"] == "Pilihan lainnya:"
    assert [row["id"] for row in second.content["action"]["sections"][0]["rows"]] == ["c:10", "c:11"]


def test_two_choices_of_one_name_are_a_list_because_buttons_would_be_refused() -> None:
    reply = Reply("Apa?", ((Button("Sama", "a"), Button("Sama", "b")),))
    assert messages(reply, WORDING)[0].content["type"] == "list"


def test_a_label_too_long_for_a_button_stands_whole_in_a_list() -> None:
    label = "Sekolah Dasar Negeri Satu Contoh"
    [row] = messages(choices(1, label), WORDING)[0].content["action"]["sections"][0]["rows"]
    assert row["title"].endswith("…")
    assert row["description"] == f"{label} 0"


def test_a_request_for_the_contact_is_whatsapps_own() -> None:
    [message] = messages(Reply("Bagikan?", contact=ContactRequest("Bagikan", "Tidak")), WORDING)
    assert message.content["type"] == "request_contact_info"
    [text] = messages(Reply("Terima kasih", contact=ContactRequest()), WORDING)
    assert text.kind == "text"
