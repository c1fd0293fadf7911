"""Conversations as tables, and the rules of memory one by one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.dialogue import Draft, Memory, Pending, merge, next_question, press, remember
from bot.model import Grain, Intent, Move, Understood, Unknown, When
from tests.speaking import MONDAY, table, understanding, vocabulary

LIFETIME = timedelta(minutes=30)
CONVERSATIONS: dict[str, list[str]] = table("conversations.yaml")


class Conversation:
    """One conversation as the assistant holds it: the memory lives from turn to turn and fades."""

    def __init__(self) -> None:
        self.now = MONDAY
        self.memory: Memory | None = None

    def said(self, text: str) -> Draft:
        memory = self.memory if self.memory is not None and self.now < self.memory.until else None
        understood = understanding().read(text, self.now, memory.expecting if memory else None)
        return self._turn(merge(memory, understood))

    def pressed(self, action: str) -> Draft:
        assert self.memory is not None
        draft = press(self.memory, action, vocabulary())
        assert draft is not None
        return self._turn(draft)

    def asks(self, subject: str) -> None:
        assert self.memory is not None
        draft = self.memory.draft
        pending = {
            "time": Pending(times=draft.times),
            "activity": Pending(activities=("siaran_langsung", "unggah")),
        }
        self.memory = remember(draft, pending.get(subject, Pending(fact=subject)), self.now + LIFETIME)

    def _turn(self, draft: Draft) -> Draft:
        self.memory = remember(draft, None, self.now + LIFETIME)
        return draft


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_a_conversation_runs_as_the_table_says(name: str) -> None:
    conversation = Conversation()
    for line in CONVERSATIONS[name]:
        said, _, expected = line.partition(" | ")
        if said.startswith("bot asks "):
            conversation.asks(said.removeprefix("bot asks "))
        elif said.startswith("later "):
            conversation.now += timedelta(minutes=int(said.removeprefix("later ")))
        else:
            button = said.startswith("press ")
            draft = conversation.pressed(said.removeprefix("press ")) if button else conversation.said(said)
            assert _shown(draft) == expected, line


def _shown(draft: Draft) -> str:
    """A draft in the notation of the table."""
    time = "or".join(map(_time, draft.times)) or "-"
    facts = [
        f"{name}={value}" if value not in _SIGNS else _SIGNS[value] + name
        for name, value in draft.facts.items()
    ]
    return " ".join([draft.intent, ",".join(draft.activities) or "-", time, *facts])


_SIGNS: dict[Any, str] = {True: "", False: "!", Unknown.NOT_KNOWN_TO_ASKER: "?"}


def _time(when: When) -> str:
    day = f"{when.start:%d}" if when.start is not None else ""
    if when.symbol is not None:
        return day + when.symbol
    if when.grain is Grain.DAY:
        return day
    return f"{when.start:%dT%H:%M}" + (f"/{when.end:%H:%M}" if when.end is not None else "")


def instant(hour: int, day: int = 23) -> When:
    return When(MONDAY.replace(day=day, hour=hour), None, Grain.INSTANT)


def follow_up(**said: Any) -> Understood:
    return Understood(Intent.MAY_I, Move.FOLLOW_UP, **said)


def memory(pending: Pending | None = None, **said: Any) -> Memory:
    draft = Draft(Intent.MAY_I, ("siaran_langsung",), (instant(9),), **said)
    return remember(draft, pending, MONDAY + LIFETIME)


def test_without_a_memory_a_follow_up_stands_alone() -> None:
    draft = merge(None, follow_up(facts={"akun_resmi": True}))
    assert draft == Draft(Intent.MAY_I, facts={"akun_resmi": True})


def test_the_memory_expects_what_was_asked_back() -> None:
    assert memory(Pending(fact="akun_resmi")).expecting == "akun_resmi"
    assert memory(Pending(times=(instant(4), instant(16)))).expecting == "time"
    assert memory(Pending(activities=("unggah",))).expecting == "activity"
    assert memory().expecting is None


def test_small_talk_keeps_the_memory_and_makes_it_fresher() -> None:
    before = memory(Pending(fact="akun_resmi"))
    draft = merge(before, Understood(Intent.GREETING, Move.ASK))
    later = MONDAY + 2 * LIFETIME
    assert remember(draft, None, later) == Memory(before.draft, before.pending, later)


def test_a_part_of_day_that_fits_both_times_picks_neither() -> None:
    both = memory(Pending(times=(instant(15), instant(17))))
    afternoon = When(MONDAY.replace(hour=15), MONDAY.replace(hour=18), Grain.INTERVAL)
    draft = merge(both, Understood(Intent.MAY_I, Move.ANSWER, times=(afternoon,)))
    assert draft.times == (afternoon,)


@pytest.mark.parametrize(
    "action",
    [
        "",
        "q:",
        "q:f:akun_resmi:9",
        "q:f:akun_resmi:-1",
        "q:f:nothing:0",
        "q:f:akun_resmi:",
        "q:t:5",
        "q:t:x",
        "q:a:unggah",
        "x",
    ],
)
def test_a_button_of_no_open_question_gives_nothing(action: str) -> None:
    assert press(memory(Pending(times=(instant(4),))), action, vocabulary()) is None
    assert action.startswith("q:f:") or press(memory(), action, vocabulary()) is None


def test_a_pressed_act_replaces_the_act() -> None:
    draft = press(memory(Pending(activities=("unggah",))), "q:a:unggah", vocabulary())
    assert draft is not None
    assert draft.activities == ("unggah",)
    assert draft.times == (instant(9),)


def test_the_most_telling_missing_fact_is_asked_first() -> None:
    assert next_question(vocabulary(), ("akun_resmi", "kepentingan_dinas"), {}) == "akun_resmi"


def test_no_fact_is_asked_twice() -> None:
    answered = {"akun_resmi": Unknown.NOT_KNOWN_TO_ASKER}
    assert next_question(vocabulary(), ("akun_resmi", "kepentingan_dinas"), answered) == "kepentingan_dinas"
    assert next_question(vocabulary(), ("akun_resmi",), answered) is None


@pytest.mark.parametrize("fact", ["konten_tidak_pantas", "hari", "tanggal", "no such fact"])
def test_what_nobody_can_answer_is_not_asked(fact: str) -> None:
    assert next_question(vocabulary(), (fact,), {}) is None


def test_what_the_person_is_comes_before_what_she_does() -> None:
    assert next_question(vocabulary(), ("akun_resmi", "unit"), {}) == "unit"
    assert next_question(vocabulary(), ("akun_resmi", "status"), {}) == "status"
    assert next_question(vocabulary(), ("akun_resmi", "unit"), {"unit": "dinas"}) == "akun_resmi"


def test_words_that_answer_which_unit_say_nothing_else() -> None:
    said = Understood(Intent.MAY_I, Move.ANSWER, facts={"unit": "dinas", "di_tempat_kerja": True})
    draft = merge(memory(Pending(fact="unit"), facts={"akun_resmi": True}), said)
    assert draft.facts == {"akun_resmi": True, "unit": "dinas"}


def test_shift_staff_are_asked_whether_they_are_on_duty() -> None:
    assert next_question(vocabulary(), ("dalam_jam_kerja",), {}) == "dalam_jam_kerja"
