"""What the mail says that asks a side of a tandem whether it tells its story at a meetup."""

from datetime import timedelta

from babel.dates import format_date, format_time

from app.communities import queries as communities
from app.core import links
from app.core.clock import now
from app.core.dates import local
from app.core.i18n import mark, translate
from app.meetups.models import TO_COME, Meetup
from app.notifications.letters import Action, Letter, Reading, Template
from app.people.models import PersonStatus
from app.programme import queries

NAME = "story.talk"
LINK_WORKS_FOR = timedelta(days=30)


def _invited(reading: Reading) -> Letter | None:
    """The story as it is released now. Nothing once it is taken back or somebody has proposed it, the meetup has
    begun, or the reader does not speak for the community any more."""
    community_id = reading.ids["community_id"]
    story = queries.story_of_tandem(reading.session, reading.ids["tandem_id"])
    meetup = reading.session.get(Meetup, reading.ids["meetup_id"])
    if story is None or meetup is None or meetup.status not in TO_COME or meetup.starts_at <= now():
        return None
    speaks = community_id in communities.spoken_for(reading.session, reading.reader.id)
    if not speaks or reading.reader.status is not PersonStatus.ACTIVE:
        return None
    if queries.was_proposed(reading.session, story.id):
        return None
    names = {
        "community": communities.carded(reading.session, [community_id])[community_id].name,
        "meetup": meetup.title,
        "when": _when(reading, meetup),
    }
    until = min(now() + LINK_WORKS_FOR, meetup.starts_at)
    token = links.signed("story-talks", (story.id, community_id, reading.reader.id), reading.pepper, until=until)

    def say(text: str) -> str:
        return translate(text, reading.language, **names)

    return Letter(
        subject=say(mark("{meetup}: will you tell what {community} has learned?")),
        paragraphs=(
            say(
                mark(
                    "{community} and its partner have released what they have learned in their tandem. At {meetup}, "
                    "on {when}, others could learn from it: in a short talk by {community}."
                )
            ),
            say(mark("These lines would be the proposal; your partner is not named in it:")),
        ),
        points=tuple(story.lines),
        actions=(Action(say(mark("Propose it as a talk")), f"{reading.public_url}/story-talks/{token}"),),
        after=(
            say(
                mark(
                    "The organizers choose among all proposals. Once a talk is accepted everybody may read it, with "
                    "the first name of whoever gives it. If you do nothing, nothing happens."
                )
            ),
        ),
    )


TEMPLATE = Template(NAME, needs_reader=False, write=_invited)


def _when(reading: Reading, meetup: Meetup) -> str:
    """The local time of the meetup, for its readers live in several zones."""
    there = local(meetup.starts_at, meetup.time_zone)
    day = format_date(there.date(), "full", locale=reading.language)
    return f"{day}, {format_time(there.time(), 'HH:mm', locale=reading.language)} ({meetup.time_zone})"
