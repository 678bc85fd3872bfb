"""What this room keeps of a person: to which meetups it comes or came, what it wished and what it said of them."""

from collections.abc import Iterator, Sequence

from sqlalchemy import delete
from sqlmodel import Session, col, select

from app.meetups.models import Meetup
from app.registrations import forgetting, totals
from app.registrations.models import MeetupFeedback, Registration

_TOLD: Sequence[str] = (
    *("id", "meetup_id", "community_id", "status", "number", "by", "themes", "learn", "show", "languages"),
    *("excluded_companies", "stays", "attended", "created_at"),
)


def export_person(session: Session, person_id: str) -> Iterator[tuple[str, dict[str, object]]]:
    """One record for each registration, with its meetup and what the person said of it."""
    mine = (
        select(Registration, Meetup, MeetupFeedback)
        .join(Meetup, col(Meetup.id) == col(Registration.meetup_id))
        .join(MeetupFeedback, col(MeetupFeedback.registration_id) == col(Registration.id), isouter=True)
        .where(col(Registration.person_id) == person_id)
        .order_by(col(Registration.id))
    )
    for registration, meetup, said in session.exec(mine):
        yield (
            "registration",
            registration.model_dump(mode="json", include=set(_TOLD))
            | {"meetup": meetup.title, "starts_at": meetup.starts_at.isoformat(), "feedback": _said(said, meetup)},
        )


def erase_person(session: Session, person_id: str) -> None:
    """Its places at meetups to come go to whoever waits; then nothing of its registrations is left."""
    mine = col(Registration.person_id) == person_id
    forgetting.leave_those_to_come(session, mine)
    totals.forget_comments(session, mine)
    session.flush()
    session.execute(delete(Registration).where(mine))


def _said(said: MeetupFeedback | None, meetup: Meetup) -> dict[str, object] | None:
    """With the comment that organizers read, which may be an earlier one."""
    if said is None:
        return None
    told = {"comment_told": totals.comment_told(meetup, said.registration_id)}
    return said.model_dump(mode="json", include={"useful", "comment", "said_at"}) | told
