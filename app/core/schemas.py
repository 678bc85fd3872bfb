"""What inputs and outputs of all features share: strict input, complete output, and a few field types."""

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, Generic, TypeVar
from zoneinfo import available_timezones

import langcodes
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
)
from pydantic_core import PydanticCustomError

from app.core.i18n import mark
from app.core.validation import describe

T = TypeVar("T")

# Line breaks and tabs are text; a NUL or an escape sequence is not, and PostgreSQL stores no NUL. Nor is what turns
# the direction of writing round: a name must not show as another.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
# The form only: whether an address works shows when something is sent to it.
_EMAIL = re.compile(r"[^@\s<>()\[\],;:\"\\]+@[^@\s<>()\[\],;:\"\\]+\.[^@\s<>()\[\],;:\"\\.]+")


class Input(BaseModel):
    """A body: unknown fields are refused, text is trimmed."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Output(BaseModel):
    """An answer: every field is always there; unknown is null."""

    model_config = ConfigDict(from_attributes=True)


class Page(Output, Generic[T]):
    items: list[T]
    next_cursor: str | None = Field(description="Send it as `cursor` for the next page; null on the last one.")


class FieldProblem(Output):
    pointer: str | None = Field(None, description="JSON pointer into the body.")
    parameter: str | None = Field(None, description="Name of a query, path or header parameter.")
    detail: str


class ProblemOut(Output):
    """An error as RFC 9457 describes it."""

    type: str = Field(description="Address of an explanation; stable, so that programs can tell errors apart.")
    title: str
    status: int
    detail: str = Field(description="What happened and what to do, in the language of Accept-Language.")
    errors: list[FieldProblem] | None = Field(None, description="One entry for each value that is not accepted.")

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "type": "/problems/invalid-input",
                "title": "Some values are not accepted",
                "status": 422,
                "detail": "See `errors`: each entry names the place and what to change. Nothing was stored.",
                "errors": [{"pointer": "/purpose", "detail": "is too long; shorten it to at most 500 characters"}],
            }
        }
    )


def _no_control_characters(text: str) -> str:
    if _CONTROL.search(text):
        raise PydanticCustomError("control_characters", "contains control characters")
    return text


@lru_cache(maxsize=1024)
def _is_language(tag: str) -> bool:
    return langcodes.tag_is_valid(tag)


def _language_tag(tag: str) -> str:
    if not _is_language(tag):
        raise PydanticCustomError("unknown_language", "unknown language {value}", {"value": tag})
    return str(langcodes.standardize_tag(tag))


@lru_cache(maxsize=1)
def _time_zones() -> frozenset[str]:
    # Names like "localtime" or "posixrules" mean something else on each machine.
    return frozenset(name for name in available_timezones() if "/" in name or name == "UTC")


def _time_zone(name: str) -> str:
    if name not in _time_zones():
        raise PydanticCustomError("unknown_time_zone", "unknown time zone {value}", {"value": name})
    return name


def _email(address: str) -> str:
    if not _EMAIL.fullmatch(address):
        raise PydanticCustomError("not_an_email", "not an e-mail address")
    return address


def _written_out(value: object) -> object:
    if not isinstance(value, str | datetime):
        raise PydanticCustomError("datetime_type", "must be a time")
    return value


def _in_this_age(moment: datetime) -> datetime:
    if not 2000 <= moment.year < 2200:
        raise PydanticCustomError("out_of_calendar", "must be between 2000 and 2200")
    return moment


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _with_z(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


# Limits come before other checks, so that a text that is too long is told as just that.
# true and false only: "no" or 0 for a flag is more likely a mistake than meant.
Flag = Annotated[bool, Field(strict=True)]
Clean = AfterValidator(_no_control_characters)
# Exports send "" where there is nothing: for an optional text that is the same as leaving it out.
EmptyIsNull = BeforeValidator(lambda value: None if isinstance(value, str) and not value.strip() else value)
Line = Annotated[str, StringConstraints(min_length=1, max_length=200), Clean, AfterValidator(_one_line)]
LongLine = Annotated[str, StringConstraints(min_length=1, max_length=1000), Clean, AfterValidator(_one_line)]
Phrase = Annotated[str, StringConstraints(min_length=1, max_length=120), Clean, AfterValidator(_one_line)]
_ID = describe(
    r"^[A-Za-z0-9_]{1,60}$", mark("is not an id; send one as the service gave it to you, like `cmp_06em2n0u4h`")
)
Id = Annotated[str, StringConstraints(pattern=_ID)]
Moment = Annotated[AwareDatetime, BeforeValidator(_written_out), AfterValidator(_in_this_age)]
# Without an offset: what the clocks of a time zone named beside it show.
MomentOrLocal = Annotated[datetime, BeforeValidator(_written_out), AfterValidator(_in_this_age)]
LanguageTag = Annotated[str, StringConstraints(min_length=1, max_length=35), AfterValidator(_language_tag)]
TimeZone = Annotated[str, StringConstraints(min_length=1, max_length=64), AfterValidator(_time_zone)]
Email = Annotated[str, StringConstraints(max_length=254, to_lower=True), Clean, AfterValidator(_email)]
UtcTime = Annotated[AwareDatetime, PlainSerializer(_with_z, return_type=str)]
