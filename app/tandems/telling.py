"""Who is told what about suggestions and tandems: mails to people, webhook events to their companies.

Each handler runs in the transaction that settles its event.
"""

from collections.abc import Iterable, Mapping

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
    for side in _sides(session, suggestion):
        _tell_company(session, "suggestion.opened", side)
        if side.answer is None:
            _mail_side(session, mails.OPENED, side)


def suggestion_reminder_due(session: Session, event: Event) -> None:
    """Who was to be reminded, and has not answered meanwhile."""
    suggestion = session.get_one(Suggestion, event.subject_id)
    for side in _sides(session, suggestion):
        if suggestion.status in OPEN and side.answer is None and side.reminded_at is not None:
            _mail_side(session, mails.REMINDER, side)
            _tell_company(session, "suggestion.reminded", side)


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
            _mail_side(session, template, side, among=known_to)


def tandem_started(session: Session, event: Event) -> None:
    """Both sides are introduced to each other."""
    tandem = session.get_one(Tandem, event.subject_id)
    outbox.retract(session, tandem.suggestion_id)
    _tell_both(session, tandem, "tandem.started", mails.INTRODUCED)


def tandem_closed(session: Session, event: Event) -> None:
    """Both sides are thanked; who has closed it is not told."""
    tandem = session.get_one(Tandem, event.subject_id)
    outbox.retract(session, tandem.id)
    _tell_both(session, tandem, "tandem.closed", mails.CLOSED)


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


def _mail_side(session: Session, template: str, side: SuggestionSide, *, among: Iterable[str] | None = None) -> None:
    """To everybody who speaks for it, or to those of them who are among these."""
    people = _speakers(session, side.community_id)
    wanted = people if among is None else [one for one in people if one in set(among)]
    _mail(session, template, side.suggestion_id, wanted, _ids_of(side))


def _mail_coordinators(session: Session, template: str, side: SuggestionSide, *, deputy: bool | None) -> None:
    people = [person.id for person in coordinators.of(session, side.company_id, deputy=deputy)]
    _mail(session, template, side.suggestion_id, people, _ids_of(side))


def _mail(
    session: Session, template: str, subject_id: str, person_ids: Iterable[str], ids: Mapping[str, str]
) -> None:
    key = f"{template}:{subject_id}"
    outbox.queue(session, [Mail(template, person_id, subject_id, ids, key) for person_id in person_ids])


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


def _tell_both(session: Session, tandem: Tandem, kind: str, template: str) -> None:
    parties = (
        (SideName.A, tandem.a_id, tandem.a_company),
        (SideName.B, tandem.b_id, tandem.b_company),
    )
    for side, community_id, company_id in parties:
        outbox.tell_companies(
            session,
            kind,
            tandem.id,
            [company_id],
            ids={"tandem_id": tandem.id, "community_id": community_id},
            key=f"{kind}:{tandem.id}:{side.value}",
        )
        ids = {"tandem_id": tandem.id, "side": side.value}
        _mail(session, template, tandem.id, _speakers(session, community_id), ids)


def _speakers(session: Session, community_id: str) -> list[str]:
    """Ids of the people who speak for a community now: who waits for a coordinator does not."""
    found = communities.managers_of(session, [community_id]).get(community_id, [])
    return [one.person_id for one in found if one.status is PersonStatus.ACTIVE]


def _ids_of(side: SuggestionSide) -> dict[str, str]:
    return {"suggestion_id": side.suggestion_id, "side": side.side.value}
