"""A released story becomes a talk: who may propose it, who is asked, and what happens when it is taken back."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from httpx2 import Response
from sqlmodel import col, select

from app.access.models import Role
from app.communities.models import Community
from app.core import links
from app.core.clock import now
from app.core.database import Database
from app.core.events import Event
from app.core.ids import new_id
from app.exchanges import forgetting
from app.exchanges.models import Harvest
from app.meetups.models import Meetup, MeetupStatus, Talk, TalkStatus
from app.people.models import Person, PersonStatus
from app.programme import queries, storytelling
from app.programme.storytelling import NoMeetupTakesTalks, StoryNotFound, StoryProposedAlready
from tests.app.exchanges.conftest import Pair, Sent, a_pair, done, refused
from tests.app.programme.guests import a_meetup
from tests.app.tandems.conftest import document, work
from tests.world import ApiCaller, World

LINES = ["A buddy keeps new members.", "Alex reads charts aloud.", "A barcamp needs a host."]


@dataclass
class Told:
    """The two of `Pair` after their kick-off, and the three lines that both can release."""

    pair: Pair

    @property
    def world(self) -> World:
        return self.pair.world

    @property
    def database(self) -> Database:
        return self.pair.world.database

    def write(self, caller: ApiCaller, *lines: str) -> None:
        done(caller.put(f"{self.pair.address}/harvest", json={"lines": lines}, headers={"If-Match": "*"}))

    def release(self, *callers: ApiCaller, release: bool = True) -> str | None:
        """The story, if it is out then."""
        story_id: str | None = None
        for caller in callers:
            version = done(caller.get(f"{self.pair.address}/harvest"))["version"]
            wish = {"version": version, "release": release}
            story_id = done(caller.post(f"{self.pair.address}/harvest/release", json=wish))["story_id"]
        return story_id

    def story(self) -> str:
        """Released by both."""
        self.write(self.pair.nord, *LINES)
        story_id = self.release(self.pair.nord, self.pair.sued)
        assert story_id is not None
        return story_id

    def tell(self, story_id: str, caller: ApiCaller | None = None, key: str = "", **wish: object) -> Response:
        headers = {"Idempotency-Key": key} if key else {}
        return (caller or self.pair.nord).post(f"/v1/stories/{story_id}/talk", json=wish, headers=headers)

    def manager(self, company_id: str) -> ApiCaller:
        return self.world.caller(Role.MANAGER, person_id=self.speaker(company_id))

    def speaker(self, company_id: str) -> str:
        """Alex of Nordwerk, or Kim of Suedbank."""
        with self.database.reader() as session:
            return session.exec(select(Person.id).where(Person.company_id == company_id)).one()

    def talks(self) -> list[Talk]:
        work(self.world)
        with self.database.reader() as session:
            return list(session.exec(select(Talk).order_by(col(Talk.id))).all())

    def happens(self, kind: str, meetup_id: str, **values: object) -> None:
        """The meetup is at another point, and the fact recorded."""
        with self.database.session() as session:
            meetup = session.get_one(Meetup, meetup_id)
            for name, value in values.items():
                setattr(meetup, name, value)
            session.add(Event(id=new_id("evt"), kind=kind, subject_id=meetup_id, happened_at=now()))

    def invitations(self) -> list[Sent]:
        return [one for one in self.pair.mails() if one.template == "story.talk"]


def told_in(pair: Pair) -> Told:
    pair.kick_off()
    return Told(pair)


@pytest.fixture
def told(world: World) -> Iterator[Told]:
    with a_pair(world) as pair:
        yield told_in(pair)


@pytest.fixture
def any_told(any_world: World) -> Iterator[Told]:
    with a_pair(any_world) as pair:
        yield told_in(pair)


def test_one_click_of_one_side_makes_it_a_proposal_for_the_next_meetup(any_told: Told) -> None:
    later = a_meetup(
        any_told.world, starts_at=now() + timedelta(weeks=8), ends_at=now() + timedelta(weeks=9), announced_at=now()
    )
    meetup_id = a_meetup(any_told.world, announced_at=now())
    story_id = any_told.story()

    answer = any_told.tell(story_id)

    talk = answer.json()
    assert answer.status_code == 201, answer.text
    assert answer.headers["Location"] == f"/v1/talks/{talk['id']}"
    assert (talk["meetup_id"], talk["status"], talk["story_id"]) == (meetup_id, "proposed", story_id)
    assert talk["abstract"] == "\n".join(LINES)
    assert (talk["community"], talk["company"]) == ("Chart Circle", "Nordwerk")
    assert (talk["language"], talk["speaker"]) == ("en", None)
    assert later != talk["meetup_id"]
    # The partner stands nowhere in it, neither by its name nor by its company's.
    assert not [name for name in ("Diagrammkreis", "Suedbank", any_told.pair.two.of_sued) if name in answer.text]


def test_the_meetup_and_the_speaker_can_be_named(told: Told) -> None:
    a_meetup(told.world, announced_at=now())
    later = a_meetup(
        told.world, starts_at=now() + timedelta(weeks=8), ends_at=now() + timedelta(weeks=9), announced_at=now()
    )
    alex = told.speaker(told.pair.two.nord)
    story_id = told.story()

    talk = told.tell(story_id, meetup_id=later, speaker_id=alex).json()

    assert (talk["meetup_id"], talk["speaker"], talk["speaker_id"]) == (later, "Alex", alex)


def test_a_manager_speaks_itself(told: Told) -> None:
    a_meetup(told.world, announced_at=now())
    story_id = told.story()

    talk = done(told.tell(story_id, told.manager(told.pair.two.sued)))

    assert (talk["community"], talk["speaker"]) == ("Diagrammkreis", "Kim")


def test_the_same_story_again_is_the_talk_that_is_there(any_told: Told) -> None:
    a_meetup(any_told.world, announced_at=now())
    story_id = any_told.story()

    first, again, by_key, by_key_again = (any_told.tell(story_id, key=key) for key in ("", "", "k-1", "k-1"))

    assert {one.status_code for one in (first, again, by_key, by_key_again)} == {201}
    assert {one.json()["id"] for one in (first, again, by_key, by_key_again)} == {first.json()["id"]}
    assert len(any_told.talks()) == 1


def test_the_other_side_does_not_tell_it_at_the_same_meetup(told: Told) -> None:
    a_meetup(told.world, announced_at=now())
    story_id = told.story()
    talk = done(told.tell(story_id))

    second = told.tell(story_id, told.pair.sued)
    done(told.pair.nord.post(f"/v1/talks/{talk['id']}/withdraw"))
    then = told.tell(story_id, told.pair.sued)

    assert refused(second) == (409, "story-proposed-already")
    assert "Alex" not in second.text
    assert done(then)["community"] == "Diagrammkreis"


def test_two_sides_at_the_same_moment_make_one_talk(any_told: Told) -> None:
    a_meetup(any_told.world, announced_at=now())
    story_id = any_told.story()
    answers: list[Response] = []
    together = threading.Barrier(2)

    def tell(caller: ApiCaller) -> None:
        together.wait()
        answers.append(any_told.tell(story_id, caller))

    threads = [threading.Thread(target=tell, args=(one,)) for one in (any_told.pair.nord, any_told.pair.sued)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(one.status_code for one in answers) == [201, 409]
    assert len(any_told.talks()) == 1


def test_nobody_else_tells_it_and_who_only_organizes_or_comes_does_not(told: Told) -> None:
    a_meetup(told.world, announced_at=now())
    story_id = told.story()
    other = told.world.company("Cedar")
    [_] = told.world.published(other, document("Chart Circle"))
    [second] = told.world.published(
        told.pair.two.nord, document("Second", managers=[{"email": "lou@nordwerk.example", "first_name": "Lou"}])
    )
    with told.database.reader() as session:
        lou = session.exec(select(Person.id).where(Person.first_name == "Lou")).one()

    refusals = [
        refused(told.tell(story_id, caller))
        for caller in (
            told.world.portal(other),
            told.world.caller(Role.MANAGER, person_id=lou),
            told.world.organizer,
            told.world.caller(Role.PARTICIPANT, person_id=lou),
        )
    ]

    assert second
    assert refusals == [
        (404, "story-not-found"),
        (404, "story-not-found"),
        (403, "role-not-enough"),
        (403, "role-not-enough"),
    ]
    # All of them can read it.
    assert story_id in told.world.portal(other).get("/v1/stories").text
    assert told.talks() == []


def test_a_story_that_is_not_out_and_one_that_never_was_are_not_found(told: Told) -> None:
    a_meetup(told.world, announced_at=now())
    story_id = told.story()
    told.release(told.pair.sued, release=False)

    assert refused(told.tell(story_id)) == (404, "story-not-found")
    assert refused(told.tell("sty_unknown")) == (404, "story-not-found")


@pytest.mark.parametrize(
    ("status", "hours", "expected"),
    [
        (MeetupStatus.DRAFT, 24, (409, "no-meetup-takes-talks")),
        (MeetupStatus.CANCELLED, 24, (409, "no-meetup-takes-talks")),
        (MeetupStatus.OPEN, -1, (409, "no-meetup-takes-talks")),
        (MeetupStatus.ANNOUNCED, 24, None),
        (MeetupStatus.FULL, 24, None),
    ],
)
def test_a_meetup_takes_talks_from_its_announcement_until_it_begins(
    told: Told, status: MeetupStatus, hours: int, expected: tuple[int, str] | None
) -> None:
    starts_at = now() + timedelta(hours=hours)
    announced_at = None if status is MeetupStatus.DRAFT else now()
    a_meetup(
        told.world, status, starts_at=starts_at, ends_at=starts_at + timedelta(hours=9), announced_at=announced_at
    )

    answer = told.tell(told.story())

    assert (refused(answer) if answer.is_error else None) == expected


def test_a_meetup_that_is_named_but_not_seen_or_over_is_told(told: Told) -> None:
    story_id = told.story()
    held = a_meetup(told.world, MeetupStatus.HELD, announced_at=now())

    assert refused(told.tell(story_id, meetup_id=a_meetup(told.world, MeetupStatus.DRAFT))) == (
        404,
        "meetup-not-found",
    )
    assert refused(told.tell(story_id, meetup_id=held)) == (409, "wrong-meetup-state")


def test_a_speaker_of_the_other_side_is_not_found(told: Told) -> None:
    a_meetup(told.world, announced_at=now())

    answer = told.tell(told.story(), speaker_id=told.speaker(told.pair.two.sued))

    assert refused(answer) == (404, "person-not-found")


@pytest.mark.parametrize("accepted", [False, True])
def test_a_story_that_one_side_takes_back_is_told_no_more(any_told: Told, accepted: bool) -> None:
    meetup_id = a_meetup(any_told.world, announced_at=now())
    talk = done(any_told.tell(any_told.story()))
    if accepted:
        done(any_told.world.organizer.post(f"/v1/talks/{talk['id']}/accept"))
        agenda = [{"talk_id": talk["id"], "minutes": 15}]
        tag = {"If-Match": any_told.world.organizer.get(f"/v1/meetups/{meetup_id}").headers["ETag"]}
        done(any_told.world.organizer.patch(f"/v1/meetups/{meetup_id}", json={"agenda": agenda}, headers=tag))

    any_told.release(any_told.pair.sued, release=False)

    [stored] = any_told.talks()
    assert stored.status is TalkStatus.WITHDRAWN
    assert any_told.world.organizer.get(f"/v1/meetups/{meetup_id}").json()["agenda"] == []
    assert any_told.pair.sued.get(f"/v1/talks/{talk['id']}").status_code == 404


def test_lines_that_are_rewritten_take_the_talk_along_until_both_release_them_anew(told: Told) -> None:
    a_meetup(told.world, announced_at=now())
    first = told.story()
    done(told.tell(first))

    told.write(told.pair.sued, "Something else.")
    [before] = told.talks()
    second = told.release(told.pair.nord, told.pair.sued)
    assert second is not None
    anew = done(told.tell(second))

    assert before.status is TalkStatus.WITHDRAWN
    assert (second != first, anew["abstract"], anew["status"]) == (True, "Something else.", "proposed")


def test_what_a_company_has_told_with_a_partner_that_leaves_goes_with_it(told: Told) -> None:
    a_meetup(told.world, announced_at=now())
    done(told.tell(told.story()))

    with told.database.session() as session:
        forgetting.erase_company(session, told.pair.two.sued)

    assert [one.status for one in told.talks()] == [TalkStatus.WITHDRAWN]


@pytest.mark.parametrize("leaving", [False, True])
def test_a_person_who_is_erased_is_taken_out_of_the_talk_as_of_the_story(told: Told, leaving: bool) -> None:
    a_meetup(told.world, announced_at=now())
    done(told.tell(told.story()))
    alex = told.speaker(told.pair.two.nord)
    if leaving:
        done(told.world.operator.post(f"/v1/companies/{told.pair.two.sued}/leave"))

    erased = told.world.caller(Role.COORDINATOR, told.pair.two.nord).post(f"/v1/people/{alex}/erase")

    assert erased.status_code == 200, erased.text
    [talk] = told.talks()
    assert "Alex" not in talk.abstract
    assert talk.abstract.splitlines()[0] == LINES[0]
    assert talk.status is TalkStatus.PROPOSED


def test_both_sides_are_asked_when_a_story_is_released_and_a_meetup_takes_talks(any_told: Told) -> None:
    meetup_id = a_meetup(
        any_told.world,
        announced_at=now(),
        starts_at=datetime.fromisoformat("2027-02-11T12:00:00Z"),
        ends_at=datetime.fromisoformat("2027-02-11T15:00:00Z"),
    )
    any_told.pair.mails()
    story_id = any_told.story()

    invited = any_told.invitations()

    assert [one.to for one in invited] == ["Alex", "Kim"]
    english, german = (one.letter for one in invited)
    assert english.subject == "C3 in spring: will you tell what Chart Circle has learned?"
    assert english.points == tuple(LINES)
    assert "Thursday, February 11, 2027, 13:00 (Europe/Berlin)" in english.paragraphs[0]
    assert german.subject == "C3 in spring: Erzählen Sie, was Diagrammkreis gelernt hat?"
    assert "Suedbank" not in str(english)
    assert "Diagrammkreis" not in str(english)
    [action] = english.actions
    token = action.url.removeprefix("https://c3.example/story-talks/")
    assert links.opened("story-talks", token, "pepper of this test") == (
        story_id,
        any_told.pair.two.of_nord,
        any_told.speaker(any_told.pair.two.nord),
    )
    assert meetup_id not in action.url


def test_a_link_opens_until_the_meetup_begins_and_for_a_month_at_most(told: Told) -> None:
    starts_at = now() + timedelta(days=3)
    a_meetup(told.world, announced_at=now(), starts_at=starts_at, ends_at=starts_at + timedelta(hours=2))
    told.story()
    [action] = told.invitations()[0].letter.actions
    token = action.url.removeprefix("https://c3.example/story-talks/")

    told.pair.clock.go(starts_at + timedelta(seconds=1))

    with pytest.raises(links.LinkExpired):
        links.opened("story-talks", token, "pepper of this test")


def test_nobody_is_asked_without_a_meetup_and_all_are_when_one_is_announced(any_told: Told) -> None:
    any_told.story()
    before = any_told.invitations()
    meetup_id = a_meetup(any_told.world, MeetupStatus.DRAFT)

    any_told.happens("meetup.announced", meetup_id, status=MeetupStatus.ANNOUNCED, announced_at=now())
    first = any_told.invitations()
    any_told.happens("meetup.announced", meetup_id)
    again = any_told.invitations()

    assert (before, [one.to for one in first], again) == ([], ["Alex", "Kim"], [])


def test_only_the_next_meetup_is_asked_for_and_the_one_after_it_once_that_was_held(told: Told) -> None:
    told.story()
    near = a_meetup(told.world, MeetupStatus.ANNOUNCED, announced_at=now())
    far = a_meetup(
        told.world,
        MeetupStatus.ANNOUNCED,
        announced_at=now(),
        starts_at=now() + timedelta(weeks=20),
        ends_at=now() + timedelta(weeks=21),
        title="C3 in summer",
    )
    told.happens("meetup.announced", near)
    told.happens("meetup.announced", far)
    for_near = told.invitations()
    told.pair.clock.pass_(weeks=5)
    told.happens("meetup.held", near, status=MeetupStatus.HELD, held_at=now())
    for_far = told.invitations()

    assert {one.letter.subject.partition(":")[0] for one in for_near} == {"C3 in spring"}
    assert {one.letter.subject.partition(":")[0] for one in for_far} == {"C3 in summer"}
    assert [one.to for one in for_far] == ["Alex", "Kim"]


def test_a_story_that_was_told_or_is_too_old_is_not_asked_for(told: Told) -> None:
    near = a_meetup(told.world, announced_at=now())
    story_id = told.story()
    told.invitations()
    done(told.tell(story_id))
    told.happens("meetup.held", near, status=MeetupStatus.HELD, held_at=now())
    next_one = a_meetup(told.world, announced_at=now())
    told.happens("meetup.announced", next_one)
    after_a_talk = told.invitations()
    with told.database.session() as session:
        for talk in session.exec(select(Talk)).all():
            session.delete(talk)
        session.exec(select(Harvest)).one().released_at = now() - timedelta(days=366)
    told.happens("meetup.announced", next_one)

    assert (after_a_talk, told.invitations()) == ([], [])


def test_a_story_of_a_meetup_that_is_cancelled_is_asked_for_again(any_told: Told) -> None:
    near = a_meetup(any_told.world, announced_at=now())
    story_id = any_told.story()
    any_told.invitations()
    done(any_told.tell(story_id))
    starts_at = now() + timedelta(weeks=20)
    a_meetup(
        any_told.world,
        announced_at=now(),
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=2),
        title="C3 in summer",
    )

    done(any_told.world.organizer.post(f"/v1/meetups/{near}/cancel", json={"message": "The house is closed."}))

    for_the_next = any_told.invitations()
    assert [one.to for one in for_the_next] == ["Alex", "Kim"]
    assert {one.letter.subject.partition(":")[0] for one in for_the_next} == {"C3 in summer"}


def test_a_story_that_is_taken_back_and_released_anew_is_asked_for_once(told: Told) -> None:
    a_meetup(told.world, announced_at=now())
    told.story()
    work(told.world)
    told.release(told.pair.nord, release=False)
    work(told.world)

    again = told.release(told.pair.nord)
    asked = told.invitations()
    told.release(told.pair.nord, release=False)
    told.release(told.pair.nord)

    # The mail that had not been sent yet leads to what is released now.
    token = asked[0].letter.actions[0].url.removeprefix("https://c3.example/story-talks/")
    assert links.opened("story-talks", token, "pepper of this test")[0] == again
    assert ([one.to for one in asked], told.invitations()) == (["Alex", "Kim"], [])


@pytest.mark.parametrize("gone", ["taken back", "told", "begun", "cancelled", "no manager any more", "waiting"])
def test_an_invitation_that_is_overtaken_is_not_sent(told: Told, gone: str) -> None:
    meetup_id = a_meetup(told.world, announced_at=now())
    story_id = told.story()
    work(told.world)
    match gone:
        case "taken back":
            told.release(told.pair.sued, release=False)
        case "told":
            done(told.tell(story_id))
        case "begun":
            told.pair.clock.pass_(weeks=4, minutes=1)
        case "cancelled":
            told.happens("meetup.cancelled", meetup_id, status=MeetupStatus.CANCELLED)
        case "no manager any more":
            for portal, name in ((told.pair.nord, "Chart Circle"), (told.pair.sued, "Diagrammkreis")):
                slug = name.lower().replace(" ", "-")
                stored = portal.put(f"/v1/sources/intranet/communities/{slug}", json=document(name, managers=[]))
                assert stored.status_code == 200, stored.text
        case "waiting":
            with told.database.session() as session:
                for person in session.exec(select(Person)).all():
                    person.status = PersonStatus.WAITING

    assert told.invitations() == []


def test_a_link_offers_the_story_with_the_next_meetup_and_what_became_of_it(told: Told) -> None:
    story_id, nord, sued = told.story(), told.pair.two.of_nord, told.pair.two.of_sued
    alex, kim = (told.speaker(company) for company in (told.pair.two.nord, told.pair.two.sued))

    with told.database.reader() as session:
        without = storytelling.offered(session, story_id, nord, alex)
    meetup_id = a_meetup(told.world, announced_at=now())
    with told.database.reader() as session:
        before = storytelling.offered(session, story_id, nord, alex)
    with told.database.session() as session:
        talk_id = storytelling.propose(session, story_id, nord, alex).id
        assert storytelling.propose(session, story_id, nord, alex).id == talk_id
    with told.database.reader() as session:
        after = storytelling.offered(session, story_id, sued, kim)
        talk = session.get_one(Talk, talk_id)
    with told.database.session() as session, pytest.raises(StoryProposedAlready):
        storytelling.propose(session, story_id, sued, kim)

    assert (without.community.name, without.lines, without.meetup, without.talk) == (
        "Chart Circle",
        LINES,
        None,
        None,
    )
    assert before.meetup is not None
    assert (before.meetup.id, before.talk) == (meetup_id, None)
    assert after.talk is not None
    assert (after.talk.id, after.talk.community_id) == (talk_id, nord)
    assert (talk.speaker_id, talk.status, talk.meetup_id) == (alex, TalkStatus.PROPOSED, meetup_id)


def test_a_link_opens_nothing_for_whoever_does_not_speak_for_the_community_any_more(told: Told) -> None:
    a_meetup(told.world, announced_at=now())
    story_id, nord, sued = told.story(), told.pair.two.of_nord, told.pair.two.of_sued
    alex, kim = (told.speaker(company) for company in (told.pair.two.nord, told.pair.two.sued))
    [other] = told.world.published(
        told.pair.two.nord, document("Other", managers=[{"email": "alex@nordwerk.example", "first_name": "Alex"}])
    )

    for community_id, person_id in ((nord, kim), (sued, alex), (other, alex), (nord, "per_unknown")):
        with told.database.session() as session, pytest.raises(StoryNotFound):
            storytelling.propose(session, story_id, community_id, person_id)
        with told.database.reader() as session, pytest.raises(StoryNotFound):
            storytelling.offered(session, story_id, community_id, person_id)
    assert told.talks() == []


def test_a_link_says_so_when_no_meetup_takes_talks_any_more(told: Told) -> None:
    story_id = told.story()
    alex = told.speaker(told.pair.two.nord)

    with told.database.session() as session, pytest.raises(NoMeetupTakesTalks):
        storytelling.propose(session, story_id, told.pair.two.of_nord, alex)


def test_the_language_of_the_talk_is_the_communitys_or_the_meetups(told: Told) -> None:
    a_meetup(told.world, announced_at=now(), language="de")
    with told.database.session() as session:
        session.get_one(Community, told.pair.two.of_nord).languages = []

    talk = done(told.tell(told.story()))

    assert talk["language"] == "de"
    assert talk["title"] == "Was Chart Circle in einem Tandem gelernt hat"


def test_a_story_that_was_never_told_names_both_of_its_sides(told: Told) -> None:
    told.story()

    with told.database.reader() as session:
        [found] = queries.stories_never_told(session, now() - timedelta(days=1))

    assert (found.lines, set(found.sides)) == (LINES, {told.pair.two.of_nord, told.pair.two.of_sued})
