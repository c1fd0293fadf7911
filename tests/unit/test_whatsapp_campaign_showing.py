"""What a campaign over WhatsApp costs and tells, as the commands show it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.campaigns.addressing import Preview
from bot.campaigns.costs import Paid, Told, Waits
from bot.campaigns.ladder import Rung
from bot.campaigns.tariff import Tariff
from bot.commands import campaign_costs as costs
from bot.config import Channels, Settings, Telegram, Whatsapp, load_settings
from bot.problems import Problem
from tests.fakes import CATALOGUES

ID = CATALOGUES["id"]
TOLD = Told({Rung.SENT: 1, Rung.DELIVERED: 2, Rung.READ: 3, Rung.FAILED: 4}, (), 1_200, 480_000)


def test_the_estimate_names_messages_and_rupiah() -> None:
    [line] = costs.estimate_lines(Preview(paid=1_200), Tariff(400), ID)
    assert "1.200" in line
    assert "Rp480.000" in line


def test_without_a_price_nothing_looks_free() -> None:
    [line] = costs.estimate_lines(Preview(paid=1_200), Tariff(), ID)
    [_, cost] = costs.told_lines(7, replace(TOLD, rupiah=0), Tariff(), UTC, ID)
    for said in (line, cost):
        assert "1.200" in said
        assert "Rp0" not in said
        assert "EDARAN_WHATSAPP__PRICE" in said


def test_an_estimate_above_the_ceiling_says_that_it_will_pause() -> None:
    _, warning = costs.estimate_lines(Preview(paid=1_200), Tariff(400, 100_000), ID)
    assert "Rp100.000" in warning
    assert costs.estimate_document(Preview(paid=1_200), Tariff(400, 100_000)) == {
        "messages": 1_200,
        "rupiah": 480_000,
        "ceiling": 100_000,
        "over": True,
    }


@pytest.mark.parametrize("paid", [None, 0])
def test_nothing_is_said_where_nothing_is_paid(paid: int | None) -> None:
    assert list(costs.estimate_lines(Preview(paid=paid), Tariff(400, 1), ID)) == []


def test_the_status_says_that_reading_is_no_acknowledgment() -> None:
    messages, cost = costs.told_lines(7, TOLD, Tariff(400), UTC, ID)
    assert "dari 10 pesan, 5 sampai, 3 dibaca menurut WhatsApp (bukan pernyataan" in messages
    assert "1.200" in cost
    assert costs.told_document(TOLD, Tariff(400))["read_according_to_whatsapp"] == 3


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("reason", ["limit", "ceiling", "template"])
def test_each_reason_to_wait_has_a_sentence_with_its_repair(reason: str, language: str) -> None:
    told = Told(waits=(Waits(reason, 12, 1_800_000_000),))
    [line] = costs.told_lines(7, told, Tariff(400, 5_000), UTC, CATALOGUES[language])
    assert ("12" in line) if reason == "limit" else ("resume 7" in line)


def test_a_reason_that_is_nobody_s_business_is_left_out() -> None:
    told = Told(waits=(Waits("other", 1),))
    assert list(costs.told_lines(7, told, Tariff(), UTC, ID)) == []


def settings(preferred: tuple[str, ...], *, telegram: bool = True, whatsapp: bool = True) -> Settings:
    return Settings(
        _env_file=None,  # type: ignore[call-arg]
        telegram=Telegram(token=SecretStr("1:a") if telegram else None),
        whatsapp=Whatsapp(token=SecretStr("t") if whatsapp else None),
        channels=Channels(preferred=preferred),  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("given", "paid"),
    [
        (settings(("telegram", "whatsapp")), Paid(("telegram",), 13_600)),
        (settings(("whatsapp", "telegram")), Paid((), 13_600)),
        (settings(("telegram", "whatsapp"), telegram=False), Paid((), 13_600)),
        (settings(("telegram", "whatsapp"), whatsapp=False), None),
    ],
)
def test_whom_a_paid_message_would_go_to_depends_on_the_channels(given: Settings, paid: Paid | None) -> None:
    assert costs.paid(given, 100_000.0) == paid


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WHATSAPP__PRICE", "-1"),
        ("WHATSAPP__CEILING", "x"),
        ("WHATSAPP__ACCOUNT_ID", "abc"),
        ("CHANNELS__PREFERRED", '["telegram", "telegram"]'),
        ("CHANNELS__PREFERRED", '["surat"]'),
        ("CHANNELS__OTHER_AFTER", "0"),
    ],
)
def test_a_wrong_setting_is_named(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(f"EDARAN_{name}", value)
    with pytest.raises(Problem) as wrong:
        load_settings(tmp_path / "none")
    assert wrong.value.values["setting"] == f"EDARAN_{name}"
