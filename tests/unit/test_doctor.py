"""`edaran doctor`: what is wrong is found and told with its repair, and no secret is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from bot.channels.web import WEBHOOK
from bot.config import Database, Evidence, Settings, Subscriptions, Telegram, Whatsapp
from bot.doctor import Doctor, Finding, State
from bot.policy.files import DIRECTORY
from bot.storage.engine import open_engine
from bot.storage.migrate import ensure_current
from tests.fakes import CATALOGUES, TOKEN

PUBLIC = "https://bot.example.go.id"
SECRETS = (TOKEN, "rahasia-webhook", "rahasia-token", "rahasia-aplikasi", "rahasia-verifikasi", "sandi-db")
WHATSAPP = {
    "token": "rahasia-token",
    "phone_id": "100200300",
    "app_secret": "rahasia-aplikasi",
    "verify_token": "rahasia-verifikasi",
}

Answer = Callable[[httpx.Request], httpx.Response | None]


class Patient:
    """An installation; `other`: how the other machines answer, None as they should."""

    def __init__(self, folder: Path, url: str | None = None) -> None:
        self._url = url or f"sqlite:///{folder}/baru.db"
        self.evidence, self.policies = folder / "evidence.key", DIRECTORY
        self._subscriptions = folder / "subscriptions.key"
        self.telegram: dict[str, Any] = {}
        self.whatsapp: dict[str, Any] = {}
        self.other: Answer = lambda _: None
        self.off = timedelta()

    def _answer(self, request: httpx.Request) -> httpx.Response:
        found = self.other(request)
        if found is not None:
            return found
        date = {"Date": format_datetime(datetime.now(UTC) + self.off)}
        url = str(request.url)
        if url.endswith("/getWebhookInfo"):
            return httpx.Response(200, headers=date, json={"result": {"url": PUBLIC + WEBHOOK}})
        if url.endswith("/getMe"):
            return httpx.Response(200, headers=date, json={"result": {"username": "edaran_bot"}})
        if "/100200300" in url:
            return httpx.Response(200, headers=date, json={"display_phone_number": "+62 800-0000-0009"})
        return httpx.Response(200, headers=date, json={"ok": True})

    async def findings(self) -> dict[str, Finding]:
        settings = Settings(
            database=Database(url=self._url),
            telegram=Telegram(**self.telegram),
            whatsapp=Whatsapp(**self.whatsapp),
            evidence=Evidence(key=self.evidence),
            subscriptions=Subscriptions(key=self._subscriptions),
        )
        async with httpx.AsyncClient(transport=httpx.MockTransport(self._answer)) as web:
            doctor = Doctor(settings, self.policies, CATALOGUES["id"], web)
            found = {finding.what: finding async for finding in doctor.examine()}
        told = " ".join(finding.said for finding in found.values())
        assert not any(secret in told for secret in SECRETS)
        assert "{" not in told
        return found

    async def wrong(self) -> dict[str, str]:
        found = await self.findings()
        return {what: one.said for what, one in found.items() if one.state is State.WRONG}


@pytest.fixture
def patient(tmp_path: Path) -> Patient:
    return Patient(tmp_path)


async def test_a_new_installation_is_well_and_what_is_not_set_up_is_named(patient: Patient) -> None:
    found = await patient.findings()
    assert {one.state for one in found.values()} == {State.WELL, State.NOT_SET}
    assert "EDARAN_TELEGRAM__TOKEN" in found["telegram"].said


async def test_everything_set_up_and_answering_is_well(patient: Patient) -> None:
    patient.telegram = {"token": TOKEN, "webhook_url": PUBLIC, "webhook_secret": "rahasia-webhook"}
    patient.whatsapp = WHATSAPP
    found = await patient.findings()
    assert {one.state for one in found.values()} == {State.WELL}
    assert "@edaran_bot" in found["telegram"].said


async def test_a_refused_token_is_told_by_its_setting(patient: Patient) -> None:
    patient.telegram, patient.whatsapp = {"token": TOKEN}, WHATSAPP
    patient.other = lambda request: httpx.Response(401, headers={"Date": format_datetime(datetime.now(UTC))})
    wrong = await patient.wrong()
    assert "EDARAN_TELEGRAM__TOKEN" in wrong["telegram"]
    assert "EDARAN_WHATSAPP__TOKEN" in wrong["whatsapp"]


async def test_a_network_that_is_down_is_told_without_the_address_of_the_token(patient: Patient) -> None:
    def down(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError(f"cannot reach {request.url}")

    patient.telegram, patient.other = {"token": TOKEN}, down
    assert set(await patient.wrong()) == {"telegram", "clock"}


async def test_a_webhook_that_is_somewhere_else_or_fails_is_found(patient: Patient) -> None:
    patient.telegram = {"token": TOKEN, "webhook_url": PUBLIC, "webhook_secret": "rahasia-webhook"}
    told: dict[str, Any] = {"url": "https://lain.example.go.id/hook"}

    def other(request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(200, json={"result": told}) if "getWebhookInfo" in str(request.url) else None

    patient.other = other
    assert "lain.example.go.id" in (await patient.wrong())["telegram_webhook"]
    told = {"url": PUBLIC + WEBHOOK, "last_error_date": datetime.now(UTC).timestamp()}
    told |= {"last_error_message": "SSL error", "pending_update_count": 12}
    said = (await patient.wrong())["telegram_webhook"]
    assert "SSL error" in said
    assert "12" in said


async def test_an_address_that_does_not_reach_the_bot_is_found(patient: Patient) -> None:
    patient.telegram = {"token": TOKEN, "webhook_url": PUBLIC, "webhook_secret": "rahasia-webhook"}
    patient.other = lambda request: httpx.Response(502) if "healthz" in str(request.url) else None
    assert "502" in (await patient.wrong())["telegram_webhook"]


async def test_a_webhook_without_its_secret_names_the_setting(patient: Patient) -> None:
    patient.telegram = {"token": TOKEN, "webhook_url": PUBLIC}
    assert "EDARAN_TELEGRAM__WEBHOOK_SECRET" in (await patient.wrong())["telegram_webhook"]


@pytest.mark.parametrize("name", ["token", "phone_id", "app_secret", "verify_token"])
async def test_half_a_whatsapp_names_what_is_missing(patient: Patient, name: str) -> None:
    patient.whatsapp = {key: value for key, value in WHATSAPP.items() if key != name}
    said = (await patient.wrong())["whatsapp"]
    assert f"EDARAN_WHATSAPP__{name.upper()}" in said
    assert said.count("EDARAN_") == 1


async def test_a_clock_that_is_off_is_found(patient: Patient) -> None:
    patient.telegram, patient.off = {"token": TOKEN}, timedelta(minutes=5)
    assert "NTP" in (await patient.wrong())["clock"]


async def test_broken_policies_are_counted_and_the_command_to_see_them_named(
    patient: Patient, tmp_path: Path
) -> None:
    patient.policies = tmp_path / "tidak-ada"
    assert "edaran policy check" in (await patient.wrong())["policies"]


async def test_an_older_database_wants_to_be_migrated(database_url: str, tmp_path: Path) -> None:
    engine = open_engine(database_url)
    await ensure_current(engine)
    patient = Patient(tmp_path, database_url)
    assert "database" not in await patient.wrong()
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    await engine.dispose()
    assert "edaran migrate" in (await patient.wrong())["database"]


async def test_a_database_that_does_not_answer_is_told_without_its_password(tmp_path: Path) -> None:
    patient = Patient(tmp_path, "postgresql://edaran:sandi-db@127.0.0.1:1/edaran")
    assert "database" in await patient.wrong()


async def test_a_key_that_others_can_read_is_found(patient: Patient) -> None:
    patient.evidence.write_text("x")
    patient.evidence.chmod(0o644)
    assert "evidence.key" in (await patient.wrong())["keys"]


async def test_keys_in_a_folder_that_cannot_be_made_are_found(patient: Patient, tmp_path: Path) -> None:
    (tmp_path / "berkas").write_text("")
    patient.evidence = tmp_path / "berkas" / "evidence.key"
    assert "evidence.key" in (await patient.wrong())["keys"]
