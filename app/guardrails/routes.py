"""HTTP for the check of texts, the guideline and its acceptances, and the record of objections."""

from typing import Annotated

from fastapi import APIRouter, Header, Query, Response

from app.access.dependencies import CallerDep, KeyedRoute, OnceDep, OrganizerDep
from app.core.database import ReaderDep, SessionDep
from app.core.http import problems
from app.core.i18n import LanguageDep
from app.core.pagination import PageDep, cut
from app.core.schemas import Id, Page
from app.guardrails import acceptance, guideline, objections
from app.guardrails.schemas import (
    AcceptanceCreate,
    AcceptanceOut,
    GuardrailCheck,
    GuardrailChecked,
    GuidelineOut,
    HintOut,
    ObjectionOut,
    TextHints,
    TopicsOut,
)
from app.guardrails.terms import hints

router = APIRouter(prefix="/v1", tags=["guardrail"], route_class=KeyedRoute, responses=problems(401, 403))

PersonQuery = Annotated[Id | None, Query(description="Only of this person.")]
# Nothing is stored, so there is nothing to remember a request by.
Repeatable = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        max_length=200,
        pattern=r"^[\x21-\x7e]+$",
        description="Accepted as everywhere, but not needed: the same texts have the same hints.",
        examples=["7f1f0c0e-2f3c-4a59-9d2c-6a3f5a0f6c1d"],
    ),
]


@router.post("/guardrail/check", operation_id="check_texts", responses=problems(400, 422))
def check_texts(
    wish: GuardrailCheck, caller: CallerDep, language: LanguageDep, idempotency_key: Repeatable = None
) -> GuardrailChecked:
    """Where texts, German or English, come near one of the twelve topics that companies never exchange.

    Hints, with their places, the topic's name and why: they forbid nothing. Nothing is stored.
    """
    return GuardrailChecked(
        texts=[TextHints(hints=[HintOut.of(hint, language) for hint in hints(text)]) for text in wish.all_texts]
    )


@router.get("/guardrail/topics", operation_id="list_guardrail_topics")
def list_guardrail_topics(caller: CallerDep, language: LanguageDep) -> TopicsOut:
    """The twelve topics that are never exchanged, each with what is fine instead."""
    return TopicsOut.of(language)


@router.get("/guardrail/objections", operation_id="list_objections", responses=problems(422))
def list_objections(session: ReaderDep, caller: OrganizerDep, request: PageDep) -> Page[ObjectionOut]:
    """That there were objections, in which exchanges, newest first; not whose, nor to what (organizers)."""
    after = request.key(str)
    found = objections.page(session, after=str(after[0]) if after else None, limit=request.limit)
    page, cursor = cut(found, request, lambda objection: (objection.id,))
    return Page(items=[ObjectionOut.model_validate(one) for one in page], next_cursor=cursor)


@router.get("/guideline", operation_id="read_guideline")
def read_guideline(caller: CallerDep, language: LanguageDep) -> GuidelineOut:
    """The guideline on competition law as it is to be accepted now, with the notice and the card for meetings."""
    text = guideline.CURRENT[language]
    return GuidelineOut(
        version=text.version,
        title=text.title,
        paragraphs=list(text.paragraphs),
        notice=text.notice,
        card=text.card,
        valid_months=acceptance.VALID_MONTHS,
    )


@router.post(
    "/guideline/acceptances",
    status_code=201,
    operation_id="accept_guideline",
    responses=problems(400, 404, 409, 422),
)
def accept_guideline(
    wish: AcceptanceCreate, session: SessionDep, caller: CallerDep, once: OnceDep, response: Response
) -> AcceptanceOut:
    """Record that a person has accepted the guideline: itself by its own key, or its company's portal or coordinator.

    Good for twelve months; again at any time, for twelve months from then on.
    """
    recorded = once.of(
        lambda: acceptance.accept_as(session, caller, wish.version, wish.person_id),
        lambda known: acceptance.get(session, known),
    )
    response.headers["Location"] = f"/v1/guideline/acceptances?person_id={recorded.person_id}"
    return AcceptanceOut.model_validate(recorded)


@router.get("/guideline/acceptances", operation_id="list_guideline_acceptances", responses=problems(404, 422))
def list_guideline_acceptances(
    session: ReaderDep, caller: CallerDep, request: PageDep, person_id: PersonQuery = None
) -> Page[AcceptanceOut]:
    """Who has accepted which version of the guideline and until when, newest first: you, or your company's people."""
    after = request.key(str)
    found = acceptance.page(session, caller, person_id, after=str(after[0]) if after else None, limit=request.limit)
    page, cursor = cut(found, request, lambda one: (one.id,))
    return Page(items=[AcceptanceOut.model_validate(one) for one in page], next_cursor=cursor)
