"""Managers are asked to look at their profile once more, a month before it would be hidden."""

from sqlmodel import Session

from app.communities import confirming
from app.communities import queries as communities
from app.communities.models import Community
from app.core.i18n import mark, translate
from app.notifications import outbox
from app.notifications.letters import Letter, Reading, Template
from app.notifications.outbox import Mail
from app.people.models import PersonStatus

JOB = "ask_to_confirm"
TEMPLATE = "community.confirmation"


def ask(session: Session) -> None:
    """Queue a mail to each manager and tell the company: once for each day by which a profile is to be confirmed."""
    waiting = confirming.to_be_asked(session)
    speakers = communities.managers_of(session, [one.id for one in waiting])
    mails = []
    for community in waiting:
        ids = {"community_id": community.id, "by": str(community.confirm_again_by)}
        key = f"{TEMPLATE}:{community.id}:{community.confirm_again_by}"
        mails += [
            Mail(TEMPLATE, one.person_id, community.id, ids, key)
            for one in speakers.get(community.id, [])
            if one.status is PersonStatus.ACTIVE
        ]
        outbox.tell_companies(
            session, "community.confirmation_due", community.id, [community.company_id], ids=ids, key=key
        )
    outbox.queue(session, mails)


def _letter(reading: Reading) -> Letter | None:
    community = reading.session.get_one(Community, reading.ids["community_id"])
    if not confirming.is_asked(community) or str(community.confirm_again_by) != reading.ids["by"]:
        return None
    values = {"name": community.name, "day": f"{community.confirm_again_by:%Y-%m-%d}"}
    return Letter(
        subject=translate(mark("Is the profile of {name} still right?"), reading.language, **values),
        paragraphs=(
            translate(
                mark(
                    "Half a year ago somebody looked at the profile of {name}. Please look at it again and confirm "
                    "it until {day}: in your intranet, or ask the people who look after it there."
                ),
                reading.language,
                **values,
            ),
            translate(
                mark(
                    "Until then nothing changes. Afterwards nobody finds the community any more and rounds leave it "
                    "out, until somebody confirms it. Nothing is lost, and tandems go on."
                ),
                reading.language,
            ),
        ),
    )


TEMPLATES = (Template(TEMPLATE, needs_reader=True, write=_letter),)
