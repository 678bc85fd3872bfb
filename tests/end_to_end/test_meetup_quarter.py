"""A whole quarter with a moved clock: from the idea of a meetup to the talk that its tandem gives at the next one."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import combinations

import pytest
import time_machine
from icalendar import Calendar

from app.guardrails.acceptance import CURRENT_VERSION
from tests.end_to_end.post import Post, body, done, entries
from tests.world import ApiCaller, JsonObject, World

pytestmark = pytest.mark.postgres

START = datetime(2027, 3, 1, 8, tzinfo=UTC)
# The clocks change on 28 March: it is still to begin at two o'clock.
MEETUP: JsonObject = {
    "title": "C3 spring meetup",
    "language": "en",
    "purpose": "Managers of communities learn from each other.",
    "starts_at": "2027-04-15T14:00:00",
    "ends_at": "2027-04-15T16:30:00",
    "time_zone": "Europe/Berlin",
    "online_link": "https://meet.example/c3-spring",
    "capacity": 48,
    "limit_per_company": 7,
    "confirm_within_hours": 24,
    "agenda": [{"text": "Welcome", "minutes": 10}, {"text": "Three rounds at small tables", "minutes": 90}],
}
NAMES = ("Nordwerk", "Suedhafen", "Westwind", "Ostsee", "Talbruecke", "Hochland", "Flussbahn", "Steinfeld")
# For each company another one has the same theme, in another language.
THEMES = (
    ("reading charts and figures", "data literacy"),
    ("Diagramme lesen und verstehen", "Datenkompetenz"),
    ("repairing electric devices", "repair cafe"),
    ("elektrische Geraete reparieren", "Reparaturcafe"),
    ("saving energy in buildings", "sustainability"),
    ("Energie sparen in Gebaeuden", "Nachhaltigkeit"),
    ("welcoming new colleagues", "onboarding"),
    ("neue Kollegen willkommen heissen", "Onboarding"),
)
LINES = ["Axes first", "Fewer colours", "Ask what it is for"]


class Quarter(Post):
    """Eight companies with a community each, and the people who come to the meetup."""

    def __post_init__(self) -> None:
        super().__post_init__()
        world = self.world
        self.companies = [world.company(name, sector=f"sector_{name.lower()}") for name in NAMES]
        self.portals = [world.portal(one) for one in self.companies]
        self.communities: list[str] = []
        for number, (company_id, name) in enumerate(zip(self.companies, NAMES, strict=True)):
            _vouched(world, company_id, f"{name.lower()}.example")
            purpose, topic = THEMES[number]
            [community] = world.published(
                company_id,
                {
                    "name": f"Circle of {name}",
                    "purpose": f"{purpose}, together.",
                    "topics": [topic],
                    "languages": ["de", "en"],
                    "time_zone": "Europe/Berlin",
                    "managers": [contact(number, 0)],
                },
            )
            self.communities.append(community)

    def register(self, meetup: str, company: int, number: int, *, for_community: bool) -> JsonObject:
        """By the portal of a company."""
        purpose, topic = THEMES[company]
        wish: JsonObject = {
            "person": contact(company, number),
            "themes": [topic],
            "learn": [purpose] if number % 2 else [],
            "show": [] if number % 2 else [purpose],
            "languages": ["de", "en"],
        }
        if for_community:
            wish["community_id"] = self.communities[company]
        return done(self.portals[company].post(f"{meetup}/registrations", json=wish))


def contact(company: int, number: int) -> JsonObject:
    """The first of a company reads German, the others English."""
    name = f"{NAMES[company][:4]}{'abcdefgh'[number]}".capitalize()
    return {
        "email": address(company, number),
        "first_name": name,
        "language": "de" if number == 0 else "en",
    }


def address(company: int, number: int) -> str:
    return f"person{number}@{NAMES[company].lower()}.example"


def _vouched(world: World, company_id: str, domain: str) -> None:
    path = f"/v1/companies/{company_id}"
    tag = world.operator.get(path).headers["ETag"]
    done(world.operator.patch(path, json={"mail_domains": [domain]}, headers={"If-Match": tag}))


@pytest.fixture
def quarter(any_world: World) -> Iterator[Quarter]:
    with time_machine.travel(START, tick=False) as traveller:
        yield Quarter(any_world, traveller, START)


def test_a_quarter_from_the_first_idea_to_the_talk_of_the_next_meetup(quarter: Quarter) -> None:
    meetup = announced(quarter)
    registered(quarter, meetup)
    moved_up(quarter, meetup)
    moved_and_reminded(quarter, meetup)
    seated(quarter, meetup)
    again = wanted_again(quarter, meetup)
    paired(quarter, meetup)
    story(quarter, again)
    told_at_the_next(quarter)


def announced(quarter: Quarter) -> str:
    """From a draft to one that people can register for, with a talk; its address."""
    organizer, public = quarter.world.organizer, quarter.client
    draft = done(organizer.post("/v1/meetups", json=MEETUP | {"host_company_id": quarter.companies[0]}))
    meetup = f"/v1/meetups/{draft['id']}"
    assert quarter.portals[0].get(meetup).status_code == 404
    assert done(public.get("/meetups.json"))["items"] == []
    done(organizer.post(f"{meetup}/announce"))
    early = quarter.portals[0].post(f"{meetup}/registrations", json={"person": contact(0, 0)})
    assert early.status_code == 409
    proposal = {
        "community_id": quarter.communities[0],
        "title": "How we read charts together",
        "abstract": "Ten minutes with one chart a week.",
        "language": "en",
        "minutes": 20,
    }
    talk = done(quarter.portals[0].post(f"{meetup}/talks", json=proposal))
    assert quarter.portals[1].get(f"/v1/talks/{talk['id']}").status_code == 404
    done(organizer.post(f"/v1/talks/{talk['id']}/accept"))
    done(organizer.post(f"{meetup}/open"))
    quarter.told()
    [shown] = done(public.get("/meetups.json"))["items"]
    assert (shown["status"], shown["starts_at"]) == ("open", "2027-04-15T12:00:00Z")
    [event] = Calendar.from_ical(public.get("/meetups.ics").content).walk("VEVENT")
    assert str(event["summary"]) == "C3 spring meetup"
    page = public.get(f"/meetups/{draft['id']}").text
    assert "How we read charts together" in page
    assert "meet.example" not in page + public.get("/meetups.json").text + public.get("/meetups.ics").text
    return meetup


def registered(quarter: Quarter, meetup: str) -> None:
    """Sixty people of eight companies: 48 by their portals, 12 on the public page. 48 have a place, the rest wait."""
    for number in range(6):
        for company in range(8):
            quarter.register(meetup, company, number, for_community=number < 2)
    by_page = [(company, 6) for company in range(8)] + [(company, 7) for company in range(4)]
    for company, number in by_page:
        form = {
            "email": address(company, number),
            "first_name": f"Page{company}{number}",
            "language": "en",
            "learn": THEMES[company][0],
        }
        sent = quarter.client.post(f"/meetups/{meetup.rpartition('/')[2]}", data=form, follow_redirects=False)
        assert sent.status_code == 303, sent.text
    # Nobody has a place by the page alone: the address is confirmed first.
    assert done(quarter.world.organizer.get(meetup))["taken"] == 48
    told = quarter.told()
    assert len(told) == 60
    for number in (0, 1):
        [entry] = entries(quarter.mail(address(0, number)))
        assert (entry[0], entry[2:]) == ("REQUEST", (entry[2], "2027-04-15 14:00 CEST", "CONFIRMED"))
    assert "https://meet.example/c3-spring" in body(quarter.mail(address(0, 0)))
    links = [quarter.link(address(company, number), "registrations") for company, number in by_page]
    for link in links:
        quarter.click(link, do="confirm")
    assert [(one["number"], one["status"]) for one in people(quarter, meetup)] == [
        (number, "registered" if number <= 48 else "waiting") for number in range(1, 61)
    ]
    waiting = quarter.told()
    assert {language for _, language, _ in waiting} == {"en"}
    assert len(waiting) == 12
    assert all("https://meet.example" not in body(one) for one in quarter.mails)


def people(quarter: Quarter, meetup: str) -> list[JsonObject]:
    found: list[JsonObject] = done(quarter.world.organizer.get(f"{meetup}/registrations?limit=200"))["items"]
    return sorted((one for one in found if one["number"]), key=lambda one: one["number"])


def moved_up(quarter: Quarter, meetup: str) -> None:
    """Two give up their places: one who waits takes the first; another lets it pass, and the next one gets it."""
    first, second, third = people(quarter, meetup)[48:51]
    for company in (4, 5):
        [mine] = [one for one in people(quarter, meetup) if one["number"] == 1 + company]
        done(quarter.portals[company].post(f"/v1/registrations/{mine['id']}/cancel"))
    told = quarter.told()
    assert sorted(to for to, *_ in told) == sorted(
        [
            f"{contact(4, 0)['first_name']} <{address(4, 0)}>",
            f"{contact(5, 0)['first_name']} <{address(5, 0)}>",
            f"Page06 <{address(0, 6)}>",
            f"Page16 <{address(1, 6)}>",
        ]
    )
    [taken_out] = entries(quarter.mail(address(4, 0)))
    assert (taken_out[0], taken_out[-1]) == ("CANCEL", "CANCELLED")
    quarter.click(quarter.link(address(0, 6), "registrations"), do="keep")
    quarter.go(2)
    told = quarter.told()
    states = {one["id"]: one["status"] for one in people(quarter, meetup)}
    assert [states[one["id"]] for one in (first, second, third)] == ["registered", "lapsed", "offered"]
    assert [to for to, *_ in told if "Page26" in to] == [f"Page26 <{address(2, 6)}>"]
    done(quarter.portals[2].post(f"/v1/registrations/{third['id']}/confirm"))
    counts = Counter(one["status"] for one in people(quarter, meetup))
    assert counts == {"registered": 48, "waiting": 9, "cancelled": 2, "lapsed": 1}
    quarter.told()


def moved_and_reminded(quarter: Quarter, meetup: str) -> None:
    """Half an hour later than planned: everybody in line hears of it, and is reminded twice."""
    organizer = quarter.world.organizer
    tag = {"If-Match": organizer.get(meetup).headers["ETag"]}
    later = {"starts_at": "2027-04-15T14:30:00", "ends_at": "2027-04-15T17:00:00"}
    done(organizer.patch(meetup, json=later, headers=tag))
    told = quarter.told()
    assert len(told) == 48 + 9
    [before], [after] = entries(quarter.mail(address(0, 0))), entries(quarter.mail(address(0, 6)))
    assert (before[0], before[1], before[3]) == ("REQUEST", after[1], "2027-04-15 14:30 CEST")
    assert [one["attended"] for one in people(quarter, meetup)] == [None] * 60
    quarter.go_to(datetime(2027, 4, 8, 13, tzinfo=UTC))
    week = [one for one in quarter.told() if "C3 spring meetup" in one[2]]
    quarter.go_to(datetime(2027, 4, 14, 13, tzinfo=UTC))
    day = [one for one in quarter.told() if "C3 spring meetup" in one[2]]
    assert [len(week), len(day)] == [48, 48]
    assert Counter(tongue for _, tongue, _ in week) == Counter(tongue for _, tongue, _ in day) == {"de": 6, "en": 42}


def seated(quarter: Quarter, meetup: str) -> None:
    """Three rotations; two do not come, and what is left is planned anew."""
    organizer = quarter.world.organizer
    quarter.go_to(datetime(2027, 4, 15, 10, tzinfo=UTC))
    quarter.told()
    asked = organizer.post(f"{meetup}/seatings", json={"rotations": 3, "group_size": 4, "rotation_minutes": 25})
    assert asked.status_code == 202
    quarter.world.worker.run_until_idle()
    plan = done(organizer.get(asked.headers["Location"]))
    tables = groups_of(plan)
    here = {one["id"] for one in people(quarter, meetup) if one["status"] == "registered"}
    assert [sorted(one for group in rotation for one in group) for rotation in tables] == [sorted(here)] * 3
    assert pairs_twice(tables) == []
    company_of = {one["id"]: one["company_id"] for one in people(quarter, meetup)}
    assert all(len({company_of[one] for one in group}) == len(group) for rotation in tables for group in rotation)
    assert plan["figures"]["times_random"] > 1
    cards = quarter.client.get(plan["cards_url"].removeprefix(quarter.world.settings.public_url))
    assert cards.status_code == 200
    assert contact(0, 0)["first_name"] in cards.text
    quarter.go_to(datetime(2027, 4, 15, 12, 40, tzinfo=UTC))
    absent = sorted(here)[:2]
    new = organizer.post(f"/v1/seatings/{plan['id']}/reseat", json={"from_rotation": 2, "absent": absent})
    assert new.status_code == 202, new.text
    quarter.world.worker.run_until_idle()
    anew = groups_of(done(organizer.get(new.headers["Location"])))
    assert anew[0] == tables[0]
    assert [sorted(one for group in rotation for one in group) for rotation in anew[1:]] == [
        sorted(here - set(absent))
    ] * 2
    assert pairs_twice(anew) == []
    marks = [{"registration_id": one, "attended": one not in absent} for one in sorted(here)]
    assert done(organizer.post(f"{meetup}/attendance", json={"items": marks}))["marked"] == 48


def groups_of(plan: JsonObject) -> list[list[list[str]]]:
    return [
        [[one["registration_id"] for one in group["members"]] for group in rotation["groups"]]
        for rotation in plan["plan"]
    ]


def pairs_twice(tables: Sequence[Sequence[Sequence[str]]]) -> list[tuple[str, str]]:
    met = Counter(pair for rotation in tables for group in rotation for pair in combinations(sorted(group), 2))
    return [pair for pair, times in met.items() if times > 1]


def wanted_again(quarter: Quarter, meetup: str) -> str:
    """Two who sat together tick each other on their pages, and one of them a third in vain: their tandem."""
    quarter.go_to(datetime(2027, 4, 15, 16, tzinfo=UTC))
    told = quarter.told()
    assert done(quarter.world.organizer.get(meetup))["status"] == "held"
    assert len(told) == 46
    first, second, third = of_one_group(quarter, meetup)
    for one, others in ((first, (second, third)), (second, (first,))):
        page = quarter.link(address_of(one), "registrations")
        assert one["first_name"] in "".join(told_one for told_one, *_ in told)
        quarter.click(page, do="again", again=[other["id"] for other in others])
        quarter.click(page, do="feedback", useful="yes")
    useful = [one for one in people(quarter, meetup) if one["attended"] and one["by"] == "portal"][:12]
    for one in useful:
        quarter.click(quarter.link(address_of(one), "registrations"), do="feedback", useful="partly")
    between = sorted([first["community_id"], second["community_id"]])
    told = quarter.told()
    [suggestion] = done(quarter.world.organizer.get("/v1/suggestions"))["items"]
    assert (suggestion["origin"], suggestion["status"]) == ("meetup", "open")
    managers = sorted(address(quarter.communities.index(one), 0) for one in between)
    assert sorted(to.rpartition("<")[2].rstrip(">") for to, *_ in told) == managers
    for to in managers:
        letter = body(quarter.mail(to))
        assert not any(name in letter for name in NAMES if name.lower() not in to)
        assert not any(one["first_name"] in letter for one in (first, second) if address_of(one) != to)
    return consented(quarter, *managers)


def of_one_group(quarter: Quarter, meetup: str) -> tuple[JsonObject, JsonObject, JsonObject]:
    """Three people who sat together, the first two for communities of theirs."""
    [current] = [one for one in done(quarter.world.organizer.get(f"{meetup}/seatings"))["items"] if one["current"]]
    by_id = {one["id"]: one for one in people(quarter, meetup)}
    for rotation in groups_of(done(quarter.world.organizer.get(f"/v1/seatings/{current['id']}"))):
        for group in rotation:
            there = [by_id[one] for one in group if by_id[one]["attended"]]
            there.sort(key=lambda one: one["community_id"] is None)
            if len(there) > 2 and there[1]["community_id"]:
                return there[0], there[1], there[2]
    raise AssertionError("nobody sat with somebody of another community")


def address_of(person: JsonObject) -> str:
    """Where somebody is mailed to, from the name that organizers see."""
    name: str = person["first_name"]
    if name.startswith("Page"):
        return address(int(name[4]), int(name[5]))
    return address(NAMES.index(person["company"]), "abcdefgh".index(name[-1]))


def consented(quarter: Quarter, *managers: str) -> str:
    """Both say yes by their links: the address of the newest tandem."""
    for to in managers:
        quarter.click(quarter.link(to, "answers"), answer="yes")
    assert len(quarter.told()) == 2
    found = done(quarter.world.organizer.get("/v1/tandems"))["items"]
    return f"/v1/tandems/{max(one['id'] for one in found)}"


def paired(quarter: Quarter, meetup: str) -> None:
    """The next round reads who was there and what they wish, and a tandem comes of it."""
    organizer, name = quarter.world.organizer, meetup.rpartition("/")[2]
    made = done(organizer.post("/v1/rounds", json={"title": "After the meetup", "scope": {"meetup": name}}))
    done(organizer.post(f"/v1/rounds/{made['id']}/start"))
    quarter.world.worker.run_until_idle()
    ran = done(organizer.get(f"/v1/rounds/{made['id']}"))
    assert (ran["status"], ran["scope"]["meetup"], ran["proposals"] >= 2) == ("proposed", name, True)
    done(organizer.post(f"/v1/rounds/{made['id']}/release"))
    assert len(quarter.told()) == 2 * ran["proposals"]
    best = done(organizer.get(f"/v1/rounds/{made['id']}/proposals"))["items"][0]
    sides = [quarter.communities.index(best[side]["id"]) for side in ("a", "b")]
    tandem = consented(quarter, *(address(one, 0) for one in sides))
    assert done(organizer.get(tandem))["status"] == "starting"
    # What came of the meetup is told to those who were there, three days later: the two tandems are too few to count.
    quarter.go_to(datetime(2027, 4, 19, 8, tzinfo=UTC))
    quarter.told()
    summary = quarter.client.get(f"/meetups/{name}/summary")
    assert summary.status_code == 200
    assert "How we read charts together" in summary.text
    told = done(quarter.portals[0].get(f"{meetup}/summary"))
    assert told["feedback"] is not None


def story(quarter: Quarter, tandem: str) -> None:
    """The two meet, and release what they have learned."""
    sides = [one for one in quarter.portals if one.get(tandem).status_code == 200]
    assert len(sides) == 2
    for side in sides:
        manager = done(side.get("/v1/people"))["items"][0]["id"]
        done(side.post("/v1/guideline/acceptances", json={"version": CURRENT_VERSION, "person_id": manager}))
    first = {"starts_at": "2027-04-26T10:00:00", "time_zone": "Europe/Berlin"}
    planned = done(sides[0].post(f"{tandem}/exchanges", json=first))
    quarter.go_to(datetime(2027, 4, 26, 10, tzinfo=UTC))
    done(sides[1].post(f"/v1/exchanges/{planned['id']}/held"))
    harvest = done(sides[0].put(f"{tandem}/harvest", json={"lines": LINES}, headers={"If-Match": "*"}))
    for side in sides:
        done(side.post(f"{tandem}/harvest/release", json={"version": harvest["version"]}))
    quarter.told()
    [out] = done(sides[0].get("/v1/stories"))["items"]
    assert out["lines"] == LINES


def told_at_the_next(quarter: Quarter) -> None:
    """The next meetup is announced: with one click the story is a talk of it."""
    organizer = quarter.world.organizer
    later = {"title": "C3 summer meetup", "starts_at": "2027-07-15T14:00:00", "ends_at": "2027-07-15T16:30:00"}
    summer = done(organizer.post("/v1/meetups", json=MEETUP | later))
    done(organizer.post(f"/v1/meetups/{summer['id']}/announce"))
    told = quarter.told()
    assert len(told) == 2
    for number, mail in enumerate(quarter.mails):
        to = str(mail["to"]).rpartition("<")[2].rstrip(">")
        link = quarter.link(to, "story-talks")
        if number == 0:
            quarter.click(link)
    [talk] = done(organizer.get(f"/v1/meetups/{summer['id']}/talks"))["items"]
    assert talk["status"] == "proposed"
    assert all(line in talk["abstract"] for line in LINES)
    done(organizer.post(f"/v1/talks/{talk['id']}/accept"))
    assert LINES[0] in quarter.client.get(f"/meetups/{summer['id']}").text
    # Ninety days after the spring meetup nobody who came by the page alone is known any more.
    quarter.go_to(datetime(2027, 7, 20, 8, tzinfo=UTC))
    assert people(quarter, f"/v1/meetups/{spring(quarter)}") == []
    assert not any(one["first_name"].startswith("Page") for portal in quarter.portals for one in known(portal))


def spring(quarter: Quarter) -> str:
    [found] = [
        one for one in done(quarter.client.get("/meetups.json"))["items"] if one["title"] == "C3 spring meetup"
    ]
    return str(found["id"])


def known(portal: ApiCaller) -> list[JsonObject]:
    """People of a company of whom more than an id is stored."""
    return [one for one in done(portal.get("/v1/people?limit=200"))["items"] if one["status"] != "erased"]
