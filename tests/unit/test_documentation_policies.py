"""policies/README.md is what encoders have: every example in it is read by the real code here."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from pydantic import BaseModel

from bot.assistant import Assistant
from bot.catalogues import load_catalogues
from bot.model import Asker, Reply, RuleRef
from bot.policy import build, cases, derived, message_templates, schema, terms
from bot.policy import condition as conditions
from bot.policy.corpus import Corpus
from bot.policy.decide import Engine
from bot.policy.document import Document, parse
from bot.policy.expectation import KINDS
from bot.policy.files import DIRECTORY
from bot.policy.load import load
from bot.policy.problems import PolicyError, Problem
from bot.policy.references import reference_problems
from bot.policy.terms import TermReader
from bot.understanding import Understanding

README = (DIRECTORY / "README.md").read_text(encoding="utf-8")
EXAMPLE = "contoh/se-12-2026"

_BLOCK = re.compile(
    r"^(?P<lead>[^\n]+)\n\n```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
_LEADS = {
    "file": re.compile(r"Berkas `(?P<name>[^`]+)`.*:"),
    "addition": re.compile(r"Tambahan untuk `(?P<name>[^`]+)`:"),
    "part": re.compile(r"Bagian `(?P<name>\w+)`:"),
    "waiver": re.compile(r"Pengabaian `(?P<name>[^`]+)`:"),
    "mistake": re.compile(r"Keliru dalam `(?P<name>\w+)`.*:"),
}


@dataclass(frozen=True)
class Example:
    """A fenced block: what it is (`kind`, `name`, from the line before it), its text, the line after it."""

    kind: str
    name: str
    text: str
    after: str


def _examples() -> Iterator[Example]:
    for block in _BLOCK.finditer(README):
        after = README[block.end() :].lstrip("\n").partition("\n\n")[0]
        for kind, lead in _LEADS.items():
            found = lead.fullmatch(block["lead"])
            if found is not None:
                yield Example(kind, found["name"], block["text"], after)


EXAMPLES = tuple(_examples())
FILES = [example for example in EXAMPLES if example.kind == "file"]
CASES = [example for example in FILES if example.name.endswith("uji.yaml")]
MISTAKES = [example for example in EXAMPLES if example.kind == "mistake"]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """The vocabulary of the project with the README's additions, and the README's regency and circulars."""
    directory = tmp_path_factory.mktemp("readme") / "policies"
    for folder in ("kosakata", "nasional"):
        shutil.copytree(DIRECTORY / folder, directory / folder)
    for example in EXAMPLES:
        path = directory / example.name
        if example.kind == "file":
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(example.text, encoding="utf-8")
        elif example.kind == "addition":
            path.write_text(
                path.read_text(encoding="utf-8").rstrip("\n") + "\n" + example.text, encoding="utf-8"
            )
    return load(directory)


def test_every_fenced_example_says_in_the_line_before_it_what_it_is() -> None:
    fences = len(re.findall(r"^```(?:yaml|markdown)$", README, re.MULTILINE))
    assert len(EXAMPLES) == fences


def test_the_example_regency_and_circulars_load_without_any_problem(corpus: Corpus) -> None:
    numbers = (12, 20, 35, 41, 50)
    assert set(corpus.circulars) == {f"contoh/se-{number}-2026" for number in numbers}


def test_the_example_excerpts_are_whole_clauses(corpus: Corpus) -> None:
    assert [remark for remark in corpus.remarks if remark.key == "policy.warning.cut_quote"] == []


@pytest.mark.parametrize("example", CASES, ids=lambda example: example.name)
def test_every_example_case_comes_out_as_the_readme_says(corpus: Corpus, example: Example) -> None:
    assert [str(failure) for failure in _failures(parse(example.text, example.name), corpus)] == []


def _failures(document: Document, corpus: Corpus) -> list[Problem]:
    circular = corpus.circulars[document.file.removesuffix("/uji.yaml")]
    engine = Engine(corpus)
    found: list[Problem] = []
    for case in cases.read_cases(document, circular, corpus):
        found.extend(cases.failures(case, engine.decide(case.question, case.asker, case.now)))
    return found


def _chat(corpus: Corpus, *messages: str) -> list[Reply]:
    assistant = Assistant(Engine(corpus), Understanding(corpus.vocabulary), load_catalogues())
    now = datetime(2026, 11, 23, 10, 0, tzinfo=ZoneInfo("Asia/Makassar"))
    return [assistant.answer(text, Asker("contoh", "pns"), "k", now, "id") for text in messages]


def test_the_example_gift_is_asked_about_and_answered_in_a_conversation(corpus: Corpus) -> None:
    asked, priced, *_, answered = _chat(corpus, "boleh terima hadiah?", "ya", "700 ribu", "tidak")
    assert asked.text.endswith("Apakah pemberinya berkepentingan dengan jabatan Anda?")
    assert "nilai hadiah paling banyak Rp500.000" in priced.text.splitlines()[0]
    assert [[button.label for button in row] for row in priced.buttons] == [["Tidak tahu"]]
    assert answered.text.splitlines()[0].endswith("Dilarang.")
    assert "nilai hadiah Rp700.000 · bukan dalam acara pernikahan" in answered.text


@pytest.mark.parametrize(("day", "headline"), [("12 Oktober 2026", "Wajib"), ("1 Oktober", "Tidak wajib")])
def test_the_example_deadline_is_measured_from_the_date_that_was_typed(
    corpus: Corpus, day: str, headline: str
) -> None:
    asked, answered = _chat(corpus, "wajib lapor hadiah?", day)
    assert asked.text.endswith("Tanggal berapa hadiahnya diterima?")
    assert headline in answered.text.splitlines()[0]
    assert "tanggal terima hadiah " in answered.text


def test_every_rule_of_an_example_with_cases_decides_one_of_them(corpus: Corpus) -> None:
    decided = {ref for example in CASES for ref in _expected_rules(example, corpus)}
    told = {ref.circular for ref in decided}
    rules = {rule.ref for name in told for rule in corpus.circulars[name].rules}
    old = {ref for circular in corpus.circulars.values() for ref in circular.amends}
    assert rules - old <= decided


def _expected_rules(example: Example, corpus: Corpus) -> Iterator[RuleRef]:
    circular = corpus.circulars[example.name.removesuffix("/uji.yaml")]
    for case in cases.read_cases(parse(example.text, example.name), circular, corpus):
        yield from case.expected.basis | case.expected.duties


def test_every_listed_condition_is_accepted(corpus: Corpus) -> None:
    (example,) = (e for e in EXAMPLES if (e.kind, e.name) == ("part", "bila"))
    document = parse(example.text, "README.md")
    problems = [
        p for index, part in enumerate(document.data) for p in _condition_problems(part, index, corpus)
    ]
    assert problems == []


def test_every_condition_of_the_table_is_accepted_and_tests_something(corpus: Corpus) -> None:
    rows = [row for row in re.findall(r"^\| `(\{[^`]+\})` \|", README, re.MULTILINE) if "…" not in row]
    assert len(rows) >= 8
    for row in rows:
        data = parse(row, "README.md").data
        assert _condition_problems(data, 0, corpus) == [], row


def _condition_problems(data: object, index: int, corpus: Corpus) -> list[Problem]:
    problems: list[Problem] = []
    condition = TermReader(Document("README.md", data, {}), corpus.vocabulary, problems).condition(
        data, (index,)
    )
    assert list(conditions.tests_in(condition)) != []
    return problems


@pytest.mark.parametrize(
    "word",
    [
        *terms._LOW,
        *terms._HIGH,
        "selain",
        "semua",
        "salah_satu",
        "bukan",
        *sorted(conditions.Measure.DEADLINES),
    ],
)
def test_the_readme_explains_every_word_of_the_language_of_conditions(word: str) -> None:
    assert re.search(rf"\b{word}:", README)


@pytest.mark.parametrize("fact", sorted(derived.KINDS))
def test_the_readme_names_every_derived_fact(fact: str) -> None:
    assert f"| `{fact}` |" in README


@pytest.mark.parametrize(
    ("heading", "shape", "beyond"),
    [
        ("### edaran\n", schema.Edaran, set()),
        ("### aturan\n", schema.Aturan, set()),
        ("**Fakta** (", schema.Fakta, {"id"}),
        ("## uji.yaml\n", cases.Kasus, set()),
        ("## pesan_pembuka.yaml\n", message_templates.Templat, set()),
    ],
)
def test_the_tables_name_exactly_the_fields_of_the_shapes(
    heading: str, shape: type[BaseModel], beyond: set[str]
) -> None:
    table = README.partition(f"\n{heading}")[2].partition("\n| ---")[2].partition("\n\n")[0]
    first_cells = [row.split("|")[1] for row in table.splitlines()[1:]]
    named = {name for cell in first_cells for name in re.findall(r"`(\w+)`", cell)}
    assert named | beyond == set(shape.model_fields)


def test_the_table_of_opening_messages_names_their_holes() -> None:
    table = README.partition("| untuk | dikirim |")[2].partition("\n\n")[0]
    rows = [re.findall(r"`(\w+)`", row) for row in table.splitlines()[2:]]
    wanted = {name: message_templates.HOLES[kind] for name, kind in message_templates.KINDS.items()}
    assert {name: set(holes) for name, *holes in rows} == wanted


def test_the_example_opening_message_is_read(corpus: Corpus) -> None:
    assert [(one.kind, one.name) for one in corpus.templates] == [("circular", "edaran_baru_2026")]


def test_the_table_of_verdicts_names_every_verdict_once() -> None:
    table = README.partition("| putusan di uji.yaml |")[2].partition("\n\n")[0]
    assert sorted(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == sorted(KINDS)


def test_the_example_waiver_has_the_shape_of_waivers() -> None:
    (example,) = (example for example in EXAMPLES if example.kind == "waiver")
    (waiver,) = schema.validate(schema.WaiverFile, parse(example.text, "pengabaian.yaml")).root
    assert waiver.oleh == "Kepala Bagian Hukum"


def test_the_readme_explains_every_finding_of_a_check() -> None:
    keys = load_catalogues()["id"].entries
    codes = [key.rpartition(".")[2] for key in keys if key.startswith(("policy.check.", "policy.warning."))]
    assert [code for code in codes if f"`{code}`" not in README] == []


# --- mistakes and their messages ---


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.text.strip().splitlines()[0][:60])
def test_every_mistake_shown_is_answered_with_the_message_shown(corpus: Corpus, mistake: Example) -> None:
    texts = load_catalogues()["id"]
    found = [texts(problem.key, **problem.params) for problem in _problems_of(mistake, corpus)]
    assert " ".join(mistake.after.removeprefix("> ").replace("\n> ", " ").split()) in found


def _problems_of(mistake: Example, corpus: Corpus) -> list[Problem]:
    try:
        document = parse(mistake.text, "README.md")
        return _problems_in(mistake.name, document, corpus)
    except PolicyError as error:
        return list(error.problems)


def _problems_in(name: str, document: Document, corpus: Corpus) -> list[Problem]:
    """The problems of the first example circular with a part put in its place."""
    if name == "kasus":
        cases_data = {"skema": 1, "kasus": document.data}
        return _failures(Document(f"{EXAMPLE}/uji.yaml", cases_data, {}), corpus)
    data = dict(parse(_text(f"{EXAMPLE}/edaran.yaml"), "edaran.yaml").data)
    if name == "edaran":
        data["edaran"] = {**data["edaran"], **document.data}
    elif name == "aturan":
        data["aturan"] = [*data["aturan"], *document.data]
    else:
        data["aturan"][0]["bila"] = document.data
    return _circular_problems(Document(f"{EXAMPLE}/edaran.yaml", data, {}), corpus)


def _text(name: str) -> str:
    return next(example.text for example in FILES if example.name == name)


def _circular_problems(document: Document, corpus: Corpus) -> list[Problem]:
    file = schema.validate(schema.CircularFile, document)
    builder = build.CircularBuilder(document, "contoh", corpus.vocabulary, corpus.ranks)
    circular = builder.build(file, EXAMPLE, _text(f"{EXAMPLE}/naskah.md").encode())
    return [*builder.problems, *reference_problems({**corpus.circulars, EXAMPLE: circular})]
