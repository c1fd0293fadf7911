"""`edaran policy check` as it is called: lines, JSON, status."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from shutil import copytree

import pytest

from bot import checking
from bot.catalogues import load_catalogues
from bot.policy.files import DIRECTORY
from bot.policy.problems import PolicyError

TODAY = date(2026, 11, 23)
TEXTS = load_catalogues()["id"]
CIRCULAR = "lumajang/se-3-2026/edaran.yaml"


@pytest.fixture
def policies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return Path(copytree(DIRECTORY, tmp_path / "policies"))


def broken(policies: Path, old: str, new: str) -> Path:
    path = policies / CIRCULAR
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    return policies


def test_policies_in_order_end_with_status_0_and_a_summary(
    policies: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert checking.run(policies, TEXTS, TODAY, as_json=False) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("0 kesalahan, 0 peringatan, ")


def test_a_broken_file_is_a_line_with_its_place_and_status_1(
    policies: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken(policies, "akun_resmi: ya", "akun_resi: ya")
    assert checking.run(policies, TEXTS, TODAY, as_json=False) == 1
    first = capsys.readouterr().out.splitlines()[0]
    assert first.startswith(f"{CIRCULAR}:")
    assert "Fakta 'akun_resi' tidak dikenal. Mungkin maksud Anda: akun_resmi." in first


def test_a_circular_that_breaks_the_promise_of_its_cases_has_status_1(
    policies: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken(policies, "kepentingan_dinas: ya, akun_resmi: ya}", "kepentingan_dinas: ya}")
    assert checking.run(policies, TEXTS, TODAY, as_json=False) == 1
    assert "lumajang/se-3-2026/uji.yaml:" in capsys.readouterr().out


def test_a_circular_in_force_without_cases_fails_the_check(
    policies: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (policies / CIRCULAR).with_name("uji.yaml").unlink()
    assert checking.run(policies, TEXTS, TODAY, as_json=False) == 1
    assert "peringatan: lumajang/se-3-2026 belum punya uji.yaml." in capsys.readouterr().out


def test_an_entry_that_the_understanding_lacks_is_named_with_its_file(
    policies: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = policies / "kosakata/niat.yaml"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(line for line in lines if not line.startswith("keberadaan:")), encoding="utf-8")
    assert checking.run(policies, TEXTS, TODAY, as_json=False) == 1
    assert "kosakata/niat.yaml:1: kesalahan: Isian `keberadaan` tidak ada" in capsys.readouterr().out


def test_json_is_one_document_with_problems_and_findings(
    policies: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert checking.run(policies, TEXTS, TODAY, as_json=True) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["problems"] == []
    assert {finding["severity"] for finding in document["findings"]} == {"info"}
    assert all(finding["mark"] for finding in document["findings"])


def test_a_folder_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(PolicyError):
        checking.run(tmp_path / "tidak-ada", TEXTS, TODAY, as_json=False)
