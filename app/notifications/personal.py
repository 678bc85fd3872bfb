"""What is stored about a person in this room: which messages it was sent, and what it wants to be mailed."""

from collections.abc import Iterator

from sqlalchemy import update
from sqlmodel import Session, col, delete

from app.core.clock import now
from app.notifications import queries
from app.notifications.models import MailPreference, Message, MessageStatus
from app.notifications.schemas import MailPreferenceOut


def export_person(session: Session, person_id: str) -> Iterator[tuple[str, dict[str, object]]]:
    """Kinds of records with their data. What a mail said is not stored: only which it was, when, and what became
    of it."""
    preference = session.get(MailPreference, person_id)
    if preference is not None:
        shown = MailPreferenceOut.of(person_id, preference)
        yield "mail_preference", shown.model_dump(mode="json", exclude={"person_id"})
    for message in queries.of_person(session, person_id):
        yield (
            "message",
            message.model_dump(
                mode="json", include={"id", "template", "subject_id", "status", "created_at", "finished_at"}
            ),
        )


def erase_person(session: Session, person_id: str) -> None:
    """Nothing more is sent to the person. Records of what was sent go with their time, see
    `service.forget_finished`, files of it at once, see `mailing.forget_files`."""
    session.execute(
        update(Message)
        .where(col(Message.person_id) == person_id, col(Message.status) == MessageStatus.WAITING)
        .values(status=MessageStatus.DROPPED, finished_at=now(), problem="nobody to send it to")
    )
    session.execute(delete(MailPreference).where(col(MailPreference.person_id) == person_id))
