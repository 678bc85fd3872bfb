"""Reads of rounds that need more than a primary key."""

from collections.abc import Iterable, Sequence

from sqlmodel import Session, col, select

from app.communities.models import Community
from app.companies.models import Company
from app.rounds.models import Proposal, Round, RoundUnmatched
from app.rounds.schemas import CommunityCard


def page(session: Session, *, after: str | None, limit: int) -> Sequence[Round]:
    """Rounds, newest first, one more than `limit`."""
    query = select(Round).order_by(col(Round.id).desc()).limit(limit + 1)
    if after is not None:
        query = query.where(col(Round.id) < after)
    return session.exec(query).all()


def by_title(session: Session, title: str) -> Round | None:
    """The newest round with this title."""
    return session.exec(
        select(Round).where(col(Round.title) == title).order_by(col(Round.id).desc()).limit(1)
    ).first()


def proposals(session: Session, round_id: str, *, after: int | None, limit: int) -> Sequence[Proposal]:
    """Proposals of a round, most similar first, one more than `limit`."""
    query = select(Proposal).where(col(Proposal.round_id) == round_id).order_by(col(Proposal.rank)).limit(limit + 1)
    if after is not None:
        query = query.where(col(Proposal.rank) > after)
    return session.exec(query).all()


def unmatched(session: Session, round_id: str, *, after: str | None, limit: int) -> Sequence[RoundUnmatched]:
    """Communities of a round that stayed alone, by id, one more than `limit`."""
    query = select(RoundUnmatched).where(col(RoundUnmatched.round_id) == round_id)
    if after is not None:
        query = query.where(col(RoundUnmatched.community_id) > after)
    return session.exec(query.order_by(col(RoundUnmatched.community_id)).limit(limit + 1)).all()


def cards(session: Session, community_ids: Iterable[str]) -> dict[str, CommunityCard]:
    """Communities with their company's name, by id, in one query."""
    rows = session.exec(
        select(Community.id, Community.name, Community.company_id, Company.name)
        .join(Company, col(Company.id) == col(Community.company_id))
        .where(col(Community.id).in_(set(community_ids)))
    )
    return {
        community_id: CommunityCard(id=community_id, name=name, company_id=company_id, company=company)
        for community_id, name, company_id, company in rows
    }
