"""What the README promises exists: its commands, its folders, its make targets."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
COMMANDS = sorted(
    set(re.findall(r"^\$ edaran ([a-z]+(?: (?:check|explain|list|show))?)", README, re.MULTILINE))
)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_readme_exists(command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bot.cli", *command.split(), "--help"], capture_output=True, check=False
    )
    assert done.returncode == 0


@pytest.mark.parametrize("target", sorted(set(re.findall(r"make ([a-z]+)", README))))
def test_a_make_target_of_the_readme_exists(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


@pytest.mark.parametrize(
    "name", sorted(set(re.findall(r"`((?:bot|tests|bench|locales|policies)/[\w/.]*)`", README)))
)
def test_a_path_of_the_readme_exists(name: str) -> None:
    assert (ROOT / name).exists()


def test_the_output_shown_for_the_demo_is_what_the_program_says() -> None:
    """The README shows an answer at a fixed moment; it must not go stale."""
    shown = re.search(r"--at (\S+)\n(.*?)```", README, re.DOTALL)
    assert shown is not None
    ask = ["ask", "boleh live sekarang?", "--regency", "lumajang", "--status", "pns", "--at", shown[1]]
    done = subprocess.run([sys.executable, "-m", "bot.cli", *ask], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == shown[2].strip()


def test_ci_calls_exactly_the_test_command_of_the_readme() -> None:
    script = (ROOT / ".ci" / "run").read_text().splitlines()
    commands = [line for line in script if line and not line.startswith(("#", "set ", "cd "))]
    assert commands == ["make test"]
