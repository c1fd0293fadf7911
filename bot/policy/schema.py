"""The shape of the files in policies/: circulars and vocabulary. Closed: an unknown field is an error.

Field names are the Indonesian ones that encoders write. What the fields mean is told in
policies/README.md; what a valid file becomes, in `policy.build`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Annotated, Any, Literal, TypeVar, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, RootModel, ValidationError

from bot.policy.document import Document
from bot.policy.problems import Path, PolicyError, Problem, nearest, shortened, suggestion


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


def _wording(value: object) -> object:
    return {"id": value} if isinstance(value, str) else value


def _yes(value: object) -> object:
    return {"ya": True, "tidak": False}.get(value, value) if isinstance(value, str) else value


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


class Words(Shape):
    id: str = Field(min_length=1)
    en: str | None = None

    def plain(self) -> dict[str, str]:
        return {"id": self.id, **({"en": self.en} if self.en else {})}


Wording = Annotated[Words, BeforeValidator(_wording)]
YesNo = Annotated[bool, BeforeValidator(_yes)]
Names = Annotated[tuple[str, ...], BeforeValidator(_as_list)]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+([_-][a-z0-9]+)*$")]


# --- edaran.yaml ---


class Berlaku(Shape):
    sejak: date
    sampai: date | None = None
    dasar: str | None = None


class Bukti(Shape):
    jenis: Literal["naskah", "berita"]
    nama: str = Field(min_length=1)
    berkas: str = "naskah.md"
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    naskah_asli: date | Literal["belum"] = "belum"


class Kecuali(Shape):
    kecuali: Names


class Penerima(Shape):
    """`butir`, `kutipan`: the clause that says whom the circular is for, or whom not."""

    status: Names | Kecuali = ("semua",)
    unit: Names | Kecuali = ("semua",)
    kutipan: str | None = None
    butir: str | None = None


class Perubahan(Shape):
    edaran: str
    aturan: Names


class Edaran(Shape):
    id: str
    nomor: str | None = None
    tentang: Wording
    penerbit: str
    tingkat: str
    ditetapkan: date
    berlaku: Berlaku
    mengubah: tuple[Perubahan, ...] = ()
    mencabut: Names = ()
    bukti: Bukti
    lengkap: YesNo = True
    penerima: Penerima


class Aturan(Shape):
    id: Slug
    sifat: Literal["larangan", "kebolehan", "kewajiban"]
    perbuatan: str
    bila: dict[str, Any] = Field(default_factory=dict)
    mengecualikan: Names = ()
    mengkhususkan: Names = ()
    isi: Wording | None = None
    kutipan: str | None = None
    ringkasan: Wording | None = None
    butir: str | None = None


class Sanksi(Shape):
    isi: Wording
    kutipan: str | None = None
    sumber: str | None = None
    aturan: Names = ()


class Catatan(Shape):
    jenis: Literal["pendapat", "pernyataan", "tujuan", "pengertian"]
    isi: Wording
    penutur: str | None = None
    kutipan: str | None = None
    butir: str | None = None
    aturan: Names = ()
    bila: dict[str, Any] = Field(default_factory=dict)


class PertanyaanTerbuka(Shape):
    """`butir`: the clause that leaves it open, or that cannot be written as a rule."""

    isi: Wording
    butir: str | None = None
    aturan: Names = ()
    bila: dict[str, Any] = Field(default_factory=dict)


def _open_question(value: object) -> object:
    return {"isi": value} if isinstance(value, str) else value


class CircularFile(Shape):
    skema: Literal[1]
    edaran: Edaran
    aturan: tuple[Aturan, ...] = Field(min_length=1)
    sanksi: tuple[Sanksi, ...] = ()
    catatan: tuple[Catatan, ...] = ()
    pertanyaan_terbuka: tuple[Annotated[PertanyaanTerbuka, BeforeValidator(_open_question)], ...] = ()


# --- kosakata ---


class Perbuatan(Shape):
    id: Slug
    nama: Wording
    termasuk: str | None = None
    frasa: Names = ()
    isyarat: Names = ()
    bukan: Names = ()


class ActivityFile(Shape):
    skema: Literal[1]
    perbuatan: tuple[Perbuatan, ...]


class Nilai(Shape):
    label: Wording
    syarat: Wording
    frasa: Names = ()


class NilaiPilihan(Nilai):
    nilai: str


class Fakta(Shape):
    id: Slug
    jenis: Literal["ya_tidak", "pilihan", "bilangan", "tanggal", "pukul"]
    anggapan: YesNo | str | None = None
    sumber: Literal["waktu", "pegawai", "atasan"] | None = None
    nama: Wording | None = None
    tanya: Wording | None = None
    satuan: str | None = None
    frasa: Names = ()
    arah: Literal["lampau", "mendatang"] | None = None
    ya: Nilai | None = None
    tidak: Nilai | None = None
    pilihan: tuple[NilaiPilihan, ...] = ()


class FactFile(Shape):
    skema: Literal[1]
    fakta: tuple[Fakta, ...]


class Bernama(Shape):
    id: Slug
    nama: Wording
    frasa: Names = ()
    termasuk: str | None = None


class StatusFile(Shape):
    skema: Literal[1]
    status: tuple[Bernama, ...]


class UnitFile(Shape):
    skema: Literal[1]
    unit: tuple[Bernama, ...]


class RankFile(Shape):
    """nasional/tingkat.yaml: instruments from the lowest rank to the highest."""

    skema: Literal[1]
    tingkat: tuple[Bernama, ...]


Entry = Perbuatan | Bernama
"""What a list of kosakata/ or nasional/tingkat.yaml holds: an id, and perhaps the wider entry."""


# --- pengabaian.yaml ---


class Pengabaian(Shape):
    """`oleh`: the office that answers for it; `temuan`: the mark that `edaran policy check` prints."""

    temuan: Annotated[str, Field(pattern=r"^[0-9a-f]{12}$")]
    alasan: str = Field(min_length=10)
    oleh: str = Field(min_length=3)
    tanggal: date


class WaiverFile(RootModel[tuple[Pengabaian, ...]]):
    pass


# --- validation with places ---

ShapeType = TypeVar("ShapeType", bound=BaseModel)

_TEXTS = {
    "missing": "policy.error.missing",
    "extra_forbidden": "policy.error.unknown_field",
    "literal_error": "policy.error.not_one_of",
    "date_from_datetime_parsing": "policy.error.not_a_date",
    "date_from_datetime_inexact": "policy.error.not_a_date",
    "date_type": "policy.error.not_a_date",
    "date_parsing": "policy.error.not_a_date",
    "model_type": "policy.error.not_a_mapping",
    "dict_type": "policy.error.not_a_mapping",
    "tuple_type": "policy.error.not_a_list",
    "too_short": "policy.error.empty",
    "string_too_short": "policy.error.too_short",
    "string_type": "policy.error.not_a_text",
    "string_pattern_mismatch": "policy.error.pattern",
    "bool_type": "policy.error.not_yes_no",
    "bool_parsing": "policy.error.not_yes_no",
}


def validate(shape: type[ShapeType], document: Document) -> ShapeType:
    """The file as `shape`. Raises PolicyError naming every field that is missing, unknown or wrong."""
    try:
        return shape.model_validate(document.data)
    except ValidationError as error:
        details = error.errors(include_url=False)
        raise PolicyError(_problem(document, shape, dict(detail)) for detail in details) from error


def _problem(document: Document, shape: type[BaseModel], detail: dict[str, Any]) -> Problem:
    path = _document_path(document, detail["loc"])
    key = _key_of(shape, detail)
    context = detail.get("ctx", {})
    params: dict[str, object] = {
        "field": ".".join(map(str, _named(path, detail))),
        "value": shortened(detail["input"]),
        "limit": context.get("min_length", ""),
    }
    if detail["type"] == "extra_forbidden":
        params["suggestion"] = suggestion(detail["loc"][-1], _fields(shape, detail["loc"][:-1]))
    if detail["type"] == "literal_error":
        known = re.findall(r"'([^']*)'", context["expected"]) or [context["expected"]]
        key = one_of_key(detail["input"], known)
        params |= {"expected": ", ".join(known), "suggestion": suggestion(detail["input"], known)}
    return document.problem(path, key, **params)


def one_of_key(value: object, known: Iterable[str]) -> str:
    """The text for a value that is none of `known`: one that names the value meant, if there is one."""
    return "policy.error.not_among" if nearest(value, known) is None else "policy.error.not_one_of"


def rest_of_text(name: object, value: object, known: Iterable[str]) -> bool:
    """Whether an unknown field is the end of a text that a comma has cut: {id: Ya, di sini., en: Yes}."""
    return value is None and nearest(name, known) is None


def _key_of(shape: type[BaseModel], detail: Mapping[str, Any]) -> str:
    kind, loc, value = detail["type"], detail["loc"], detail["input"]
    if kind == "extra_forbidden" and rest_of_text(loc[-1], value, _fields(shape, loc[:-1])):
        return "policy.error.comma_in_text"
    if kind == "string_type" and isinstance(value, list):
        return "policy.error.one_activity" if loc[-1] == "perbuatan" else "policy.error.only_one"
    return _TEXTS.get(kind, "policy.error.invalid")


def _named(path: Path, detail: Mapping[str, Any]) -> Path:
    """The place as the file knows it, and what is missing there."""
    return (*path, detail["loc"][-1]) if detail["type"] == "missing" else path or detail["loc"]


def _document_path(document: Document, loc: tuple[str | int, ...]) -> Path:
    """pydantic's location without the names of union members, which the file does not have."""
    path: list[str | int] = []
    for part in loc:
        if "/".join(map(str, [*path, part])) in document.lines:
            path.append(part)
    return tuple(path)


def _fields(shape: type[BaseModel], loc: tuple[str | int, ...]) -> Iterable[str]:
    """The field names allowed where `loc` points, as far as they can be told."""
    current: Any = shape
    for part in loc:
        if isinstance(part, int) or not hasattr(current, "model_fields"):
            continue
        field = current.model_fields.get(part)
        current = _model_in(field.annotation) if field is not None else current
    return list(getattr(current, "model_fields", {}))


def _model_in(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, (_model_in(part) for part in get_args(annotation))), None)
