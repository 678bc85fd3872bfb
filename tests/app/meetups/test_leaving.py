"""What stays of a person, or of a company, that leaves: its talks go with it, the meetup does not."""

from sqlmodel import select

from app.companies import service as companies
from app.guardrails.models import GuardrailNote
from app.meetups import personal, queries
from app.meetups import service as meetups
from app.meetups.forgetting import TALK_KIND
from tests.app.meetups.conftest import Quarter, done
from tests.app.meetups.test_hints import keep
from tests.app.meetups.test_talks import alex


def test_a_person_takes_its_talks_along_and_stands_in_none_of_them_afterwards(quarter: Quarter) -> None:
    meetup, speaker = quarter.announced(), alex(quarter)
    talk = quarter.propose(
        meetup,
        title="Alex and Alexandria",
        abstract="Write to Alex@nordwerk.example. ALEX knows more.",
        speaker_id=speaker,
    )
    other = quarter.propose(meetup, abstract="Alex is not the speaker here.")
    quarter.talk_step(talk, "accept")
    quarter.change(meetup, agenda=[{"talk_id": talk["id"], "minutes": 20}])
    before = quarter.organizer.get(f"/v1/meetups/{meetup['id']}").headers["ETag"]

    with quarter.world.database.session() as session:
        [(record, taken)] = personal.export_person(session, speaker)
        personal.erase_person(session, speaker)

    assert (record, taken["id"], taken["title"]) == ("talk", talk["id"], "Alex and Alexandria")
    shown = done(quarter.nord.get(f"/v1/talks/{talk['id']}"))
    assert (shown["speaker"], shown["title"], shown["status"]) == (None, "… and Alexandria", "accepted")
    assert shown["abstract"] == "Write to …. … knows more."
    after = quarter.organizer.get(f"/v1/meetups/{meetup['id']}", headers={"If-None-Match": before})
    assert done(after)["agenda"][0]["text"] == "… and Alexandria"
    assert done(quarter.nord.get(f"/v1/talks/{other['id']}")) == other


def test_a_company_takes_its_talks_along_and_hosts_nothing_any_more(quarter: Quarter) -> None:
    meetup = quarter.announced(host_company_id=quarter.nordwerk)
    talk, proposed = quarter.propose(meetup, title="Our discounts", speaker_id=alex(quarter)), quarter.propose(meetup)
    done(keep(quarter.nord, f"/v1/talks/{talk['id']}", "/title"))
    quarter.talk_step(talk, "accept")
    agenda = [{"talk_id": talk["id"], "minutes": 20}, {"text": "Questions", "minutes": 10}]
    quarter.change(meetup, agenda=agenda)
    before = quarter.organizer.get(f"/v1/meetups/{meetup['id']}").headers["ETag"]

    with quarter.world.database.session() as session:
        meetups.erase_company(session, quarter.nordwerk)

    after = quarter.organizer.get(f"/v1/meetups/{meetup['id']}", headers={"If-None-Match": before})
    shown = done(after)
    assert (shown["host_company_id"], shown["host_company"], len(shown["agenda"])) == (None, None, 1)
    for one in (talk, proposed):
        left = done(quarter.organizer.get(f"/v1/talks/{one['id']}"))
        assert (left["status"], left["title"], left["abstract"], left["speaker"]) == ("withdrawn", "", "", None)
    with quarter.world.database.reader() as session:
        assert session.exec(select(GuardrailNote).where(GuardrailNote.subject_kind == TALK_KIND)).all() == []


def test_a_company_that_leaves_can_propose_no_more_and_its_talks_are_listed_for_it(quarter: Quarter) -> None:
    meetup = quarter.announced()
    talks = [quarter.propose(meetup, title=title) for title in ("One", "Two")]
    done(quarter.world.operator.post(f"/v1/companies/{quarter.nordwerk}/leave"))

    refused = quarter.try_propose(meetup)

    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/company-not-active")
    with quarter.world.database.reader() as session:
        first = queries.page_of_company(session, quarter.nordwerk, after=None, limit=1)
        rest = queries.page_of_company(session, quarter.nordwerk, after=talks[0]["id"], limit=1)
        assert [one.id for one in first] == [one["id"] for one in talks]
        assert [one.id for one in rest] == [talks[1]["id"]]
        assert queries.page_of_company(session, quarter.suedbank, after=None, limit=1) == []
        assert not companies.takes_part(session, quarter.nordwerk)
