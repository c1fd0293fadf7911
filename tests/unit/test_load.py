"""policies/ from disk: what is refused, at which line and with which words; what a corpus then holds."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from datetime import date
from pathlib import Path
from shutil import copytree, rmtree

import pytest

from bot.catalogues import load_catalogues
from bot.policy.check import check
from bot.policy.corpus import Corpus
from bot.policy.files import DIRECTORY
from bot.policy.load import load
from bot.policy.problems import PolicyError, Problem
from bot.policy.report import problem_lines

SOURCE = """# Edaran uji

> dilarang melakukan siaran langsung selama jam kerja, menurut angka 2 huruf a

> kecuali untuk kepentingan kedinasan
"""

DIGEST = hashlib.sha256(SOURCE.encode()).hexdigest()
EDARAN = f"""skema: 1
edaran:
  id: antah/se-1
  nomor: "100/1/2026"
  tentang: {{id: siaran langsung, en: live streaming}}
  penerbit: Bupati Antah
  tingkat: surat_edaran
  ditetapkan: 2026-01-01
  berlaku: {{sejak: 2026-01-02, sampai: null}}
  bukti: {{jenis: naskah, nama: Bupati Antah, sha256: {DIGEST}, naskah_asli: 2026-01-03}}
  penerima: {{status: [pns, pppk]}}
aturan:
  - id: larangan
    sifat: larangan
    perbuatan: siaran_langsung
    bila: {{dalam_jam_kerja: ya}}
    kutipan: dilarang melakukan siaran langsung selama jam kerja
  - id: kecuali
    sifat: kebolehan
    perbuatan: siaran_langsung
    mengecualikan: [larangan]
    bila: {{dalam_jam_kerja: ya, kepentingan_dinas: ya}}
    kutipan: kecuali untuk kepentingan kedinasan
"""

WILAYAH = """wilayah: antah
nama: Kabupaten Antah
kode: "99.99"
zona: Asia/Jakarta
istirahat: jam_kerja
sumber_istirahat: {dokumen: keputusan, terverifikasi: ya}
jam_kerja:
  - pola: lima_hari
    berlaku: {sejak: null, sampai: null}
    sumber: {dokumen: keputusan, terverifikasi: ya}
    hari:
      senin:  {masuk: "07:00", pulang: "14:30"}
      selasa: {masuk: "07:00", pulang: "14:30"}
      rabu:   {masuk: "07:00", pulang: "14:30"}
      kamis:  {masuk: "07:00", pulang: "14:30"}
      jumat:  {masuk: "07:00", pulang: "14:30"}
libur: {nasional: ya, cuti_bersama: ya}
"""


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    """The vocabulary and the nation as they are, and one invented regency with one circular."""
    root = tmp_path / "policies"
    for name in ("kosakata", "nasional"):
        copytree(DIRECTORY / name, root / name)
    for path, text in (
        ("antah/wilayah.yaml", WILAYAH),
        ("antah/se-1/edaran.yaml", EDARAN),
        ("antah/se-1/naskah.md", SOURCE),
    ):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    return root


def edit(root: Path, name: str, old: str, new: str) -> None:
    text = (root / name).read_text(encoding="utf-8")
    assert old in text
    (root / name).write_text(text.replace(old, new, 1), encoding="utf-8")


def problems(root: Path, cache: Path) -> tuple[Problem, ...]:
    with pytest.raises(PolicyError) as error:
        load(root, cache)
    return error.value.problems


def line_of(root: Path, name: str, text: str) -> int:
    lines = (root / name).read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


# --- what a corpus holds ---


def test_the_invented_circular_is_clean(policies: Path, cache: Path) -> None:
    corpus = load(policies, cache)
    assert list(corpus.regencies) == ["antah"]
    circular = corpus.circulars["antah/se-1"]
    assert (circular.since, circular.until) == (date(2026, 1, 2), None)
    assert [rule.ref.rule for rule in circular.rules] == ["larangan", "kecuali"]
    assert circular.rules[0].place.line == line_of(policies, "antah/se-1/edaran.yaml", "id: larangan")
    assert {f.severity.value for f in check(corpus)} <= {"info"}


def test_a_second_reading_from_the_cache_is_the_same(policies: Path, tmp_path: Path) -> None:
    fresh, own = load(policies), tmp_path / "own-cache"
    first, second = load(policies, own), load(policies, own)
    for corpus in (first, second):
        assert (corpus.circulars, corpus.digest) == (fresh.circulars, fresh.digest)
        assert asdict(corpus.vocabulary) == asdict(fresh.vocabulary)


def test_a_broken_cache_costs_only_time(policies: Path, tmp_path: Path) -> None:
    own = tmp_path / "own-cache"
    expected = load(policies, own)
    for path in own.iterdir():
        path.write_text("{", encoding="utf-8")
    assert load(policies, own).circulars == expected.circulars


@pytest.mark.parametrize("name", ["antah/se-1/edaran.yaml", "antah/se-1/naskah.md", "kosakata/fakta.yaml"])
def test_the_digest_changes_with_every_file(policies: Path, cache: Path, name: str) -> None:
    before = load(policies, cache).digest
    (policies / name).write_bytes((policies / name).read_bytes() + b"\n# catatan\n")
    if name.endswith("naskah.md"):
        digest = hashlib.sha256((policies / name).read_bytes()).hexdigest()
        edit(policies, "antah/se-1/edaran.yaml", DIGEST, digest)
    assert load(policies, cache).digest != before


def test_the_real_policies_are_read_without_a_problem() -> None:
    assert isinstance(load(), Corpus)


# --- what is refused ---

CIRCULAR = "antah/se-1/edaran.yaml"

BROKEN = [
    # (what is replaced, by what, the key, the text of the line where it is said)
    ("id: antah/se-1", "id: antah/se-2", "wrong_id", "id: antah/se-2"),
    ("tingkat: surat_edaran", "tingkat: surat_edara", "unknown_rank", "tingkat:"),
    ("sampai: null}", "sampai: 2026-01-02}", "force_order", "berlaku:"),
    ("sejak: 2026-01-02", "sejak: 2026-02-30", "not_a_date", "berlaku:"),
    ("ditetapkan: 2026-01-01", "ditetapkan: 2026-01-01 09:00:00", "not_a_date", "ditetapkan:"),
    ('nomor: "100/1/2026"', "nomor: 100.10", "not_a_text", "nomor:"),
    ("  penerbit: Bupati Antah\n", "", "missing", "edaran:"),
    ("penerbit:", "penerbitt:", "unknown_field", "penerbitt:"),
    ("jenis: naskah", "jenis: nasksh", "not_one_of", "bukti:"),
    ("[pns, pppk]", "[pns, ppk]", "unknown_value", "penerima:"),
    ("[pns, pppk]", "{kecuali: [ppk]}", "unknown_value", "penerima:"),
    ("sifat: larangan", "sifat: laragan", "not_one_of", "sifat: laragan"),
    ("perbuatan: siaran_langsung", "perbuatan: siaran", "unknown_activity", "perbuatan: siaran"),
    ("id: larangan", "id: Larangan Satu", "pattern", "id: Larangan Satu"),
    ("id: kecuali", "id: larangan", "duplicate_id", "- id: larangan"),
    ("{dalam_jam_kerja: ya}", "{dalam_jam_krja: ya}", "unknown_fact", "bila: {dalam_jam_krja"),
    ("{dalam_jam_kerja: ya}", "{dalam_jam_kerja: yaa}", "unknown_value", "bila: {dalam_jam_kerja: yaa"),
    ("mengecualikan: [larangan]", "mengecualikan: [laragan]", "unknown_rule", "- id: kecuali"),
    ("mengecualikan: [larangan]", "mengecualikan: [kecuali]", "cyclic_exception", "- id: kecuali"),
    ("mengecualikan: [larangan]", "mengecualikan: [antah/se-9#larangan]", "unknown_rule", "- id: kecuali"),
    ("mengecualikan: [larangan]", "isi: x", "content_without_obligation", "isi: x"),
    ("kutipan: kecuali untuk", "kutipan: kecuali demi", "misquote", "kutipan: kecuali demi"),
    (
        "kutipan: kecuali untuk kepentingan kedinasan",
        "kutipan: kedinasan",
        "short_quote",
        "kutipan: kedinasan",
    ),
    ("kutipan: dilarang melakukan", "kutipan: larang melakukan", "misquote", "kutipan: larang"),
    ("naskah_asli:", "berkas: lain.md, naskah_asli:", "no_source", "bukti:"),
    (
        "penerima: {status: [pns, pppk]}",
        "penerima: {}\n  mencabut: [antah/se-9]",
        "unknown_circular",
        "edaran:",
    ),
    (
        "penerima: {status: [pns, pppk]}",
        "penerima: {}\n  mencabut: [antah/se-1]",
        "cyclic_revocation",
        "edaran:",
    ),
    (
        "penerima: {status: [pns, pppk]}",
        "penerima: {}\n  mengubah: [{edaran: antah/se-1, aturan: [larangan]}]",
        "own_amendment",
        "edaran:",
    ),
    ("skema: 1", "skema: 2", "not_among", "skema: 2"),
    ("jenis: naskah", "jenis: foto", "not_among", "bukti:"),
    ("perbuatan: siaran_langsung", "perbuatan: [siaran_langsung, unggah]", "one_activity", "perbuatan: ["),
    ("penerbit: Bupati Antah", "penerbit: [Bupati Antah]", "only_one", "penerbit: ["),
    ("{id: siaran langsung, en:", "{id: siaran, unggahan., en:", "comma_in_text", "tentang:"),
    (
        "    kutipan: kecuali untuk kepentingan kedinasan\n",
        "    kutipan: null\n",
        "no_words_of_rule",
        "- id: kecuali",
    ),
    ("aturan:\n", "catatan: [{jenis: pendapat, isi: x}]\naturan:\n", "no_speaker", "catatan:"),
    (
        "penerima: {status: [pns, pppk]}",
        'penerima: {}\n  mencabut: ["antah/se-1#laranga"]',
        "unknown_rule",
        "edaran:",
    ),
    ("aturan:\n", "aturan: []\nlama:\n", "empty", "aturan:"),
]


@pytest.mark.parametrize(
    ("old", "new", "key", "text"), BROKEN, ids=[f"{b[2]}: {b[1][:30]!r}" for b in BROKEN]
)
def test_a_broken_circular_is_refused_at_its_line_in_both_languages(
    policies: Path, cache: Path, old: str, new: str, key: str, text: str
) -> None:
    edit(policies, CIRCULAR, old, new)
    found = {(p.file, p.key): p for p in problems(policies, cache)}
    problem = found[CIRCULAR, f"policy.error.{key}"]
    lines = (policies / CIRCULAR).read_text(encoding="utf-8").splitlines()
    assert text in lines[problem.line - 1]
    for say in load_catalogues().values():
        (line,) = problem_lines([problem], say)
        assert line.startswith(f"{CIRCULAR}:{problem.line}: ")
        assert "{" not in line.replace("{'", "")


def test_a_changed_source_is_refused_with_the_new_digest(policies: Path, cache: Path) -> None:
    (policies / "antah/se-1/naskah.md").write_text(SOURCE + "tambahan\n", encoding="utf-8")
    (problem,) = problems(policies, cache)
    assert problem.key == "policy.error.source_changed"
    assert problem.params["digest"] == hashlib.sha256((SOURCE + "tambahan\n").encode()).hexdigest()


def test_the_message_says_what_is_meant_and_how_to_repair(policies: Path, cache: Path) -> None:
    edit(policies, CIRCULAR, "kepentingan_dinas", "kepentingan_dina")
    (line,) = problem_lines(problems(policies, cache), load_catalogues()["id"])
    number = line_of(policies, CIRCULAR, "kepentingan_dina")
    assert line == (
        f"{CIRCULAR}:{number}: kesalahan: Fakta 'kepentingan_dina' tidak dikenal. "
        "Mungkin maksud Anda: kepentingan_dinas. "
        "Perbaiki ejaannya, atau tambahkan fakta itu di kosakata/fakta.yaml."
    )


def test_one_broken_file_does_not_hide_another(policies: Path, cache: Path) -> None:
    copytree(policies / "antah", policies / "berantah")
    edit(policies, "antah/se-1/edaran.yaml", "sifat: larangan", "sifat: apa")
    found = {p.file for p in problems(policies, cache)}
    assert {"antah/se-1/edaran.yaml", "berantah/wilayah.yaml"} <= found


def test_a_rule_of_another_regency_can_not_be_lifted(policies: Path, cache: Path) -> None:
    copytree(policies / "antah", policies / "seberang")
    for name in ("wilayah.yaml", "se-1/edaran.yaml"):
        path = policies / "seberang" / name
        path.write_text(path.read_text(encoding="utf-8").replace("antah", "seberang"), encoding="utf-8")
    edit(policies, CIRCULAR, "mengecualikan: [larangan]", "mengecualikan: [seberang/se-1#larangan]")
    assert [p.key for p in problems(policies, cache)] == ["policy.error.foreign_reference"]


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("antah/se-1/edaran.yaml", "no_file"),
        ("antah/wilayah.yaml", "no_file"),
        ("kosakata/fakta.yaml", "no_file"),
        ("nasional/tingkat.yaml", "no_file"),
        ("antah/se-1/naskah.md", "no_source"),
    ],
)
def test_a_missing_file_is_named_and_never_silently_left_out(
    policies: Path, cache: Path, name: str, key: str
) -> None:
    (policies / name).unlink()
    found = problems(policies, cache)
    assert f"policy.error.{key}" in {p.key for p in found}
    assert any(p.file.startswith(str(Path(name).parent)) for p in found)


def test_a_missing_folder_is_named(tmp_path: Path, cache: Path) -> None:
    (problem,) = problems(tmp_path / "tidak-ada", cache)
    assert problem.key == "policy.error.no_directory"


def test_a_regency_without_circulars_is_no_problem(policies: Path, cache: Path) -> None:
    rmtree(policies / "antah/se-1")
    assert load(policies, cache).circulars == {}


def test_a_file_that_is_not_utf8_is_refused(policies: Path, cache: Path) -> None:
    (policies / CIRCULAR).write_bytes(b"skema: \xff\xfe")
    assert {p.key for p in problems(policies, cache)} == {"policy.error.not_utf8"}


# --- vocabulary ---

FACTS, UNITS = "kosakata/fakta.yaml", "kosakata/unit.yaml"
WORDS = "label: {id: A, en: A}, syarat: {id: a, en: a}"
OPTION = f"{{nilai: a, {WORDS}}}"
TWICE = f"  - {{id: uji, jenis: pilihan, tanya: {{id: U}}, pilihan: [{OPTION}, {OPTION}]}}"
LONG = f"  - {{id: uji, jenis: ya_tidak, sumber: atasan, ya: {{{WORDS}}}, tidak: {{{WORDS}}}}}".replace(
    "{id: A,", "{id: lebih panjang dari tombol mana pun,", 1
)


@pytest.mark.parametrize(
    ("name", "added", "key"),
    [
        (FACTS, "  - {id: uji, jenis: ya_tidak}", "no_question"),
        (FACTS, "  - {id: uji, jenis: ya_tidak, tanya: {id: Uji}}", "no_wording"),
        (FACTS, "  - {id: uji, jenis: pilihan, tanya: {id: Uji}}", "no_options"),
        (FACTS, "  - {id: uji, jenis: pilihan, sumber: atasan, anggapan: c, pilihan: []}", "unknown_value"),
        (FACTS, "  - {id: akun_resmi, jenis: ya_tidak, sumber: atasan}", "duplicate_id"),
        (FACTS, TWICE, "duplicate_id"),
        (FACTS, "  - {id: uji, jenis: ya_tidak, sumber: atasan, frasa: uji}", "phrases_of_values"),
        (FACTS, LONG, "long_label"),
        (UNITS, "  - {id: uji, nama: {id: Uji}, termasuk: entah}", "unknown_parent"),
        (UNITS, "  - {id: uji, nama: {id: Uji}, termasuk: uji}", "circular_parent"),
        (UNITS, "  - {id: rsud, nama: {id: RSUD}}", "duplicate_id"),
    ],
)
def test_a_broken_vocabulary_is_refused(policies: Path, cache: Path, name: str, added: str, key: str) -> None:
    path = policies / name
    path.write_text(path.read_text(encoding="utf-8").rstrip() + "\n" + added + "\n", encoding="utf-8")
    found = [p for p in problems(policies, cache) if p.key == f"policy.error.{key}"]
    assert found
    assert found[0].file == name
    for say in load_catalogues().values():
        assert all(problem_lines(found, say))


def test_a_derived_fact_of_the_wrong_kind_is_refused(policies: Path, cache: Path) -> None:
    edit(policies, FACTS, "- id: tanggal\n    jenis: tanggal", "- id: tanggal\n    jenis: bilangan")
    assert "policy.error.derived_kind" in {p.key for p in problems(policies, cache)}


def test_a_week_of_six_days_is_refused(policies: Path, cache: Path) -> None:
    lines = (policies / FACTS).read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if "nilai: minggu" not in line]
    (policies / FACTS).write_text("\n".join(kept) + "\n", encoding="utf-8")
    assert "policy.error.weekdays" in {p.key for p in problems(policies, cache)}


@pytest.mark.parametrize("name", ["perbuatan", "niat"])
def test_a_class_of_phrases_that_nobody_defined_is_refused(policies: Path, cache: Path, name: str) -> None:
    path = policies / f"kosakata/{name}.yaml"
    added = {
        "perbuatan": '  - {id: bermain, nama: {id: main}, frasa: main gim, isyarat: "{permainan}"}',
        "niat": "  permainan_lain: gim, {permainan}",
    }[name]
    text = path.read_text(encoding="utf-8").replace("\nkelas:\n", f"\nkelas:\n{added}\n")
    path.write_text(text if name == "niat" else f"{text.rstrip()}\n{added}\n", encoding="utf-8")
    (problem,) = problems(policies, cache)
    assert (problem.key, problem.file) == ("policy.error.unknown_class", f"kosakata/{name}.yaml")
    assert problem.line == line_of(policies, problem.file, "{permainan}")
    for say in load_catalogues().values():
        assert "'{permainan}'" in next(problem_lines([problem], say))


def test_a_name_that_is_like_none_is_answered_with_three_and_not_with_all(
    policies: Path, cache: Path
) -> None:
    edit(policies, CIRCULAR, "kepentingan_dinas", "xyz")
    (problem,) = problems(policies, cache)
    assert len(str(problem.params["suggestion"]).split(", ")) == 3


# --- remarks and waivers ---


NOT_QUOTED = "3. Yang dimaksud dengan gawai adalah telepon genggam."


def _with_clause(policies: Path, added: str = "") -> None:
    """The source with a sentence that no rule quotes, and what the circular says of it."""
    source = SOURCE + f"\n> {NOT_QUOTED}\n"
    (policies / "antah/se-1/naskah.md").write_text(source, encoding="utf-8")
    edit(policies, CIRCULAR, DIGEST, hashlib.sha256(source.encode()).hexdigest())
    path = policies / CIRCULAR
    path.write_text(path.read_text(encoding="utf-8") + added, encoding="utf-8")


def test_a_sentence_of_the_source_that_nothing_speaks_of_is_remarked(policies: Path, cache: Path) -> None:
    _with_clause(policies)
    (remark,) = load(policies, cache).remarks
    assert (remark.key, remark.params["value"]) == ("policy.warning.not_encoded", NOT_QUOTED)


@pytest.mark.parametrize(
    "added",
    [
        "catatan: [{jenis: pengertian, isi: Gawai adalah telepon genggam., butir: '3'}]\n",
        "pertanyaan_terbuka: [{isi: Arti gawai., butir: '3'}]\n",
        "catatan: [{jenis: pengertian, isi: x, kutipan: gawai adalah telepon genggam.}]\n",
    ],
    ids=["clause", "question", "quote"],
)
def test_a_sentence_of_the_source_that_a_note_or_a_question_covers_is_in_order(
    policies: Path, cache: Path, added: str
) -> None:
    _with_clause(policies, added)
    assert [r for r in load(policies, cache).remarks if r.key.endswith("not_encoded")] == []


def test_a_definition_and_whom_the_circular_is_for_keep_their_clauses(policies: Path, cache: Path) -> None:
    _with_clause(policies, "catatan: [{jenis: pengertian, isi: Gawai adalah telepon., butir: '3'}]\n")
    edit(policies, CIRCULAR, "{status: [pns, pppk]}", "{status: [pns, pppk], butir: angka 2 huruf a}")
    circular = load(policies, cache).circulars["antah/se-1"]
    assert [(note.kind, note.clause) for note in circular.notes] == [("pengertian", "3")]
    assert circular.addressees_clause == "angka 2 huruf a"


def test_a_quote_that_leaves_out_the_end_of_its_clause_is_remarked(policies: Path, cache: Path) -> None:
    edit(policies, CIRCULAR, "siaran langsung selama jam kerja", "siaran langsung")
    (remark,) = load(policies, cache).remarks
    assert (remark.key, remark.params["value"]) == ("policy.warning.cut_quote", "selama jam kerja")


def test_a_clause_that_the_source_does_not_name_is_remarked(policies: Path, cache: Path) -> None:
    edit(policies, CIRCULAR, "    sifat: larangan", "    butir: angka 3\n    sifat: larangan")
    assert [r.key for r in load(policies, cache).remarks] == ["policy.warning.clause_not_in_source"]


def test_a_clause_that_the_source_names_is_in_order(policies: Path, cache: Path) -> None:
    edit(policies, CIRCULAR, "    sifat: larangan", "    butir: angka 2 huruf a\n    sifat: larangan")
    assert load(policies, cache).remarks == ()


def test_a_week_of_another_length_is_remarked_at_its_pattern(policies: Path, cache: Path) -> None:
    edit(policies, "antah/wilayah.yaml", 'pulang: "14:30"', 'pulang: "14:45"')
    assert [r.key for r in load(policies, cache).remarks] == ["policy.warning.weekly_hours"]


WAIVER = "- {temuan: 0123456789ab, alasan: sudah dibahas, oleh: bagian hukum, tanggal: 2026-02-01}\n"


@pytest.mark.parametrize("folder", ["antah", "antah/se-1"])
def test_a_waiver_is_read_with_its_reason_name_and_date(policies: Path, cache: Path, folder: str) -> None:
    (policies / folder / "pengabaian.yaml").write_text(WAIVER, encoding="utf-8")
    (waiver,) = load(policies, cache).waivers
    assert waiver.by == "bagian hukum"
    assert (waiver.finding, waiver.day) == ("0123456789ab", date(2026, 2, 1))
    assert waiver.place.file == f"{folder}/pengabaian.yaml"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("alasan: sudah dibahas, ", ""),
        ("oleh: bagian hukum, ", ""),
        (", tanggal: 2026-02-01", ""),
        ("0123456789ab", "semua"),
        ("sudah dibahas", "ok"),
    ],
)
def test_a_waiver_without_reason_name_date_or_mark_is_refused(
    policies: Path, cache: Path, old: str, new: str
) -> None:
    (policies / "antah/pengabaian.yaml").write_text(WAIVER.replace(old, new), encoding="utf-8")
    (problem,) = problems(policies, cache)
    assert (problem.file, problem.line) == ("antah/pengabaian.yaml", 1)
    for say in load_catalogues().values():
        assert all(problem_lines([problem], say))
