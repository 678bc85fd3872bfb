"""The page on which a manager answers a suggestion: what it shows in each state, and what it takes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any, Literal

from fastapi import Request
from pydantic import BeforeValidator
from sqlmodel import Session

from app.access.service import Caller
from app.communities.models import Community
from app.console.cards import card_in_words
from app.console.links import AnswerLink, caller_for
from app.console.pages import Shown, day_in_words, language_of, moment_in_words
from app.core.clock import now
from app.core.errors import Problem
from app.core.i18n import Language, lookup, mark, translate
from app.core.links import LinkExpired
from app.core.schemas import EmptyIsNull
from app.tandems import answering, queries
from app.tandems import service as suggestions
from app.tandems.models import Answer, SuggestionStatus
from app.tandems.schemas import AnswerCreate, Reason, SuggestionOut
from app.tandems.viewing import suggestions_shown

# A browser counts a line break as one character and sends it as two.
Written = Annotated[
    Reason | None,
    BeforeValidator(lambda text: text.replace("\r\n", "\n").strip() if isinstance(text, str) else text),
    EmptyIsNull,
]

Why = Literal[
    "no_time",
    "theme_does_not_fit",
    "partner_too_similar",
    "other_sector_wished",
    "same_sector_not_wished",
    "language",
    "other",
]

WORDS = {
    "title": mark("Your answer to a suggestion"),
    "reasons": mark("Why the two fit"),
    "strength": mark("How sure this is:"),
    "partner": mark("The other community"),
    "masked": mark("Without its name, as yours is shown to the other side. Names follow when both have said yes."),
    "next": mark("What happens next"),
    "answer": mark("Your answer"),
    "for_yes": mark("Interested?"),
    "yes": mark("Yes, we would like to meet"),
    "yes_hint": mark("It binds you to nothing yet, and can be taken back while the suggestion is open."),
    "for_not_now": mark("Not the right time?"),
    "not_now": mark("Not now"),
    "not_now_hint": mark("The suggestion ends kindly. It may come again from the day that you choose."),
    "until": mark("May be suggested again from (optional; left empty: in 90 days)"),
    "for_no": mark("Does it not fit?"),
    "no": mark("No, thank you"),
    "no_hint": mark("A no needs no reason. The other side is not told who said it, or that anybody did."),
    "change": mark("Take the yes back"),
    "why": mark("Why (optional, only for your side)"),
    "reason": mark("In your own words (optional, only for your side)"),
    "said": mark("Your side has said:"),
    "said_reason": mark("You wrote:"),
}

STEPS = (
    mark("You answer yes, not now or no. The other side is asked the same and does not see what you say."),
    mark("When both have said yes, a company may wish that its coordinator approves."),
    mark("Then a message introduces you to each other: names and contacts, for you two only."),
    mark(
        "You agree on a first hour to get to know each other, and on a rhythm. Either side can pause or end the "
        "tandem at any time."
    ),
)

HEADINGS: Mapping[SuggestionStatus, str] = {
    SuggestionStatus.OPEN: mark("A possible tandem for {community}"),
    SuggestionStatus.ONE_YES: mark("You have said yes. Thank you!"),
    SuggestionStatus.AWAITING_COORDINATOR: mark("Both sides have said yes"),
    SuggestionStatus.ACCEPTED: mark("You are a tandem!"),
    SuggestionStatus.DECLINED: mark("Thank you for your answer"),
    SuggestionStatus.NOT_NOW: mark("Thank you for your answer"),
    SuggestionStatus.EXPIRED: mark("The time for an answer is over"),
    SuggestionStatus.REPLACED: mark("This suggestion is no longer open"),
    SuggestionStatus.WITHDRAWN: mark("This suggestion is no longer open"),
}
LEADS: Mapping[SuggestionStatus, str] = {
    SuggestionStatus.OPEN: mark(
        "A community of another company may fit yours, to learn from each other. Look at it and decide: you can "
        "answer until {until}. It is an offer, nothing more."
    ),
    SuggestionStatus.ONE_YES: mark(
        "If the other side says yes too, a message introduces you to each other. Until then nobody sees names. The "
        "suggestion is open until {until}."
    ),
    SuggestionStatus.AWAITING_COORDINATOR: mark(
        "Now a coordinator is asked to approve, until {until}. Names and contacts come by message after that."
    ),
    SuggestionStatus.ACCEPTED: mark(
        "{community} and {partner} ({company}) meet from now on. A message tells you both whom to write to: agree on "
        "a first hour to get to know each other."
    ),
    SuggestionStatus.DECLINED: mark(
        "The suggestion has ended, and there is nothing more to do. The other side does not learn why. Further "
        "suggestions will come."
    ),
    SuggestionStatus.NOT_NOW: mark(
        "The suggestion has ended, and there is nothing more to do. The other side does not learn why. The two may "
        "be suggested again later."
    ),
    SuggestionStatus.EXPIRED: mark("Nothing came of it this time, and that is fine. Further suggestions will come."),
    SuggestionStatus.REPLACED: mark("Another one has taken its place: you have a message about that one."),
    SuggestionStatus.WITHDRAWN: mark(
        "That has many possible causes and says nothing about you. Further suggestions will come."
    ),
}
ANSWERS: Mapping[Answer, str] = {
    Answer.YES: mark("yes"),
    Answer.NO: mark("no"),
    Answer.NOT_NOW: mark("not now"),
}
WHYS: Mapping[Why, str] = {
    "no_time": mark("We have no time at present"),
    "theme_does_not_fit": mark("The themes do not fit"),
    "partner_too_similar": mark("The other one is too much like us"),
    "other_sector_wished": mark("We wish for another sector"),
    "same_sector_not_wished": mark("We wish for no partner of our own sector"),
    "language": mark("The language does not fit"),
    "other": mark("Something else"),
}
DAY_IS_OVER = mark("That day is over already. Choose a later one, or leave it empty for 90 days.")

_REFUSALS: Mapping[type[Problem], str] = {answering.UntilInThePast: DAY_IS_OVER}
_OPEN = (SuggestionStatus.OPEN, SuggestionStatus.ONE_YES, SuggestionStatus.AWAITING_COORDINATOR)
_GONE = (SuggestionStatus.EXPIRED, SuggestionStatus.REPLACED, SuggestionStatus.WITHDRAWN)


@dataclass(frozen=True, slots=True)
class Said:
    """What was sent by the form."""

    answer: Answer
    until: date | None
    why: Sequence[Why]
    reason: str | None


def asks_why() -> bool:
    return "why" in AnswerCreate.model_fields


def answer(session: Session, request: Request, link: AnswerLink, said: Said) -> None:
    """What the person says for its side. Raises what `answering.answer` does, LinkNotYours, LinkExpired."""
    caller = _caller(session, request, link)
    wish: dict[str, Any] = {"answer": said.answer, "reason": said.reason}
    # The form has one field for the day, whichever button is pressed.
    wish["until"] = said.until if said.answer is Answer.NOT_NOW else None
    if asks_why() and said.answer is not Answer.YES:
        wish["why"] = list(said.why)
    answering.answer(session, caller, link.suggestion_id, AnswerCreate.model_validate(wish))


def shown(session: Session, request: Request, link: AnswerLink, pepper: str, refusal: Problem | None = None) -> Shown:
    """The suggestion as the person's side sees it, and why the answer just sent was refused. Raises LinkNotYours,
    LinkExpired."""
    caller = _caller(session, request, link)
    suggestion = suggestions.get(session, caller, link.suggestion_id)
    language = language_of(request)
    [one] = suggestions_shown(session, caller, [suggestion], pepper, language)
    assert one.own is not None  # noqa: S101  whoever has a side sees both
    assert one.partner is not None  # noqa: S101  as above
    time_zone = session.get_one(Community, one.own.id).time_zone or "UTC"
    names = {
        "community": one.own.name,
        "partner": one.partner.name,
        "company": one.partner.company,
        "until": moment_in_words(one.expires_at, time_zone, language),
    }
    is_open = one.status in _OPEN
    values = {
        "refusal": refusal and lookup(_REFUSALS.get(type(refusal), refusal.title), language),
        "heading": translate(HEADINGS[one.status], language, **names),
        "lead": translate(LEADS[one.status], language, **names),
        "is_open": is_open,
        "has_said_yes": is_open and one.own_answer is not None,
        "reasons": [reason.text for reason in one.reasons] if is_open else [],
        "strength": one.strength.text if is_open and one.strength else None,
        "card": card_in_words(one.partner, language) if is_open else [],
        "is_masked": one.partner.name is None,
        "steps": [lookup(step, language) for step in STEPS] if one.status is SuggestionStatus.OPEN else [],
        "said": _said(one, language),
        "said_reason": one.own_answer and one.own_answer.reason,
        "whys": [(code, lookup(text, language)) for code, text in WHYS.items()] if asks_why() else [],
        "tomorrow": (now() + timedelta(days=1)).date().isoformat(),
    }
    status = refusal.status if refusal else 410 if one.status in _GONE else 200
    return Shown("answer.html", WORDS, values, status)


def _caller(session: Session, request: Request, link: AnswerLink) -> Caller:
    side = queries.sides(session, [link.suggestion_id]).get(link.suggestion_id, {}).get(link.side)
    if side is None:
        # Forgotten, as those are that nobody has answered.
        raise LinkExpired
    return caller_for(session, request, link.person_id, side.community_id)


def _said(one: SuggestionOut, language: Language) -> str | None:
    if one.own_answer is None:
        return None
    said = lookup(ANSWERS[one.own_answer.answer], language)
    if one.own_answer.until is None:
        return said
    return translate(
        mark("{answer}, until {day}"), language, answer=said, day=day_in_words(one.own_answer.until, language)
    )
