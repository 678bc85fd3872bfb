"""A whole year of tandems with a moved clock: who is told what, in which language, and what stands in calendars."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from app.access.models import Role
from app.guardrails.acceptance import CURRENT_VERSION
from tests.end_to_end.post import Post, Told, body, done, entries
from tests.world import ApiCaller, JsonObject, World

pytestmark = pytest.mark.postgres

START = datetime(2027, 1, 4, 8, tzinfo=UTC)
ALEX = {"email": "alex@nordwerk.example", "first_name": "Alex", "language": "de"}
KIM = {"email": "kim@suedhafen.example", "first_name": "Kim", "language": "en"}
THEMES: JsonObject = {"purpose": "We read charts and figures together.", "topics": ["data literacy", "charts"]}


class Year(Post):
    """Two companies of one sector, and what comes to their people."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.nord = self.world.company("Nordwerk", sector="machinery")
        self.sued = self.world.company("Suedhafen", sector="machinery")
        self.portals = {one: self.world.portal(one) for one in (self.nord, self.sued)}


@pytest.fixture
def year(any_world: World) -> Iterator[Year]:
    with time_machine.travel(START, tick=False) as traveller:
        yield Year(any_world, traveller, START)


ALEX_MAIL, KIM_MAIL = "Alex <alex@nordwerk.example>", "Kim <kim@suedhafen.example>"
ROBIN = {"email": "robin@nordwerk.example", "first_name": "Robin", "language": "de"}
LINES = ["Axes first", "Fewer colours", "Ask what it is for"]
BO = {"email": "bo@suedhafen.example", "first_name": "Bo", "language": "en"}


def both(german: str, english: str) -> list[Told]:
    """Alex and Kim are told the same, each in the own language."""
    return [(ALEX_MAIL, "de", german), (KIM_MAIL, "en", english)]


ASKED = both("Wie war Ihr Treffen mit Figures Ring?", "How was your meeting with Chart Circle?")


def circle_and_ring(year: Year) -> str:
    """A community of each company; the one of Nordwerk."""
    zone: JsonObject = {"time_zone": "Europe/Berlin"} | THEMES
    [circle] = year.world.published(
        year.nord, {"name": "Chart Circle", "languages": ["de", "en"], "managers": [ALEX]} | zone
    )
    year.world.published(year.sued, {"name": "Figures Ring", "languages": ["en"], "managers": [KIM]} | zone)
    return circle


def released(year: Year) -> None:
    made = year.world.proposed_round()
    assert made["proposals"] == 1
    done(year.world.organizer.post(f"/v1/rounds/{made['id']}/release"))


def accepted_by(year: Year, *callers: ApiCaller) -> None:
    """Everybody of these companies accepts the guideline."""
    for caller in callers:
        for person in done(caller.get("/v1/people"))["items"]:
            said = {"version": CURRENT_VERSION, "person_id": person["id"]}
            done(caller.post("/v1/guideline/acceptances", json=said))


def open_tandem(year: Year) -> str:
    [tandem] = done(year.world.organizer.get("/v1/tandems", params={"open": True}))["items"]
    return str(tandem["id"])


def invitation(year: Year, to: str) -> tuple[str, str, int, str, str]:
    """The only calendar entry of the last mail to somebody."""
    [found] = entries(year.mail(to))
    return found


def test_a_year_from_a_round_to_a_tandem_that_is_renewed(year: Year) -> None:
    nord, sued = year.portals[year.nord], year.portals[year.sued]
    tandem = consented(year)
    kicked_off(year, tandem)

    meetings = [met(year, tandem) for _ in range(5)]

    # Each six weeks after the other, always at ten o'clock.
    assert [start for start, _ in meetings] == [
        "2027-03-11 10:00 CET",
        "2027-04-22 10:00 CEST",
        "2027-06-03 10:00 CEST",
        "2027-07-15 10:00 CEST",
        "2027-08-26 10:00 CEST",
    ]
    nothing: list[Told] = []
    assert [told for _, told in meetings] == [
        nothing,
        nothing,
        both(
            "Halbzeit mit Figures Ring: Wie soll es weitergehen?", "Half-time with Chart Circle: how shall it go on?"
        ),
        both(
            "Ihr Tandem mit Figures Ring endet am 28. Juli 2027: Weitermachen?",
            "Your tandem with Chart Circle ends on July 28, 2027: go on?",
        ),
        nothing,
    ]
    shown = done(nord.get(tandem))
    assert (shown["status"], shown["term"]) == ("active", 2)
    [story] = done(sued.get("/v1/stories"))["items"]
    assert story["lines"] == LINES


def consented(year: Year) -> str:
    """A round asks both, and both say yes; their coordinators approve. The address of the tandem."""
    world = year.world
    for company_id, contact in ((year.nord, ROBIN), (year.sued, BO)):
        address = f"/v1/companies/{company_id}/coordinators"
        done(world.operator.put(address, json={"coordinators": [contact]}, headers={"If-Match": "*"}))
    circle_and_ring(year)
    released(year)
    assert year.told() == both("Ein möglicher Partner für Chart Circle", "A possible partner for Figures Ring")
    masked = body(year.mail(ALEX["email"]))
    assert "Gemeinsame Themen: read charts, figures, data literacy" in masked
    assert not {"Figures Ring", "Suedhafen", "Kim"} & set(re.findall(r"\w+ ?\w+|\w+", masked))
    year.click(year.link(ALEX["email"], "answers"), answer="yes")
    # Whoever has not answered is reminded once.
    year.go(7.1)
    assert year.told() == [(KIM_MAIL, "en", "Still open until January 18, 2027: a possible partner for Figures Ring")]
    year.click(year.link(KIM["email"], "answers"), answer="yes")
    # Both companies are of one sector: their coordinators approve, and are reminded before it is too late.
    assert year.told() == [
        ("Bo <bo@suedhafen.example>", "en", "To be approved: Figures Ring and Chart Circle (Nordwerk)"),
        ("Robin <robin@nordwerk.example>", "de", "Zur Freigabe: Chart Circle und Figures Ring (Suedhafen)"),
    ]
    year.go(19)
    assert [to for to, *_ in year.told()] == ["Bo <bo@suedhafen.example>", "Robin <robin@nordwerk.example>"]
    [suggestion] = done(world.organizer.get("/v1/suggestions"))["items"]
    for company_id in (year.nord, year.sued):
        coordinator = world.caller(Role.COORDINATOR, company_id)
        done(coordinator.post(f"/v1/suggestions/{suggestion['id']}/approve", json={"approve": True}))
    assert year.told() == both(
        "Chart Circle und Figures Ring sind ein Tandem", "Figures Ring and Chart Circle are a tandem"
    )
    assert "Chart Circle: Alex <alex@nordwerk.example>" in body(year.mail(KIM["email"]))
    return f"/v1/tandems/{open_tandem(year)}"


def kicked_off(year: Year, tandem: str) -> None:
    """The first meeting waits for the guideline, is moved, and held."""
    nord, sued = year.portals[year.nord], year.portals[year.sued]
    first = {"starts_at": "2027-01-27T10:00:00", "time_zone": "Europe/Berlin", "place": "https://meet.example/x"}
    refused = nord.post(f"{tandem}/exchanges", json=first)
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/guideline-not-accepted")
    accepted_by(year, nord, sued)
    kick_off = done(nord.post(f"{tandem}/exchanges", json=first))
    assert year.told() == both(
        "Ihr Treffen mit Figures Ring: Mittwoch, 27. Januar 2027, 10:00 (Europe/Berlin)",
        "Your meeting with Chart Circle: Wednesday, January 27, 2027, 10:00 (Europe/Berlin)",
    )
    [invited] = {invitation(year, one["email"]) for one in (ALEX, KIM)}
    later = {"starts_at": "2027-01-28T10:00:00", "time_zone": "Europe/Berlin"}
    moved = done(sued.post(f"/v1/exchanges/{kick_off['id']}/move", json=later))
    assert [(to, tongue) for to, tongue, _ in year.told()] == [(ALEX_MAIL, "de"), (KIM_MAIL, "en")]
    [again] = {invitation(year, one["email"]) for one in (ALEX, KIM)}
    # The same entry, once more.
    assert invited == ("REQUEST", invited[1], 0, "2027-01-27 10:00 CET", "CONFIRMED")
    assert again == ("REQUEST", invited[1], 1, "2027-01-28 10:00 CET", "CONFIRMED")
    year.go(24, 3)
    done(nord.post(f"/v1/exchanges/{moved['id']}/held"))
    assert year.told() == ASKED
    useful = year.link(KIM["email"], "useful")
    assert year.client.post(useful, data={"useful": "yes"}, follow_redirects=False).status_code == 303


def met(year: Year, tandem: str) -> tuple[str, list[Told]]:
    """The next meeting, planned for when it is due and held, with minutes that both confirm: when it was, and what
    was mailed on the way."""
    nord, sued = year.portals[year.nord], year.portals[year.sued]
    due = done(nord.get(tandem))["next_due_at"]
    planned = done(nord.post(f"{tandem}/exchanges", json={"starts_at": due}))
    assert [(to, tongue) for to, tongue, _ in year.told()] == [(ALEX_MAIL, "de"), (KIM_MAIL, "en")]
    [(method, _, sequence, start, state)] = {invitation(year, one["email"]) for one in (ALEX, KIM)}
    assert (method, sequence, state) == ("REQUEST", 0, "CONFIRMED")
    day = (datetime.fromisoformat(due) - START) / timedelta(days=1)
    year.go(day - 8)
    told = [one for one in year.told() if "profile" not in one[2] and "Profil" not in one[2]]
    if any("Half-time" in subject for *_, subject in told):
        pulse = year.link(ALEX["email"], "pulse")
        assert year.client.post(pulse, data={"pulse": "continue"}, follow_redirects=False).status_code == 303
    if any("Your tandem" in subject for *_, subject in told):
        harvested_and_renewed(year, tandem)
    year.go(day, 2)
    assert year.told() == []
    done(sued.post(f"/v1/exchanges/{planned['id']}/held"))
    assert year.told() == ASKED
    words = {"topics": "Charts", "take_away": "Axes", "next": "Colours"}
    done(sued.post(f"/v1/exchanges/{planned['id']}/minutes", json=words))
    assert year.told() == [(ALEX_MAIL, "de", "Notizen zu Ihrem Treffen mit Figures Ring")]
    minutes = done(nord.post(f"/v1/exchanges/{planned['id']}/confirm", json={"version": 1}))["minutes"]
    # Whoever wrote them has confirmed them by that.
    assert (minutes["own_confirmed"], minutes["partner_confirmed"]) == (True, True)
    assert year.told() == []
    return start, told


def harvested_and_renewed(year: Year, tandem: str) -> None:
    nord, sued = year.portals[year.nord], year.portals[year.sued]
    harvest = done(sued.put(f"{tandem}/harvest", json={"lines": LINES}, headers={"If-Match": "*"}))
    for side in (nord, sued):
        done(side.post(f"{tandem}/harvest/release", json={"version": harvest["version"]}))
    done(sued.post(f"{tandem}/renew", json={}))
    assert year.told() == both(
        "Ihr Tandem mit Figures Ring ist verlängert", "Your tandem with Chart Circle is renewed"
    )


def test_a_suggestion_that_runs_out_an_alternate_a_no_and_an_objection_end_well(year: Year) -> None:
    world, nord = year.world, year.portals[year.nord]
    third = world.company("Dritte", sector="health")
    sam = {"email": "sam@dritte.example", "first_name": "Sam", "language": "en"}
    circle = circle_and_ring(year)
    world.published(third, {"name": "Plot Club", "languages": ["en"], "managers": [sam]} | THEMES | {"topics": []})

    released(year)
    year.told()
    year.click(year.link(ALEX["email"], "answers"), answer="yes")
    # The other side is silent until the end: no blame, and somebody else is asked.
    year.go(14.1)
    assert year.told() == [
        (ALEX_MAIL, "de", "Diesmal nicht zustande gekommen: der Vorschlag für Chart Circle"),
        (ALEX_MAIL, "de", "Ein möglicher Partner für Chart Circle"),
        (KIM_MAIL, "en", "Still open until January 18, 2027: a possible partner for Figures Ring"),
        ("Sam <sam@dritte.example>", "en", "A possible partner for Plot Club"),
    ]
    # A no is never told as one.
    year.click(year.link(sam["email"], "answers"), answer="no", why="no_time", reason="Too many meetings.")
    assert year.told() == [(ALEX_MAIL, "de", "Nicht mehr offen: der Vorschlag für Chart Circle")]
    assert "Too many meetings" not in body(year.mail(ALEX["email"]))
    # Chart Circle asks by itself, without a round.
    world.published(third, {"name": "Graph Guild", "languages": ["en"], "managers": [sam]} | THEMES)
    world.worker.run_until_idle()
    cards = done(nord.get(f"/v1/communities/{circle}/related"))["items"]
    handles = [one["card"]["handle"] for one in cards]
    asked = [nord.post(f"/v1/communities/{circle}/suggestions", json={"handle": one}) for one in handles]
    assert sorted(one.status_code for one in asked) == [201, 409, 409]
    assert year.told() == [("Sam <sam@dritte.example>", "en", "A possible partner for Graph Guild")]
    year.click(year.link(sam["email"], "answers"), answer="yes")
    assert [subject for *_, subject in year.told()] == [
        "Chart Circle und Graph Guild sind ein Tandem",
        "Graph Guild and Chart Circle are a tandem",
    ]

    tandem = f"/v1/tandems/{open_tandem(year)}"
    accepted_by(year, nord, world.portal(third))
    planned = done(nord.post(f"{tandem}/exchanges", json={"starts_at": "2027-01-25T09:00:00Z"}))
    year.told()
    year.go(21, 1.5)
    objected = done(world.portal(third).post(f"/v1/exchanges/{planned['id']}/object", json={"item": 1}))
    assert objected["status"] == "ended_by_objection"
    assert [(to, tongue) for to, tongue, _ in year.told()] == [(ALEX_MAIL, "de"), ("Sam <sam@dritte.example>", "en")]
    [record] = done(nord.get(f"{tandem}/objections"))["items"]
    assert record["exchange_id"] == planned["id"]
    done(nord.post(f"{tandem}/close"))
    assert [subject for *_, subject in year.told()] == [
        "Danke: Ihr Tandem mit Graph Guild ist zu Ende",
        "Thank you: your tandem with Chart Circle has ended",
    ]
    # A year later nothing more has come of it.
    year.go(400)
    assert [one for one in year.told() if "tandem" in one[2].lower()] == []
