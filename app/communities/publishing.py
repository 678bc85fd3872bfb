"""Publishing: from a draft to a community that can be found, with a record of who of it agreed and when."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from app.access import service as access
from app.access.service import SYSTEM, Caller
from app.communities import queries
from app.communities import service as communities
from app.communities.models import Community, CommunityConsent, CommunityStatus, Kind
from app.communities.schemas import Consent, PublishMany
from app.communities.service import CommunityNotFound, NoTheme, WrongState
from app.companies import service as companies
from app.core.clock import now
from app.core.errors import Problem, Unprocessable
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
    community = communities.changeable(session, caller, community_id)
    _publish(session, caller, community, consent, now())
    return community


def publish_many(session: Session, caller: Caller, wish: PublishMany) -> list[PublishResult]:
    """Publish several; each on its own, in the order named."""
    named = _named(session, caller, wish)
    found = queries.visible_many(session, caller, {one for one, _ in named if one is not None})
    moment = now()
    results = []
    for community_id, external_id in named:
        community = found.get(community_id or "")
        problem: Problem | None = None
        try:
            if community is None:
                # Known or not, it is told by the name that the caller used.
                raise CommunityNotFound(community_id=f"{wish.source}/{external_id}" if external_id else community_id)
            if community.kind is Kind.CIRCUMSTANCE and not wish.circumstance:
                raise CircumstanceNotNamed
            _publish(session, caller, community, wish, moment)
        except Problem as refusal:
            problem = refusal
        unseen = community is None and external_id is not None
        results.append(PublishResult(None if unseen else community_id, external_id, problem))
    return results


def published_many(session: Session, caller: Caller, wish: PublishMany) -> list[PublishResult]:
    """The results of a request to publish several that is repeated: what is published now, counts as that."""
    named = _named(session, caller, wish)
    found = queries.visible_many(session, caller, {one for one, _ in named if one is not None})

    def result(community_id: str | None, external_id: str | None) -> PublishResult:
        community = found.get(community_id or "")
        if community is None:
            name = f"{wish.source}/{external_id}" if external_id else community_id
            return PublishResult(
                None if external_id else community_id, external_id, CommunityNotFound(community_id=name)
            )
        problem: Problem | None = None
        if community.status is not CommunityStatus.PUBLISHED:
            problem = WrongState(verb="publish", needed="draft, confirmed", status=community.status.value)
            if community.status in _MAY_PUBLISH:
                problem = CircumstanceNotNamed() if communities.has_theme(community) else NoTheme()
        return PublishResult(community_id, external_id, problem)

    return [result(community_id, external_id) for community_id, external_id in named]


def publish_all(session: Session, company_id: str, source: str, external_ids: Iterable[str], consent: Consent) -> int:
    """Publish what can be published of one source; how many are new among the published."""
    moment, count = now(), 0
    for community in queries.by_external_ids(session, company_id, source, external_ids).values():
        if community.status in _MAY_PUBLISH and communities.has_theme(community):
            _publish(session, SYSTEM, community, consent, moment)
            count += 1
    return count


def _named(session: Session, caller: Caller, wish: PublishMany) -> list[tuple[str | None, str | None]]:
    """Each community that is named, once: its id (None: unknown), and the external id that was used for it."""
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
    return named + [
        (by_external[name].id if name in by_external else None, name) for name in dict.fromkeys(wish.external_ids)
    ]


def _publish(session: Session, caller: Caller, community: Community, consent: Consent, moment: datetime) -> None:
    if community.status is CommunityStatus.PAUSED:
        communities.refuse_portal_on_managers_pause(caller, community)
    if community.status not in _MAY_PUBLISH:
        raise WrongState(verb="publish", needed="draft, confirmed", status=community.status.value)
    if not communities.has_theme(community):
        raise NoTheme
    if consent.consent_at is not None and consent.consent_at > moment + _CLOCKS_DIFFER:
        raise ConsentInTheFuture
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
