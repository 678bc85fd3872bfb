"""HTTP for companies and their proximity to each other."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Path, Response
from sqlmodel import Session

from app.access.dependencies import CallerDep, CompanyDep, KeeperDep, KeyedRoute, OnceDep, OperatorDep, SettingsDep
from app.access.service import Caller
from app.companies import coordinators, proximity
from app.companies import service as companies
from app.companies.coordinators import Entry
from app.companies.models import Company
from app.companies.proximity import Standing
from app.companies.schemas import (
    CompanyCreate,
    CompanyOut,
    CompanyUpdate,
    CoordinatorsOut,
    CoordinatorsUpdate,
    ProximityOut,
    ProximityUpdate,
)
from app.core.concurrency import IfMatchHeader, etag
from app.core.database import ReaderDep, SessionDep
from app.core.http import problems
from app.core.pagination import PageDep, cut
from app.core.schemas import Id, Page

router = APIRouter(prefix="/v1/companies", tags=["companies"], route_class=KeyedRoute, responses=problems(401, 403))

CompanyId = Annotated[Id, Path(description="Id of the company.", examples=["cmp_06em2n0u4hsm7bg6m3r8t2f5ac"])]
OtherId = Annotated[Id, Path(description="Id of the other company.", examples=["cmp_06em2n0u4hsm7bg6m3r8t2f5ad"])]


@router.post("", status_code=201, operation_id="create_company", responses=problems(400, 409, 422))
def create_company(
    wish: CompanyCreate, session: SessionDep, caller: OperatorDep, once: OnceDep, response: Response
) -> CompanyOut:
    """Invite a company. Make its coordinator a key; it takes part once it is complete and activated."""
    company = once.of(
        lambda: companies.create(session, caller, wish), lambda known: companies.get(session, caller, known)
    )
    response.headers["Location"] = f"/v1/companies/{company.id}"
    return _answer(session, caller, company, response)


@router.get("", operation_id="list_companies", responses=problems(422))
def list_companies(session: ReaderDep, caller: CallerDep, request: PageDep) -> Page[CompanyOut]:
    """Companies that you may see: your own; all for operators and organizers. Oldest first."""
    after = request.key(str)
    found = companies.page(session, caller, after=str(after[0]) if after else None, limit=request.limit)
    page, cursor = cut(found, request, lambda company: (company.id,))
    return Page(items=companies.shown(session, caller, page), next_cursor=cursor)


@router.get("/{company_id}", operation_id="read_company", responses=problems(404))
def read_company(company_id: CompanyId, session: ReaderDep, caller: CallerDep, response: Response) -> CompanyOut:
    """One company: its sector, mail domains, notices, state, and what it still has to fill in."""
    return _answer(session, caller, companies.get(session, caller, company_id), response)


@router.patch("/{company_id}", operation_id="update_company", responses=problems(400, 404, 409, 412, 422, 428))
def update_company(
    company_id: CompanyId,
    change: CompanyUpdate,
    session: SessionDep,
    caller: CallerDep,
    response: Response,
    if_match: IfMatchHeader = None,
) -> CompanyOut:
    """Fill in or change a company, as its coordinator or the operator. Fields left out stay as they are.

    A mail domain that a coordinator adds waits until the operator, by adding it too, vouches for it. Name and sector
    are changed by the operator only.
    """
    return _answer(session, caller, companies.update(session, caller, company_id, change, if_match), response)


@router.post("/{company_id}/activate", operation_id="activate_company", responses=problems(404, 409))
def activate_company(
    company_id: CompanyId,
    session: SessionDep,
    caller: OperatorDep,
    once: OnceDep,
    settings: SettingsDep,
    response: Response,
) -> CompanyOut:
    """Let an invited company take part, or keep one that is leaving.

    Outside development it needs a verified mail domain, an imprint and a privacy notice first.
    """
    complete = settings.environment != "development"
    company = once.of(
        lambda: companies.activate(session, caller, company_id, complete=complete),
        lambda known: companies.get(session, caller, known),
    )
    return _answer(session, caller, company, response)


@router.post("/{company_id}/leave", operation_id="leave_company", responses=problems(404, 409))
def leave_company(
    company_id: CompanyId, session: SessionDep, caller: OperatorDep, once: OnceDep, response: Response
) -> CompanyOut:
    """Let a company go: its communities take part no more at once, and its data is erased after 30 days.

    Until then it can read and export everything, and `activate` takes the step back.
    """
    company = once.of(
        lambda: companies.leave(session, caller, company_id), lambda known: companies.get(session, caller, known)
    )
    return _answer(session, caller, company, response)


@router.get("/{company_id}/proximity", operation_id="list_proximity", responses=problems(404, 422))
def list_proximity(
    company_id: CompanyId, session: ReaderDep, caller: CompanyDep, request: PageDep
) -> Page[ProximityOut]:
    """How close the other companies are, by name: free, with a coordinator's approval, or excluded."""
    after = request.key(str, str)
    found = proximity.page(
        session, caller, company_id, after=(str(after[0]), str(after[1])) if after else None, limit=request.limit
    )
    page, cursor = cut(found, request, lambda standing: (standing.other.name, standing.other.id))
    return Page(items=proximity.shown(page), next_cursor=cursor)


@router.get("/{company_id}/proximity/{other_id}", operation_id="read_proximity", responses=problems(404, 422))
def read_proximity(
    company_id: CompanyId, other_id: OtherId, session: ReaderDep, caller: CompanyDep, response: Response
) -> ProximityOut:
    """How close one other company is, and what your company has decided about it."""
    return _standing(proximity.get(session, caller, company_id, other_id), response)


@router.put(
    "/{company_id}/proximity/{other_id}",
    operation_id="decide_proximity",
    responses=problems(400, 404, 412, 422, 428),
)
def decide_proximity(
    company_id: CompanyId,
    other_id: OtherId,
    wish: ProximityUpdate,
    session: SessionDep,
    caller: KeeperDep,
    response: Response,
    if_match: IfMatchHeader = None,
) -> ProximityOut:
    """Decide how close another company is to yours (coordinators). The stricter of the two sides holds."""
    decided = proximity.decide(session, caller, company_id, other_id, wish.proximity, if_match)
    return _standing(decided, response)


@router.get("/{company_id}/coordinators", operation_id="read_coordinators", responses=problems(404))
def read_coordinators(
    company_id: CompanyId, session: ReaderDep, caller: KeeperDep, response: Response
) -> CoordinatorsOut:
    """Who approves your company's tandems, and who their deputies are."""
    return _coordinators(session, company_id, coordinators.get(session, caller, company_id), response)


@router.put(
    "/{company_id}/coordinators",
    operation_id="replace_coordinators",
    responses=problems(400, 404, 412, 422, 428),
)
def replace_coordinators(
    company_id: CompanyId,
    wish: CoordinatorsUpdate,
    session: SessionDep,
    caller: KeeperDep,
    response: Response,
    if_match: IfMatchHeader = None,
) -> CoordinatorsOut:
    """Name the people who approve your company's tandems. They are mailed when there is something to approve; a
    deputy when half of the time is over."""
    replaced = coordinators.replace(session, caller, company_id, wish.coordinators, if_match)
    return _coordinators(session, company_id, replaced, response)


def _answer(session: Session, caller: Caller, company: Company, response: Response) -> CompanyOut:
    response.headers["ETag"] = etag(company.version)
    return companies.shown(session, caller, [company])[0]


def _coordinators(session: Session, company_id: str, entries: Sequence[Entry], response: Response) -> CoordinatorsOut:
    response.headers["ETag"] = etag(coordinators.tag(session, company_id, entries))
    return coordinators.shown(company_id, entries)


def _standing(standing: Standing, response: Response) -> ProximityOut:
    response.headers["ETag"] = etag(standing.tag)
    return proximity.shown([standing])[0]
