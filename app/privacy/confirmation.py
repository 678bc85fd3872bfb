"""Managers are asked to look at their profile once more, a month before it would be hidden, or late."""

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
    waiting = confirming.take_to_be_asked(session)
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
    speakers = communities.managers_of(reading.session, [community.id]).get(community.id, [])
    if all(one.person_id != reading.reader.id for one in speakers):
        return None
    values = {"name": community.name, "day": f"{community.confirm_again_by:%Y-%m-%d}"}
    texts = _HIDDEN if confirming.is_overdue(community) else _IN_TIME
    return Letter(
        subject=translate(mark("Is the profile of {name} still right?"), reading.language, **values),
        paragraphs=tuple(translate(text, reading.language, **values) for text in texts),
    )


_IN_TIME = (
    mark(
        "Half a year ago somebody looked at the profile of {name}. Please look at it again and confirm "
        "it until {day}: in your intranet, or ask the people who look after it there."
    ),
    mark(
        "Until then nothing changes. Afterwards nobody finds the community any more and rounds leave it "
        "out, until somebody confirms it. Nothing is lost, and tandems go on."
    ),
)
_HIDDEN = (
    mark(
        "The profile of {name} was to be confirmed until {day}, and nobody has done so. Please look at it and "
        "confirm it: in your intranet, or ask the people who look after it there."
    ),
    mark(
        "Since that day nobody finds the community and rounds leave it out. As soon as somebody confirms it, it is "
        "found again. Nothing is lost, and tandems go on."
    ),
)
TEMPLATES = (Template(TEMPLATE, needs_reader=True, write=_letter),)
