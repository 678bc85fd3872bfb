"""Reads of rounds that need more than a primary key."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import or_
from sqlmodel import Session, col, func, select
from sqlmodel.sql.expression import SelectOfScalar

from app.communities.models import Community
from app.companies.models import Company
from app.meetups.models import Meetup
from app.registrations.models import Registration
from app.rounds.models import DecisionKind, Proposal, Round, RoundDecision, RoundSnapshot, RoundUnmatched
from app.rounds.schemas_proposals import CommunityCard

# Ids named in one statement.
_AT_ONCE = 5000
# Bytes: a snapshot with nobody in it has fewer, one with a single community more.
_WITHOUT_TEXTS = 160


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


def releases(session: Session) -> list[datetime]:
    """When rounds were released, ascending; those taken back do not count."""
    released = select(Round.released_at).where(col(Round.released_at).is_not(None), col(Round.ended_at).is_(None))
    closed = select(Round.released_at).where(col(Round.released_at).is_not(None), col(Round.status) == "closed")
    moments = {*session.exec(released), *session.exec(closed)}
    return sorted(moment for moment in moments if moment is not None)


def snapshots_of_ended(session: Session, before: datetime, limit: int) -> Sequence[RoundSnapshot]:
    """Snapshots that still hold texts, of rounds that ended before this moment."""
    return session.exec(_with_texts(limit).where(col(Round.ended_at) < before)).all()


def snapshots_of_meetups(session: Session, before: datetime, limit: int) -> Sequence[RoundSnapshot]:
    """The same of rounds with the guests of a meetup that was over before this moment."""
    over = _with_texts(limit).join(Meetup, col(Meetup.id) == col(Round.scope_meetup))
    return session.exec(over.where(col(Meetup.ends_at) < before)).all()


def snapshots_with_wishes_of(session: Session, person_id: str) -> list[tuple[RoundSnapshot, Registration]]:
    """Snapshots of rounds with the guests of a meetup that a person comes to, or came to: each with its registration,
    whatever community that is for by now."""
    query = (
        select(RoundSnapshot, Registration)
        .join(Round, col(Round.id) == col(RoundSnapshot.round_id))
        .join(Registration, col(Registration.meetup_id) == col(Round.scope_meetup))
        .where(col(Registration.person_id) == person_id)
        .order_by(col(RoundSnapshot.round_id))
    )
    return list(session.exec(query))


def decisions(session: Session, round_id: str, kind: DecisionKind | None = None) -> Sequence[RoundDecision]:
    """Pins and bans of a round, or one kind of them, in the order of their pairs."""
    query = select(RoundDecision).where(col(RoundDecision.round_id) == round_id)
    if kind is not None:
        query = query.where(col(RoundDecision.kind) == kind)
    return session.exec(query.order_by(col(RoundDecision.a_id), col(RoundDecision.b_id))).all()


def decision_page(
    session: Session, round_id: str, kind: DecisionKind, *, after: str | None, limit: int
) -> Sequence[RoundDecision]:
    """Pins or bans of a round, oldest first, one more than `limit`."""
    query = select(RoundDecision).where(col(RoundDecision.round_id) == round_id, col(RoundDecision.kind) == kind)
    if after is not None:
        query = query.where(col(RoundDecision.id) > after)
    return session.exec(query.order_by(col(RoundDecision.id)).limit(limit + 1)).all()


def decision_about(session: Session, round_id: str, a_id: str, b_id: str) -> RoundDecision | None:
    return session.exec(
        select(RoundDecision).where(
            col(RoundDecision.round_id) == round_id,
            col(RoundDecision.a_id) == a_id,
            col(RoundDecision.b_id) == b_id,
        )
    ).first()


def banned_pairs(session: Session, round_id: str) -> set[tuple[str, str]]:
    return {(one.a_id, one.b_id) for one in decisions(session, round_id, DecisionKind.BAN)}


def proposals(
    session: Session,
    match_round: Round,
    *,
    after: int | None = None,
    limit: int,
    left_out: bool | None = None,
) -> Sequence[Proposal]:
    """Proposals of the run that counts, the likeliest first, one more than `limit`."""
    query = select(Proposal).where(col(Proposal.round_id) == match_round.id, col(Proposal.run) == match_round.run)
    if left_out is not None:
        query = query.where(col(Proposal.left_out).is_not(None) if left_out else col(Proposal.left_out).is_(None))
    if after is not None:
        query = query.where(col(Proposal.rank) > after)
    return session.exec(query.order_by(col(Proposal.rank)).limit(limit + 1)).all()


def every_proposal(session: Session, match_round: Round) -> Sequence[Proposal]:
    """All proposals of the run that counts, in their order."""
    query = select(Proposal).where(col(Proposal.round_id) == match_round.id, col(Proposal.run) == match_round.run)
    return session.exec(query.order_by(col(Proposal.rank))).all()


def proposal_of_suggestion(session: Session, round_id: str, suggestion_id: str) -> Proposal | None:
    return session.exec(
        select(Proposal).where(col(Proposal.round_id) == round_id, col(Proposal.suggestion_id) == suggestion_id)
    ).first()


def count_left_out(session: Session, round_ids: Sequence[str]) -> dict[str, int]:
    """How many pairs the release of each round did not ask."""
    rows = session.exec(
        select(Proposal.round_id, func.count())
        .where(col(Proposal.round_id).in_(list(round_ids)), col(Proposal.left_out).is_not(None))
        .group_by(col(Proposal.round_id))
    )
    return {round_id: int(count) for round_id, count in rows}


def unmatched(session: Session, match_round: Round, *, after: str | None, limit: int) -> Sequence[RoundUnmatched]:
    """Communities of a round that stayed alone, by id, one more than `limit`."""
    query = select(RoundUnmatched).where(
        col(RoundUnmatched.round_id) == match_round.id, col(RoundUnmatched.run) == match_round.run
    )
    if after is not None:
        query = query.where(col(RoundUnmatched.community_id) > after)
    return session.exec(query.order_by(col(RoundUnmatched.community_id)).limit(limit + 1)).all()


def cards(session: Session, community_ids: Iterable[str]) -> dict[str, CommunityCard]:
    """Communities with their company's name, by id."""
    ids = sorted(set(community_ids))
    found: dict[str, CommunityCard] = {}
    for start in range(0, len(ids), _AT_ONCE):
        rows = session.exec(
            select(Community.id, Community.name, Community.company_id, Company.name)
            .join(Company, col(Company.id) == col(Community.company_id))
            .where(col(Community.id).in_(ids[start : start + _AT_ONCE]))
        )
        for community_id, name, company_id, company in rows:
            found[community_id] = CommunityCard(id=community_id, name=name, company_id=company_id, company=company)
    return found


def companies_by_id(session: Session, company_ids: Iterable[str]) -> dict[str, str]:
    """Names of companies."""
    rows = session.exec(select(Company.id, Company.name).where(col(Company.id).in_(list(company_ids))))
    return dict(rows.all())


def _with_texts(limit: int) -> SelectOfScalar[RoundSnapshot]:
    # Of some only a company's texts, or a person's words, are missing.
    holds_texts = or_(
        col(RoundSnapshot.erased_at).is_(None), func.length(col(RoundSnapshot.content)) > _WITHOUT_TEXTS
    )
    return (
        select(RoundSnapshot)
        .join(Round, col(Round.id) == col(RoundSnapshot.round_id))
        .where(holds_texts)
        .order_by(col(RoundSnapshot.round_id))
        .limit(limit)
    )
