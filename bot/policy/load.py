"""Reads policies/ from disk into a checked Corpus. The only module that does.

Every file is parsed whole, every problem is collected, and a corpus comes out only if there is none: a
broken file never answers anyone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from bot.cache import remembered
from bot.policy import build, schema
from bot.policy.cases import Case, read_cases
from bot.policy.corpus import (
    NATIONAL,
    Circular,
    Corpus,
    MessageTemplate,
    Place,
    Rank,
    Regency,
    Waiver,
)
from bot.policy.data_error import PolicyDataError
from bot.policy.document import Document, parse
from bot.policy.files import DIRECTORY
from bot.policy.holiday_years import read_national_holidays
from bot.policy.language import Section, section
from bot.policy.message_templates import read_templates
from bot.policy.national import NationalHours, read_national_hours, weekly_warnings
from bot.policy.phrases import class_problems
from bot.policy.problems import PolicyError, Problem
from bot.policy.references import reference_problems
from bot.policy.regency import read_regency
from bot.vocabulary import Vocabulary
from bot.worktime import BreakRule, Calendar

VOCABULARY = "kosakata"
LANGUAGE_FILES = ("niat", "obrolan", "waktu")
PHRASE_FILES = ("perbuatan", "fakta", "status", "unit", "niat")
"""Files whose phrases may name classes."""
ROSTER_FILE = "daftar_pegawai"
"""Words of exported rosters. Not needed for answering: it may be missing."""
CONFIRMING_FILE = "konfirmasi"
"""Words by which people acknowledge a circular. It may be missing too."""

TEMPLATE_FILE = "pesan_pembuka.yaml"
"""Texts that open a conversation on WhatsApp. Missing: campaigns there reach only who has just written."""

FILES_KEPT = 400
"""Parsed files that the cache keeps."""

Result = TypeVar("Result")


def load(directory: Path = DIRECTORY, cache: Path | None = None) -> Corpus:
    """The corpus below `directory`. Raises PolicyError with every problem found.

    `cache`: a folder in which parsed files are kept by content, since parsing is what costs; None: none.
    """
    return _Loader(directory, cache).load()


class _Loader:
    def __init__(self, directory: Path, cache: Path | None) -> None:
        self._directory = directory
        self._cache = cache
        self._problems: list[Problem] = []
        self._remarks: list[Problem] = []
        self._digest = hashlib.sha256()

    def load(self) -> Corpus:
        if not self._directory.is_dir():
            raise PolicyError([Problem(str(self._directory), 0, "policy.error.no_directory")])
        vocabulary = self._vocabulary()
        ranks = self._entries(f"{NATIONAL}/tingkat.yaml", schema.RankFile, "tingkat")
        order = {rank.id: Rank(index, rank.nama.plain()) for index, rank in enumerate(ranks.tingkat)}
        regencies = dict(self._regencies())
        circulars = dict(self._circulars((NATIONAL, *regencies), vocabulary, order))
        self._problems.extend(reference_problems(circulars))
        self._problems.extend(self._stray_folders())
        waivers = tuple(self._waivers())
        templates = tuple(self._templates())
        self._stop_at_problems()
        digest = self._digest.hexdigest()
        remarks = tuple(self._remarks)
        return Corpus(vocabulary, regencies, circulars, order, digest, remarks, waivers, templates)

    # --- parts ---

    def _vocabulary(self) -> Vocabulary:
        acts = self._entries(f"{VOCABULARY}/perbuatan.yaml", schema.ActivityFile, "perbuatan")
        status = self._entries(f"{VOCABULARY}/status.yaml", schema.StatusFile, "status")
        unit = self._entries(f"{VOCABULARY}/unit.yaml", schema.UnitFile, "unit")
        statuses, units = build.named(status.status), build.named(unit.unit)
        document = self._document(f"{VOCABULARY}/fakta.yaml")
        fact_file = schema.validate(schema.FactFile, document)
        facts = build.facts(fact_file, statuses, units)
        self._problems.extend(build.fact_problems(document, fact_file, facts))
        self._problems.extend(self._class_problems())
        return Vocabulary(
            activities=build.activities(acts),
            facts=facts,
            statuses=statuses,
            units=units,
            language={name: self._section(f"{VOCABULARY}/{name}.yaml") for name in self._language()},
        )

    def _section(self, name: str) -> Section:
        """A file of the language, which says itself which entry it lacks."""
        document = self._document(name)
        if not isinstance(document.data, Mapping):
            raise PolicyError([document.problem((), "policy.error.not_a_mapping", field=name, value="")])
        return section(document)

    def _class_problems(self) -> Iterator[Problem]:
        """Phrases with a class that nobody has defined."""
        language = self._section(f"{VOCABULARY}/niat.yaml")
        classes = language.get("kelas")
        if isinstance(classes, Mapping):
            for name in PHRASE_FILES:
                yield from class_problems(self._document(f"{VOCABULARY}/{name}.yaml"), classes)

    def _language(self) -> Iterator[str]:
        yield from LANGUAGE_FILES
        for name in (ROSTER_FILE, CONFIRMING_FILE):
            if (self._directory / VOCABULARY / f"{name}.yaml").is_file():
                yield name

    def _entries(self, name: str, shape: type[schema.ShapeType], group: str) -> schema.ShapeType:
        """A file that is a list of entries under `group`; what is wrong with the list is collected."""
        document = self._document(name)
        file = schema.validate(shape, document)
        self._problems.extend(build.entry_problems(document, group, getattr(file, group)))
        return file

    def _regencies(self) -> Iterator[tuple[str, Regency]]:
        hours = self._read(f"{NATIONAL}/jam_kerja.yaml", read_national_hours)
        holidays = self._read(f"{NATIONAL}/libur.yaml", read_national_holidays)
        for path in sorted(self._directory.glob("*/wilayah.yaml")):
            name = path.parent.name
            with self._collecting():
                regency = self._read(f"{name}/wilayah.yaml", lambda data: read_regency(data, hours, holidays))
                if regency.id != name:
                    params = {"value": regency.id, "expected": name}
                    raise PolicyError([Problem(f"{name}/wilayah.yaml", 1, "policy.error.wrong_id", params)])
                self._remarks.extend(self._hours_remarks(regency, hours))
                yield name, regency

    def _hours_remarks(self, regency: Regency, hours: NationalHours) -> Iterator[Problem]:
        """Weeks of another length than the nation's, hours that nobody has verified."""
        document = self._document(f"{regency.id}/wilayah.yaml")
        for warning in weekly_warnings(regency.calendar, hours):
            yield document.problem(warning.path, warning.key, **warning.params)
        for index, pattern in enumerate(regency.calendar.patterns):
            if not pattern.source.verified:
                path = ("jam_kerja", index)
                yield document.problem(path, "policy.warning.hours_unverified", pattern=pattern.id)
        if not regency.calendar.break_source.verified:
            yield document.problem(("istirahat",), "policy.warning.break_unverified", regency=regency.id)
        if _leave_assumed(regency.calendar):
            yield document.problem(("cuti",), "policy.warning.leave_unverified", regency=regency.id)

    def _read(self, name: str, reader: Callable[[Any], Result]) -> Result:
        """What `reader` makes of a file's data; its error gets the file and line."""
        document = self._document(name)
        try:
            return reader(document.data)
        except PolicyDataError as error:
            raise PolicyError([document.problem(error.path, error.key, **error.params)]) from error

    def _circulars(
        self, regencies: Iterable[str], vocabulary: Vocabulary, ranks: Mapping[str, Rank]
    ) -> Iterator[tuple[str, Circular]]:
        for regency in regencies:
            for path in sorted((self._directory / regency).glob("*/edaran.yaml")):
                expected = f"{regency}/{path.parent.name}"
                with self._collecting():
                    document = self._document(f"{expected}/edaran.yaml")
                    file = schema.validate(schema.CircularFile, document)
                    builder = build.CircularBuilder(document, regency, vocabulary, ranks)
                    source = self._bytes(f"{expected}/{file.edaran.bukti.berkas}")
                    circular = builder.build(file, expected, source)
                    self._problems.extend(builder.problems)
                    self._remarks.extend(builder.remarks)
                    yield expected, circular

    def _stray_folders(self) -> Iterator[Problem]:
        """Folders whose law would be silently missing: a circular without its file, or outside a regency."""
        for path in sorted(self._directory.glob("*/*/")):
            folder = path.relative_to(self._directory)
            regency = str(folder.parent)
            if regency == VOCABULARY or not any(path.iterdir()):
                continue
            if not (path / "edaran.yaml").is_file():
                yield Problem(f"{folder}/edaran.yaml", 0, "policy.error.no_file")
            elif regency != NATIONAL and not (path.parent / "wilayah.yaml").is_file():
                yield Problem(f"{regency}/wilayah.yaml", 0, "policy.error.no_file")

    def _waivers(self) -> Iterator[Waiver]:
        found = (*self._directory.glob("*/pengabaian.yaml"), *self._directory.glob("*/*/pengabaian.yaml"))
        for path in sorted(found):
            name = str(path.relative_to(self._directory))
            with self._collecting():
                document = self._document(name)
                for index, entry in enumerate(schema.validate(schema.WaiverFile, document).root):
                    place = Place(name, document.line((index,)))
                    yield Waiver(entry.temuan, entry.alasan, entry.oleh, entry.tanggal, place)

    def _templates(self) -> Iterator[MessageTemplate]:
        if (self._directory / TEMPLATE_FILE).is_file():
            with self._collecting():
                yield from read_templates(self._document(TEMPLATE_FILE))

    # --- files ---

    def _bytes(self, name: str) -> bytes | None:
        path = self._directory / name
        if not path.is_file():
            return None
        content = path.read_bytes()
        self._digest.update(name.encode() + b"\0" + content)
        return content

    def _document(self, name: str) -> Document:
        content = self._bytes(name)
        if content is None:
            raise PolicyError([Problem(name, 0, "policy.error.no_file")])
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise PolicyError([Problem(name, 0, "policy.error.not_utf8")]) from error
        if self._cache is None:
            return parse(text, name)
        key = (name, hashlib.sha256(content).hexdigest())
        return remembered(key, lambda: parse(text, name), self._cache, FILES_KEPT)

    def _shaped(self, name: str, shape: type[schema.ShapeType]) -> schema.ShapeType:
        return schema.validate(shape, self._document(name))

    def _collecting(self) -> _Collecting:
        return _Collecting(self._problems)

    def _stop_at_problems(self) -> None:
        if self._problems:
            raise PolicyError(self._problems)


def _leave_assumed(calendar: Calendar) -> bool:
    return calendar.leave_rule is not BreakRule.UNREGULATED and not calendar.leave_source.verified


class _Collecting:
    """A block whose PolicyError joins the list, so that one broken file does not hide the others."""

    def __init__(self, problems: list[Problem]) -> None:
        self._problems = problems

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if isinstance(error, PolicyError):
            self._problems.extend(error.problems)
            return True
        return False


# --- the circulars' own cases ---


def load_cases(corpus: Corpus, directory: Path = DIRECTORY) -> dict[str, tuple[Case, ...]]:
    """The cases (uji.yaml) of every circular that has some, by its id. Raises PolicyError."""
    found: dict[str, tuple[Case, ...]] = {}
    problems: list[Problem] = []
    for circular in corpus.circulars.values():
        name = f"{circular.id}/uji.yaml"
        path = directory / name
        if path.is_file():
            with _Collecting(problems):
                document = parse(path.read_text(encoding="utf-8-sig"), name)
                found[circular.id] = read_cases(document, circular, corpus)
    if problems:
        raise PolicyError(problems)
    return found
