"""What is wrong with a command line is said in our own words."""

from __future__ import annotations

import errno
import subprocess
import sys
from datetime import datetime

import pytest

from bot.catalogues import load_catalogues
from bot.commands.usage import day_given, moment_given
from bot.problems import Problem

CATALOGUES = load_catalogues()
TEXTS = CATALOGUES["id"]
RANGE = {"name": "--days", "value": 0, "least": 1, "most": 3660}


def said(*arguments: str) -> list[str]:
    command = [sys.executable, "-c", "from bot.cli import main; main()", *arguments]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert (result.returncode, result.stdout) == (2, "")
    return result.stderr.splitlines()


@pytest.mark.parametrize(
    ("arguments", "key", "values"),
    [
        (("campaign", "status", "x"), "cli.bad_integer", {"name": "ID", "value": "x"}),
        (("counters", "--days", "0"), "cli.bad_range", RANGE),
        (("campaign", "status"), "cli.missing", {"name": "ID"}),
        (("roster", "import"), "cli.missing", None),
        (("campaign", "statu"), "cli.no_command", {"name": "statu"}),
        (("circular", "list", "--josn"), "cli.no_option", {"name": "--josn"}),
        (("campaign", "status", "1", "2"), "cli.extra", {"value": "2"}),
        (("campaign", "status", "1", "--unit"), "cli.option_bare", {"name": "--unit"}),
        (("circular", "list", "--json=x"), "cli.option_valued", {"name": "--json"}),
        (("campaign", "approve", "1", "--start", "besok"), "cli.bad_moment", {"value": "besok"}),
    ],
)
def test_a_wrong_command_line_is_said_in_indonesian(
    arguments: tuple[str, ...], key: str, values: dict[str, object] | None
) -> None:
    first = said(*arguments)[0]
    assert first.startswith(TEXTS(key, **values) if values else TEXTS(key, name="")[:12])


@pytest.mark.parametrize("text", ["31-12-2026", "besok", "2026-02-30", ""])
def test_what_is_no_day_is_a_problem_with_its_value(text: str) -> None:
    for given in (day_given, moment_given):
        with pytest.raises(Problem) as found:
            given(text)
        assert found.value.values == {"value": text}


def test_a_day_alone_is_a_moment_too() -> None:
    assert moment_given("2026-11-28") == datetime(2026, 11, 28)  # noqa: DTZ001  # the regency's zone comes later
    assert moment_given("2026-11-28T08:00+07:00").utcoffset() is not None
    assert day_given(" 2026-11-28 ") == datetime(2026, 11, 28)  # noqa: DTZ001


@pytest.mark.parametrize("number", [errno.ENOENT, errno.EISDIR, errno.EACCES, errno.ENOSPC])
def test_what_the_system_refuses_is_said_in_words(number: int) -> None:
    error = OSError(number, "in English")
    for texts in CATALOGUES.values():
        line = Problem("cli.no_file", path="a", reason=error).line(texts)
        assert "in English" not in line
        assert "{" not in line
    assert "in English" in Problem("cli.no_file", path="a", reason=OSError(99999, "in English")).line(TEXTS)
