"""How close two companies are in their business, and what that asks of their communities.

Same sector: a coordinator approves each tandem. Other sectors: free, unless a company wants to approve always. Each
company may decide otherwise about another; the stricter of the two holds, so that nobody can lower the other's care.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import or_
from sqlmodel import Session, col, select

from app.access.models import Role
from app.access.service import Caller
from app.companies import service as companies
from app.companies.models import Approves, Company, CompanyProximity, CompanyStatus, Proximity
from app.companies.schemas import ProximityOut
from app.core import events
from app.core.clock import now
from app.core.concurrency import require_match
from app.core.errors import Unprocessable
from app.core.i18n import mark

_CARE = {Proximity.FREE: 0, Proximity.APPROVAL: 1, Proximity.EXCLUDED: 2}


class ProximityToItself(Unprocessable):
    slug = "proximity-to-itself"
    title = mark("A company has no proximity to itself")
    detail = mark("Name another company: communities of one company never form a tandem.")


@dataclass(frozen=True, slots=True)
class Standing:
    """One company's view of another, with the version of its decision (0: none yet)."""

    other: Company
    decided: Proximity | None
    theirs: Proximity | None
    default: Proximity
    their_default: Proximity
    version: int

    @property
    def proximity(self) -> Proximity:
        """What holds: the stricter of what the two decided."""
        mine, theirs = self.decided or self.default, self.theirs or self.their_default
        return max(mine, theirs, key=_CARE.__getitem__)

    @property
    def tag(self) -> str:
        """What it is known by when it is to be changed: also what holds, which the other side can change."""
        return f"{self.version}.{self.proximity.value}"


def page(
    session: Session, caller: Caller, company_id: str, *, after: tuple[str, str] | None, limit: int
) -> list[Standing]:
    """A company's view of the others that take part, by name, one more than `limit`."""
    own = companies.get(session, caller, company_id)
    name, other_id = col(Company.name), col(Company.id)
    others = select(Company).where(other_id != own.id, col(Company.status) == CompanyStatus.ACTIVE)
    if after is not None:
        others = others.where(or_(name > after[0], (name == after[0]) & (other_id > after[1])))
    return _standings(session, own, session.exec(others.order_by(name, other_id).limit(limit + 1)).all())


def get(session: Session, caller: Caller, company_id: str, other_id: str) -> Standing:
    """A company's view of one other. Raises CompanyNotFound where there is no such company that takes part."""
    own = companies.get(session, caller, company_id)
    if other_id == company_id:
        raise ProximityToItself
    other = session.get(Company, other_id)
    if other is None or other.status is not CompanyStatus.ACTIVE:
        raise companies.CompanyNotFound(company_id=other_id)
    return _standings(session, own, [other])[0]


def decide(
    session: Session, caller: Caller, company_id: str, other_id: str, proximity: Proximity, if_match: str | None
) -> Standing:
    """What a company decides about another: its coordinator, or the operator."""
    companies.get(session, caller, company_id, for_update=True)
    caller.require(Role.OPERATOR, Role.COORDINATOR)
    present = get(session, caller, company_id, other_id)
    require_match(if_match, present.tag)
    entry = session.get(CompanyProximity, (company_id, other_id)) or CompanyProximity(
        company_id=company_id, other_id=other_id, proximity=proximity, version=0, decided_at=now()
    )
    entry.proximity, entry.version, entry.decided_at = proximity, entry.version + 1, now()
    session.add(entry)
    session.flush()
    events.record(session, "company.proximity_decided", company_id)
    return get(session, caller, company_id, other_id)


def excluded_by_others(session: Session, company_id: str) -> frozenset[str]:
    """The companies that have decided never to meet this one."""
    about = (col(CompanyProximity.other_id) == company_id, col(CompanyProximity.proximity) == Proximity.EXCLUDED)
    return frozenset(session.exec(select(CompanyProximity.company_id).where(*about)))


def excluded_pairs(session: Session) -> dict[str, frozenset[str]]:
    """For each company the companies that it must not meet; those without one are absent."""
    decided = select(CompanyProximity).where(col(CompanyProximity.proximity) == Proximity.EXCLUDED)
    pairs: dict[str, set[str]] = {}
    for one in session.exec(decided):
        pairs.setdefault(one.company_id, set()).add(one.other_id)
        pairs.setdefault(one.other_id, set()).add(one.company_id)
    return {company_id: frozenset(others) for company_id, others in pairs.items()}


def approvals_needed(session: Session, company_a: str, company_b: str) -> frozenset[str]:
    """Of two companies those whose coordinator approves a tandem: it has decided so or, where it has decided
    nothing, the two are of one sector or it approves always. What the other has decided asks nothing of its own
    coordinator."""
    both = (company_a, company_b)
    about = (col(CompanyProximity.company_id).in_(both), col(CompanyProximity.other_id).in_(both))
    decided = {one.company_id: one.proximity for one in session.exec(select(CompanyProximity).where(*about))}
    first, second = (session.get_one(Company, one) for one in both)
    default = {first.id: _default(first, second), second.id: _default(second, first)}
    return frozenset(one for one in both if decided.get(one, default[one]) is Proximity.APPROVAL)


def shown(standings: Sequence[Standing]) -> list[ProximityOut]:
    """What the other company has decided by itself is not told, only what holds."""
    return [
        ProximityOut(
            company_id=one.other.id,
            name=one.other.name,
            sector=one.other.sector,
            proximity=one.proximity,
            decided=one.decided,
            default=one.default,
        )
        for one in standings
    ]


def _default(one: Company, other: Company) -> Proximity:
    """What holds for a company that has decided nothing about the other."""
    approves = one.sector == other.sector or one.approves is Approves.ALWAYS
    return Proximity.APPROVAL if approves else Proximity.FREE


def _standings(session: Session, own: Company, others: Sequence[Company]) -> list[Standing]:
    ids = [other.id for other in others]
    company_id, other_id = col(CompanyProximity.company_id), col(CompanyProximity.other_id)
    between = or_((company_id == own.id) & other_id.in_(ids), (other_id == own.id) & company_id.in_(ids))
    decided = {(one.company_id, one.other_id): one for one in session.exec(select(CompanyProximity).where(between))}

    def standing(other: Company) -> Standing:
        mine, theirs = decided.get((own.id, other.id)), decided.get((other.id, own.id))
        return Standing(
            other=other,
            decided=mine.proximity if mine else None,
            theirs=theirs.proximity if theirs else None,
            default=_default(own, other),
            their_default=_default(other, own),
            version=mine.version if mine else 0,
        )

    return [standing(other) for other in others]
