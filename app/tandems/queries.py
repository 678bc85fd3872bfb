"""Reads of suggestions that need more than a primary key."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, case, false, or_, select, true, union_all
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, func
from sqlmodel import select as rows_of
from sqlmodel.sql.expression import SelectOfScalar

from app.access.models import Role
from app.access.service import Caller
from app.communities import queries as communities
from app.communities.models import Community, CommunityManager, Terms
from app.companies.models import Company
from app.notifications.models import Message, MessageStatus
from app.tandems.models import (
    OPEN,
    Answer,
    Approval,
    DeclineReason,
    SideName,
    Suggestion,
    SuggestionOrigin,
    SuggestionSide,
    SuggestionStatus,
    Tandem,
)
from app.tandems.queries_tandems import GOES_ON, of_manager

Pair = tuple[str, str]

# Ids named in one statement; above that it is cheaper to read all.
_AT_ONCE = 5000

_IS_OPEN: ColumnElement[bool] = col(Suggestion.status).in_(OPEN)
_ENDS = (col(Suggestion.expires_at), col(Suggestion.id))


@dataclass(frozen=True, slots=True)
class Past:
    """A pair that was suggested, as far as it matters to later rounds."""

    a_id: str
    b_id: str
    origin: SuggestionOrigin
    status: SuggestionStatus
    opened_at: datetime
    until: date | None
    """The later day of the sides that said `not_now`."""
    is_final: bool
    """Whether a side has said that the theme does not fit: it will not in a later round either."""


def visible(session: Session, caller: Caller, suggestion_id: str, *, for_update: bool = False) -> Suggestion | None:
    """The suggestion, if the caller may see it; locked until the transaction ends where asked."""
    query = _seen_by(caller).where(col(Suggestion.id) == suggestion_id)
    if for_update:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.exec(query).first()


def page(
    session: Session,
    caller: Caller,
    *,
    is_open: bool | None = None,
    community_id: str | None = None,
    round_id: str | None = None,
    after: str | None,
    limit: int,
) -> Sequence[Suggestion]:
    """Suggestions that the caller may see, newest first, one more than `limit`. A side is asked for by its own
    community only: by the other's it would find out whom a suggestion is about."""
    query = _seen_by(caller)
    if is_open is not None:
        query = query.where(_IS_OPEN if is_open else ~_IS_OPEN)
    if community_id is not None:
        query = query.where(_with_side(_is_own(caller), col(SuggestionSide.community_id) == community_id))
    if round_id is not None:
        query = query.where(col(Suggestion.round_id) == round_id)
    if after is not None:
        query = query.where(col(Suggestion.id) < after)
    return session.exec(query.order_by(col(Suggestion.id).desc()).limit(limit + 1)).all()


def own_sides(session: Session, caller: Caller, suggestion_ids: Iterable[str]) -> dict[str, SideName]:
    """Of each suggestion the side that is the caller's; absent where none is."""
    query = select(col(SuggestionSide.suggestion_id), col(SuggestionSide.side)).where(
        col(SuggestionSide.suggestion_id).in_(list(suggestion_ids)), _is_own(caller)
    )
    return {one.suggestion_id: one.side for one in session.execute(query)} if _is_a_side(caller) else {}


def due(session: Session, moment: datetime, limit: int) -> Sequence[str]:
    """Open suggestions whose time is over."""
    query = select(col(Suggestion.id)).where(_IS_OPEN, col(Suggestion.expires_at) <= moment)
    return session.scalars(query.order_by(col(Suggestion.expires_at), col(Suggestion.id)).limit(limit)).all()


def terms(session: Session, community_ids: Collection[str], today: date) -> dict[str, Terms]:
    """What stands of communities, however many."""
    found: dict[str, Terms] = {}
    for some in _portions(sorted(community_ids)):
        found |= communities.terms(session, some, today)
    return found


def to_remind(session: Session, moment: datetime, limit: int) -> Sequence[Suggestion]:
    """Open suggestions about which somebody is to be reminded, held until the transaction ends."""
    query = (
        select(Suggestion)
        .where(_IS_OPEN, col(Suggestion.remind_at) <= moment)
        .order_by(col(Suggestion.id))
        .limit(limit)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return session.scalars(query).all()


def asked_since(session: Session, community_ids: Collection[str], since: datetime) -> Counter[str]:
    """How often each of these communities was suggested somebody since then. What it has asked for itself does not
    count, nor what was taken back."""
    counted: Counter[str] = Counter()
    mine, theirs = aliased(SuggestionSide), aliased(SuggestionSide)
    for some in _portions(sorted(community_ids)):
        query = (
            select(col(mine.community_id), func.count())
            .join(Suggestion, col(Suggestion.id) == col(mine.suggestion_id))
            .join(
                theirs, (col(theirs.suggestion_id) == col(mine.suggestion_id)) & (col(theirs.side) != col(mine.side))
            )
            .where(
                col(mine.community_id).in_(some),
                col(Suggestion.opened_at) >= since,
                col(Suggestion.status) != SuggestionStatus.WITHDRAWN,
                ~_has_asked(mine, theirs),
            )
            .group_by(col(mine.community_id))
        )
        counted.update({community_id: int(number) for community_id, number in session.execute(query)})
    return counted


def declined_because(session: Session, community_id: str, since: datetime) -> list[tuple[list[str], str]]:
    """Why a community did not want suggestions since then, each time with the sector of the other side."""
    mine, theirs = aliased(SuggestionSide), aliased(SuggestionSide)
    query = (
        select(col(mine.why), col(Company.sector))
        .join(theirs, (col(theirs.suggestion_id) == col(mine.suggestion_id)) & (col(theirs.side) != col(mine.side)))
        .join(Company, col(Company.id) == col(theirs.company_id))
        .where(
            col(mine.community_id) == community_id,
            col(mine.answer).in_((Answer.NO, Answer.NOT_NOW)),
            col(mine.answered_at) >= since,
        )
    )
    return [(why, sector) for why, sector in session.execute(query)]


def to_answer(
    session: Session, caller: Caller, moment: datetime, *, after: tuple[datetime, str] | None, limit: int
) -> list[tuple[Suggestion, str]]:
    """Suggestions that a side of the caller's has not answered yet, with its community's name, in the order in which
    they end; one more than `limit`."""
    waiting = (
        select(Suggestion, col(Community.name))
        .join(SuggestionSide, col(SuggestionSide.suggestion_id) == col(Suggestion.id))
        .join(Community, col(Community.id) == col(SuggestionSide.community_id))
        .where(
            _is_own(caller),
            col(SuggestionSide.answer).is_(None),
            col(Suggestion.status).in_((SuggestionStatus.OPEN, SuggestionStatus.ONE_YES)),
            _ends_later(moment, after),
        )
        .order_by(*_ENDS)
        .limit(limit + 1)
    )
    return [(one, name) for one, name in session.execute(waiting)]


def to_approve(
    session: Session, company_id: str, moment: datetime, *, after: tuple[datetime, str] | None, limit: int
) -> Sequence[Suggestion]:
    """Suggestions that wait for a company's coordinators, in the order in which they end; one more than `limit`."""
    asked = _with_side(col(SuggestionSide.company_id) == company_id, col(SuggestionSide.approval) == Approval.ASKED)
    waiting = select(Suggestion).where(
        asked, col(Suggestion.status) == SuggestionStatus.AWAITING_COORDINATOR, _ends_later(moment, after)
    )
    return session.scalars(waiting.order_by(*_ENDS).limit(limit + 1)).all()


def is_news(session: Session, suggestion_id: str, template: str, person_id: str, since: datetime) -> bool:
    """Whether a person is about to be told of a suggestion by this mail, or was only after this moment."""
    told = select(col(Message.id)).where(
        col(Message.subject_id) == suggestion_id,
        col(Message.template) == template,
        col(Message.person_id) == person_id,
        or_(
            col(Message.status) == MessageStatus.WAITING,
            (col(Message.status) == MessageStatus.SENT) & (col(Message.finished_at) > since),
        ),
    )
    return session.scalars(told.limit(1)).first() is not None


def mailed(session: Session, suggestion_id: str, template: str) -> set[str]:
    """People to whom this mail about a suggestion has gone out."""
    sent = select(col(Message.person_id)).where(
        col(Message.subject_id) == suggestion_id,
        col(Message.template) == template,
        col(Message.person_id).is_not(None),
        col(Message.status) == MessageStatus.SENT,
    )
    return set(session.scalars(sent))


def came_to_nothing(session: Session, before: datetime, limit: int) -> Sequence[str]:
    """Suggestions that ended before then without a tandem, and still tell of the two."""
    query = select(col(Suggestion.id)).where(
        col(Suggestion.status).not_in((*OPEN, SuggestionStatus.ACCEPTED)),
        col(Suggestion.ended_at) < before,
        col(Suggestion.forgotten_at).is_(None),
    )
    return session.scalars(query.order_by(col(Suggestion.id)).limit(limit)).all()


def answered_by(session: Session, person_id: str) -> Sequence[SuggestionSide]:
    """Sides that a person has answered for, by suggestion."""
    query = select(SuggestionSide).where(col(SuggestionSide.answered_by) == person_id)
    return session.scalars(query.order_by(col(SuggestionSide.suggestion_id))).all()


def sides_to_answer(session: Session, community_ids: Collection[str]) -> Sequence[SuggestionSide]:
    """Sides of these communities that are asked and have not answered, by suggestion."""
    asked = col(Suggestion.status).in_((SuggestionStatus.OPEN, SuggestionStatus.ONE_YES))
    query = (
        rows_of(SuggestionSide)
        .join(Suggestion, col(Suggestion.id) == col(SuggestionSide.suggestion_id))
        .where(asked, col(SuggestionSide.community_id).in_(community_ids), col(SuggestionSide.answer).is_(None))
    )
    return session.exec(query.order_by(col(SuggestionSide.suggestion_id))).all()


def managed_by(session: Session, person_id: str) -> Sequence[str]:
    """Ids of the communities that a person speaks for."""
    query = select(col(CommunityManager.community_id)).where(col(CommunityManager.person_id) == person_id)
    return session.scalars(query.order_by(col(CommunityManager.community_id))).all()


def hold(session: Session, community_ids: Collection[str]) -> None:
    """Wait for others who open suggestions of these communities, and keep them waiting until the transaction is over.

    Whoever opens suggestions holds both sides first: a place that was found free is not given away twice.
    """
    for some in _portions(sorted(community_ids)):
        # In one order, and no stronger lock: keys of suggestions may refer to a community meanwhile.
        session.execute(
            select(col(Community.id))
            .where(col(Community.id).in_(some))
            .order_by(col(Community.id))
            .with_for_update(key_share=True)
        )


def open_pairs(session: Session, community_ids: Collection[str] | None = None) -> list[Pair]:
    """Pairs that have an open suggestion or a tandem that goes on; those of some communities, or all."""
    named = None if community_ids is None or len(community_ids) > _AT_ONCE else list(community_ids)
    of_suggestions = [_IS_OPEN]
    of_tandems = [GOES_ON]
    if named is not None:
        of_suggestions.append(or_(col(Suggestion.a_id).in_(named), col(Suggestion.b_id).in_(named)))
        of_tandems.append(or_(col(Tandem.a_id).in_(named), col(Tandem.b_id).in_(named)))
    both = union_all(
        select(col(Suggestion.a_id), col(Suggestion.b_id)).where(*of_suggestions),
        select(col(Tandem.a_id), col(Tandem.b_id)).where(*of_tandems),
    )
    return [(a_id, b_id) for a_id, b_id in session.execute(both)]


def past(session: Session, community_id: str | None = None) -> list[Past]:
    """Suggestions that ended with a no, a not now, or no answer; those of one community, or all."""
    a, b = aliased(SuggestionSide), aliased(SuggestionSide)
    query = (
        select(
            col(Suggestion.a_id),
            col(Suggestion.b_id),
            col(Suggestion.origin),
            col(Suggestion.status),
            col(Suggestion.opened_at),
            _until(a),
            _until(b),
            col(a.why),
            col(b.why),
        )
        .join(a, (col(a.suggestion_id) == col(Suggestion.id)) & (col(a.side) == SideName.A))
        .join(b, (col(b.suggestion_id) == col(Suggestion.id)) & (col(b.side) == SideName.B))
        .where(
            col(Suggestion.status).in_(
                (SuggestionStatus.DECLINED, SuggestionStatus.NOT_NOW, SuggestionStatus.EXPIRED)
            )
        )
    )
    if community_id is not None:
        query = query.where(or_(col(Suggestion.a_id) == community_id, col(Suggestion.b_id) == community_id))
    return [
        Past(
            a_id,
            b_id,
            origin,
            status,
            opened_at,
            max(filter(None, (until_a, until_b)), default=None),
            DeclineReason.THEME_DOES_NOT_FIT in (*why_a, *why_b),
        )
        for a_id, b_id, origin, status, opened_at, until_a, until_b, why_a, why_b in session.execute(query)
    ]


def sides(session: Session, suggestion_ids: Iterable[str]) -> dict[str, dict[SideName, SuggestionSide]]:
    """Both sides of each suggestion."""
    query = select(SuggestionSide).where(col(SuggestionSide.suggestion_id).in_(list(suggestion_ids)))
    found: dict[str, dict[SideName, SuggestionSide]] = {}
    for side in session.scalars(query):
        found.setdefault(side.suggestion_id, {})[side.side] = side
    return found


def _is_a_side(caller: Caller) -> bool:
    return caller.role not in (Role.OPERATOR, Role.ORGANIZER)


def _is_own(caller: Caller) -> ColumnElement[bool]:
    """Which sides the caller speaks for; all of them for those who see all."""
    match caller.role:
        case Role.OPERATOR | Role.ORGANIZER:
            return true()
        case Role.COORDINATOR | Role.PORTAL:
            return col(SuggestionSide.company_id) == caller.company_id
        case Role.MANAGER:
            return col(SuggestionSide.community_id).in_(of_manager(caller))
        case Role.PARTICIPANT:
            return false()


def _with_side(*which: ColumnElement[bool]) -> ColumnElement[bool]:
    return col(Suggestion.id).in_(select(col(SuggestionSide.suggestion_id)).where(*which))


def _seen_by(caller: Caller) -> SelectOfScalar[Suggestion]:
    query = rows_of(Suggestion)
    return query.where(_with_side(_is_own(caller))) if _is_a_side(caller) else query


def _has_asked(mine: type[SuggestionSide], theirs: type[SuggestionSide]) -> ColumnElement[bool]:
    """Whether the first of two sides has asked for the suggestion itself: who asks is the first to answer."""
    first = or_(col(theirs.answered_at).is_(None), col(theirs.answered_at) >= col(mine.answered_at))
    spontaneous = col(Suggestion.origin) == SuggestionOrigin.SPONTANEOUS
    return and_(spontaneous, col(mine.answered_at).is_not(None), first)


def _ends_later(moment: datetime, after: tuple[datetime, str] | None) -> ColumnElement[bool]:
    """Whether its time is not over, and it comes after this one in the order of their ends."""
    ends, name = _ENDS
    if after is None:
        return ends > moment
    return and_(ends > moment, or_(ends > after[0], and_(ends == after[0], name > after[1])))


def _until(side: type[SuggestionSide]) -> ColumnElement[date | None]:
    return case((col(side.answer) == Answer.NOT_NOW, col(side.until)))


def _portions(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), _AT_ONCE):
        yield ids[start : start + _AT_ONCE]
