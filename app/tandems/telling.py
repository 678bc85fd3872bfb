"""Who is told what about suggestions and tandems: mails to people, webhook events to their companies.

Each handler runs in the transaction that settles its event.
"""

from collections.abc import Mapping, Sequence, Set

from sqlmodel import Session

from app.communities import queries as communities
from app.companies import coordinators
from app.core.events import Event
from app.notifications import outbox
from app.notifications.outbox import Mail
from app.people.models import PersonStatus
from app.tandems import mails, queries
from app.tandems.models import (
    OPEN,
    Answer,
    Approval,
    SideName,
    Suggestion,
    SuggestionSide,
    SuggestionStatus,
    Tandem,
)

TEMPLATES = mails.TEMPLATES


def suggestion_opened(session: Session, event: Event) -> None:
    """Both sides are asked; whoever has asked for it has answered already."""
    suggestion = session.get_one(Suggestion, event.subject_id)
    if suggestion.status not in OPEN:
        return
    sides = _sides(session, suggestion)
    for side in sides:
        _tell_company(session, "suggestion.opened", side)
    _mail_sides(session, mails.OPENED, [side for side in sides if side.answer is None])


def contacts_changed(session: Session, event: Event) -> None:
    """A community has changed, maybe who speaks for it: whoever is new is asked too."""
    _ask_of(session, [event.subject_id])


def person_changed(session: Session, event: Event) -> None:
    """As `contacts_changed`, for all that a person speaks for."""
    _ask_of(session, queries.managed_by(session, event.subject_id))


def suggestion_reminder_due(session: Session, event: Event) -> None:
    """Who was to be reminded, and has not answered meanwhile."""
    suggestion = session.get_one(Suggestion, event.subject_id)
    if suggestion.status not in OPEN:
        return
    silent = [side for side in _sides(session, suggestion) if side.answer is None and side.reminded_at is not None]
    for side in silent:
        _tell_company(session, "suggestion.reminded", side)
    _mail_sides(session, mails.REMINDER, silent)


def suggestion_awaiting_coordinator(session: Session, event: Event) -> None:
    """The coordinators who are asked; where a company has none beside deputies, these."""
    suggestion = session.get_one(Suggestion, event.subject_id)
    for side in _asked(session, suggestion):
        _tell_company(session, "suggestion.awaiting_coordinator", side)
        _mail_coordinators(
            session, mails.APPROVAL, side, deputy=not coordinators.of(session, side.company_id, deputy=False)
        )


def suggestion_deputy_due(session: Session, event: Event) -> None:
    """Half of the time is over, and the coordinator has not decided."""
    for side in _asked(session, session.get_one(Suggestion, event.subject_id)):
        _mail_coordinators(session, mails.APPROVAL, side, deputy=True)


def suggestion_approval_reminder_due(session: Session, event: Event) -> None:
    """All who can still decide."""
    for side in _asked(session, session.get_one(Suggestion, event.subject_id)):
        _mail_coordinators(session, mails.APPROVAL_REMINDER, side, deputy=None)


def suggestion_ended(session: Session, event: Event) -> None:
    """What was not sent yet is taken back; who knows of the suggestion, and has not ended it, hears that it is over,
    never why."""
    suggestion = session.get_one(Suggestion, event.subject_id)
    asked = queries.mailed(session, suggestion.id, mails.OPENED)
    outbox.retract(session, suggestion.id)
    for side in _sides(session, suggestion):
        _tell_company(session, "suggestion.ended", side)
        template = _farewell(suggestion, side)
        if template is not None:
            known_to = None if side.answer is Answer.YES else asked
            _mail_sides(session, template, [side], among=known_to)


def tandem_started(session: Session, event: Event) -> None:
    """Both sides are introduced to each other."""
    tandem = session.get_one(Tandem, event.subject_id)
    _tell_companies_of(session, tandem, "tandem.started")
    speakers = _speakers(session, [tandem.a_id, tandem.b_id])
    outbox.queue(
        session,
        [
            _mail(mails.INTRODUCED, tandem.id, person_id, {"tandem_id": tandem.id, "side": side.value})
            for side, community_id in ((SideName.A, tandem.a_id), (SideName.B, tandem.b_id))
            for person_id in speakers.get(community_id, [])
        ],
    )


def tandem_closed(session: Session, event: Event) -> None:
    """Both companies; who has closed it is not told."""
    _tell_companies_of(session, session.get_one(Tandem, event.subject_id), "tandem.closed")


def _ask_of(session: Session, community_ids: Sequence[str]) -> None:
    """Everybody who speaks for the communities now knows what is asked of them, and is asked once."""
    _mail_sides(session, mails.OPENED, queries.sides_to_answer(session, community_ids))


def _farewell(suggestion: Suggestion, side: SuggestionSide) -> str | None:
    """What a side hears at the end; nothing where it has ended it itself, or was silent until the time was over."""
    if side.answer in (Answer.NO, Answer.NOT_NOW):
        return None
    if suggestion.awaiting_since is not None:
        return mails.NOT_COME_ABOUT
    if suggestion.status is SuggestionStatus.EXPIRED:
        return mails.NOT_COME_ABOUT if side.answer is Answer.YES else None
    return mails.WITHDRAWN


def _sides(session: Session, suggestion: Suggestion) -> list[SuggestionSide]:
    found = queries.sides(session, [suggestion.id])[suggestion.id]
    return [found[SideName.A], found[SideName.B]]


def _asked(session: Session, suggestion: Suggestion) -> list[SuggestionSide]:
    """The sides whose coordinators are still to approve."""
    if suggestion.status is not SuggestionStatus.AWAITING_COORDINATOR:
        return []
    return [side for side in _sides(session, suggestion) if side.approval is Approval.ASKED]


def _mail_sides(
    session: Session, template: str, sides: Sequence[SuggestionSide], *, among: Set[str] | None = None
) -> None:
    """To everybody who speaks for one of these sides, or to those of them who are among these."""
    speakers = _speakers(session, [side.community_id for side in sides])
    outbox.queue(
        session,
        [
            _mail(template, side.suggestion_id, person_id, _ids_of(side))
            for side in sides
            for person_id in speakers.get(side.community_id, [])
            if among is None or person_id in among
        ],
    )


def _mail_coordinators(session: Session, template: str, side: SuggestionSide, *, deputy: bool | None) -> None:
    people = coordinators.of(session, side.company_id, deputy=deputy)
    outbox.queue(session, [_mail(template, side.suggestion_id, one.id, _ids_of(side)) for one in people])


def _mail(template: str, subject_id: str, person_id: str, ids: Mapping[str, str]) -> Mail:
    return Mail(template, person_id, subject_id, ids, key=f"{template}:{subject_id}")


def _tell_company(session: Session, kind: str, side: SuggestionSide) -> None:
    """A side's own company, of its own community: whose the other one is, is not told."""
    outbox.tell_companies(
        session,
        kind,
        side.suggestion_id,
        [side.company_id],
        ids={"suggestion_id": side.suggestion_id, "community_id": side.community_id},
        key=f"{kind}:{side.suggestion_id}:{side.side.value}",
    )


def _tell_companies_of(session: Session, tandem: Tandem, kind: str) -> None:
    """Both, each of its own community. Filed under the suggestion: what waits about a tandem ends with it."""
    for community_id, company_id in ((tandem.a_id, tandem.a_company), (tandem.b_id, tandem.b_company)):
        outbox.tell_companies(
            session,
            kind,
            tandem.suggestion_id,
            [company_id],
            ids={"tandem_id": tandem.id, "suggestion_id": tandem.suggestion_id, "community_id": community_id},
            key=f"{kind}:{tandem.id}:{community_id}",
        )


def _speakers(session: Session, community_ids: Sequence[str]) -> dict[str, list[str]]:
    """Ids of the people who speak for each community now: who waits for a coordinator does not."""
    found = communities.managers_of(session, community_ids) if community_ids else {}
    return {
        community_id: [one.person_id for one in speakers if one.status is PersonStatus.ACTIVE]
        for community_id, speakers in found.items()
    }


def _ids_of(side: SuggestionSide) -> dict[str, str]:
    return {"suggestion_id": side.suggestion_id, "side": side.side.value}
