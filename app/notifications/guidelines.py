"""A letter to people whose acceptance of the guideline runs out."""

from babel.dates import format_date
from sqlmodel import Session

from app.core.clock import now
from app.core.events import Event
from app.core.i18n import mark, translate
from app.guardrails.acceptance import TOLD_BEFORE, accepted_until
from app.guardrails.models import GuidelineAcceptance
from app.notifications.letters import Letter, Reading, Template
from app.notifications.outbox import Mail, queue

SUBJECT = mark("Your yes to the guideline on competition law ends on {day}")
WHAT = mark(
    "A year ago you accepted the guideline that tandems follow, so that they stay clear of competition law. Your "
    "acceptance holds until {day}."
)
WHY = mark("A kick-off needs it of both sides. Meetings that are planned already go on.")
DO = mark(
    "Read the guideline again and renew your yes: in your portal, or tell the portal or the coordinator of your "
    "company, who records it for you. It then holds for another twelve months."
)


def remind(session: Session, event: Event) -> None:
    """Queue the letter for the person whose acceptance it is."""
    acceptance = session.get(GuidelineAcceptance, event.subject_id)
    if acceptance is None:
        return
    mail = Mail(
        template=RENEW.name,
        person_id=acceptance.person_id,
        subject_id=acceptance.id,
        ids={"acceptance_id": acceptance.id},
        key=f"{RENEW.name}:{acceptance.id}",
    )
    queue(session, [mail])


def _renew(reading: Reading) -> Letter | None:
    """None once it is renewed, or gone with its person."""
    acceptance = reading.session.get(GuidelineAcceptance, reading.ids["acceptance_id"])
    if acceptance is None:
        return None
    until = accepted_until(reading.session, acceptance.person_id)
    if until is None or until > now() + TOLD_BEFORE:
        return None
    day = format_date(until.date(), format="long", locale=reading.language)
    return Letter(
        subject=translate(SUBJECT, reading.language, day=day),
        paragraphs=(
            translate(WHAT, reading.language, day=day),
            translate(WHY, reading.language),
            translate(DO, reading.language),
        ),
    )


RENEW = Template("guideline.renew", needs_reader=True, write=_renew)
TEMPLATES = (RENEW,)
