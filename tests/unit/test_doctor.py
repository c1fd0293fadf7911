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
from bot.channels.whatsapp_templates import submission
from bot.config import Database, Evidence, Settings, Subscriptions, Telegram, Whatsapp
from bot.doctor import Doctor, Finding, State
from bot.policy.corpus import MessageTemplate
from bot.policy.document import parse
from bot.policy.files import DIRECTORY
from bot.policy.message_templates import read_templates
from bot.storage.engine import open_engine
from bot.storage.migrate import ensure_current
from tests.fakes import CATALOGUES, TOKEN

PUBLIC = "https://bot.example.go.id"
SECRETS = (TOKEN, "rahasia-webhook", "rahasia-token", "rahasia-aplikasi", "rahasia-verifikasi", "sandi-db")
WHATSAPP = {
    "token": "rahasia-token",
    "phone_id": "100200300",
    "account_id": "100200301",
    "app_secret": "rahasia-aplikasi",
    "verify_token": "rahasia-verifikasi",
}

FILE = "pesan_pembuka.yaml"

Answer = Callable[[httpx.Request], httpx.Response | None]


TEMPLATES = read_templates(parse((DIRECTORY / FILE).read_text(encoding="utf-8"), FILE))


def there(template: MessageTemplate) -> dict[str, Any]:
    """As WhatsApp lists one that is well."""
    return submission(template) | {"status": "APPROVED", "rejected_reason": "NONE"}


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
        self.templates = [there(one) for one in TEMPLATES]

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
        if "/message_templates" in url:
            return httpx.Response(200, headers=date, json={"data": self.templates})
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
        other = httpx.MockTransport(self._answer)
        async with httpx.AsyncClient(transport=other) as web:
            doctor = Doctor(settings, self.policies, CATALOGUES["id"], web, other)
            self.all = [finding async for finding in doctor.examine()]
        found = {finding.what: finding for finding in self.all}
        told = " ".join(finding.said for finding in self.all)
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


# --- the templates ---


async def templates_of(patient: Patient) -> list[str]:
    """What is wrong with them."""
    patient.whatsapp = WHATSAPP
    await patient.findings()
    wrong = [one for one in patient.all if one.state is State.WRONG]
    assert {one.what for one in wrong} <= {"whatsapp_templates"}
    return [one.said for one in wrong]


async def test_templates_that_are_missing_are_named_with_the_command_that_submits_them(
    patient: Patient,
) -> None:
    patient.templates = [one for one in patient.templates if one["name"] != "edaran_baru"]
    (said,) = await templates_of(patient)
    assert "edaran_baru (id, en)" in said
    assert "edaran whatsapp templates push" in said
    assert "edaran_kabar" not in said


async def test_a_rejected_template_is_told_with_its_reason_and_one_under_review_with_waiting(
    patient: Patient,
) -> None:
    patient.templates[0] |= {"status": "REJECTED", "rejected_reason": "TAG_CONTENT_MISMATCH"}
    patient.templates[1] |= {"status": "PENDING"}
    pending, rejected = await templates_of(patient)
    assert "(id: TAG_CONTENT_MISMATCH)" in rejected
    assert "Tunggu sampai disetujui" in pending


@pytest.mark.parametrize("change", [("{{edaran}}", "{{nomor}}"), ("surat edaran", "edaran")])
async def test_a_template_with_another_text_or_other_parameters_is_found(
    patient: Patient, change: tuple[str, str]
) -> None:
    body = patient.templates[0]["components"][0]
    patient.templates[0]["components"][0] = body | {"text": body["text"].replace(*change)}
    (said,) = await templates_of(patient)
    assert "berbeda" in said
    assert "edaran_baru (id)" in said


async def test_templates_that_cannot_be_looked_up_leave_the_rest_as_it_is(patient: Patient) -> None:
    def down(request: httpx.Request) -> httpx.Response | None:
        if "message_templates" in str(request.url):
            raise httpx.ConnectError("down")
        return None

    patient.other = down
    (said,) = await templates_of(patient)
    assert "tidak menjawab" in said
    patient.other = lambda _: None
    refused = {"error": {"code": 190, "message": "no", "type": "OAuthException", "fbtrace_id": "x"}}
    patient.other = lambda request: (
        httpx.Response(401, json=refused) if "message_templates" in str(request.url) else None
    )
    (said,) = await templates_of(patient)
    assert "EDARAN_WHATSAPP__TOKEN" in said


async def test_without_the_account_its_setting_is_named(patient: Patient) -> None:
    patient.whatsapp = {name: value for name, value in WHATSAPP.items() if name != "account_id"}
    assert "EDARAN_WHATSAPP__ACCOUNT_ID" in (await patient.wrong())["whatsapp_templates"]


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
