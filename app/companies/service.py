"""Companies: invited, active, leaving, left. Only an active company's communities take part."""

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import delete, or_
from sqlmodel import Session, col, select

from app.access import service as access
from app.access.models import Role
from app.access.service import Caller, RoleNotEnough
from app.companies.models import Company, CompanyCoordinator, CompanyStatus
from app.companies.schemas import CompanyCreate, CompanyOut, CompanyUpdate
from app.core import events, jobs
from app.core.clock import now
from app.core.concurrency import require_match
from app.core.errors import Conflict, NotFound
from app.core.i18n import mark
from app.core.ids import new_id
from app.people import service as people

ERASE_JOB = "erase_company"
ERASED_AFTER = timedelta(days=30)

_SEES_ALL = frozenset({Role.OPERATOR, Role.ORGANIZER})
_SEES_OWN_IN_FULL = frozenset({Role.OPERATOR, Role.COORDINATOR, Role.PORTAL})


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
    detail = mark("Only an invited company, or one that is leaving, can be activated; this one is {status}.")


class CompanyIncomplete(Conflict):
    slug = "company-incomplete"
    title = mark("The company is not complete yet")
    detail = mark(
        "Before it takes part, fill in: {missing}. Its coordinator does that with PATCH /v1/companies/{company_id}."
    )


class CompanyNotLeaving(Conflict):
    slug = "company-cannot-leave"
    title = mark("The company cannot leave now")
    detail = mark("Only an active or an invited company can leave; this one is {status}.")


class CompanyNotActive(Conflict):
    slug = "company-not-active"
    title = mark("The company is not active")
    detail = mark("The company is {status}. An operator activates it with POST /v1/companies/{company_id}/activate.")


def create(session: Session, caller: Caller, wish: CompanyCreate) -> Company:
    """A new company, invited."""
    caller.require(Role.OPERATOR)
    if by_name(session, wish.name) is not None:
        raise CompanyExists(name=wish.name)
    values = wish.model_dump(exclude={"mail_domains"})
    company = Company(id=new_id("cmp"), status=CompanyStatus.INVITED, created_at=now(), **values)
    session.add(company)
    session.flush()
    people.set_domains(session, company.id, wish.mail_domains, vouched=True)
    events.record(session, "company.invited", company.id)
    return company


def update(session: Session, caller: Caller, company_id: str, change: CompanyUpdate, if_match: str | None) -> Company:
    """Change what was sent, as the operator or the company's coordinator. An operator vouches for mail domains.

    Others know the company by its name, and its sector decides whom it may meet without approval: a coordinator
    changes neither.
    """
    company = get(session, caller, company_id, for_update=True)
    caller.require(Role.OPERATOR, Role.COORDINATOR)
    require_match(if_match, company.version)
    named = change.model_dump(exclude_unset=True)
    settled = {"name": company.name, "sector": company.sector}
    if caller.role is not Role.OPERATOR and any(named.get(field, value) != value for field, value in settled.items()):
        raise RoleNotEnough(role=caller.role.value, needed=Role.OPERATOR.value)
    other = by_name(session, named.get("name", company.name))
    if other is not None and other.id != company.id:
        raise CompanyExists(name=other.name)
    domains = named.pop("mail_domains", None)
    if domains is not None:
        people.set_domains(session, company.id, domains, vouched=caller.role is Role.OPERATOR)
    for field, value in named.items():
        setattr(company, field, value)
    _changed(session, company, "company.changed")
    return company


def missing(session: Session, company: Company) -> list[str]:
    """What a company still has to fill in before it takes part, by field."""
    return _lacking(company, verified=bool(people.verified_domains(session, company.id)))


def activate(session: Session, caller: Caller, company_id: str, *, complete: bool = False) -> Company:
    """From now on the company's communities can be stored and take part; a company that is leaving stays.

    Where it has to be `complete`, raises CompanyIncomplete with what is missing.
    """
    caller.require(Role.OPERATOR)
    company = get(session, caller, company_id, for_update=True)
    if company.status not in (CompanyStatus.INVITED, CompanyStatus.LEAVING):
        raise CompanyNotInvited(status=company.status.value)
    lacking = missing(session, company)
    if complete and lacking:
        raise CompanyIncomplete(missing=", ".join(lacking), company_id=company_id)
    company.status = CompanyStatus.ACTIVE
    company.erase_on = None
    _changed(session, company, "company.activated")
    return company


def leave(session: Session, caller: Caller, company_id: str) -> Company:
    """The company's communities take part no more from now on; everything of it is erased in 30 days."""
    caller.require(Role.OPERATOR)
    company = get(session, caller, company_id, for_update=True)
    if company.status not in (CompanyStatus.INVITED, CompanyStatus.ACTIVE):
        raise CompanyNotLeaving(status=company.status.value)
    company.status = CompanyStatus.LEAVING
    company.erase_on = (now() + ERASED_AFTER).date()
    _changed(session, company, "company.leaving")
    jobs.enqueue(session, ERASE_JOB, company.id, run_at=now() + ERASED_AFTER)
    return company


def is_due(company: Company, today: date) -> bool:
    """Whether a company that is leaving is to be erased: it may have stayed, or left again later."""
    return company.status is CompanyStatus.LEAVING and company.erase_on is not None and company.erase_on <= today


def erase(session: Session, company: Company) -> None:
    """What is left of a company is its name: people, keys and notices are gone."""
    session.execute(delete(CompanyCoordinator).where(col(CompanyCoordinator.company_id) == company.id))
    people.erase_company(session, company.id)
    access.erase_company(session, company.id)
    company.status = CompanyStatus.LEFT
    company.imprint = company.privacy_notice = company.erase_on = None
    _changed(session, company, "company.left")


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


def named(session: Session, name_or_id: str) -> Company | None:
    """The company with this name or id."""
    meant = or_(col(Company.name) == name_or_id, col(Company.id) == name_or_id)
    return session.exec(select(Company).where(meant).order_by(col(Company.id))).first()


def takes_part(session: Session, company_id: str) -> bool:
    company = session.get(Company, company_id)
    return company is not None and company.status is CompanyStatus.ACTIVE


def active(session: Session) -> Sequence[Company]:
    """The companies that take part, by id."""
    return session.exec(
        select(Company).where(col(Company.status) == CompanyStatus.ACTIVE).order_by(col(Company.id))
    ).all()


def shown(session: Session, caller: Caller, companies: Sequence[Company]) -> list[CompanyOut]:
    """Companies as the caller may see them: how far the onboarding is, only for itself and the operator."""
    verified: dict[str, list[str]] = {}
    waiting: dict[str, list[str]] = {}
    for one in people.mail_domains(session, [company.id for company in companies]):
        found = waiting if one.verified_at is None else verified
        found.setdefault(one.company_id, []).append(one.domain)

    def shown_one(company: Company) -> CompanyOut:
        lacking: list[str] = []
        if caller.role in _SEES_OWN_IN_FULL:
            lacking = _lacking(company, verified=company.id in verified)
        extra = {
            "mail_domains": verified.get(company.id, []),
            "mail_domains_waiting": waiting.get(company.id, []),
            "missing": lacking,
        }
        return CompanyOut.model_validate(company.model_dump() | extra)

    return [shown_one(company) for company in companies]


def _changed(session: Session, company: Company, event: str) -> None:
    company.version += 1
    session.add(company)
    session.flush()
    events.record(session, event, company.id)


def _lacking(company: Company, *, verified: bool) -> list[str]:
    there = {
        "mail_domains": verified,
        "imprint": bool(company.imprint),
        "privacy_notice": bool(company.privacy_notice),
    }
    return [field for field, present in there.items() if not present]
