"""What came of a meetup, for everybody: totals of many, and talks. Nobody who only came is named."""

from collections.abc import Mapping

from fastapi import Request
from sqlmodel import Session

from app.console.meetup_page import is_held, talk_in_words, when
from app.console.pages import Shown, language_of, moment_in_words
from app.core.clock import now
from app.core.errors import NotFound
from app.core.i18n import Language, lookup, mark, translate
from app.meetups import service as meetups
from app.meetups.models import Meetup
from app.meetups.viewing import talks_shown
from app.programme.summary import Summary, summary
from app.registrations.totals import FeedbackTotals

WORDS: Mapping[str, str] = {
    "title": mark("What came of the meetup"),
    "figures": mark("Who was there"),
    "talks": mark("Talks"),
    "how": mark("Was it worth the time?"),
    "tandems": mark("Tandems that began"),
    "next": mark("The next meetup"),
    "go": mark("Look at it and take part"),
}
LEAD = mark("{when}. Thank you to everybody who came, showed something and asked.")
PEOPLE, COMPANIES, ROUNDS, TABLES = mark("people"), mark("companies"), mark("rounds at the tables"), mark("groups")
NOT_YET = mark("That is told from {moment} on, if enough have answered by then.")
TOO_FEW = mark("Too few have answered to tell it without telling whose answer it is.")
YES, PARTLY, NO = mark("Yes"), mark("Partly"), mark("No")
SO_MANY = mark("{number} pairs of communities of different companies learn from each other since.")
SOME = mark("Fewer than {least}, and each of them counts.")
NONE_YET = mark("None so far. They take time: both sides decide freely.")


class SummaryNotYet(NotFound):
    slug = "meetup-summary-not-yet"
    title = mark("There is no summary yet")
    detail = mark("What came of a meetup stands here once it was held. Look in again after that day.")


def shown(session: Session, request: Request, meetup_id: str, least_group: int) -> Shown:
    """The summary of a meetup that was held. Raises MeetupNotFound, SummaryNotYet."""
    meetup = meetups.public(session, meetup_id)
    if not is_held(meetup):
        raise SummaryNotYet
    language = language_of(request)
    told = summary(session, meetup, least_group)
    values = {
        "title": meetup.title,
        "spoken_in": meetup.language,
        "lead": translate(LEAD, language, when=when(meetup, language)),
        "figures": [(lookup(name, language), number) for name, number in _figures(told) if number],
        "talks": [talk_in_words(talk, language) for talk in talks_shown(session, [meetup.id]).get(meetup.id, [])],
        "said": _said(told.feedback, language) if told.feedback else None,
        "unsaid": _unsaid(told, language),
        "tandems": _tandems(told.tandems, least_group, language),
        "next": _next(told.next_meetup, language) if told.next_meetup else None,
    }
    return Shown("summary.html", WORDS, values)


def _figures(told: Summary) -> list[tuple[str, int | None]]:
    tables = told.tables
    return [
        (PEOPLE, told.people),
        (COMPANIES, told.companies),
        (ROUNDS, tables.rotations if tables else None),
        (TABLES, tables.groups if tables else None),
    ]


def _said(totals: FeedbackTotals, language: Language) -> list[tuple[str, int]]:
    # Comments are for the organizers: what they say may name somebody.
    return [
        (lookup(YES, language), totals.yes),
        (lookup(PARTLY, language), totals.partly),
        (lookup(NO, language), totals.no),
    ]


def _unsaid(told: Summary, language: Language) -> str:
    if told.feedback_from <= now():
        return lookup(TOO_FEW, language)
    moment = moment_in_words(told.feedback_from, told.meetup.time_zone, language)
    return translate(NOT_YET, language, moment=moment)


def _tandems(number: int | None, least: int, language: Language) -> str:
    if number is None:
        return translate(SOME, language, least=least)
    return translate(SO_MANY, language, number=number) if number else lookup(NONE_YET, language)


def _next(meetup: Meetup, language: Language) -> dict[str, str]:
    return {
        "title": meetup.title,
        "language": meetup.language,
        "when": when(meetup, language),
        # From below the one that is over.
        "page": f"../{meetup.id}",
    }
