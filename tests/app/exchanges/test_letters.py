"""Letters of a tandem's life: to whom, in which language, with which links and calendar entries."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from icalendar import Calendar
from sqlmodel import select

from app.access.models import Role
from app.access.service import Caller
from app.core import links
from app.exchanges import voices
from app.exchanges.models import Pulse
from app.notifications.letters import Attachment, Letter
from app.notifications.models import EndpointStatus, Message, WebhookEndpoint
from app.people.models import Person
from tests.app.exchanges.conftest import KIM, START, Pair, Sent, done, refused
from tests.app.tandems.conftest import work

PEPPER = "pepper of this test"


def of(sent: list[Sent], template: str, name: str) -> Letter:
    [letter] = [one.letter for one in sent if (one.template, one.to) == (template, name)]
    return letter


def entry(attachments: tuple[Attachment, ...]) -> dict[str, str]:
    """The one calendar entry of a letter."""
    [file] = attachments
    calendar = Calendar.from_ical(file.content)
    [event] = calendar.walk("VEVENT")
    told = {name: str(event[name]) for name in ("uid", "sequence", "summary", "description")}
    start = event.decoded("dtstart")
    assert isinstance(start, datetime)
    start = start.astimezone(UTC)
    return told | {"method": str(calendar["method"]), "start": f"{start:%Y-%m-%dT%H:%MZ}", "file": file.method}


def test_a_meeting_is_one_entry_in_the_calendar_from_its_plan_to_its_end(pair: Pair) -> None:
    pair.accept(pair.nord, pair.sued)
    pair.mails()

    first = pair.plan(datetime(2027, 1, 14, 9, tzinfo=UTC), place="Room 7")
    planned = pair.mails()
    second = pair.say("move", first, pair.sued, starts_at="2027-01-15T11:00:00")
    moved = pair.mails()
    done(pair.nord.patch(f"/v1/exchanges/{second['id']}", json={"place": "Room 8"}, headers={"If-Match": "*"}))
    changed = pair.mails()
    pair.say("cancel", second)
    cancelled = pair.mails()

    english, german = of(planned, "exchange.planned", "Alex"), of(planned, "exchange.planned", "Kim")
    host = "Chart Circle" if pair.tandem()["side"] == "a" else "Diagrammkreis"
    assert (english.subject, english.paragraphs) == (
        "Your meeting with Diagrammkreis: Thursday, January 14, 2027, 10:00 (Europe/Berlin)",
        (
            "Chart Circle and Diagrammkreis have a date: Thursday, January 14, 2027, 10:00 (Europe/Berlin), 60 "
            f"minutes. The host is {host}.",
            "Place: Room 7",
            "The calendar file that is attached puts it into your calendar.",
        ),
    )
    assert german.subject == "Ihr Treffen mit Chart Circle: Donnerstag, 14. Januar 2027, 10:00 (Europe/Berlin)"
    assert german.points[0] == "Einander kennenlernen (15 Min.)"
    assert "Preise" in german.after[0]
    entries = [
        entry(of(sent, f"exchange.{name}", "Alex").attachments)
        for name, sent in (("planned", planned), ("moved", moved), ("changed", changed), ("cancelled", cancelled))
    ]
    same = {"uid": entries[0]["uid"], "summary": "Kick-off: Chart Circle and Diagrammkreis"}
    same |= {"description": entries[0]["description"]}
    assert entries == [
        same | {"sequence": "0", "method": "REQUEST", "file": "REQUEST", "start": "2027-01-14T09:00Z"},
        same | {"sequence": "1", "method": "REQUEST", "file": "REQUEST", "start": "2027-01-15T10:00Z"},
        same | {"sequence": "2", "method": "REQUEST", "file": "REQUEST", "start": "2027-01-15T10:00Z"},
        same | {"sequence": "3", "method": "CANCEL", "file": "CANCEL", "start": "2027-01-15T10:00Z"},
    ]
    assert all(len(sent) == 2 for sent in (planned, moved, changed, cancelled))


def test_an_entry_that_is_taken_out_after_the_end_names_its_reader_only(pair: Pair) -> None:
    pair.accept(pair.nord, pair.sued)
    pair.plan(datetime(2027, 1, 14, 9, tzinfo=UTC))
    pair.mails()
    done(pair.nord.post(f"{pair.address}/close"))
    work(pair.world)
    later = {"managers": [{"email": "later@suedbank.example", "first_name": "Later"}]}
    done(pair.sued.patch(f"/v1/communities/{pair.two.of_sued}", json=later, headers={"If-Match": "*"}))

    [file] = of(pair.mails(), "exchange.cancelled", "Alex").attachments

    assert file.method == "CANCEL"
    [event] = Calendar.from_ical(file.content).walk("VEVENT")
    assert (event.get("organizer"), str(event["attendee"])) == (None, "mailto:alex@nordwerk.example")


def test_an_invitation_that_was_not_sent_before_the_date_was_moved_is_not_sent_any_more(pair: Pair) -> None:
    pair.accept(pair.nord, pair.sued)
    pair.mails()
    first = pair.plan(datetime(2027, 1, 14, 9, tzinfo=UTC))
    work(pair.world)

    pair.say("move", first, starts_at="2027-01-15T11:00:00")

    assert {template for template, _ in pair.templates()} == {"exchange.moved"}


def test_links_of_letters_open_for_their_reader_only_and_do_what_they_say(pair: Pair) -> None:
    pair.kick_off()
    how_was_it = of(pair.mails(), "exchange.useful", "Kim")
    pair.clock.go(datetime(2027, 7, 1, 9, tzinfo=UTC))
    pair.tend()
    go_on = of(pair.mails(), "tandem.renew", "Kim")
    kim = pair.sued.get("/v1/people").json()["items"][0]
    caller = Caller(Role.MANAGER, key_id="link", person_id=kim["id"], company_id=kim["company_id"])

    [useful], [pulse] = how_was_it.actions, go_on.actions
    assert go_on.subject == "Ihr Tandem mit Chart Circle endet am 14. Juli 2027: Weitermachen?"
    assert urlsplit(pulse.url).path.startswith("/pulse/")
    tandem_id, side, person_id, term = links.opened("pulse", pulse.url.rpartition("/")[2], PEPPER)
    assert (tandem_id, person_id, term) == (pair.tandem_id, kim["id"], "1")
    with pair.world.database.session() as session:
        said = voices.say_pulse(session, caller, tandem_id, Pulse.CONTINUE, None, term=int(term))
        assert said.side == side
    assert (pair.tandem()["term"], pair.tandem()["ends_on"]) == (2, "2028-01-14")
    pair.clock.go(START + timedelta(days=4))
    exchange_id, _, person_id = links.opened("useful", useful.url.rpartition("/")[2], PEPPER)
    with pair.world.database.session() as session:
        voices.say_useful(session, caller, exchange_id, True)
    assert done(pair.sued.get(f"/v1/exchanges/{exchange_id}"))["own_useful"] is True


def test_a_question_about_an_earlier_term_changes_nothing(pair: Pair) -> None:
    pair.kick_off()
    pair.clock.go(datetime(2027, 7, 1, 9, tzinfo=UTC))
    done(pair.nord.post(f"{pair.address}/renew", json={}))
    kim = pair.sued.get("/v1/people").json()["items"][0]
    caller = Caller(Role.MANAGER, key_id="link", person_id=kim["id"], company_id=kim["company_id"])

    with pair.world.database.session() as session, pytest.raises(voices.TermOver):
        voices.say_pulse(session, caller, pair.tandem_id, Pulse.END_WELL, None, term=1)

    assert pair.tandem()["status"] == "active"


def test_who_takes_over_is_told_to_the_partner_and_the_tandem_lives_on(pair: Pair) -> None:
    pair.mails()
    lee = {"email": "lee@suedbank.example", "first_name": "Lee", "deputy": True}
    address = f"/v1/communities/{pair.two.of_sued}"

    def speak(*managers: Mapping[str, object]) -> list[Sent]:
        done(pair.sued.patch(address, json={"managers": list(managers)}, headers={"If-Match": "*"}))
        return pair.mails()

    joined = speak(KIM, lee)
    done(pair.sued.patch(address, json={"teaser": "Charts."}, headers={"If-Match": "*"}))
    unchanged = pair.mails()
    taken_over = speak(lee)
    nobody = speak()

    letter = of(joined, "tandem.contact_changed", "Alex")
    assert letter.subject == "Diagrammkreis: new contacts"
    assert letter.points == ("Kim <kim@suedbank.example>", "Lee <lee@suedbank.example>")
    assert unchanged == []
    # Whoever is new is introduced to the partner; who was there before is not told again.
    assert sorted((one.template, one.to) for one in joined) == [
        ("tandem.contact_changed", "Alex"),
        ("tandem.introduced", "Lee"),
    ]
    assert [(one.to, one.letter.points) for one in taken_over] == [("Alex", ("Lee <lee@suedbank.example>",))]
    [last] = nobody
    assert last.letter.subject == "Diagrammkreis: a new contact is being looked for"
    assert pair.tandem()["status"] == "starting"


def test_who_comes_along_when_two_entries_become_one_is_told_to_the_partner(pair: Pair) -> None:
    lee = {"email": "lee@suedbank.example", "first_name": "Lee"}
    document = {"name": "Diagramme", "topics": ["charts"], "managers": [lee]}
    double = done(pair.sued.put("/v1/sources/intranet/communities/double", json=document))
    pair.mails()

    done(pair.sued.post(f"/v1/communities/{double['id']}/merge", json={"into": pair.two.of_sued}))

    introduced, told = sorted(pair.mails(), key=lambda one: one.to, reverse=True)
    assert (introduced.template, introduced.to) == ("tandem.introduced", "Lee")
    assert (told.template, told.to) == ("tandem.contact_changed", "Alex")
    assert told.letter.points == ("Kim <kim@suedbank.example>", "Lee <lee@suedbank.example>")


def test_who_takes_over_is_invited_to_what_is_planned_and_nobody_twice(pair: Pair) -> None:
    pair.accept(pair.nord, pair.sued)
    first = pair.plan(START + timedelta(days=20))
    done(pair.nord.post(f"/v1/exchanges/{first['id']}/move", json={"starts_at": "2027-02-08T10:00:00Z"}))
    pair.mails()
    lee = {"email": "lee@suedbank.example", "first_name": "Lee", "deputy": True}
    address = f"/v1/communities/{pair.two.of_sued}"

    done(pair.sued.patch(address, json={"managers": [KIM, lee]}, headers={"If-Match": "*"}))
    joined = pair.mails()
    done(pair.sued.patch(address, json={"managers": [lee]}, headers={"If-Match": "*"}))
    alone = pair.mails()

    assert sorted((one.template, one.to) for one in joined) == [
        ("exchange.planned", "Lee"),
        ("tandem.contact_changed", "Alex"),
        ("tandem.introduced", "Lee"),
    ]
    [invitation] = of(joined, "exchange.planned", "Lee").attachments
    assert b"METHOD:REQUEST" in invitation.content
    assert [(one.template, one.to) for one in alone] == [("tandem.contact_changed", "Alex")]


def test_each_step_of_one_side_is_told_to_both_in_their_languages(pair: Pair) -> None:
    exchange = pair.kick_off()
    pair.mails()
    told: dict[str, dict[str, str]] = {}

    def remember() -> None:
        for one in pair.mails():
            told.setdefault(one.template, {})[one.to] = one.letter.subject
            assert all("{" not in text for text in (one.letter.subject, *one.letter.paragraphs, *one.letter.after))

    done(pair.nord.patch(pair.address, json={"rhythm_weeks": 8}, headers={"If-Match": "*"}))
    pair.say("minutes", exchange, topics="Onboarding.", take_away="A buddy.", next="A barcamp.")
    done(pair.nord.post(f"{pair.address}/pulse", json={"pulse": "adjust"}))
    remember()
    pair.say("object", exchange, item=1)
    done(pair.nord.post(f"{pair.address}/pause", json={}))
    remember()
    done(pair.nord.post(f"{pair.address}/resume"))
    remember()
    done(pair.nord.post(f"{pair.address}/pulse", json={"pulse": "end_well"}))
    remember()
    done(pair.nord.post(f"{pair.address}/renew", json={}))
    remember()
    done(pair.nord.post(f"{pair.address}/rotate"))
    remember()

    assert told == {
        "tandem.agreed": {
            "Alex": "Another rhythm with Diagrammkreis",
            "Kim": "Ein anderer Rhythmus mit Chart Circle",
        },
        "exchange.minutes": {"Kim": "Notizen zu Ihrem Treffen mit Chart Circle"},
        "tandem.adjust": {"Kim": "Chart Circle möchte etwas anpassen"},
        "exchange.objected": {
            "Alex": "Your meeting with Diagrammkreis counts as ended",
            "Kim": "Ihr Treffen mit Chart Circle gilt als beendet",
        },
        "tandem.paused": {
            "Alex": "Your tandem with Diagrammkreis pauses until March 11, 2027",
            "Kim": "Ihr Tandem mit Chart Circle pausiert bis zum 11. März 2027",
        },
        "tandem.resumed": {
            "Alex": "Your tandem with Diagrammkreis goes on",
            "Kim": "Ihr Tandem mit Chart Circle geht weiter",
        },
        "tandem.harvest": {
            "Alex": "What have you learned with Diagrammkreis?",
            "Kim": "Was haben Sie mit Chart Circle gelernt?",
        },
        "tandem.renewed": {
            "Alex": "Your tandem with Diagrammkreis is renewed",
            "Kim": "Ihr Tandem mit Chart Circle ist verlängert",
        },
        "tandem.closed_with_thanks": {
            "Alex": "Thank you: your tandem with Diagrammkreis has ended",
            "Kim": "Danke: Ihr Tandem mit Chart Circle ist zu Ende",
        },
    }


def test_somebody_who_speaks_for_the_side_no_more_gets_no_letter(pair: Pair) -> None:
    pair.mails()
    done(pair.nord.post(f"{pair.address}/pause", json={}))
    work(pair.world)

    with pair.world.database.session() as session:
        kim = session.exec(select(Person).where(Person.first_name == "Kim")).one()
        kim.status = kim.status.WAITING
        session.add(kim)

    assert pair.templates() == [("tandem.paused", "Alex")]


def test_portals_are_told_with_ids_only_each_of_its_own_community(pair: Pair) -> None:
    pair.mails()
    with pair.world.database.session() as session:
        for company_id in (pair.two.nord, pair.two.sued):
            session.add(
                WebhookEndpoint(
                    id=f"whk_{company_id}",
                    company_id=company_id,
                    url="https://portal.example/hook",
                    kinds=[],
                    status=EndpointStatus.ACTIVE,
                    secret="sealed",
                    created_at=START,
                )
            )
    pair.accept(pair.nord, pair.sued)
    first = pair.plan(datetime(2027, 1, 14, 9, tzinfo=UTC))
    second = pair.say("move", first, starts_at="2027-01-15T11:00:00")
    pair.clock.go(datetime(2027, 1, 15, 12, tzinfo=UTC))
    pair.say("held", second)
    work(pair.world)

    with pair.world.database.reader() as session:
        told = session.exec(select(Message).where(Message.endpoint_id == f"whk_{pair.two.sued}")).all()
    own = {"tandem_id": pair.tandem_id, "community_id": pair.two.of_sued}
    assert [(one.template, one.ids) for one in sorted(told, key=lambda one: one.id)] == [
        ("exchange.planned", own | {"exchange_id": first["id"]}),
        ("exchange.moved", own | {"exchange_id": second["id"], "moved_from": first["id"]}),
        ("exchange.held", own | {"exchange_id": second["id"]}),
    ]
    assert refused(pair.nord.post(f"/v1/exchanges/{first['id']}/held")) == (409, "wrong-exchange-state")
