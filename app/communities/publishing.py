"""Publishing: from a draft to a community that can be found, with a record of who of it agreed and when."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from app.access import service as access
from app.access.service import SYSTEM, Caller
from app.communities import queries
from app.communities import service as communities
from app.communities.models import Community, CommunityConsent, CommunityStatus, Kind
from app.communities.schemas import Consent, PublishMany
from app.communities.service import CommunityNotFound, NoTheme, PausedByManager, WrongState
from app.companies import service as companies
from app.core.clock import now
from app.core.errors import Conflict, Problem, Unprocessable
from app.core.i18n import mark
from app.core.ids import new_id

_CLOCKS_DIFFER = timedelta(minutes=5)
_MAY_PUBLISH = frozenset({CommunityStatus.DRAFT, CommunityStatus.CONFIRMED})


class CircumstanceNotNamed(Unprocessable):
    slug = "circumstance-not-named"
    title = mark("This kind of community is published on purpose only")
    detail = mark(
        "A community of circumstance can tell something about the people who lead it. Publish it by itself, or say "
        "`circumstance: true` when you publish many."
    )


class NothingToPublish(Unprocessable):
    slug = "nothing-to-publish"
    title = mark("No community named")
    detail = mark("Name `community_ids`, or `source` together with `external_ids`.")


class RefusedBefore(Conflict):
    slug = "refused-before"
    title = mark("It was refused the first time")
    detail = mark(
        "This request is a repetition, and this row was refused the first time. Nothing is in its way any more: send "
        "it again with a new Idempotency-Key."
    )


class ConsentInTheFuture(Unprocessable):
    slug = "consent-in-the-future"
    title = mark("The consent has not been given yet")
    detail = mark("`consent_at` is in the future. Send the time at which somebody of the community agreed.")


@dataclass(frozen=True, slots=True)
class PublishResult:
    community_id: str | None
    external_id: str | None
    problem: Problem | None


def publish(session: Session, caller: Caller, community_id: str, consent: Consent) -> Community:
    """Let the community be found and take part in rounds, recording who of it agreed."""
    community, moment = communities.changeable(session, caller, community_id), now()
    refusal = _refusal(caller, community, consent, moment)
    if refusal is not None:
        raise refusal
    _publish(session, caller, community, consent, moment)
    return community


def publish_many(session: Session, caller: Caller, wish: PublishMany) -> list[PublishResult]:
    """Publish several; each on its own, in the order named."""
    moment = now()
    results = []
    for community_id, external_id, community in _named(session, caller, wish):
        problem = _refusal_of_many(caller, wish, community_id, external_id, community, moment)
        if problem is None and community is not None:
            _publish(session, caller, community, wish, moment)
        results.append(_result(community_id, external_id, community, problem))
    return results


def which(results: Sequence[PublishResult]) -> str:
    """What is remembered of a request to publish several: for each row whether it was published."""
    return "".join("-" if result.problem else "+" for result in results)


def published_before(session: Session, caller: Caller, wish: PublishMany, rows: str) -> list[PublishResult]:
    """The results of such a request when it is repeated: the same rows published and refused as the first time.

    A row that was refused is told what is in its way now, or that nothing is any more.
    """
    moment = now()
    results = []
    for (community_id, external_id, community), row in zip(_named(session, caller, wish), rows, strict=True):
        problem: Problem | None = None
        if row == "-":
            problem = _refusal_of_many(caller, wish, community_id, external_id, community, moment)
            problem = problem or RefusedBefore()
        results.append(_result(community_id, external_id, community, problem))
    return results


def publish_all(session: Session, company_id: str, source: str, external_ids: Iterable[str], consent: Consent) -> int:
    """Publish what can be published of one source; how many are new among the published."""
    moment, count = now(), 0
    for community in queries.by_external_ids(session, company_id, source, external_ids).values():
        if community.status in _MAY_PUBLISH and communities.has_theme(community):
            _publish(session, SYSTEM, community, consent, moment)
            count += 1
    return count


def _named(
    session: Session, caller: Caller, wish: PublishMany
) -> list[tuple[str | None, str | None, Community | None]]:
    """Each community that is named, once: its id as far as it is known, the external id that was used for it, and the
    community where the caller may see it."""
    caller.require(*communities.MAY_CHANGE)
    by_external: dict[str, Community] = {}
    if wish.external_ids:
        if wish.source is None:
            raise NothingToPublish
        owner = companies.get(session, caller, access.company_for(caller, wish.company_id))
        by_external = queries.by_external_ids(session, owner.id, wish.source, wish.external_ids)
    elif not wish.community_ids:
        raise NothingToPublish
    named: list[tuple[str | None, str | None]] = [(one, None) for one in dict.fromkeys(wish.community_ids)]
    named += [
        (by_external[name].id if name in by_external else None, name) for name in dict.fromkeys(wish.external_ids)
    ]
    found = queries.visible_many(session, caller, {one for one, _ in named if one is not None})
    return [(community_id, external_id, found.get(community_id or "")) for community_id, external_id in named]


def _result(
    community_id: str | None, external_id: str | None, community: Community | None, problem: Problem | None
) -> PublishResult:
    # Known or not: what the caller may not see is told by the name that the caller used, and no other.
    unseen = community is None and external_id is not None
    return PublishResult(None if unseen else community_id, external_id, problem)


def _refusal_of_many(
    caller: Caller,
    wish: PublishMany,
    community_id: str | None,
    external_id: str | None,
    community: Community | None,
    moment: datetime,
) -> Problem | None:
    """What keeps one of several from being published, if anything does."""
    if community is None:
        return CommunityNotFound(community_id=f"{wish.source}/{external_id}" if external_id else community_id)
    refusal = _refusal(caller, community, wish, moment)
    if refusal is None and community.kind is Kind.CIRCUMSTANCE and not wish.circumstance:
        return CircumstanceNotNamed()
    return refusal


def _refusal(caller: Caller, community: Community, consent: Consent, moment: datetime) -> Problem | None:
    """What keeps a community from being published, if anything does."""
    if community.status is CommunityStatus.PAUSED and communities.is_kept_paused(caller, community):
        return PausedByManager()
    if community.status not in _MAY_PUBLISH:
        return WrongState(needed="draft, confirmed", status=community.status.value)
    if not communities.has_theme(community):
        return NoTheme()
    if consent.consent_at is not None and consent.consent_at > moment + _CLOCKS_DIFFER:
        return ConsentInTheFuture()
    return None


def _publish(session: Session, caller: Caller, community: Community, consent: Consent, moment: datetime) -> None:
    communities.move(session, community, CommunityStatus.PUBLISHED)
    community.consent_by = consent.consent_by
    community.consent_at = consent.consent_at or moment
    community.confirm_again_by = (moment + communities.CONFIRM_AGAIN_AFTER).date()
    session.add(
        CommunityConsent(
            id=new_id("cns"),
            community_id=community.id,
            consent_by=community.consent_by,
            consent_at=community.consent_at,
            recorded_by=caller.role.value,
            recorded_at=moment,
        )
    )
