"""The mail that sums a meetup up: to those who were there, in their language, with figures of many only."""

from datetime import timedelta
from email.message import EmailMessage

import time_machine

from app.meetups.models import MeetupStatus, TalkStatus
from app.people.models import Person
from tests.app.programme.test_summary import a_talk, tandems
from tests.app.registrations.test_feedback import END, START, a_meetup, comes, crowd, person_of
from tests.world import World


def sent(world: World, meetup_id: str) -> dict[str, EmailMessage]:
    """What goes out when an organizer sends it, by address."""
    with time_machine.travel(END + timedelta(hours=2), tick=False):
        answer = world.organizer.post(f"/v1/meetups/{meetup_id}/summary/send")
        assert answer.status_code == 200, answer.text
        world.worker.run_until_idle()
    mails = [one for one in world.mails() if "became of" in str(one["Subject"]) or "geworden" in str(one["Subject"])]
    return {one["To"].addresses[0].username: one for one in mails}


def text(mail: EmailMessage) -> str:
    """Its text, without line breaks."""
    part = mail.get_body(("plain",))
    assert part is not None
    return " ".join(str(part.get_content()).split())


def test_whoever_was_there_gets_the_figures_of_the_page_and_the_way_to_it(world: World) -> None:
    meetup_id = a_meetup(world)
    crowd(world, meetup_id, "yes", "yes", "partly", "yes", "no")
    nord = world.company()
    robin = comes(world, meetup_id, nord, "Robin")
    comes(world, meetup_id, nord, "Absent", attended=False)
    [community_id] = world.published(nord, {"name": "Welcome Circle", "tags": ["x"]})
    a_talk(world, meetup_id, community_id, nord, TalkStatus.ACCEPTED, "A buddy")
    a_talk(world, meetup_id, community_id, nord, TalkStatus.DECLINED, "Not held")
    tandems(world, meetup_id, None, 2)
    a_meetup(world, MeetupStatus.ANNOUNCED, START + timedelta(days=91), title="Summer meetup")
    with world.database.session() as session:
        session.get_one(Person, person_of(world, robin)).language = "de"

    mails = sent(world, meetup_id)

    german = mails.pop("robin")
    assert (len(mails), "absent" in mails) == (5, False)
    page = f"{world.settings.public_url}/meetups/{meetup_id}/summary"
    for mail in mails.values():
        assert mail["Subject"] == "What became of Spring meetup"
        assert (
            "In short: - People who were there: 6, companies: 4 - Useful: 3, partly: 1, not useful: 1 "
            "- Tandems that have begun: fewer than 5 - Talk: A buddy (Welcome Circle, Nordwerk) "
            f"Read the summary: {page} "
            "The next meetup is “Summer meetup”: Thursday, June 10, 2027, 14:00 – 18:00 (Europe/Berlin)."
        ) in text(mail)
        # Comments are the organizers' to read.
        assert "Comment" not in text(mail)
    assert german["Subject"] == "Was aus Spring meetup geworden ist"
    assert "Tandems, die begonnen haben: weniger als 5 - Vortrag: A buddy (Welcome Circle, Nordwerk)" in text(german)


def test_of_few_people_the_mail_tells_no_figure(world: World) -> None:
    meetup_id = a_meetup(world)
    crowd(world, meetup_id, "yes", "no", "yes", "no")

    mails = sent(world, meetup_id)

    assert len(mails) == 4
    for mail in mails.values():
        assert "One page tells what came of it. Read the summary:" in text(mail)


def test_people_of_a_company_that_is_leaving_are_neither_asked_nor_told(world: World) -> None:
    meetup_id = a_meetup(world)
    crowd(world, meetup_id, "yes", "yes", "no", "yes", "yes")
    leaves = world.company("Leaves")
    comes(world, meetup_id, leaves, "Kim")
    with time_machine.travel(END + timedelta(hours=1), tick=False):
        left = world.operator.post(f"/v1/companies/{leaves}/leave")
        assert left.status_code == 200, left.text
        world.worker.run_until_idle()

    assert "kim" not in sent(world, meetup_id)
    assert [str(one["Subject"]) for one in world.mails() if "kim@" in str(one["To"])] == []
