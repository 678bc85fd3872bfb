"""Who is told what of a meetup: portals by webhook, speakers by mail."""

from collections.abc import Sequence

from sqlmodel import col, select

from app.access.models import Role
from app.core.clock import now
from app.notifications.letters import Letter, Reading, language_of
from app.notifications.models import Channel, EndpointStatus, Message, MessageStatus, WebhookEndpoint
from app.people.models import Person
from app.worker import TEMPLATES
from tests.app.meetups.conftest import Quarter, done
from tests.app.meetups.test_talks import alex
from tests.world import JsonObject

Told = tuple[str, str, JsonObject]


def listen(quarter: Quarter, *company_ids: str) -> None:
    """Let portals have an endpoint each."""
    with quarter.world.database.session() as session:
        for company_id in company_ids:
            endpoint = WebhookEndpoint(
                id=f"whk_{company_id}",
                company_id=company_id,
                url="https://portal.example/hooks",
                status=EndpointStatus.ACTIVE,
                secret="never used",
                kinds=[],
                created_at=now(),
            )
            session.add(endpoint)


def handled(quarter: Quarter) -> None:
    """Everything that was recorded is acted on, and nothing is sent."""
    while quarter.world.worker.work_once():
        pass


def told(quarter: Quarter) -> list[Told]:
    """What portals are told, in the order of its happening: which one, what, with which ids."""
    handled(quarter)
    with quarter.world.database.reader() as session:
        events = select(Message).where(col(Message.channel) == Channel.WEBHOOK).order_by(col(Message.id))
        return [
            (str(one.endpoint_id).removeprefix("whk_"), one.template, dict(one.ids)) for one in session.exec(events)
        ]


DECISIONS = ("talk.accepted", "talk.declined")


def letters(quarter: Quarter, *kinds: str) -> Sequence[tuple[str, Letter | None]]:
    """What waits to be sent by mail about talks, as it reads now; it counts as sent from then on. Of decisions, or of
    these kinds."""
    handled(quarter)
    waiting = (col(Message.channel) == Channel.MAIL, col(Message.status) == MessageStatus.WAITING)
    found = []
    with quarter.world.database.session() as session:
        for message in session.exec(select(Message).where(*waiting).order_by(col(Message.id))):
            reader = session.get_one(Person, message.person_id)
            reading = Reading(
                session,
                reader,
                language_of(reader.language),
                message.ids,
                "https://c3.example",
                "pepper of this test",
            )
            if message.template in (kinds or DECISIONS):
                found.append((reader.first_name, TEMPLATES[message.template].write(reading)))
            message.status = MessageStatus.SENT
            session.add(message)
    return found


def test_portals_of_all_companies_that_take_part_hear_of_each_step(quarter: Quarter) -> None:
    invited = quarter.world.company("Invited", active=False)
    listen(quarter, quarter.nordwerk, quarter.suedbank, invited)
    meetup, dropped = quarter.draft(), quarter.draft()
    quarter.step(dropped, "cancel", message="Never mind.")
    quarter.change(meetup, title="Still a draft")
    assert told(quarter) == []

    steps = []
    for verb in ("announce", "open"):
        quarter.step(meetup, verb)
        handled(quarter)
    # Another date and more places at once are told once.
    quarter.change(meetup, starts_at="2027-03-18T13:00:00", capacity=50)
    handled(quarter)
    quarter.go("2027-03-18T13:30:00+01:00")
    quarter.step(meetup, "hold")
    steps = [(company, kind) for company, kind, ids in told(quarter) if ids == {"meetup_id": meetup["id"]}]

    kinds = ["meetup.announced", "meetup.changed", "meetup.changed", "meetup.held"]
    for company in (quarter.nordwerk, quarter.suedbank):
        assert [kind for each, kind in steps if each == company] == kinds
    assert len(steps) == 8


def test_a_cancelled_meetup_is_told_to_portals(quarter: Quarter) -> None:
    listen(quarter, quarter.suedbank)
    meetup = quarter.announced()
    quarter.step(meetup, "cancel", message="x")

    assert [kind for _, kind, _ in told(quarter)] == ["meetup.announced", "meetup.cancelled"]


def test_what_was_decided_is_told_to_the_speaker_in_its_language_and_to_its_portal_alone(quarter: Quarter) -> None:
    listen(quarter, quarter.nordwerk, quarter.suedbank)
    meetup = quarter.announced()
    talk = quarter.propose(meetup, speaker_id=alex(quarter))
    quarter.talk_step(talk, "accept")

    [(reader, letter)] = letters(quarter)

    assert letter is not None
    assert (reader, letter.subject) == ("Alex", "Ihr Vortrag gehört zu „Spring meetup“")
    assert "„Charts for all“" in letter.paragraphs[0]
    assert "Donnerstag, 11. März 2027, 13:00 (Europe/Berlin)" in letter.paragraphs[0]
    assert letter.actions[0].url == f"https://c3.example/meetups/{meetup['id']}"
    assert "Kartellrecht" in letter.after[0]
    assert "secret-room" not in str(letter)
    ids = {"meetup_id": meetup["id"], "talk_id": talk["id"]}
    assert [one for one in told(quarter) if one[1].startswith("talk.")] == [(quarter.nordwerk, "talk.accepted", ids)]


def test_a_declined_talk_is_told_kindly(quarter: Quarter) -> None:
    english = quarter.world.person(quarter.nordwerk, "Robin", "en")
    talk = quarter.propose(quarter.announced(), speaker_id=english)
    quarter.talk_step(talk, "decline")

    [(reader, letter)] = letters(quarter)

    assert letter is not None
    assert (reader, letter.subject) == ("Robin", "About your talk for “Spring meetup”")
    assert "declin" not in " ".join(letter.paragraphs)
    assert "another meetup" in letter.paragraphs[-1]


def test_while_no_speaker_is_named_those_hear_who_speak_for_the_community(quarter: Quarter) -> None:
    talk = quarter.propose(quarter.announced())
    quarter.talk_step(talk, "accept")

    assert [reader for reader, letter in letters(quarter) if letter is not None] == ["Alex"]


def test_of_two_decisions_only_the_last_is_told_and_none_of_a_talk_that_is_over(quarter: Quarter) -> None:
    meetup = quarter.announced()
    changed, withdrawn, handed_on = (
        quarter.propose(meetup, title=title, speaker_id=alex(quarter)) for title in ("A", "B", "C")
    )
    for talk, verbs in ((changed, ("accept", "decline")), (withdrawn, ("accept",)), (handed_on, ("accept",))):
        for verb in verbs:
            quarter.talk_step(talk, verb)
    handled(quarter)
    quarter.talk_step(withdrawn, "withdraw", quarter.nord)
    robin = {"speaker_id": quarter.world.person(quarter.nordwerk, "Robin")}
    done(quarter.nord.patch(f"/v1/talks/{handed_on['id']}", json=robin, headers={"If-Match": "*"}))

    found = [letter.subject if letter else None for _, letter in letters(quarter)]

    # Told is that the first did not find its place; of the others Alex has nothing to know any more.
    assert sorted(found, key=str) == [None, None, "Zu Ihrem Vortrag für „Spring meetup“"]


def named(quarter: Quarter) -> list[tuple[str, Letter | None]]:
    return list(letters(quarter, "talk.speaker_named"))


def test_whoever_is_named_as_speaker_hears_what_will_be_public_and_whom_to_tell(quarter: Quarter) -> None:
    robin = quarter.world.person(quarter.nordwerk, "Robin", "en")
    meetup = quarter.announced()
    talk = quarter.propose(meetup, speaker_id=robin)

    [(reader, letter)] = named(quarter)

    assert letter is not None
    assert (reader, letter.subject) == ("Robin", "You are named as a speaker at “Spring meetup”")
    assert "“Charts for all”" in letter.paragraphs[0]
    for public in ("Once the organizers accept it", "title and abstract", "your community and company", "first name"):
        assert public in letter.paragraphs[1]
    assert "coordinators of C3 Tandem in your company" in letter.paragraphs[2]

    # Another speaker of a talk that is public by now: that one hears it too.
    quarter.talk_step(talk, "accept")
    change = {"speaker_id": alex(quarter)}
    done(quarter.nord.patch(f"/v1/talks/{talk['id']}", json=change, headers={"If-Match": "*"}))
    [(reader, letter)] = named(quarter)
    assert letter is not None
    assert (reader, letter.subject) == ("Alex", "Sie sind für einen Vortrag bei „Spring meetup“ genannt")
    assert "hat ihn angenommen" in letter.paragraphs[1]


def test_who_proposes_its_own_talk_or_is_named_no_more_is_not_told_so(quarter: Quarter) -> None:
    meetup = quarter.announced()
    itself = quarter.world.caller(Role.MANAGER, quarter.nordwerk, person_id=alex(quarter))
    quarter.propose(meetup, itself, title="Own")
    quarter.propose(meetup, title="Of nobody yet")
    assert named(quarter) == []

    withdrawn, handed_on = (quarter.propose(meetup, title=title, speaker_id=alex(quarter)) for title in ("A", "B"))
    quarter.talk_step(withdrawn, "withdraw", quarter.nord)
    done(quarter.nord.patch(f"/v1/talks/{handed_on['id']}", json={"speaker_id": None}, headers={"If-Match": "*"}))
    assert [letter for _, letter in named(quarter) if letter] == []


def test_a_decision_on_a_cancelled_meetup_is_not_mailed(quarter: Quarter) -> None:
    meetup = quarter.announced()
    quarter.talk_step(quarter.propose(meetup, speaker_id=alex(quarter)), "accept")
    quarter.step(meetup, "cancel", message="x")

    assert [letter for _, letter in letters(quarter)] == [None]


def test_events_of_meetups_carry_ids_only(quarter: Quarter) -> None:
    listen(quarter, quarter.nordwerk)
    coordinator = quarter.world.caller(Role.COORDINATOR, quarter.nordwerk)
    quarter.announced(title="Secret title")
    handled(quarter)

    shown = coordinator.get("/v1/deliveries").text

    assert "meetup.announced" in shown
    assert "Secret" not in shown
