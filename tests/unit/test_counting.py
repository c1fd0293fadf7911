"""The counters: no state of the ledger, and no change of one, speaks of fewer than five people."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from bot.people.counting import LEAST, REST, Cell, Figure, Tally, large_unit, shown
from bot.storage import tables
from bot.storage.counters import SqlCounters
from bot.storage.engine import open_engine
from bot.storage.migrate import migrate

DAY = date(2026, 11, 23)
CELL = Cell(DAY, "a", 9, "siaran_langsung", "prohibited", "a/se-1")
NEXT = DAY + timedelta(days=1)


def tally() -> Tally:
    numbers = count()
    return Tally(lambda: next(numbers).to_bytes(16, "big"))


def asked(counting: Tally, people: range, cell: Cell = CELL) -> Counter[Cell]:
    total: Counter[Cell] = Counter()
    for person in people:
        total.update(counting.add(cell, f"person:{person}"))
    return total


def test_four_people_give_no_figure_and_the_fifth_gives_one() -> None:
    counting = tally()
    assert asked(counting, range(4)) == {}
    assert counting.add(CELL, "person:4") == {CELL: 5}


def test_one_person_who_asks_a_hundred_times_counts_once() -> None:
    counting = tally()
    for _ in range(100):
        assert asked(counting, range(1)) == {}
    assert asked(counting, range(5)) == {CELL: 5}
    assert asked(counting, range(5)) == {}


def test_a_published_figure_grows_by_five_people_never_by_one() -> None:
    counting = tally()
    asked(counting, range(5))
    assert asked(counting, range(5, 9)) == {}
    assert counting.add(CELL, "person:9") == {CELL: 5}


def test_the_leftovers_of_small_units_become_the_rest_of_the_regency() -> None:
    counting = tally()
    asked(counting, range(3))
    asked(counting, range(3, 5), replace(CELL, unit=10))
    assert counting.close(NEXT) == {replace(CELL, unit=REST): 5}


def test_leftovers_that_are_too_few_are_dropped() -> None:
    counting = tally()
    asked(counting, range(4))
    assert counting.close(NEXT) == {}
    assert counting.close() == {}


def test_leftovers_of_different_verdicts_are_not_put_together() -> None:
    counting = tally()
    asked(counting, range(4))
    asked(counting, range(4), replace(CELL, verdict="permitted"))
    assert counting.close() == {}


def test_a_person_of_two_units_is_one_person_of_the_rest() -> None:
    counting = tally()
    asked(counting, range(4))
    asked(counting, range(4), replace(CELL, unit=10))
    assert counting.close() == {}


def test_closing_a_day_leaves_the_next_one_open() -> None:
    counting = tally()
    tomorrow = replace(CELL, day=NEXT)
    asked(counting, range(4), tomorrow)
    assert counting.close(NEXT) == {}
    assert counting.add(tomorrow, "person:4") == {tomorrow: 5}


def test_nothing_of_a_person_is_left_after_the_day_is_closed() -> None:
    counting = tally()
    asked(counting, range(9))
    counting.close(NEXT)
    assert counting._cells == {}
    assert counting._salts == {}


def test_a_hash_says_nothing_without_the_days_salt() -> None:
    """The same person on two days, or in two processes, has two hashes; her name is nowhere in memory."""
    counting, other = tally(), Tally(lambda: b"another salt")
    for cell in (CELL, replace(CELL, day=NEXT)):
        counting.add(cell, "person:12345")
        other.add(cell, "person:12345")
    hashes = [people.waiting for each in (counting, other) for people in each._cells.values()]
    assert len(set().union(*hashes)) == 3  # `other` has one salt for both days
    gc.collect()
    assert not any("12345" in repr(people) for people in counting._cells.values())


def test_figures_below_five_are_not_shown_even_if_the_ledger_had_them() -> None:
    few, many = Figure(9, "x", "y", "z", 4), Figure(10, "x", "y", "z", 5)
    assert shown([few, many]) == (many,)


@pytest.mark.parametrize(("lineage", "unit"), [((3, 2, 1), 2), ((2, 1), 2), ((1,), REST), ((7, 8), REST)])
def test_the_large_unit_is_the_one_right_below_the_regency(lineage: tuple[int, ...], unit: int) -> None:
    assert large_unit(lineage, 1) == unit


# --- whatever is asked, by whomever ---


@dataclass
class Observer:
    """Sees every state of the ledger, and knows (as nobody does) who has asked what since this process counts
    that day."""

    ledger: Counter[Cell] = field(default_factory=Counter)
    counted: Counter[Cell] = field(default_factory=Counter)
    askers: dict[Cell, set[int]] = field(default_factory=dict)

    def hear(self, cell: Cell, who: int) -> None:
        for seen in {cell, replace(cell, unit=REST)}:
            self.askers.setdefault(seen, set()).add(who)

    def see(self, changes: Mapping[Cell, int]) -> None:
        self.ledger.update(changes)
        self.counted.update(changes)
        for cell, number in changes.items():
            assert number >= LEAST, "a change of the ledger speaks of at least five people"
            assert self.counted[cell] <= len(self.askers[cell]), "and each of them is counted once"

    def forget(self, before: date | None) -> None:
        for cell in [cell for cell in self.askers if before is None or cell.day < before]:
            del self.askers[cell]
            del self.counted[cell]


questions = st.lists(
    st.tuples(
        st.sampled_from(["ask", "ask", "ask", "ask", "ask", "close", "restart"]),
        st.integers(0, 12),  # who
        st.sampled_from([9, 10, REST]),
        st.integers(0, 1),  # day
    ),
    min_size=40,
    max_size=150,
)


@given(questions)
def test_no_sequence_of_questions_lets_a_cell_below_five_be_read_or_inferred(
    steps: list[tuple[str, int, int, int]],
) -> None:
    """All that the ledger ever holds is sums of groups of five different people and more, and so is every
    difference between two of its states. The rest of a regency is such a group too, not a total from which
    the others could be subtracted."""
    counting, observer = tally(), Observer()
    for what, who, unit, day in steps:
        at = DAY + timedelta(days=day)
        if what == "ask":
            cell = replace(CELL, unit=unit, day=at)
            observer.hear(cell, who)
            observer.see(counting.add(cell, f"person:{who}"))
        else:
            before = None if what == "restart" else at
            observer.see(counting.close(before))
            observer.forget(before)
    assert all(number >= LEAST for number in observer.ledger.values())


# --- in the ledger ---


async def test_the_ledger_never_holds_a_cell_below_five(database_url: str) -> None:
    engine = open_engine(database_url)
    await migrate(engine)
    counting = SqlCounters(engine)

    async def held() -> dict[int, int]:
        async with engine.connect() as connection:
            found = await connection.execute(select(tables.counters.c.unit_id, tables.counters.c["count"]))
            return {int(unit): int(number) for unit, number in found}

    for person in range(4):
        await counting.count(CELL, f"person:{person}")
        await counting.count(replace(CELL, unit=10), f"person:{person + 100}")
        assert await held() == {}
    await counting.count(CELL, "person:4")
    assert await held() == {9: 5}
    await counting.count(CELL, "person:5")
    assert await held() == {9: 5}
    await counting.close(NEXT)
    assert await held() == {9: 5, REST: 5}
    assert [(f.unit, f.people) for f in await counting.read("a", DAY, NEXT)] == [(REST, 5), (9, 5)]
    assert await counting.read("b", DAY, NEXT) == ()
    assert await counting.read("a", NEXT, NEXT + timedelta(days=1)) == ()
    await engine.dispose()


async def test_two_processes_add_to_the_same_cell_and_reading_suppresses_again(database_url: str) -> None:
    engine = open_engine(database_url)
    await migrate(engine)
    for _ in range(2):
        counting = SqlCounters(engine)
        for person in range(6):
            await counting.count(CELL, f"person:{person}")
        await counting.close()
    async with engine.begin() as connection:
        small = {"day": DAY, "regency": "a", "unit_id": 77, "activity": "x", "verdict": "y", "circular": ""}
        await connection.execute(tables.counters.insert(), small | {"count": 4})
    assert [(f.unit, f.people) for f in await SqlCounters(engine).read("a", DAY, NEXT)] == [(9, 10)]
    await engine.dispose()


async def test_an_answer_does_not_fail_because_it_cannot_be_counted(
    new_database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    engine = open_engine(new_database_url)  # never migrated: there is no table
    counting = SqlCounters(engine)
    for person in range(5):
        await counting.count(CELL, f"person:{person}")
    assert "could not be written" in caplog.text
    await engine.dispose()
