"""What everybody may read of meetups without a key: a calendar and a list, without what belongs to those who come."""

from datetime import UTC, datetime, timedelta

import pytest
from httpx2 import Response
from icalendar import Calendar

from app.guardrails import acceptance
from tests.app.meetups.conftest import Quarter
from tests.world import JsonObject

CALENDAR, LIST = "/meetups.ics", "/meetups.json"


def read(quarter: Quarter, path: str = CALENDAR, **headers: str) -> Response:
    answer = quarter.world.client.get(path, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer


def calendar(quarter: Quarter, path: str = CALENDAR, **headers: str) -> Calendar:
    answer = read(quarter, path, **headers)
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert all(len(line) <= 75 for line in answer.content.split(b"\r\n"))
    found = Calendar.from_ical(answer.content)
    assert isinstance(found, Calendar)
    return found


def listed(quarter: Quarter) -> list[JsonObject]:
    items: list[JsonObject] = read(quarter, LIST).json()["items"]
    return items


def with_talk(quarter: Quarter, meetup: JsonObject, title: str = "Charts for all") -> JsonObject:
    return quarter.talk_step(quarter.propose(meetup, title=title), "accept")


def test_without_meetups_both_are_empty(quarter: Quarter) -> None:
    quarter.draft()

    found = calendar(quarter)

    assert (found.events, str(found["method"]), str(found["name"])) == (
        [],
        "PUBLISH",
        "Meetups of communities of several companies",
    )
    assert listed(quarter) == []


def test_every_meetup_is_in_both_once_it_is_announced_whatever_becomes_of_it(quarter: Quarter) -> None:
    by_status = {
        "announced": quarter.announced(title="announced"),
        "open": quarter.opened(title="open"),
        "full": quarter.opened(title="full", capacity=1),
        "cancelled": quarter.step(quarter.opened(title="cancelled"), "cancel", message="No room: call Alex."),
        "held": quarter.opened(title="held"),
        "archived": quarter.opened(title="archived"),
    }
    quarter.draft(title="draft")
    quarter.step(quarter.draft(title="given up as a draft"), "cancel", message="Not wanted.")
    quarter.taken(by_status["full"], 1)
    quarter.change(by_status["full"], purpose="We meet.")
    quarter.go("2027-03-11T17:00:00Z")
    for title in ("held", "archived"):
        quarter.step(by_status[title], "hold")
    quarter.step(by_status["archived"], "archive")

    found = calendar(quarter)

    assert {one["title"]: one["status"] for one in listed(quarter)} == {title: title for title in by_status}
    assert {str(one["summary"]): str(one["status"]) for one in found.events} == {
        title: "CANCELLED" if title == "cancelled" else "CONFIRMED" for title in by_status
    }


def test_a_meetup_stays_for_a_year(quarter: Quarter) -> None:
    quarter.opened()

    quarter.go("2028-03-10T12:00:00Z")
    shown = [len(calendar(quarter).events), len(listed(quarter))]
    quarter.go("2028-03-13T12:00:00Z")

    assert (shown, len(calendar(quarter).events), listed(quarter)) == ([1, 1], 0, [])


def test_the_list_tells_what_a_web_site_needs_and_nothing_of_people_or_links(quarter: Quarter) -> None:
    online = quarter.opened(title="Online", host_company_id=quarter.nordwerk, capacity=10)
    there = quarter.announced(title="There", place="Hall 3, Hamburg", starts_at="2027-03-10T13:00:00Z")
    with_talk(quarter, online)
    quarter.propose(online, title="Only proposed")

    first, second = listed(quarter)

    url = quarter.world.settings.public_url
    assert first == {
        "id": there["id"],
        "title": "There",
        "language": "en",
        "purpose": "We find partners.",
        "starts_at": "2027-03-10T13:00:00Z",
        "ends_at": "2027-03-11T16:00:00Z",
        "time_zone": "Europe/Berlin",
        "place": "Hall 3, Hamburg",
        "status": "announced",
        "url": f"{url}/meetups/{there['id']}",
        "talks": [],
    }
    assert (second["id"], second["place"], second["talks"]) == (online["id"], None, ["Charts for all"])
    for answer in (read(quarter, LIST).text, read(quarter).text.replace("\r\n ", "")):
        for secret in ("secret-room", "Alex", "alex@", "Nordwerk", "Chart Circle", "Only proposed", quarter.circle):
            assert secret not in answer, secret


def test_an_entry_keeps_its_uid_and_counts_on_when_the_meetup_moves_and_ends(quarter: Quarter) -> None:
    meetup = quarter.opened(place="Hall 3")
    with_talk(quarter, meetup)

    [first] = calendar(quarter).events
    quarter.change(meetup, starts_at="2027-03-12T13:00:00", ends_at="2027-03-12T17:00:00")
    [moved] = calendar(quarter).events
    quarter.step(meetup, "cancel", message="Ice.")
    [cancelled] = calendar(quarter).events

    assert str(first["description"]) == f"We find partners.\n\nTalk: Charts for all\n\n{acceptance.notice('en')}"
    assert (str(first["location"]), str(first["url"])) == (
        "Hall 3",
        f"{quarter.world.settings.public_url}/meetups/{meetup['id']}",
    )
    assert "organizer" not in first
    assert "attendee" not in first
    told = [(str(one["uid"]), int(str(one["sequence"])), str(one["status"])) for one in (first, moved, cancelled)]
    uid = str(first["uid"])
    assert told == [(uid, 0, "CONFIRMED"), (uid, 1, "CONFIRMED"), (uid, 2, "CANCELLED")]


def test_a_meetup_across_the_change_of_clocks_has_the_right_end(quarter: Quarter) -> None:
    quarter.opened(starts_at="2027-03-27T23:00:00", ends_at="2027-03-28T05:00:00")

    [found] = calendar(quarter).events

    moments = [found.decoded(name) for name in ("dtstart", "dtend")]
    assert [one.astimezone(UTC) for one in moments] == [
        datetime(2027, 3, 27, 22, tzinfo=UTC),
        datetime(2027, 3, 28, 3, tzinfo=UTC),
    ]


@pytest.mark.parametrize(
    ("query", "accept", "language"),
    [("", "de-DE,de;q=0.9", "de"), ("", "fr", "en"), ("?lang=de", "en", "de"), ("?lang=en", "de", "en")],
)
def test_the_calendar_speaks_the_language_that_is_asked_for(
    quarter: Quarter, query: str, accept: str, language: str
) -> None:
    quarter.opened()

    answer = read(quarter, CALENDAR + query, **{"Accept-Language": accept})

    name = {"de": "Meetups von Communities mehrerer Unternehmen", "en": "Meetups of communities of several companies"}
    found = Calendar.from_ical(answer.content)
    assert str(found["name"]) == name[language]
    assert acceptance.notice("de" if language == "de" else "en") in str(found.walk("VEVENT")[0]["description"])
    assert answer.headers["vary"] == "Accept-Language"


def test_a_language_that_is_not_spoken_is_refused_with_what_is(quarter: Quarter) -> None:
    answer = quarter.world.client.get(f"{CALENDAR}?lang=fr")

    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-input")
    assert answer.json()["errors"][0]["parameter"] == "lang"


@pytest.mark.parametrize("path", [CALENDAR, LIST])
def test_what_has_not_changed_is_not_sent_again(quarter: Quarter, path: str) -> None:
    meetup = quarter.opened()
    first = read(quarter, path)

    # Later, so that the stamps in the file are others.
    quarter.clock.shift(timedelta(hours=4))
    client, known = quarter.world.client, {"If-None-Match": first.headers["ETag"]}
    same, head = client.get(path, headers=known), client.head(path)
    quarter.change(meetup, title="Spring, anew")
    other = client.get(path, headers=known)

    assert (same.status_code, same.content) == (304, b"")
    assert (head.status_code, head.headers["ETag"]) == (200, first.headers["ETag"])
    assert other.status_code == 200
    assert "Spring\\, anew" in other.text or "Spring, anew" in other.text
    assert first.headers["cache-control"] == "public, max-age=300"


@pytest.mark.parametrize("path", [CALENDAR, LIST])
def test_the_number_of_queries_does_not_grow_with_the_meetups(
    quarter: Quarter, client_queries: list[str], path: str
) -> None:
    counts = []
    for wanted in (1, 3):
        while len(listed(quarter)) < wanted:
            with_talk(quarter, quarter.opened(), f"Talk {wanted}")
        client_queries.clear()
        read(quarter, path)
        counts.append(len(client_queries))

    assert counts[0] == counts[1] <= 3
