"""Settings: where they come from, and what a wrong one says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.catalogues import load_catalogues
from bot.config import DAYS_FORM, FORMS, Retention, Settings, load_settings
from bot.people.codes import VALID_DAYS
from bot.problems import Problem

TOKEN = "123456789:not-a-real-token_AA"
NO_FILE = Path("no such file")


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.upper().startswith("EDARAN_")]:
        monkeypatch.delenv(name)


def _problem(env_file: Path = NO_FILE) -> str:
    with pytest.raises(Problem) as caught:
        load_settings(env_file)
    return caught.value.line(load_catalogues()["id"])


def test_without_any_setting_the_database_is_a_local_file() -> None:
    settings = load_settings(NO_FILE)
    assert settings.database.url == "sqlite:///data/edaran.db"
    assert settings.telegram.token is None


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDARAN_TELEGRAM__TOKEN", TOKEN)
    monkeypatch.setenv("EDARAN_TELEGRAM__API_BASE", "http://127.0.0.1:9")
    monkeypatch.setenv("EDARAN_DATABASE__URL", "postgresql://db.example/edaran")
    monkeypatch.setenv("EDARAN_WHATSAPP__PHONE_ID", "123")
    settings = load_settings(NO_FILE)
    assert settings.telegram_token() == TOKEN
    assert settings.telegram.api_base == "http://127.0.0.1:9"
    assert settings.database.url == "postgresql://db.example/edaran"
    assert settings.whatsapp.phone_id == "123"


def test_settings_come_from_a_file_and_the_environment_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / ".env"
    file.write_text(
        "EDARAN_TELEGRAM__WEBHOOK_SECRET=from-file\nOTHER=1\nEDARAN_DATABASE__URL=sqlite:///a.db\n"
    )
    monkeypatch.setenv("EDARAN_DATABASE__URL", "sqlite:///b.db")
    settings = load_settings(file)
    assert settings.webhook_secret() == "from-file"
    assert settings.database.url == "sqlite:///b.db"


def test_an_empty_setting_counts_as_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDARAN_TELEGRAM__TOKEN", "")
    assert load_settings(NO_FILE).telegram.token is None


def test_secrets_do_not_print(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDARAN_TELEGRAM__TOKEN", TOKEN)
    monkeypatch.setenv("EDARAN_TELEGRAM__WEBHOOK_SECRET", "hush-hush")
    monkeypatch.setenv("EDARAN_WHATSAPP__APP_SECRET", "hush-hush")
    settings = load_settings(NO_FILE)
    shown = f"{settings} {settings!r} {settings.model_dump()} {settings.model_dump_json()}"
    assert TOKEN not in shown
    assert "hush" not in shown


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("EDARAN_TELEGRAM__TOKEN", "secret without colon"),
        ("EDARAN_TELEGRAM__WEBHOOK_SECRET", "secret with spaces"),
        ("EDARAN_TELEGRAM__API_BASE", "secret.example"),
        ("EDARAN_TELEGRAM__WEBHOOK_URL", "ftp://secret.example"),
        ("EDARAN_DATABASE__URL", "mysql://secret@x/y"),
        ("EDARAN_WHATSAPP__API_BASE", "secret"),
    ],
)
def test_a_wrong_setting_is_named_with_the_right_form_but_not_its_value(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    line = _problem()
    assert name in line
    assert FORMS[name] in line
    assert "secret" not in line.replace("webhook_secret", "")
    assert "\n" not in line


@pytest.mark.parametrize("value", ["0", "-1", "36501", "often", "1.5"])
def test_a_period_that_is_no_number_of_days_is_named_with_the_right_form(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("EDARAN_RETENTION__CODES", value)
    line = _problem()
    assert "EDARAN_RETENTION__CODES" in line
    assert DAYS_FORM in line


def test_periods_have_defaults_and_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings(NO_FILE).retention == Retention()
    monkeypatch.setenv("EDARAN_RETENTION__ACCESS_LOG", "30")
    assert load_settings(NO_FILE).retention == Retention(access_log=30)


def test_how_long_a_code_is_valid_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings(NO_FILE).codes.days == VALID_DAYS
    monkeypatch.setenv("EDARAN_CODES__DAYS", "3")
    assert load_settings(NO_FILE).codes.days == 3
    monkeypatch.setenv("EDARAN_CODES__DAYS", "91")
    assert FORMS["EDARAN_CODES__DAYS"] in _problem()


def test_a_misspelt_setting_is_named_with_the_one_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDARAN_TELEGRAM__TOKN", "x")
    line = _problem()
    assert "EDARAN_TELEGRAM__TOKN" in line
    assert "EDARAN_TELEGRAM__TOKEN" in line


def test_a_group_that_is_no_group_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDARAN_TELEGRAM", "not json")
    assert "EDARAN_TELEGRAM" in _problem()


@pytest.mark.parametrize(
    ("missing", "name"),
    [
        (Settings.telegram_token, "EDARAN_TELEGRAM__TOKEN"),
        (Settings.webhook_secret, "EDARAN_TELEGRAM__WEBHOOK_SECRET"),
    ],
)
def test_a_missing_setting_is_named_with_an_example(missing: object, name: str) -> None:
    assert callable(missing)
    with pytest.raises(Problem) as caught:
        missing(load_settings(NO_FILE))
    assert f"{name}=" in caught.value.line(load_catalogues()["id"])


def test_the_settings_import_no_heavy_library() -> None:
    heavy = ("sqlalchemy", "aiogram", "alembic")
    probe = f"import sys, bot.config; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
