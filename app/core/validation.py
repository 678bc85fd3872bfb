"""What is wrong with a value, where, and what to do: pydantic's findings in words for people."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_core import ErrorDetails

from app.core.i18n import Language, lookup, mark, translate

# By pydantic's error type; placeholders are its context. Types not named here get the last line.
MESSAGES: Mapping[str, str] = {
    "missing": mark("is missing; add it"),
    "extra_forbidden": mark("is not a field here; check the spelling or leave it out"),
    "unknown_parameter": mark("is not a parameter here; check the spelling or leave it out"),
    "string_type": mark("must be text"),
    "string_too_short": mark("is empty; write at least {min_length} character(s)"),
    "string_too_long": mark("is too long; shorten it to at most {max_length} characters"),
    "string_unicode": mark("contains characters that are not valid Unicode; send UTF-8"),
    "string_pattern_mismatch": mark("does not have the expected form {pattern}"),
    "control_characters": mark("contains control characters; remove them"),
    "unknown_language": mark("{value} is not a language tag; use one like `de`, `en` or `de-CH`"),
    "unknown_time_zone": mark("{value} is not a time zone; use an IANA name like `Europe/Berlin`"),
    "int_type": mark("must be a whole number"),
    "int_parsing": mark("must be a whole number"),
    "int_from_float": mark("must be a whole number"),
    "float_type": mark("must be a number"),
    "float_parsing": mark("must be a number"),
    "finite_number": mark("must be a finite number"),
    "greater_than_equal": mark("must be at least {ge}"),
    "greater_than": mark("must be greater than {gt}"),
    "less_than_equal": mark("must be at most {le}"),
    "less_than": mark("must be less than {lt}"),
    "bool_type": mark("must be true or false"),
    "bool_parsing": mark("must be true or false"),
    "enum": mark("must be one of {expected}"),
    "literal_error": mark("must be one of {expected}"),
    "list_type": mark("must be a list"),
    "too_long": mark("has too many entries; at most {max_length}"),
    "too_short": mark("has too few entries; at least {min_length}"),
    "dict_type": mark("must be an object"),
    "model_type": mark("must be a JSON object"),
    "model_attributes_type": mark("must be a JSON object, sent with Content-Type: application/json"),
    "datetime_type": mark("must be a time like 2026-01-31T09:00:00Z"),
    "datetime_parsing": mark("must be a time like 2026-01-31T09:00:00Z"),
    "datetime_from_date_parsing": mark("must be a time like 2026-01-31T09:00:00Z"),
    "timezone_aware": mark("needs a time zone, like 2026-01-31T09:00:00Z"),
    "date_type": mark("must be a date like 2026-01-31"),
    "date_parsing": mark("must be a date like 2026-01-31"),
    "date_from_datetime_parsing": mark("must be a date like 2026-01-31"),
    "out_of_calendar": mark("must be a time between the years 2000 and 2200"),
    "not_an_email": mark("is not an e-mail address"),
    "text_or_texts": mark("needs either `text` or `texts`; send one of them"),
}
OTHERWISE = mark("is not valid")
OR = mark("or")
# Words for a pattern, by the pattern: filled where the pattern is defined.
FORMS: dict[str, str] = {}


def describe(pattern: str, words: str) -> str:
    """The pattern, and from now on these words for a value that does not fit it."""
    FORMS[pattern] = words
    return pattern


JSON_REASONS = (
    mark("Expecting value"),
    mark("Extra data"),
    mark("Expecting property name enclosed in double quotes"),
    mark("Expecting ':' delimiter"),
    mark("Expecting ',' delimiter"),
    mark("Unterminated string starting at"),
    mark("Invalid control character at"),
    mark("JSON decode error"),
    mark("too deeply nested, or a number of too many digits"),
)
"""What the standard library says about JSON; told where a `reason` is."""


def message(finding: ErrorDetails | Mapping[str, Any], language: Language) -> str:
    """One finding in words."""
    return told(str(finding["type"]), context_of(finding), language)


def context_of(finding: ErrorDetails | Mapping[str, Any]) -> dict[str, str | int | float]:
    """The values that the words of a finding need."""
    context = dict(finding.get("ctx") or {})
    return {key: value for key, value in context.items() if isinstance(value, str | int | float)}


def told(kind: str, context: Mapping[str, object], language: Language) -> str:
    """A kind of finding in words; kinds without words of their own are told as "is not valid"."""
    form = FORMS.get(str(context.get("pattern"))) if kind == "string_pattern_mismatch" else None
    try:
        return translate(form or MESSAGES.get(kind, OTHERWISE), language, **_in_words(context, language))
    except KeyError:
        return translate(OTHERWISE, language)


def _in_words(context: Mapping[str, object], language: Language) -> dict[str, object]:
    """What pydantic lists in English: 'a', 'b' or 'c'."""
    words = dict(context)
    if isinstance(words.get("expected"), str):
        words["expected"] = f" {lookup(OR, language)} ".join(str(words["expected"]).rsplit(" or ", 1))
    return words


def pointer(location: Sequence[int | str]) -> str:
    """A JSON pointer (RFC 6901) to a place in a document: ("tags", 0) -> "/tags/0"."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in location)


def as_errors(findings: Sequence[ErrorDetails | Mapping[str, Any]], language: Language) -> list[dict[str, str]]:
    """Findings of a request as entries of `errors`: a pointer into the body, or the name of a parameter."""
    entries = []
    for finding in findings:
        where, *rest = finding["loc"] or ("body",)
        place = {"pointer": pointer(rest)} if where == "body" else {"parameter": str(rest[0]) if rest else str(where)}
        entries.append(place | {"detail": message(finding, language)})
    return entries
