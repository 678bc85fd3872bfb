"""Who registers whom, who sees what of it, and wishes that change."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from app.access.models import Role
from app.core.ids import new_id
from app.core.settings import get_settings
from app.people.models import Person, PersonStatus
from app.registrations.models import RegisteredBy, Registration, RegistrationStatus
from tests.app.registrations.conftest import MEETUP, START, Gathering, done, refused
from tests.app.registrations.test_forgetting import passes
from tests.app.tandems.conftest import document
from tests.world import ApiCaller, JsonObject

EVERYTHING: dict[str, Any] = {
    "themes": ["onboarding"],
    "learn": ["how others begin"],
    "show": ["our barcamp"],
    "languages": ["de", "en"],
    "stays": True,
}


def by_person(gathering: Gathering, role: Role, name: str = "Alex", company: str = "Nordwerk") -> ApiCaller:
    """A key of a person of its own."""
    company_id = gathering.company(company)
    person_id = gathering.world.person(company_id, name)
    return gathering.world.caller(role, company_id, person_id=person_id)


def published(gathering: Gathering, company: str, name: str, **more: object) -> str:
    [community_id] = gathering.world.published(gathering.company(company), document(name, **more))
    return community_id


def test_a_participant_registers_itself_and_sees_nobody_else(gathering: Gathering) -> None:
    meetup = gathering.meetup()
    kim = gathering.register(meetup, "Kim")
    alex = by_person(gathering, Role.PARTICIPANT)

    own = done(alex.post(f"/v1/meetups/{meetup}/registrations", json=EVERYTHING))

    assert (own["by"], own["first_name"], own["number"]) == ("person", "Alex", 2)
    assert done(alex.get(f"/v1/meetups/{meetup}/registrations"))["items"] == [own]
    assert refused(alex.get(f"/v1/registrations/{kim['id']}")) == (404, "registration-not-found")
    for verb in ("cancel", "confirm"):
        assert refused(alex.post(f"/v1/registrations/{kim['id']}/{verb}")) == (404, "registration-not-found")
    assert gathering.line(meetup) == [(1, "registered"), (2, "registered")]
    assert done(alex.post(f"/v1/registrations/{own['id']}/cancel"))["status"] == "cancelled"


@pytest.mark.parametrize("role", [Role.MANAGER, Role.PARTICIPANT])
def test_a_person_registers_nobody_else(gathering: Gathering, role: Role) -> None:
    meetup = gathering.meetup()
    other = gathering.world.person(gathering.company(), "Kim")
    alex = by_person(gathering, role)
    contact = {"email": "kim@nordwerk.example", "first_name": "Kim"}

    by_id = alex.post(f"/v1/meetups/{meetup}/registrations", json={"person_id": other})
    by_address = alex.post(f"/v1/meetups/{meetup}/registrations", json={"person": contact})

    assert refused(by_id) == (404, "person-not-found")
    assert refused(by_address) == (422, "registration-person-not-named")
    assert gathering.line(meetup) == []


def test_organizers_and_operators_register_and_cancel_nobody(gathering: Gathering) -> None:
    meetup = gathering.meetup()
    alex = gathering.register(meetup, "Alex")

    for caller in (gathering.world.organizer, gathering.world.operator):
        asked = caller.post(f"/v1/meetups/{meetup}/registrations", json={"person_id": alex["person_id"]})
        cancelled = caller.post(f"/v1/registrations/{alex['id']}/cancel")
        changed = caller.patch(f"/v1/registrations/{alex['id']}", json={}, headers={"If-Match": "*"})

        assert {refused(asked), refused(cancelled), refused(changed)} == {(403, "role-not-enough")}
    assert gathering.line(meetup) == [(1, "registered")]


def test_another_company_neither_sees_nor_moves_a_registration(gathering: Gathering) -> None:
    meetup = gathering.meetup()
    alex = gathering.register(meetup, "Alex", **EVERYTHING)
    sued = gathering.portal("Suedbank")
    address = f"/v1/registrations/{alex['id']}"

    answers = [
        sued.get(address),
        sued.post(f"{address}/cancel"),
        sued.post(f"{address}/confirm"),
        sued.patch(address, json={"show": ["x"]}, headers={"If-Match": "*"}),
    ]

    assert {refused(answer) for answer in answers} == {(404, "registration-not-found")}
    assert done(sued.get(f"/v1/meetups/{meetup}/registrations"))["items"] == []
    of_nord = done(sued.get(f"/v1/meetups/{meetup}/registrations?company={gathering.company()}"))
    assert of_nord["items"] == []
    person = sued.post(f"/v1/meetups/{meetup}/registrations", json={"person_id": alex["person_id"]})
    assert refused(person) == (404, "person-not-found")
    assert gathering.read(alex) == alex


def test_an_organizer_sees_first_names_and_wishes_but_nothing_that_names_a_person_elsewhere(
    gathering: Gathering,
) -> None:
    meetup = gathering.meetup()
    open_one = published(gathering, "Nordwerk", "Chart Circle")
    alex = gathering.register(
        meetup, "Alex", community_id=open_one, excluded_companies=[gathering.company("Suedbank")], **EVERYTHING
    )

    answer = gathering.world.organizer.get(f"/v1/registrations/{alex['id']}")

    withheld = {"person_id": None, "excluded_companies": None, "stays": None, "online_link": None, "place": None}
    assert done(answer) == alex | withheld
    assert alex["community"] == done(answer)["community"] == "Chart Circle"
    for told in ("alex@", alex["person_id"], gathering.company("Suedbank")):
        assert told not in answer.text
    done(gathering.portal().post(f"/v1/communities/{open_one}/archive"))
    listed = done(gathering.world.organizer.get(f"/v1/meetups/{meetup}/registrations"))["items"]
    assert [(one["community_id"], one["community"]) for one in listed] == [(None, None)]


def test_what_was_entered_on_the_page_is_seen_by_the_person_alone_until_it_is_confirmed(gathering: Gathering) -> None:
    meetup = gathering.meetup()
    alex = by_person(gathering, Role.PARTICIPANT)
    with gathering.world.database.session() as session:
        person = session.exec(select(Person)).one()
        registration = Registration(
            id=new_id("reg"),
            meetup_id=meetup,
            person_id=person.id,
            company_id=person.company_id,
            status=RegistrationStatus.UNCONFIRMED,
            by=RegisteredBy.PAGE,
            learn=["what nobody has confirmed"],
            created_at=START,
        )
        session.add(registration)

    for caller in (gathering.portal(), gathering.world.organizer, gathering.world.operator):
        assert refused(caller.get(f"/v1/registrations/{registration.id}")) == (404, "registration-not-found")
        assert done(caller.get(f"/v1/meetups/{meetup}/registrations"))["items"] == []
    assert done(alex.get(f"/v1/registrations/{registration.id}"))["status"] == "unconfirmed"
    by_portal = gathering.portal().post(
        f"/v1/meetups/{meetup}/registrations", json={"person_id": registration.person_id}
    )
    assert (done(by_portal)["id"], done(by_portal)["learn"]) == (registration.id, [])


def test_a_known_person_keeps_name_and_language_and_a_new_one_is_stored(gathering: Gathering) -> None:
    meetup = gathering.meetup()
    known = done(
        gathering.portal().post(
            "/v1/people", json={"email": "alex@nordwerk.example", "first_name": "Alex", "language": "de"}
        )
    )
    contact = {"email": "ALEX@nordwerk.example", "first_name": "Alexandra", "language": "en"}

    shown = done(gathering.portal().post(f"/v1/meetups/{meetup}/registrations", json={"person": contact}))
    new = gathering.register(meetup, "Kim")

    assert (shown["person_id"], shown["first_name"]) == (known["id"], "Alex")
    assert done(gathering.portal().get(f"/v1/people/{known['id']}")) == known
    assert done(gathering.portal().get(f"/v1/people/{new['person_id']}"))["email"] == "kim@nordwerk.example"
    with gathering.world.database.reader() as session:
        guests = {one: session.get_one(Person, one).guest for one in (known["id"], new["person_id"])}
    assert guests == {known["id"]: False, new["person_id"]: True}


def test_who_was_known_by_a_registration_only_stays_so_with_the_next_one(gathering: Gathering) -> None:
    first, second = gathering.meetup(), gathering.meetup()

    gathering.register(first, "Kim")
    again = gathering.register(second, "Kim")

    with gathering.world.database.reader() as session:
        assert session.get_one(Person, again["person_id"]).guest


@pytest.mark.parametrize(
    ("wish", "answer"),
    [
        ({}, (422, "registration-person-not-named")),
        (
            {"person_id": "per_1", "person": {"email": "a@b.example", "first_name": "A"}},
            (422, "registration-person-not-named"),
        ),
        ({"person_id": "per_1"}, (404, "person-not-found")),
        ({"person": {"email": "no address", "first_name": "A"}}, (422, "invalid-input")),
        ({"person": {"email": "a@b.example", "first_name": "A"}, "learn": ["x"] * 6}, (422, "invalid-input")),
        ({"person": {"email": "a@b.example", "first_name": "A"}, "show": ["x" * 121]}, (422, "invalid-input")),
        ({"person": {"email": "a@b.example", "first_name": "A"}, "languages": ["qq-x"]}, (422, "invalid-input")),
        ({"person": {"email": "a@b.example", "first_name": "A"}, "stays": "yes"}, (422, "invalid-input")),
        ({"person": {"email": "a@b.example", "first_name": "A"}, "status": "registered"}, (422, "invalid-input")),
        (
            {"person": {"email": "a@b.example", "first_name": "A"}, "excluded_companies": ["cmp_1"]},
            (422, "company-unknown"),
        ),
        (
            {"person": {"email": "a@b.example", "first_name": "A"}, "community_id": "cmt_1"},
            (404, "community-not-found"),
        ),
    ],
)
def test_a_payload_that_is_wrong_is_refused_and_nothing_is_stored(
    gathering: Gathering, wish: JsonObject, answer: tuple[int, str]
) -> None:
    meetup = gathering.meetup()

    asked = gathering.portal().post(f"/v1/meetups/{meetup}/registrations", json=wish)

    assert refused(asked) == answer
    assert (gathering.line(meetup), gathering.stored(meetup).last_number) == ([], 0)
    assert done(gathering.portal().get("/v1/people"))["items"] == []


def test_only_who_may_speak_for_itself_is_registered(gathering: Gathering) -> None:
    meetup, portal = gathering.meetup(), gathering.portal()
    gathering.with_domain()
    stranger = {"email": "eve@elsewhere.example", "first_name": "Eve"}
    address = f"/v1/meetups/{meetup}/registrations"

    new = portal.post(address, json={"person": stranger})
    people_then = done(portal.get("/v1/people"))["items"]
    waiting = done(portal.post("/v1/people", json=stranger))
    by_address, by_id = (
        portal.post(address, json=one) for one in ({"person": stranger}, {"person_id": waiting["id"]})
    )

    assert (refused(new), people_then) == ((409, "registration-person-not-approved"), [])
    assert refused(by_address) == refused(by_id) == (409, "person-waiting")
    coordinator = gathering.world.caller(Role.COORDINATOR, gathering.company())
    done(coordinator.post(f"/v1/people/{waiting['id']}/approve"))
    assert done(coordinator.post(address, json={"person_id": waiting["id"]}))["first_name"] == "Eve"
    with gathering.world.database.session() as session:
        person = session.get_one(Person, waiting["id"])
        person.status = PersonStatus.ERASED
        session.add(person)
    second = gathering.meetup()
    erased = portal.post(f"/v1/meetups/{second}/registrations", json={"person_id": waiting["id"]})
    assert refused(erased) == (409, "person-erased")


def test_a_community_is_of_the_own_company_and_a_manager_speaks_for_it(gathering: Gathering) -> None:
    meetup = gathering.meetup()
    managed = {"email": f"alex@{gathering.company()}.example", "first_name": "Alex"}
    own = published(gathering, "Nordwerk", "Chart Circle", managers=[managed])
    colleagues = published(gathering, "Nordwerk", "Podcast Circle", managers=[managed | {"email": "x@y.example"}])
    foreign = published(gathering, "Suedbank", "Diagrammkreis")
    person_id = next(
        one["id"] for one in done(gathering.portal().get("/v1/people"))["items"] if "alex@" in one["email"]
    )
    alex = gathering.world.caller(Role.MANAGER, gathering.company(), person_id=person_id)
    address = f"/v1/meetups/{meetup}/registrations"

    for_others = [alex.post(address, json={"community_id": one}) for one in (colleagues, foreign)]
    by_portal = gathering.ask(meetup, "Kim", community_id=foreign)
    mine = done(alex.post(address, json={"community_id": own}))

    assert {refused(one) for one in (*for_others, by_portal)} == {(404, "community-not-found")}
    assert (mine["community_id"], mine["community"]) == (own, "Chart Circle")
    assert gathering.register(meetup, "Kim", community_id=colleagues)["community"] == "Podcast Circle"
    changed = alex.patch(f"/v1/registrations/{mine['id']}", json={"community_id": foreign}, headers={"If-Match": "*"})
    assert refused(changed) == (404, "community-not-found")


def test_wishes_change_with_the_version_that_was_read_and_the_number_stays(gathering: Gathering) -> None:
    meetup = gathering.meetup()
    alex = gathering.register(meetup, "Alex", **EVERYTHING)
    address = f"/v1/registrations/{alex['id']}"
    read = gathering.portal().get(address).headers["ETag"]

    without = gathering.portal().patch(address, json={"learn": ["podcasts"]})
    changed = gathering.portal().patch(address, json={"learn": ["podcasts"]}, headers={"If-Match": read})
    stale = gathering.portal().patch(address, json={"learn": ["barcamps"]}, headers={"If-Match": read})

    assert refused(without) == (428, "if-match-required")
    assert done(changed) == alex | {"learn": ["podcasts"]}
    assert changed.headers["ETag"] == gathering.portal().get(address).headers["ETag"] != read
    assert refused(stale) == (412, "stale-etag")


def test_an_etag_tells_of_what_others_do_too(gathering: Gathering) -> None:
    meetup = gathering.meetup(capacity=1)
    _, kim, lee = (gathering.register(meetup, name) for name in ("Alex", "Kim", "Lee"))
    address = f"/v1/registrations/{lee['id']}"
    read = gathering.portal().get(address).headers["ETag"]
    german = gathering.portal().get(address, headers={"Accept-Language": "de"}).headers["ETag"]

    gathering.say("cancel", kim)

    then = gathering.portal().get(address, headers={"If-None-Match": read})
    assert (german, then.status_code, then.json()["waiting_position"]) == (read, 200, 1)


def test_wishes_stay_as_they_are_once_it_has_begun_and_the_consent_does_not(gathering: Gathering) -> None:
    meetup = gathering.meetup()
    alex, kim = gathering.register(meetup, "Alex", **EVERYTHING), gathering.register(meetup, "Kim")
    gathering.say("cancel", kim)

    def change(registration: JsonObject, **wish: object) -> tuple[int, object]:
        address, match = f"/v1/registrations/{registration['id']}", {"If-Match": "*"}
        answer = gathering.portal().patch(address, json=wish, headers=match)
        return (200, answer.json()) if answer.status_code == 200 else refused(answer)

    assert change(kim, learn=["x"]) == (409, "registration-not-in-line")
    gathering.go(MEETUP + timedelta(days=1))
    assert change(alex, learn=["x"], stays=False) == (409, "registration-meetup-begun")
    assert gathering.read(alex)["stays"] is True
    assert change(alex, stays=False) == (200, alex | {"stays": False})


def test_only_the_person_itself_consents_to_be_kept(gathering: Gathering) -> None:
    meetup = gathering.meetup()
    key = by_person(gathering, Role.PARTICIPANT, "Sam")
    contact = {"person": {"email": "alex@nordwerk.example", "first_name": "Alex"}, "stays": True}

    by_portal = gathering.portal().post(f"/v1/meetups/{meetup}/registrations", json=contact)
    assert refused(by_portal) == (422, "stays-is-the-persons")
    assert [one["pointer"] for one in by_portal.json()["errors"]] == ["/stays"]
    assert gathering.line(meetup) == []

    alex = gathering.register(meetup, "Alex")
    address, match = f"/v1/registrations/{alex['id']}", {"If-Match": "*"}
    changed = gathering.portal().patch(address, json={"stays": True}, headers=match)
    assert refused(changed) == (422, "stays-is-the-persons")
    assert gathering.read(alex) == alex
    assert done(key.post(f"/v1/meetups/{meetup}/registrations", json={"stays": True}))["stays"] is True


def test_a_portal_that_registers_again_takes_no_consent_back(gathering: Gathering) -> None:
    meetup = gathering.meetup()
    alex = gathering.register(meetup, "Alex", stays=True)
    gathering.say("cancel", alex)

    again = gathering.register(meetup, "Alex")

    assert (again["id"], again["number"], again["stays"]) == (alex["id"], 2, True)


def test_organizers_see_nobody_who_is_kept_only_to_be_told_of_the_next_ones(
    gathering: Gathering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TANDEM_MAIL_FOLDER", str(gathering.world.settings.mail_folder))
    get_settings.cache_clear()
    meetup = gathering.meetup()
    community = published(gathering, "Nordwerk", "Chart Circle")
    alex = gathering.register(meetup, "Alex", community_id=community, stays=True)
    lists, single = f"/v1/meetups/{meetup}/registrations", f"/v1/registrations/{alex['id']}"
    gathering.go(MEETUP + timedelta(days=89))
    assert len(done(gathering.world.organizer.get(lists))["items"]) == 1

    passes(gathering.world, MEETUP + timedelta(days=91))

    assert done(gathering.world.organizer.get(lists))["items"] == []
    assert refused(gathering.world.organizer.get(single)) == (404, "registration-not-found")
    kept = done(gathering.portal().get(single))
    assert (kept["stays"], kept["community_id"], kept["learn"]) == (True, None, [])


def test_lists_are_told_by_number_in_pages_and_by_what_is_asked_for(gathering: Gathering) -> None:
    meetup, other = gathering.meetup(capacity=2), gathering.meetup()
    alex, jo, kim = (
        gathering.register(meetup, name, company)
        for name, company in (("Alex", "Nordwerk"), ("Jo", "Suedbank"), ("Kim", "Nordwerk"))
    )
    gathering.register(other, "Lee")
    address = f"/v1/meetups/{meetup}/registrations"

    def numbers(query: str, caller: ApiCaller | None = None) -> list[int]:
        shown = done((caller or gathering.world.organizer).get(f"{address}?{query}"))
        return [one["number"] for one in shown["items"]]

    first = done(gathering.world.organizer.get(f"{address}?limit=2"))
    rest = done(gathering.world.organizer.get(f"{address}?limit=2&cursor={first['next_cursor']}"))

    assert [one["id"] for one in first["items"] + rest["items"]] == [alex["id"], jo["id"], kim["id"]]
    assert rest["next_cursor"] is None
    assert numbers("status=waiting") == [3]
    assert numbers(f"company={gathering.company()}") == [1, 3]
    assert numbers("", gathering.portal()) == [1, 3]
    assert refused(gathering.portal().get(f"/v1/meetups/{new_id('mtp')}/registrations")) == (404, "meetup-not-found")


@pytest.mark.parametrize("reader", [lambda g: g.portal(), lambda g: g.world.organizer], ids=["portal", "organizer"])
def test_a_list_takes_as_many_queries_with_one_row_as_with_three(
    gathering: Gathering, client_queries: list[str], reader: Callable[[Gathering], ApiCaller]
) -> None:
    community = published(gathering, "Nordwerk", "Chart Circle")
    meetups = {count: gathering.meetup(capacity=0, limit_per_company=2) for count in (1, 3)}
    for count, meetup in meetups.items():
        for name in ("Alex", "Kim", "Lee")[:count]:
            gathering.register(meetup, name, community_id=community)
    caller = reader(gathering)
    caller.get("/v1/meetups/x/registrations")

    counts = []
    for count, meetup in meetups.items():
        client_queries.clear()
        assert len(done(caller.get(f"/v1/meetups/{meetup}/registrations"))["items"]) == count
        counts.append(len(client_queries))

    assert counts[0] == counts[1]
