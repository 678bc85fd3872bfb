"""Pages for people: HTML without scripts, in German or English, safe to open from a mail."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from importlib.resources import files
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time
from fastapi import Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from app.core.errors import (
    BodyTooLarge,
    InvalidInput,
    MalformedBody,
    MethodNotAllowed,
    NoSuchPath,
    Problem,
    TooManyFailures,
    TooManyRequests,
    Unexpected,
)
from app.core.i18n import Language, lookup, mark, preferred_language, translate
from app.meetups.service import MeetupNotFound

STYLE = files("app.console").joinpath("static", "style.css").read_bytes()
# Part of its address, so that a browser may keep it for good.
STYLE_VERSION = sha256(STYLE).hexdigest()[:12]

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
    "X-Content-Type-Options": "nosniff",
    "Vary": "Accept-Language",
}

FRAME = {
    "skip": mark("To the content"),
    "other_language": mark("Deutsch"),
    "about": mark("C3 Tandem brings related communities of different companies together. Taking part is voluntary."),
}

_ADDRESSES = (
    "/answers/",
    "/useful/",
    "/pulse/",
    "/mail/",
    "/calendars/",
    "/meetups/",
    "/registrations/",
    "/table-cards/",
    "/story-talks/",
)
_DAY_AND_TIME = mark("{day}, {time}")
_LOCALES: Mapping[Language, Locale] = {"de": Locale("de"), "en": Locale("en", "GB")}

# What these say to a program is of no use to a person.
_SAID_TO_PEOPLE: Mapping[type[Problem], str] = {
    TooManyRequests: mark("Many requests came from your network in a short time. Try again in a minute."),
    TooManyFailures: mark(
        "Many links that do not work were opened from your network. Wait a minute, then open the link in your "
        "message again."
    ),
    NoSuchPath: mark("There is nothing at this address. Open the link exactly as it stands in your message."),
    MethodNotAllowed: mark("There is nothing to send to this address. Open the link in your message."),
    BodyTooLarge: mark("What you have sent is too long. Go back and shorten it."),
    MalformedBody: mark("What you have sent cannot be read. Go back and try once more."),
    InvalidInput: mark("What you have sent is not accepted, and nothing was stored. Go back and change it:"),
    MeetupNotFound: mark(
        "There is no meetup at this address. Open the link exactly as it stands where you found it."
    ),
    Unexpected: mark("That did not work, and nothing was stored. Try again in a few minutes."),
}

_templates = Environment(
    loader=PackageLoader("app.console", "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page shows: words, which are texts of the catalogue, and values in the reader's language."""

    template: str
    words: Mapping[str, str]
    values: Mapping[str, object]
    status: int = 200


def page(request: Request, shown: Shown) -> Response:
    """The page in the language of its reader."""
    language = language_of(request)
    content = _templates.get_template(shown.template).render(
        {
            **shown.values,
            "language": language,
            "words": {name: lookup(text, language) for name, text in (FRAME | dict(shown.words)).items()},
            # Relative, for whoever stands before the service may have it below a path of its own.
            "style": "../" * (request.scope["path"].count("/") - 1) + f"static/style.css?{STYLE_VERSION}",
        }
    )
    return HTMLResponse(content, status_code=shown.status, headers=HEADERS)


def back_to(request: Request, token: str) -> Response:
    """After a form was accepted: the page itself, so that to load it again sends nothing again."""
    # Relative, as the address of the style.
    chosen = request.query_params.get("lang")
    return RedirectResponse(
        f"{token}?lang={chosen}" if chosen in _LOCALES else token, status_code=303, headers=HEADERS
    )


def problem_page(request: Request, problem: Problem) -> Response | None:
    """A problem in words, at the addresses of pages."""
    if not request.scope["path"].startswith(_ADDRESSES):
        return None
    language = language_of(request)
    said = _SAID_TO_PEOPLE.get(type(problem))
    values = {
        "detail": lookup(said, language) if said else problem.told(language),
        "errors": [one["detail"] for one in problem.errors],
    }
    return page(request, Shown("problem.html", {"title": problem.title}, values, problem.as_json(language)["status"]))


def speak_to(request: Request, reader_language: str | None) -> None:
    """From now on the request is answered in the reader's language, where it is one of ours."""
    primary = (reader_language or "").split("-", 1)[0].lower()
    request.state.reader_language = primary if primary in _LOCALES else None


def language_of(request: Request) -> Language:
    """The language that was chosen on the page, else the reader's, else the browser's."""
    chosen = request.query_params.get("lang")
    reader: Language | None = getattr(request.state, "reader_language", None)
    for language in _LOCALES:
        if chosen == language:
            return language
    return reader or preferred_language(request.headers.get("accept-language"))


def day_in_words(day: date, language: Language) -> str:
    return format_date(day, format="long", locale=_LOCALES[language])


def moment_in_words(moment: datetime, time_zone: str, language: Language) -> str:
    """Day, time and the zone in which it is that time."""
    local = moment.astimezone(ZoneInfo(time_zone))
    clock = format_time(local, format="short", locale=_LOCALES[language])
    return translate(
        mark("{day}, {clock} ({zone})"),
        language,
        day=day_in_words(local.date(), language),
        clock=clock,
        zone=time_zone.replace("_", " "),
    )


def span_in_words(starts_at: datetime, ends_at: datetime, time_zone: str, language: Language) -> str:
    """From when to when, with the day of the week and the zone; the day of the end only where it is another one."""
    start, end = (moment.astimezone(ZoneInfo(time_zone)) for moment in (starts_at, ends_at))
    locale = _LOCALES[language]
    until = format_time(end, format="short", locale=locale)
    if end.date() != start.date():
        until = translate(_DAY_AND_TIME, language, day=format_date(end, format="full", locale=locale), time=until)
    return translate(
        mark("{day}, {start} to {end} ({zone})"),
        language,
        day=format_date(start, format="full", locale=locale),
        start=format_time(start, format="short", locale=locale),
        end=until,
        zone=time_zone.replace("_", " "),
    )


def clock_in_words(moment: datetime, time_zone: str, language: Language) -> str:
    return format_time(moment.astimezone(ZoneInfo(time_zone)), format="short", locale=_LOCALES[language])


def language_in_words(tag: str, language: Language) -> str:
    return str(_LOCALES[language].languages.get(tag.split("-", 1)[0].lower(), tag))
