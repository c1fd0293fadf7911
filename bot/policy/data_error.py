"""One clear error for a value of wilayah.yaml or nasional/ that cannot be read: where, which value, repair.

The readers of these files get plain data and know no file; `policy.load` turns a path into a line.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Annotated, Final, NoReturn, TypeVar

from pydantic import BaseModel, BeforeValidator, ValidationError, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError

from bot.policy.problems import Path, shortened, suggestion
from bot.policy.schema import Shape, one_of_key, rest_of_text


class PolicyDataError(ValueError):
    """A value in a policy file that cannot be used.

    `path`: keys and list positions (from 0) that lead to it in its file; the last one may name something
    that is missing there. `key`, `params`: the text for people, without the place.
    """

    def __init__(self, path: Path, key: str, **params: object) -> None:
        self.path = path
        self.key = key
        self.params: Mapping[str, object] = {"field": dotted(path), **params}
        super().__init__(f"{dotted(path)}: {key} {params}")


def dotted(path: Path) -> str:
    """A path as people write it: jam_kerja[1].hari.senin.masuk"""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


class Strict(Shape):
    """A part of a policy file; an unknown field is an error that tells the known ones."""

    @model_validator(mode="before")
    @classmethod
    def _knows_every_field(cls, data: object) -> object:
        fields: Mapping[object, object] = data if isinstance(data, Mapping) else {}
        for field, value in fields.items():
            if field not in cls.model_fields:
                known = list(cls.model_fields)
                cut = rest_of_text(field, value, known)
                raise PydanticCustomError(_UNKNOWN_FIELD, "", {"field": field, "known": known, "cut": cut})
        return data


_UNKNOWN_FIELD: Final = "unknown_field"

Model = TypeVar("Model", bound=BaseModel)


def checked(model: type[Model], data: object) -> Model:
    """`data` (plain Python values as read from YAML) as a `model`. Raises PolicyDataError for the first
    value that is wrong."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise _translated(error.errors(include_url=False)[0]) from error


def not_one_of(path: Path, value: object, known: Iterable[str]) -> PolicyDataError:
    """The error for a value that is not among `known`, with the nearest one suggested."""
    names = list(known)
    hint = suggestion(value, names)
    key = one_of_key(value, names)
    return PolicyDataError(path, key, value=value, expected=", ".join(names), suggestion=hint)


# --- values that several files share ---------------------------------------------------------


def _day(value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(value) if isinstance(value, str) else _no_date()
    except ValueError:
        return _no_date()


def _no_date() -> NoReturn:
    raise PydanticCustomError("policy.error.not_a_date", "not a date")


Day = Annotated[date, BeforeValidator(_day)]
"""A date, or its ISO form as text; never a time or a number."""


# --- from pydantic's words to ours -----------------------------------------------------------

_KEYS: Final = {
    "missing": "policy.error.missing",
    "string_type": "policy.error.not_a_text",
    "string_too_short": "policy.error.empty",
    "too_short": "policy.error.empty",
    "bool_type": "policy.error.not_yes_no",
    "bool_parsing": "policy.error.not_yes_no",
    "int_type": "policy.error.not_a_whole_number",
    "greater_than_equal": "policy.error.not_a_whole_number",
    "tuple_type": "policy.error.not_a_list",
    "list_type": "policy.error.not_a_list",
    "too_long": "policy.error.invalid",
    "dict_type": "policy.error.not_a_mapping",
    "model_type": "policy.error.not_a_mapping",
}


def _translated(details: ErrorDetails) -> PolicyDataError:
    place = tuple(step for step in details["loc"] if step != "[key]")
    kind, context = details["type"], details.get("ctx", {})
    if kind == _UNKNOWN_FIELD:
        hint = suggestion(context["field"], context["known"])
        key = "policy.error.comma_in_text" if context["cut"] else "policy.error.unknown_field"
        place = (*place, context["field"])
        return PolicyDataError(place, key, value=context["field"], suggestion=hint)
    if kind in ("enum", "literal_error"):
        return not_one_of(place, details["input"], _choices(context["expected"]))
    key = kind if kind.startswith("policy.") else _KEYS.get(kind, "policy.error.invalid")
    return PolicyDataError(place, key, value=shortened(details["input"]), expected=details["msg"])


def _choices(expected: str) -> list[str]:
    """The values that pydantic lists as "'a', 'b' or 'c'"."""
    return expected.split("'")[1::2] or [expected]
