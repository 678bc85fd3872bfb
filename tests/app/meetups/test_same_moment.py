"""Two who do something at the same moment, on both databases: one order, nothing lost, nothing half."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from httpx2 import Response
from sqlmodel import select

from app.access.models import Role
from app.access.service import Caller
from app.meetups import talks
from app.meetups.models import Meetup, Talk, TalkStatus
from tests.app.meetups.conftest import Quarter, done, refused

pytestmark = pytest.mark.postgres
TURNS = 6


@pytest.fixture
def quarter(any_quarter: Quarter) -> Quarter:
    return any_quarter


def at_once(*requests: Callable[[], Response]) -> Sequence[Response]:
    with ThreadPoolExecutor(len(requests)) as pool:
        return [one.result() for one in [pool.submit(request) for request in requests]]


def test_of_two_organizers_who_change_it_at_once_one_reads_again(quarter: Quarter) -> None:
    meetup = quarter.announced()
    address, other = f"/v1/meetups/{meetup['id']}", quarter.world.caller(Role.ORGANIZER)
    for turn in range(TURNS):
        tag = {"If-Match": quarter.organizer.get(address).headers["ETag"]}
        before = quarter.read(meetup)["sequence"]

        answers = at_once(
            partial(quarter.organizer.patch, address, json={"place": f"A {turn}"}, headers=tag),
            partial(other.patch, address, json={"place": f"B {turn}"}, headers=tag),
        )

        assert sorted(one.status_code for one in answers) == [200, 412]
        assert quarter.read(meetup)["sequence"] == before + 1


def test_a_step_that_two_take_at_once_is_taken_once(quarter: Quarter) -> None:
    other = quarter.world.caller(Role.ORGANIZER)
    for _ in range(TURNS):
        draft = quarter.draft()
        address = f"/v1/meetups/{draft['id']}/announce"

        answers = at_once(partial(quarter.organizer.post, address), partial(other.post, address))

        assert sorted(one.status_code for one in answers) == [200, 409]
        assert quarter.events(draft["id"]) == ["meetup.created", "meetup.announced"]


def test_a_talk_that_is_accepted_and_withdrawn_at_once_ends_withdrawn(quarter: Quarter) -> None:
    meetup, portal = quarter.announced(), quarter.nord
    for turn in range(TURNS):
        talk = quarter.propose(meetup, title=f"Talk {turn}")
        address = f"/v1/talks/{talk['id']}"

        accepted, withdrawn = at_once(
            partial(quarter.organizer.post, f"{address}/accept"),
            partial(portal.post, f"{address}/withdraw"),
        )

        assert withdrawn.status_code == 200
        assert accepted.status_code == 200 or refused(accepted) == (409, "wrong-talk-state")
    with quarter.world.database.reader() as session:
        assert set(session.exec(select(Talk.status))) == {TalkStatus.WITHDRAWN}


def test_an_agenda_never_names_a_talk_that_was_declined_at_the_same_moment(quarter: Quarter) -> None:
    meetup, other = quarter.announced(), quarter.world.caller(Role.ORGANIZER)
    for turn in range(TURNS):
        talk = quarter.propose(meetup, title=f"Talk {turn}")
        quarter.talk_step(talk, "accept")
        agenda = [{"talk_id": talk["id"], "minutes": 20}]

        written, declined = at_once(
            partial(quarter.try_change, meetup, agenda=agenda),
            partial(other.post, f"/v1/talks/{talk['id']}/decline"),
        )

        assert done(declined)["status"] == "declined"
        assert written.status_code == 200 or refused(written) == (422, "agenda-talk-not-accepted")
        with quarter.world.database.reader() as session:
            stored = session.get_one(Meetup, meetup["id"])
            assert stored.agenda == []


def test_a_story_that_both_sides_propose_at_once_is_one_talk(quarter: Quarter) -> None:
    meetup = quarter.announced()
    [ring] = quarter.world.published(quarter.suedbank, {"name": "Ring", "tags": ["x"]})
    sides = ((quarter.nordwerk, quarter.circle), (quarter.suedbank, ring))

    def told(company_id: str, community_id: str, story_id: str) -> str:
        caller = Caller(Role.PORTAL, key_id="key", company_id=company_id)
        with quarter.world.database.session() as session:
            talk = talks.propose_story(
                session,
                caller,
                session.get_one(Meetup, meetup["id"]),
                story_id=story_id,
                community_id=community_id,
                lines=["x"],
                language="en",
                speaker_id=None,
            )
        return talk.id

    for turn in range(TURNS):
        with ThreadPoolExecutor(2) as pool:
            made = [one.result() for one in [pool.submit(told, *side, f"sty_{turn}") for side in sides]]

        assert made[0] == made[1]
