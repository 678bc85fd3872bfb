"""The calendar feed of a community: for its own people, changed when it has gone astray, complete and up to date."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import time_machine
from icalendar import Calendar

from app.access.models import Role
from app.communities import service as communities
from app.communities.models import Community
from app.core import links
from app.exchanges.models import ExchangeStatus
from app.guardrails import acceptance
from tests.app.console.conftest import Pages, told
from tests.world import ApiCaller, JsonObject


def given(caller: ApiCaller, community_id: str, step: str = "") -> str:
    """The path of the feed's address."""
    answer = caller.post(f"/v1/communities/{community_id}/calendar-feed{step}")
    assert answer.status_code == 200, answer.text
    assert answer.json()["community_id"] == community_id
    return str(urlsplit(answer.json()["url"]).path)


def read(pages: Pages, address: str) -> Calendar:
    answer = pages.get(address)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/calendar; charset=utf-8")
    found = Calendar.from_ical(answer.content)
    assert isinstance(found, Calendar)
    return found


def test_the_own_people_of_a_community_get_its_address_and_nobody_else(pages: Pages) -> None:
    world = pages.world
    own = [
        pages.portal,
        world.caller(Role.COORDINATOR, pages.nord),
        world.caller(Role.MANAGER, person_id=pages.kim),
    ]
    path = f"/v1/communities/{pages.of_nord}/calendar-feed"

    addresses = {given(caller, pages.of_nord) for caller in own}
    others = [world.portal(pages.sued).post(path), world.caller(Role.MANAGER, person_id=pages.sam).post(path)]
    above = [world.organizer.post(path), world.operator.post(path), world.organizer.post(f"{path}/revoke")]

    assert len(addresses) == 1
    assert [(one.status_code, one.json()["type"]) for one in others] == [(404, "/problems/community-not-found")] * 2
    assert [one.status_code for one in above] == [403, 403, 403]


def test_a_feed_tells_each_meeting_once_and_what_became_of_it(pages: Pages) -> None:
    tandem_id = pages.tandem()
    pages.exchange(tandem_id, 1, status=ExchangeStatus.HELD, place="Room 1, first floor; left")
    pages.exchange(tandem_id, 2, status=ExchangeStatus.MOVED, moved_to="exc_3")
    pages.exchange(tandem_id, 3, uid="exc_2@tandem.example", sequence=1)
    pages.exchange(tandem_id, 4, status=ExchangeStatus.MISSED)
    pages.exchange(
        tandem_id, 5, status=ExchangeStatus.MOVED, sequence=1, agenda=[{"text": "X", "minutes": 5, "parked": True}]
    )
    pages.exchange(tandem_id, 6, starts_at=datetime.now(UTC) - timedelta(days=400))

    found = read(pages, given(pages.portal, pages.of_nord))

    assert [(one["uid"], one["sequence"], one["status"]) for one in found.events] == [
        ("exc_1@tandem.example", 0, "CONFIRMED"),
        ("exc_2@tandem.example", 1, "CONFIRMED"),
        ("exc_4@tandem.example", 0, "CANCELLED"),
        ("exc_5@tandem.example", 1, "CANCELLED"),
    ]
    first = found.events[0]
    notice = acceptance.notice("en")
    assert (str(first["summary"]), str(first["location"]), str(first["description"])) == (
        "Tandem: Chart <b>Circle</b> and Diagrammkreis",
        "Room 1, first floor; left",
        f"- Show one practice\n\n{notice}",
    )
    assert str(found.events[3]["description"]) == notice
    assert str(found["name"]) == "Tandems of Chart <b>Circle</b>"


def test_the_meetings_of_a_tandem_that_is_closed_are_taken_out(pages: Pages) -> None:
    tandem_id = pages.tandem()
    pages.exchange(tandem_id)
    address = given(pages.portal, pages.of_nord)
    before = [one["status"] for one in read(pages, address).events]

    pages.portal.post(f"/v1/tandems/{tandem_id}/close")

    assert (before, [one["status"] for one in read(pages, address).events]) == (["CONFIRMED"], ["CANCELLED"])


def test_what_has_not_changed_is_not_sent_again(pages: Pages) -> None:
    address = given(pages.portal, pages.of_nord)
    first = pages.get(address)

    # Later, so that the stamps in the file are others.
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=4), tick=False):
        same = pages.get(address, **{"If-None-Match": first.headers["ETag"]})
        tandem_id = pages.tandem()
        pages.exchange(tandem_id)
        other = pages.get(address, **{"If-None-Match": first.headers["ETag"]})

    assert (same.status_code, same.content, same.headers["ETag"]) == (304, b"", first.headers["ETag"])
    assert (other.status_code, first.headers["cache-control"]) == (200, "private, no-cache")
    assert len(Calendar.from_ical(other.content).walk("VEVENT")) == 1


def test_an_address_that_has_gone_astray_is_made_useless(pages: Pages) -> None:
    portal = pages.portal
    old = given(portal, pages.of_nord)
    key = {"Idempotency-Key": "once"}
    path = f"/v1/communities/{pages.of_nord}/calendar-feed/revoke"

    new = [urlsplit(portal.post(path, headers=key).json()["url"]).path for _ in range(2)]
    forged = links.signed("answer", (pages.of_nord, "1"), pages.pepper)

    assert new[0] == new[1] == given(portal, pages.of_nord) != old
    assert pages.get(new[0]).status_code == 200
    for address, told_so in (
        (old, "This calendar address is no longer in use"),
        (f"/calendars/{forged}.ics", "This link does not work"),
    ):
        gone = pages.get(address)
        assert (gone.status_code, gone.headers["content-type"]) == (404, "text/html; charset=utf-8")
        assert told(gone).startswith(told_so)


def test_who_is_gone_reads_no_feed_any_more(pages: Pages) -> None:
    world, community = pages.world, f"/v1/communities/{pages.of_nord}"
    kim = {"email": "kim@nordwerk.example", "first_name": "Kim"}
    robin = {"email": "robin@nordwerk.example", "first_name": "Robin", "deputy": True}

    def named(*managers: JsonObject) -> str:
        """The address that holds once these speak for the community."""
        answer = pages.portal.patch(community, json={"managers": managers}, headers={"If-Match": "*"})
        assert answer.status_code == 200, answer.text
        return given(pages.portal, pages.of_nord)

    first = given(pages.portal, pages.of_nord)
    one_more = named(kim, robin)
    one_less = named(kim)
    coordinator = world.caller(Role.COORDINATOR, pages.nord)
    erased = coordinator.post(f"/v1/people/{pages.kim}/erase")
    at_the_end = given(pages.portal, pages.of_nord)

    assert erased.is_success, erased.text
    assert first == one_more
    assert len({one_more, one_less, at_the_end}) == 3
    assert [pages.get(one).status_code for one in (one_more, one_less, at_the_end)] == [404, 404, 200]


def test_a_feed_ends_with_its_community_and_with_its_company(pages: Pages) -> None:
    world = pages.world
    portals = {pages.of_nord: pages.portal, pages.of_sued: world.portal(pages.sued)}
    addresses = [given(portal, community_id) for community_id, portal in portals.items()]

    pages.portal.post(f"/v1/communities/{pages.of_nord}/archive")
    world.operator.post(f"/v1/companies/{pages.sued}/leave")
    leaving = [pages.get(one).status_code for one in addresses]
    with pages.database.session() as session:
        communities.erase_company(session, pages.sued)
    with pages.database.reader() as session:
        number = session.get_one(Community, pages.of_sued).feed_number

    assert (leaving, number) == ([404, 404], 1)
