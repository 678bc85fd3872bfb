"""HTTP for taking data along."""

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import StreamingResponse

from app.access.dependencies import CallerDep, CompanyDep, KeyedRoute, OnceDep, OperatorDep, SettingsDep
from app.core.database import DatabaseDep, SessionDep
from app.core.http import problems
from app.core.i18n import LanguageDep
from app.core.schemas import Id
from app.people.schemas import PersonOut
from app.privacy import people, retention
from app.privacy import service as privacy
from app.privacy.schemas import RetentionOut

router = APIRouter(prefix="/v1", tags=["companies"], route_class=KeyedRoute, responses=problems(401, 403))

CompanyId = Annotated[Id, Path(description="Id of the company.", examples=["cmp_06em2n0u4hsm7bg6m3r8t2f5ac"])]

PersonId = Annotated[Id, Path(description="Id of the person.", examples=["per_06em2n0u4hsm7bg6m3r8t2f5ac"])]


@router.get(
    "/companies/{company_id}/export",
    operation_id="export_company",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "One JSON object a line, each with its `record`: company, person, coordinator, "
            "guideline_acceptance, key, community, suggestion, tandem, exchange, harvest, pulse, talk, "
            "registration.",
            "content": {"application/x-ndjson": {"schema": {"type": "string"}}},
        },
        **problems(404),
    },
)
def export_company(
    company_id: CompanyId, database: DatabaseDep, caller: CompanyDep, language: LanguageDep, settings: SettingsDep
) -> StreamingResponse:
    """Everything that is stored about your company, to take along; also while it is leaving.

    An operator gets it without what the two sides of a tandem have answered and written: answers and reasons, places,
    agendas, minutes, harvests and what was said of meetings and at half-time. What people have
    said of meetups, and whom they want to meet again, is theirs alone and in their own export only. The company gets
    all the rest.
    """
    return StreamingResponse(
        privacy.export_company(
            database, caller, company_id, pepper=settings.key_pepper.get_secret_value(), language=language
        ),
        media_type="application/x-ndjson",
        headers={"Content-Disposition": 'attachment; filename="c3-tandem-export.ndjson"'},
    )


@router.get(
    "/people/{person_id}/export",
    operation_id="export_person",
    tags=["people"],
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "One JSON object a line, each with its `record`, what it is: person, key, community and "
            "more.",
            "content": {"application/x-ndjson": {"schema": {"type": "string"}}},
        },
        **problems(404),
    },
)
def export_person(person_id: PersonId, database: DatabaseDep, caller: CallerDep) -> StreamingResponse:
    """Everything that is stored about a person, for itself or its company, to take along.

    An operator gets it without what the two sides of a tandem have answered and written: answers and reasons, places,
    agendas, minutes, harvests and what was said of meetings and at half-time. The person and its
    company get all; but what it has said of meetups, and whom it wants to meet again, it alone.
    """
    return StreamingResponse(
        people.export(database, caller, person_id),
        media_type="application/x-ndjson",
        headers={"Content-Disposition": 'attachment; filename="c3-tandem-person.ndjson"'},
    )


@router.post("/people/{person_id}/erase", operation_id="erase_person", tags=["people"], responses=problems(404))
def erase_person(
    person_id: PersonId, session: SessionDep, caller: CallerDep, once: OnceDep, settings: SettingsDep
) -> PersonOut:
    """Erase a person, as itself, its company's coordinator or an operator. It cannot be undone.

    Address, name and language go, and with them every key, link and message for it; records keep an id that leads to
    nobody. The company is told, and so are the partners who were shown the person, also of tandems that are closed.
    """
    erased = once.of(
        lambda: people.erase(session, caller, person_id, settings), lambda known: people.get(session, caller, known)
    )
    return PersonOut.model_validate(erased)


@router.get("/retention", operation_id="read_retention", tags=["service"])
def read_retention(
    session: SessionDep, caller: OperatorDep, language: LanguageDep, settings: SettingsDep
) -> RetentionOut:
    """What is kept for how long, and what would go now: a dry run, nothing goes."""
    return retention.dry_run(session, caller, settings, language)
