"""Talks: proposed by a community, accepted by organizers, read by everybody only then."""

import pytest

from app.access.models import Role
from app.access.service import Caller
from app.meetups import talks
from app.meetups.models import Meetup
from app.meetups.viewing import talks_shown
from tests.app.meetups.conftest import CIRCLE, Quarter, done, refused
from tests.world import ApiCaller


def alex(quarter: Quarter) -> str:
    """Who speaks for the circle."""
    people = done(quarter.nord.get("/v1/people"))["items"]
    return str(next(one["id"] for one in people if one["first_name"] == "Alex"))


def manager(quarter: Quarter) -> ApiCaller:
    return quarter.world.caller(Role.MANAGER, quarter.nordwerk, person_id=alex(quarter))


def test_a_manager_proposes_a_talk_of_the_own_community_and_speaks_unless_another_is_named(quarter: Quarter) -> None:
    meetup, robin = quarter.announced(), quarter.world.person(quarter.nordwerk, "Robin")

    own = quarter.propose(meetup, manager(quarter))
    of_another = quarter.propose(meetup, manager(quarter), speaker_id=robin, minutes=10)

    assert own == {
        "id": own["id"],
        "meetup_id": meetup["id"],
        "status": "proposed",
        "title": "Charts for all",
        "abstract": "How we began.",
        "language": "en",
        "minutes": 20,
        "company": "Nordwerk",
        "community": "Chart Circle",
        "speaker": "Alex",
        "community_id": quarter.circle,
        "speaker_id": alex(quarter),
        "story_id": None,
        "hints": [],
        "proposed_at": "2027-01-11T09:00:00Z",
        "decided_at": None,
    }
    assert (of_another["speaker"], of_another["minutes"]) == ("Robin", 10)
    assert quarter.events(own["id"]) == ["talk.proposed"]


def test_a_portal_may_name_the_speaker_later(quarter: Quarter) -> None:
    talk = quarter.propose(quarter.announced())

    named = quarter.nord.patch(
        f"/v1/talks/{talk['id']}", json={"speaker_id": alex(quarter)}, headers={"If-Match": '"1"'}
    )

    assert talk["speaker"] is None
    assert done(named)["speaker"] == "Alex"
    assert named.headers["ETag"] == '"2"'


def test_a_proposal_is_its_own_sides_and_the_organizers_until_it_is_accepted(quarter: Quarter) -> None:
    meetup = quarter.announced()
    talk = quarter.propose(meetup, title="Our secret recipe", speaker_id=alex(quarter))
    address, listed = f"/v1/talks/{talk['id']}", f"/v1/meetups/{meetup['id']}/talks"
    participant = quarter.world.caller(
        Role.PARTICIPANT, quarter.nordwerk, person_id=quarter.world.person(quarter.nordwerk, "Robin")
    )
    speaker = quarter.world.caller(Role.PARTICIPANT, quarter.nordwerk, person_id=alex(quarter))
    others, insiders = (quarter.sued, participant), (quarter.nord, quarter.organizer, manager(quarter), speaker)

    hidden = [caller.get(address) for caller in others]
    lists = [done(caller.get(listed))["items"] for caller in (*others, *insiders)]
    for_organizers = done(quarter.organizer.get(address))
    quarter.talk_step(talk, "accept")
    shown = [done(caller.get(address)) for caller in others]

    assert [refused(one) for one in hidden] == [(404, "talk-not-found")] * 2
    assert all("recipe" not in one.text for one in hidden)
    assert [len(items) for items in lists] == [0, 0, 1, 1, 1, 1]
    assert for_organizers == talk | {"speaker_id": None}
    withheld = {"community_id": None, "speaker_id": None, "hints": None}
    assert shown == [talk | withheld | {"status": "accepted", "decided_at": "2027-01-11T09:00:00Z"}] * 2
    assert [len(done(caller.get(listed))["items"]) for caller in (*others, *insiders)] == [1] * 6
    quarter.talk_step(talk, "decline")
    assert refused(quarter.sued.get(address)) == (404, "talk-not-found")


def test_only_who_speaks_for_a_community_proposes_and_only_its_people_speak(quarter: Quarter) -> None:
    meetup, draft = quarter.announced(), quarter.draft()
    [theirs] = quarter.world.published(quarter.suedbank, {"name": "Ring", "tags": ["x"]})
    kim = quarter.world.person(quarter.suedbank, "Kim")
    [unspoken] = quarter.world.published(quarter.nordwerk, {"name": "Unspoken", "tags": ["x"]})

    assert refused(quarter.try_propose(meetup, community_id=theirs)) == (404, "community-not-found")
    assert refused(quarter.try_propose(meetup, manager(quarter), community_id=unspoken)) == (
        404,
        "community-not-found",
    )
    assert refused(quarter.try_propose(meetup, speaker_id=kim)) == (404, "person-not-found")
    assert refused(quarter.try_propose(draft)) == (404, "meetup-not-found")
    for caller in (quarter.organizer, quarter.world.operator):
        assert refused(quarter.try_propose(meetup, caller)) == (403, "role-not-enough")
    done(quarter.nord.post(f"/v1/communities/{unspoken}/archive"))
    assert refused(quarter.try_propose(meetup, community_id=unspoken)) == (409, "wrong-community-state")
    assert done(quarter.organizer.get(f"/v1/meetups/{meetup['id']}/talks"))["items"] == []


def test_talks_are_proposed_and_decided_on_while_the_meetup_is_to_come(quarter: Quarter) -> None:
    meetup, cancelled = quarter.opened(), quarter.announced()
    talk = quarter.propose(meetup)
    quarter.step(cancelled, "cancel", message="x")
    assert refused(quarter.try_propose(cancelled)) == (409, "wrong-meetup-state")
    quarter.go("2027-03-11T12:30:00+00:00")

    assert refused(quarter.try_propose(meetup)) == (409, "meetup-begun")
    assert quarter.talk_step(talk, "decline")["status"] == "declined"
    assert quarter.talk_step(talk, "accept")["status"] == "accepted"
    quarter.step(meetup, "hold")
    for verb in ("accept", "decline"):
        assert refused(quarter.organizer.post(f"/v1/talks/{talk['id']}/{verb}")) == (409, "wrong-meetup-state")
    late = quarter.nord.patch(f"/v1/talks/{talk['id']}", json={"title": "Late"}, headers={"If-Match": "*"})
    assert refused(late) == (409, "wrong-meetup-state")
    # What one has said about oneself one may always take back.
    assert quarter.talk_step(talk, "withdraw", quarter.nord)["status"] == "withdrawn"
    assert refused(quarter.sued.get(f"/v1/talks/{talk['id']}")) == (404, "talk-not-found")


def test_each_step_of_a_talk_is_its_own_persons(quarter: Quarter) -> None:
    talk = quarter.propose(quarter.announced())
    address = f"/v1/talks/{talk['id']}"
    unseen = [refused(quarter.sued.post(f"{address}/{verb}")) for verb in ("accept", "decline", "withdraw")]

    own = [refused(quarter.nord.post(f"{address}/{verb}")) for verb in ("accept", "decline")]
    organizers = refused(quarter.organizer.post(f"{address}/withdraw"))
    quarter.talk_step(talk, "accept")
    others = refused(quarter.sued.post(f"{address}/withdraw"))
    edited = refused(quarter.organizer.patch(address, json={"title": "Mine"}, headers={"If-Match": "*"}))

    assert unseen == [(404, "talk-not-found")] * 3
    assert own == [(403, "role-not-enough")] * 2
    assert organizers == others == edited == (403, "not-your-talk")


def test_a_withdrawn_talk_is_accepted_no_more_and_one_that_is_decided_stays_so(quarter: Quarter) -> None:
    talk = quarter.propose(quarter.announced())
    for verb in ("accept", "accept", "decline", "decline"):
        quarter.talk_step(talk, verb)
    for _ in range(2):
        quarter.talk_step(talk, "withdraw", quarter.nord)

    refusals = [refused(quarter.organizer.post(f"/v1/talks/{talk['id']}/{verb}")) for verb in ("accept", "decline")]
    edited = quarter.nord.patch(f"/v1/talks/{talk['id']}", json={"title": "x"}, headers={"If-Match": "*"})

    assert refusals == [(409, "wrong-talk-state")] * 2
    assert refused(edited) == (409, "wrong-talk-state")
    assert quarter.events(talk["id"]) == ["talk.proposed", "talk.accepted", "talk.declined", "talk.withdrawn"]


@pytest.mark.parametrize("by", ["decline", "withdraw"])
def test_an_accepted_talk_stands_on_the_agenda_until_it_goes(quarter: Quarter, by: str) -> None:
    meetup = quarter.announced()
    talk, other = quarter.propose(meetup), quarter.propose(meetup, title="Not yet")
    agenda = [{"text": "Welcome", "minutes": 10}, {"talk_id": talk["id"], "minutes": 20}]
    too_early = quarter.try_change(meetup, agenda=agenda)
    quarter.talk_step(talk, "accept")
    quarter.change(meetup, agenda=agenda)
    not_accepted = quarter.try_change(meetup, agenda=[{"talk_id": other["id"], "minutes": 20}])
    before = quarter.organizer.get(f"/v1/meetups/{meetup['id']}")

    headers = {"If-Match": "*"}
    done(quarter.nord.patch(f"/v1/talks/{talk['id']}", json={"title": "Charts anew"}, headers=headers))
    renamed = quarter.organizer.get(f"/v1/meetups/{meetup['id']}", headers={"If-None-Match": before.headers["ETag"]})
    quarter.talk_step(talk, by, quarter.nord if by == "withdraw" else quarter.organizer)

    assert refused(too_early) == refused(not_accepted) == (422, "agenda-talk-not-accepted")
    assert [one["text"] for one in done(before)["agenda"]] == ["Welcome", "Charts for all"]
    assert [one["text"] for one in done(renamed)["agenda"]] == ["Welcome", "Charts anew"]
    assert [one["text"] for one in quarter.read(meetup)["agenda"]] == ["Welcome"]
    assert quarter.events(meetup["id"])[-1] == "meetup.changed"


def test_everybody_reads_the_accepted_ones_by_page_and_in_few_questions(
    quarter: Quarter, client_queries: list[str]
) -> None:
    meetup = quarter.announced()
    listed = f"/v1/meetups/{meetup['id']}/talks"

    def asked(caller: ApiCaller) -> int:
        done(caller.get(listed))
        client_queries.clear()
        done(caller.get(listed))
        return len(client_queries)

    accepted = [quarter.propose(meetup, title="One")]
    quarter.talk_step(accepted[0], "accept")
    portal = quarter.sued
    one = asked(portal)
    for title in ("Two", "Three"):
        accepted.append(quarter.propose(meetup, title=title))
        quarter.talk_step(accepted[-1], "accept")
    quarter.propose(meetup, title="Only proposed")

    first = done(portal.get(listed, params={"limit": 2}))
    rest = done(portal.get(listed, params={"limit": 2, "cursor": first["next_cursor"]}))
    assert [each["id"] for each in first["items"] + rest["items"]] == [each["id"] for each in accepted]
    assert asked(portal) == one
    assert refused(portal.get(f"/v1/meetups/{quarter.draft()['id']}/talks")) == (404, "meetup-not-found")


def test_pages_show_an_accepted_talk_with_the_names_of_its_side_only(quarter: Quarter) -> None:
    meetup = quarter.announced()
    talk = quarter.propose(meetup, speaker_id=alex(quarter))
    quarter.propose(meetup, title="Only proposed")
    quarter.talk_step(talk, "accept")

    with quarter.world.database.reader() as session:
        [told] = talks_shown(session, [meetup["id"]])[meetup["id"]]

    assert (told.title, told.community, told.company, told.speaker) == (
        "Charts for all",
        "Chart Circle",
        "Nordwerk",
        "Alex",
    )


def test_a_story_is_proposed_once_by_whichever_side_and_again_after_it_was_withdrawn(quarter: Quarter) -> None:
    meetup = quarter.announced()
    [ring] = quarter.world.published(quarter.suedbank, CIRCLE | {"name": "Ring", "managers": []})

    def told(company_id: str, community_id: str) -> str:
        caller = Caller(Role.PORTAL, key_id="key", company_id=company_id)
        with quarter.world.database.session() as session:
            talk = talks.propose_story(
                session,
                caller,
                session.get_one(Meetup, meetup["id"]),
                story_id="sty_x",
                community_id=community_id,
                lines=["A buddy helps.", "Charts are read aloud."],
                language="de",
                speaker_id=None,
            )
        return talk.id

    first, again, of_the_other = (
        told(quarter.nordwerk, quarter.circle),
        told(quarter.nordwerk, quarter.circle),
        told(quarter.suedbank, ring),
    )
    shown = done(quarter.nord.get(f"/v1/talks/{first}"))
    assert first == again == of_the_other
    assert (shown["title"], shown["abstract"], shown["story_id"]) == (
        "Was Chart Circle in einem Tandem gelernt hat",
        "A buddy helps.\nCharts are read aloud.",
        "sty_x",
    )
    quarter.talk_step(shown, "withdraw", quarter.nord)
    assert told(quarter.suedbank, ring) == first
    anew = done(quarter.sued.get(f"/v1/talks/{first}"))
    assert (anew["status"], anew["community"], anew["decided_at"]) == ("proposed", "Ring", None)
    assert refused(quarter.nord.get(f"/v1/talks/{first}")) == (404, "talk-not-found")


@pytest.mark.parametrize(
    ("field", "value"), [("title", ""), ("abstract", "x" * 2001), ("minutes", 0), ("language", "x"), ("status", "a")]
)
def test_a_value_of_a_talk_that_is_not_accepted_is_named(quarter: Quarter, field: str, value: object) -> None:
    answer = quarter.try_propose(quarter.announced(), **{field: value})

    assert refused(answer) == (422, "invalid-input")
    assert answer.json()["errors"][0]["pointer"] == f"/{field}"
