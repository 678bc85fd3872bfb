"""Mails to people who come to a meetup: to whom, in which language, with what, and when no more."""

from datetime import timedelta

from sqlmodel import col, select

from app.core import events
from app.guardrails import acceptance
from app.meetups.models import Meetup, MeetupStatus
from app.notifications.models import EndpointStatus, Message, Wants, WebhookEndpoint
from app.notifications.preferences import set_wants
from app.people.models import Person, PersonStatus
from app.registrations import service as registrations
from app.registrations.models import Registration
from app.registrations.schemas import SignUp
from tests.app.registrations.conftest import MEETUP, START, Gathering
from tests.app.registrations.post import Post
from tests.world import JsonObject

WHEN_EN = "Thursday, February 18, 2027, 14:00 – 16:00 (Europe/Berlin)"
WHEN_DE = "Donnerstag, 18. Februar 2027, 14:00 – 16:00 (Europe/Berlin)"


def person(name: str, company: str = "Nordwerk", language: str = "en") -> JsonObject:
    return {
        "person": {"email": f"{name.lower()}@{company.lower()}.example", "first_name": name, "language": language}
    }


def sign_up(gathering: Gathering, meetup_id: str, name: str, **wish: object) -> None:
    form = {"email": f"{name.lower()}@nordwerk.example", "first_name": name, "language": "de"} | wish
    with gathering.world.database.session() as session:
        registrations.sign_up(session, meetup_id, SignUp.model_validate(form), "192.0.2.1", "pepper")


def event(gathering: Gathering, kind: str, meetup_id: str, **changed: object) -> None:
    """The meetup changes, and that is made known."""
    with gathering.world.database.session() as session:
        meetup = session.get_one(Meetup, meetup_id)
        for name, value in changed.items():
            setattr(meetup, name, value)
        meetup.sequence += kind in ("meetup.moved", "meetup.cancelled")
        session.add(meetup)
        events.record(session, kind, meetup_id)


def work(gathering: Gathering) -> None:
    """Everything but the sending."""
    while gathering.world.worker.work_once():
        pass


def test_a_place_is_told_with_everything_that_one_needs_in_ones_own_language(gathering: Gathering) -> None:
    agenda: list[dict[str, object]] = [{"text": "Welcome", "minutes": 15}, {"text": "Tables", "minutes": 60}]
    meetup_id = gathering.meetup(place="Hall 3, Hamburg", agenda=agenda)
    alex = gathering.register(meetup_id, "Alex", **person("Alex"))
    gathering.register(meetup_id, "Kim", "Suedbank", **person("Kim", "Suedbank", "de"))

    english, german = Post(gathering).new()

    assert (english.to, english.language, english.subject) == (
        "alex@nordwerk.example",
        "en",
        "You have a place: C3 in spring on February 18, 2027",
    )
    assert (german.to, german.language, german.subject) == (
        "kim@suedbank.example",
        "de",
        "Sie haben einen Platz: C3 in spring am 18. Februar 2027",
    )
    assert english.says(f"You are registered for “C3 in spring”: {WHEN_EN}.")
    assert german.says(f"Sie sind zu „C3 in spring“ angemeldet: {WHEN_DE}.")
    for part in (
        "Online: https://meet.example/c3",
        "Place: Hall 3, Hamburg",
        "Those at your table see your first name and your company",
        "- Welcome (15 min) - Tables (60 min)",
        acceptance.notice("en"),
        "because you, or your company for you, registered for a meetup",
    ):
        assert english.says(part), part
    assert german.says(acceptance.notice("de"))
    online, own_place = english.links
    assert online == "https://meet.example/c3"
    with gathering.world.database.reader() as session:
        stored = session.get_one(Registration, alex["id"])
    assert Post(gathering).opened(own_place)[:2] == (stored.id, stored.person_id)


def test_no_mail_shows_anybody_elses_address_or_name(gathering: Gathering) -> None:
    meetup_id, post = gathering.meetup(capacity=2), Post(gathering)
    people = {"Alex": "Nordwerk", "Kim": "Suedbank", "Robin": "Westbahn"}
    for name, company in people.items():
        gathering.register(meetup_id, name, company)
    gathering.world.worker.run_until_idle()
    event(gathering, "meetup.moved", meetup_id, starts_at=MEETUP + timedelta(days=1))
    gathering.world.worker.run_until_idle()
    event(gathering, "meetup.cancelled", meetup_id, status=MeetupStatus.CANCELLED, cancel_message="Ice.")

    mails = post.new()

    assert len(mails) == 9
    for mail in mails:
        for name, company in people.items():
            address = f"{name.lower()}@{company.lower()}.example"
            whole = f"{mail.text} {mail.entry}"
            assert (address in whole or name in whole) is False or mail.to == address


def test_an_address_from_the_page_is_to_be_confirmed_first(gathering: Gathering) -> None:
    gathering.with_domain()
    meetup_id, post = gathering.meetup(), Post(gathering)

    sign_up(gathering, meetup_id, "Kim")
    asked = post.only()
    sign_up(gathering, meetup_id, "Kim")
    again = post.only()
    registration_id = post.opened(asked.links[0])[0]
    with gathering.world.database.session() as session:
        registrations.confirm_address(session, registration_id)
    confirmed = post.only()
    sign_up(gathering, meetup_id, "Kim")
    known = post.only()

    assert (asked.to, asked.language, asked.subject) == (
        "kim@nordwerk.example",
        "de",
        "Bitte bestätigen Sie Ihre Anmeldung: C3 in spring",
    )
    assert asked.says("Waren Sie es nicht? Dann tun Sie nichts")
    assert asked.says("weil jemand auf der Seite eines Meetups Ihre Adresse eingegeben hat")
    assert (asked.entry, again.subject) == (None, asked.subject)
    assert confirmed.subject == "Sie haben einen Platz: C3 in spring am 18. Februar 2027"
    assert (known.subject, known.entry) == ("Sie waren schon angemeldet: C3 in spring", None)
    assert known.says("Sie haben einen Platz.")
    assert post.opened(known.links[0])[0] == registration_id


def test_who_wants_no_mails_gets_only_what_answers_its_own_typing(gathering: Gathering) -> None:
    meetup_id, other_id, post = gathering.meetup(), gathering.meetup(title="Other"), Post(gathering)
    gathering.with_domain()
    sign_up(gathering, meetup_id, "Kim")
    registration_id, person_id, _ = post.opened(post.only().links[0])
    with gathering.world.database.session() as session:
        set_wants(session, person_id, Wants.NOTHING)
        registrations.confirm_address(session, registration_id)
    sign_up(gathering, other_id, "Kim")
    event(gathering, "meetup.moved", meetup_id, starts_at=MEETUP + timedelta(days=1))

    assert post.subjects() == [("kim", "Bitte bestätigen Sie Ihre Anmeldung: Other")]


def test_the_waiting_list_is_told_where_one_stands_and_why(gathering: Gathering) -> None:
    full = gathering.meetup(title="Full", capacity=1)
    limited = gathering.meetup(title="Limited", limit_per_company=1)
    for meetup_id in (full, limited):
        gathering.register(meetup_id, "Alex", **person("Alex"))
        gathering.register(meetup_id, "Kim", **person("Kim"))
        gathering.register(meetup_id, "Robin", **person("Robin", language="de"))

    mails = {(one.to.partition("@")[0], one.subject.partition(" on")[0]): one for one in Post(gathering).new()}

    second, third = (
        mails["kim", "On the waiting list: Full"],
        mails["robin", "Auf der Warteliste: Full am 18. Februar 2027"],
    )
    assert second.says("At present all places are taken. You are on the waiting list, at position 1.")
    assert second.says("keep it for 48 hours, at the longest until the meetup begins")
    assert third.says("Sie stehen auf der Warteliste an Stelle 2.")
    assert mails["kim", "On the waiting list: Limited"].says(
        "your company has as many places as one company can have"
    )
    # Who only waits does not learn the link.
    assert all("meet.example" not in one.text and one.entry is None for one in (second, third))


def test_a_free_place_is_offered_until_a_time_and_then_goes_on(any_gathering: Gathering) -> None:
    gathering = any_gathering
    meetup_id, post = gathering.meetup(capacity=1), Post(gathering)
    alex = gathering.register(meetup_id, "Alex", **person("Alex"))
    kim = gathering.register(meetup_id, "Kim", **person("Kim"))
    gathering.register(meetup_id, "Robin", **person("Robin", language="de"))
    post.new()

    gathering.say("cancel", alex)
    gone, offered = post.new()
    gathering.pass_(hours=47)
    early = post.tended()
    gathering.pass_(hours=1)
    lapsed = post.tended()

    assert gone.subject == "You are not registered any more: C3 in spring on February 18, 2027"
    assert (offered.to, offered.subject) == (
        "kim@nordwerk.example",
        "A place is free for you: C3 in spring on February 18, 2027",
    )
    assert offered.says("kept for you until Wednesday, January 13, 2027, 10:00 (Europe/Berlin)")
    assert post.opened(offered.links[0])[0] == kim["id"]
    assert (early, lapsed) == (
        [],
        [
            ("kim", "Your place is not kept any more: C3 in spring on February 18, 2027"),
            ("robin", "Ein Platz ist für Sie frei: C3 in spring am 18. Februar 2027"),
        ],
    )


def test_a_mail_that_comes_too_late_is_not_sent(gathering: Gathering) -> None:
    """Each is written when it is sent: what became of it since it was queued counts."""
    meetup_id, post = gathering.meetup(capacity=1), Post(gathering)
    alex = gathering.register(meetup_id, "Alex", **person("Alex"))
    gathering.register(meetup_id, "Kim", **person("Kim"))
    work(gathering)
    gathering.say("cancel", alex)
    work(gathering)

    subjects = post.subjects()

    # Neither the invitation nor the waiting list; and nothing that was never in a calendar is taken out of it.
    assert subjects == [
        ("alex", "You are not registered any more: C3 in spring on February 18, 2027"),
        ("kim", "A place is free for you: C3 in spring on February 18, 2027"),
    ]
    assert all(one.entry is None for one in Post(gathering).new())


def test_a_move_is_told_to_everybody_in_line_once_and_says_what_holds(gathering: Gathering) -> None:
    meetup_id, post = gathering.meetup(capacity=1), Post(gathering)
    gathering.register(meetup_id, "Alex", **person("Alex"))
    gathering.register(meetup_id, "Kim", **person("Kim", language="de"))
    post.new()

    event(gathering, "meetup.moved", meetup_id, starts_at=MEETUP + timedelta(days=1))
    work(gathering)
    moved_to = MEETUP + timedelta(days=2)
    event(gathering, "meetup.moved", meetup_id, starts_at=moved_to, ends_at=moved_to + timedelta(hours=2))
    placed, waiting = post.new()

    assert placed.subject == "Another date or place: C3 in spring on February 20, 2027"
    assert placed.says("From now on this holds: Saturday, February 20, 2027, 14:00 – 16:00 (Europe/Berlin).")
    assert placed.says("Online: https://meet.example/c3")
    assert placed.entry is not None
    assert waiting.subject == "Anderer Termin oder Ort: C3 in spring am 20. Februar 2027"
    assert waiting.says("Sie stehen auf der Warteliste an Stelle 1.")
    assert (waiting.entry, "meet.example" in waiting.text) == (None, False)


def test_who_registers_after_a_move_is_invited_to_the_new_date_and_told_of_no_move(gathering: Gathering) -> None:
    meetup_id, post = gathering.meetup(), Post(gathering)
    event(gathering, "meetup.moved", meetup_id, starts_at=MEETUP + timedelta(hours=1))
    gathering.pass_(minutes=1)
    gathering.register(meetup_id, "Alex", **person("Alex"))

    assert post.subjects() == [("alex", "You have a place: C3 in spring on February 18, 2027")]


def test_who_registers_just_before_a_move_is_invited_to_the_new_date_and_told_of_no_move(
    any_gathering: Gathering,
) -> None:
    meetup_id, post = any_gathering.meetup(capacity=1), Post(any_gathering)
    any_gathering.register(meetup_id, "Alex", **person("Alex"))
    any_gathering.pass_(minutes=1)
    event(any_gathering, "meetup.moved", meetup_id, place="Hall 3")

    [invited] = post.new()
    any_gathering.pass_(minutes=1)
    event(any_gathering, "meetup.moved", meetup_id, place="Hall 4")
    [moved] = post.new()

    assert invited.subject == "You have a place: C3 in spring on February 18, 2027"
    assert moved.subject == "Another date or place: C3 in spring on February 18, 2027"
    assert (invited.says("Place: Hall 3"), moved.says("Place: Hall 4")) == (True, True)
    assert [one.entry.sequence for one in (invited, moved) if one.entry] == [1, 2]


def test_two_moves_at_once_are_one_mail(gathering: Gathering) -> None:
    meetup_id, post = gathering.meetup(), Post(gathering)
    gathering.register(meetup_id, "Alex", **person("Alex"))
    post.new()
    for place in ("Hall 3", "Hall 4"):
        gathering.pass_(minutes=1)
        event(gathering, "meetup.moved", meetup_id, place=place)

    assert post.only().says("Place: Hall 4")


def test_a_meetup_that_is_cancelled_tells_the_organizers_words(gathering: Gathering) -> None:
    meetup_id, post = gathering.meetup(capacity=1), Post(gathering)
    gathering.register(meetup_id, "Alex", **person("Alex"))
    gathering.register(meetup_id, "Kim", **person("Kim", language="de"))
    post.new()

    message = "Our speaker is ill. {title}"
    event(gathering, "meetup.cancelled", meetup_id, status=MeetupStatus.CANCELLED, cancel_message=message)
    placed, waiting = post.new()

    assert placed.subject == "C3 in spring on February 18, 2027 does not take place"
    assert placed.says(f"The organizers write: {message}")
    assert placed.entry is not None
    assert waiting.subject == "C3 in spring am 18. Februar 2027 findet nicht statt"
    assert (waiting.entry, waiting.links) == (None, [])


def test_the_next_meetup_is_told_to_those_who_wished_so_with_a_way_to_stop(any_gathering: Gathering) -> None:
    gathering = any_gathering
    first, post = gathering.meetup(), Post(gathering)
    alex = gathering.register(first, "Alex", **person("Alex"), stays=True)
    gathering.register(first, "Kim", **person("Kim"))
    gathering.register(first, "Robin", **person("Robin"), stays=True)
    gathering.register(first, "Sam", "Suedbank", **person("Sam", "Suedbank"), stays=True)
    # Who has had enough at the last one is not told any more; who is gone is not, either.
    second = gathering.meetup(title="C3 in summer", starts_at=MEETUP + timedelta(days=90))
    gathering.pass_(minutes=1)
    gathering.register(second, "Robin", **person("Robin"), stays=False)
    post.new()
    with gathering.world.database.session() as session:
        sam = session.exec(
            select(Registration).where(col(Registration.company_id) == gathering.company("Suedbank"))
        ).one()
        session.get_one(Person, sam.person_id).status = PersonStatus.WAITING
    gathering.go(MEETUP + timedelta(days=170))
    third = gathering.meetup(
        title="C3 in autumn", starts_at=MEETUP + timedelta(days=220), status=MeetupStatus.ANNOUNCED
    )
    event(gathering, "meetup.announced", third)

    told = post.only()

    assert (told.to, told.subject) == ("alex@nordwerk.example", "The next meetup: C3 in autumn on September 26, 2027")
    assert told.says("Learn from each other. Its page tells more")
    assert told.says("because you wished at an earlier meetup to be told of the next ones")
    page, stop = told.links
    assert page == f"{gathering.world.settings.public_url}/meetups/{third}"
    gathering.pass_(days=29)
    assert post.opened(stop)[0] == alex["id"]


def test_portals_hear_of_their_own_people_with_ids_only(gathering: Gathering) -> None:
    meetup_id = gathering.meetup(capacity=1)
    for company in ("Nordwerk", "Suedbank"):
        with gathering.world.database.session() as session:
            session.add(
                WebhookEndpoint(
                    id=f"whk_{company}",
                    company_id=gathering.company(company),
                    url="https://portal.example/hook",
                    kinds=["registration.changed"],
                    status=EndpointStatus.ACTIVE,
                    secret="sealed",
                    created_at=START,
                )
            )
    alex = gathering.register(meetup_id, "Alex")
    kim = gathering.register(meetup_id, "Kim", "Suedbank")
    gathering.say("cancel", alex)
    gathering.with_domain()
    sign_up(gathering, meetup_id, "Robin")
    work(gathering)

    with gathering.world.database.reader() as session:
        told = session.exec(
            select(Message).where(col(Message.endpoint_id).is_not(None)).order_by(col(Message.id))
        ).all()

    assert [(one.endpoint_id, one.template, one.ids) for one in told] == [
        (f"whk_{company}", "registration.changed", {"meetup_id": meetup_id, "registration_id": registration["id"]})
        for company, registration in (("Nordwerk", alex), ("Suedbank", kim), ("Nordwerk", alex), ("Suedbank", kim))
    ]
