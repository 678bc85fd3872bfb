"""HTTP for companies."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from app.access.dependencies import CallerDep, OperatorDep
from app.companies import service as companies
from app.companies.schemas import CompanyCreate, CompanyOut
from app.core.database import ReaderDep, SessionDep
from app.core.http import problems
from app.core.pagination import PageDep, cut
from app.core.schemas import Id, Page

router = APIRouter(prefix="/v1/companies", tags=["companies"], responses=problems(401, 403))

CompanyId = Annotated[Id, Path(description="Id of the company.", examples=["cmp_06em2n0u4hsm7bg6m3r8t2f5ac"])]


@router.post("", status_code=201, operation_id="create_company", responses=problems(400, 409, 422))
def create_company(wish: CompanyCreate, session: SessionDep, caller: OperatorDep, response: Response) -> CompanyOut:
    """Invite a company. It takes part once it is activated."""
    company = companies.create(session, caller, wish)
    response.headers["Location"] = f"/v1/companies/{company.id}"
    return CompanyOut.model_validate(company)


@router.get("", operation_id="list_companies", responses=problems(422))
def list_companies(session: ReaderDep, caller: CallerDep, request: PageDep) -> Page[CompanyOut]:
    """Companies that you may see: your own; all for operators and organizers. Oldest first."""
    after = request.key(str)
    found = companies.page(session, caller, after=str(after[0]) if after else None, limit=request.limit)
    page, cursor = cut(found, request, lambda company: (company.id,))
    return Page(items=[CompanyOut.model_validate(company) for company in page], next_cursor=cursor)


@router.get("/{company_id}", operation_id="read_company", responses=problems(404))
def read_company(company_id: CompanyId, session: ReaderDep, caller: CallerDep) -> CompanyOut:
    """One company: its name, sector, time zone and state."""
    return CompanyOut.model_validate(companies.get(session, caller, company_id))


@router.post("/{company_id}/activate", operation_id="activate_company", responses=problems(404, 409))
def activate_company(company_id: CompanyId, session: SessionDep, caller: OperatorDep) -> CompanyOut:
    """Let an invited company take part."""
    return CompanyOut.model_validate(companies.activate(session, caller, company_id))
