"""Companies: invited, then active. Only an active company's communities take part."""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from app.access.models import Role
from app.access.service import Caller
from app.companies.models import Company, CompanyStatus
from app.companies.schemas import CompanyCreate
from app.core import events
from app.core.clock import now
from app.core.errors import Conflict, NotFound
from app.core.i18n import mark
from app.core.ids import new_id

_SEES_ALL = frozenset({Role.OPERATOR, Role.ORGANIZER})


class CompanyNotFound(NotFound):
    slug = "company-not-found"
    title = mark("No such company")
    detail = mark("There is no company {company_id} that you may see. List yours with GET /v1/companies.")


class CompanyExists(Conflict):
    slug = "company-exists"
    title = mark("This company exists already")
    detail = mark("A company named {name} exists already. Choose another name or use the existing company.")


class CompanyNotInvited(Conflict):
    slug = "company-not-invited"
    title = mark("The company is not waiting to be activated")
    detail = mark("Only an invited company can be activated; this one is {status}.")


class CompanyNotActive(Conflict):
    slug = "company-not-active"
    title = mark("The company is not active")
    detail = mark("The company is {status}. An operator activates it with POST /v1/companies/{company_id}/activate.")


def create(session: Session, caller: Caller, wish: CompanyCreate) -> Company:
    """A new company, invited."""
    caller.require(Role.OPERATOR)
    if by_name(session, wish.name) is not None:
        raise CompanyExists(name=wish.name)
    company = Company(
        id=new_id("cmp"),
        name=wish.name,
        sector=wish.sector,
        time_zone=wish.time_zone,
        mail_domains=wish.mail_domains,
        status=CompanyStatus.INVITED,
        created_at=now(),
    )
    session.add(company)
    session.flush()
    events.record(session, "company.invited", company.id)
    return company


def activate(session: Session, caller: Caller, company_id: str) -> Company:
    """From now on the company's communities can be stored and take part."""
    caller.require(Role.OPERATOR)
    company = get(session, caller, company_id, for_update=True)
    if company.status is not CompanyStatus.INVITED:
        raise CompanyNotInvited(status=company.status.value)
    company.status = CompanyStatus.ACTIVE
    session.add(company)
    events.record(session, "company.activated", company.id)
    return company


def get(session: Session, caller: Caller, company_id: str, *, for_update: bool = False) -> Company:
    """The company, if the caller may see it: its own, or any for operators and organizers."""
    company = session.get(Company, company_id, with_for_update=for_update)
    if company is None or (caller.role not in _SEES_ALL and caller.company_id != company_id):
        raise CompanyNotFound(company_id=company_id)
    return company


def get_active(session: Session, caller: Caller, company_id: str) -> Company:
    """As `get`; raises CompanyNotActive unless the company takes part."""
    company = get(session, caller, company_id)
    if company.status is not CompanyStatus.ACTIVE:
        raise CompanyNotActive(status=company.status.value, company_id=company_id)
    return company


def page(session: Session, caller: Caller, *, after: str | None, limit: int) -> Sequence[Company]:
    """Companies that the caller may see, by id, one more than `limit`."""
    query = select(Company).order_by(col(Company.id)).limit(limit + 1)
    if caller.role not in _SEES_ALL:
        query = query.where(col(Company.id) == caller.company_id)
    if after is not None:
        query = query.where(col(Company.id) > after)
    return session.exec(query).all()


def by_name(session: Session, name: str) -> Company | None:
    return session.exec(select(Company).where(col(Company.name) == name)).first()


def active(session: Session) -> Sequence[Company]:
    """The companies that take part, by id."""
    return session.exec(
        select(Company).where(col(Company.status) == CompanyStatus.ACTIVE).order_by(col(Company.id))
    ).all()


def excluded_for(session: Session, company_id: str) -> frozenset[str]:
    """The companies whose communities must not meet those of this one."""
    return frozenset()
