"""A seating from the request to the cards: who is seated, how well, and what is told where it cannot be."""

import csv
import io
from collections import Counter
from datetime import timedelta

import pytest

from app.access.models import Role
from app.companies.models import CompanyProximity, Proximity
from app.core.clock import now
from app.meetups.models import MeetupStatus
from app.people.models import Person
from app.registrations.models import Registration, RegistrationStatus
from app.seatings.telling import figures_shown
from tests.app.seatings.conftest import MEETUP, Hall, done, everybody, meetings, refused, seats

FIGURES = {
    **dict.fromkeys(("people", "rotations", "groups", "repeated_pairs", "least_repeated_pairs"), 0),
    **dict.fromkeys(("same_company_pairs", "least_same_company_pairs", "groups_without_language"), 0),
    **dict.fromkeys(("worst_group", "worst_person"), 0.0),
}


def test_sixty_people_of_eight_companies_meet_nobody_twice_in_three_rotations(hall: Hall) -> None:
    ids = hall.crowd(60, companies=8)

    queued = hall.ask(rotations=3, group_size=4, rotation_minutes=20)
    seating = hall.computed(queued)

    assert (queued.json()["status"], queued.json()["progress"]) == ("queued", 0.0)
    assert (seating["status"], seating["progress"], seating["current"]) == ("done", 1.0, True)
    for rotation in (1, 2, 3):
        assert everybody(seating, rotation) == sorted(ids)
        assert {len(group) for group in seats(seating, rotation)} == {4}
    assert set(meetings(seating).values()) == {1}
    company_of = {one: hall.company_of(one) for one in ids}
    assert not [pair for pair in meetings(seating) if company_of[pair[0]] == company_of[pair[1]]]
    figures = seating["figures"]
    assert (figures["people"], figures["rotations"], figures["groups"]) == (60, 3, 45)
    assert (figures["repeated_pairs"], figures["same_company_pairs"], figures["groups_without_language"]) == (0, 0, 0)
    assert figures["times_random"] > 1.5
    assert figures["texts"][0] == "No two people meet twice."


def test_a_group_is_shown_with_its_theme_its_question_and_its_people(hall: Hall) -> None:
    show, learn = {"show": ["peer learning"]}, {"learn": ["peer learning"]}
    ids = [
        hall.register("Nordwerk", "Alex", **show),
        hall.register("Suedbank", "Kim", **learn),
        hall.register("Ostnetz", "Robin", **learn),
    ]

    seating = hall.seat(rotations=1)

    [[group]] = [one["groups"] for one in seating["plan"]]
    assert (group["table"], group["theme"]) == (1, "Peer learning")
    assert "“peer learning”" in group["opening_question"]
    assert group["shared"] == [{"text": "peer learning", "people": 3, "wanted_by": 2, "shown_by": 1}]
    assert group["members"] == [
        {"registration_id": ids[0], "first_name": "Alex", "company": "Nordwerk"},
        {"registration_id": ids[1], "first_name": "Kim", "company": "Suedbank"},
        {"registration_id": ids[2], "first_name": "Robin", "company": "Ostnetz"},
    ]


def test_the_card_is_written_in_the_language_of_the_group(hall: Hall) -> None:
    for number in range(3):
        hall.register(f"House {number}", f"G{number}", languages=["de"], themes=["Lernen"], show=["Lernen"])

    [[group]] = [one["groups"] for one in hall.seat(rotations=1)["plan"]]

    assert (group["language"], group["theme"]) == ("de", "Lernen")
    assert "„Lernen“" in group["opening_question"]


def test_no_themes_at_all_give_neutral_cards_and_say_so(hall: Hall) -> None:
    hall.register_all([(f"House {number % 4}", f"G{number}", {}) for number in range(16)])

    seating = hall.seat(rotations=2)

    groups = [group for rotation in seating["plan"] for group in rotation["groups"]]
    assert {len(group["shared"]) for group in groups} == {0}
    assert all(group["theme"] and group["opening_question"].endswith("?") for group in groups)
    assert len({group["opening_question"] for group in groups}) > 1
    assert seating["figures"]["times_random"] is None
    assert not [text for text in seating["figures"]["texts"] if "in common" in text]


def test_where_nine_of_ten_are_of_one_company_they_sit_together_and_the_least_possible_is_told(hall: Hall) -> None:
    hall.register_all([("Large" if number >= 3 else f"Small {number}", f"G{number}", {}) for number in range(30)])

    figures = hall.seat(rotations=2)["figures"]

    assert figures["same_company_pairs"] == figures["least_same_company_pairs"] > 0
    assert any("Fewer are not possible with these people." in text for text in figures["texts"])


def test_every_group_of_three_languages_has_one_in_common_where_that_is_possible(hall: Hall) -> None:
    spoken = [["de"], ["en"], ["fr"]]
    hall.register_all(
        [(f"House {number // 3 % 6}", f"G{number}", {"languages": spoken[number % 3]}) for number in range(36)]
    )

    seating = hall.seat(rotations=2)

    groups = [group for rotation in seating["plan"] for group in rotation["groups"]]
    assert {group["language"] for group in groups} == {"de", "en", "fr"}
    assert seating["figures"]["groups_without_language"] == 0


def test_who_names_no_language_speaks_its_own_and_those_of_its_community(hall: Hall) -> None:
    [community] = hall.world.published(
        hall.company("Nordwerk"), {"name": "Circle", "languages": ["fr"], "tags": ["x"]}
    )
    hall.register("Nordwerk", "Alex", community_id=community, language="it")
    hall.register("Suedbank", "Kim", languages=["fr"])
    hall.register("Ostnetz", "Robin", language="fr")

    [[group]] = [one["groups"] for one in hall.seat(rotations=1)["plan"]]

    assert (group["language"], group["no_common_language"]) == ("fr", False)


def test_people_that_are_to_be_apart_never_sit_together(hall: Hall) -> None:
    ids = hall.crowd(12, companies=6)
    with hall.world.database.session() as session:
        session.add(
            CompanyProximity(
                company_id=hall.companies["House 1"],
                other_id=hall.companies["House 2"],
                proximity=Proximity.EXCLUDED,
                version=1,
                decided_at=now(),
            )
        )
    hall.change(ids[2], excluded_companies=[hall.companies["House 4"]])

    met = meetings(hall.seat(rotations=3, apart=[[ids[11], ids[0]]]))

    # Of House 1 are 0 and 6, of House 2 1 and 7, of House 4 3 and 9.
    forbidden = [(0, 11), (0, 1), (0, 7), (6, 1), (6, 7), (2, 3), (2, 9)]
    assert [
        pair for pair in forbidden if met[(min(ids[pair[0]], ids[pair[1]]), max(ids[pair[0]], ids[pair[1]]))]
    ] == []


def test_who_avoids_the_own_sector_sits_with_colleagues_all_the_same(hall: Hall) -> None:
    hall.company("Alike", "machinery")
    circle = {"name": "Circle", "tags": ["x"], "excluded_sectors": ["machinery"]}
    [community] = hall.world.published(hall.company("Nordwerk", "machinery"), circle)
    mine = [hall.register("Nordwerk", f"N{number}", community_id=community) for number in range(4)]
    theirs = [hall.register("Alike", f"A{number}") for number in range(4)]

    seating = hall.seat(rotations=1)

    assert seating["status"] == "done", seating["problem"]
    assert seats(seating, 1) == [sorted(mine), sorted(theirs)]


def test_no_card_names_a_company_a_masked_community_or_a_topic_of_competition_law(hall: Hall) -> None:
    nord = hall.company("Nordwerk")
    hidden = {"name": "Siskin Guild", "tags": ["siskin guild", "onboarding"]}
    [one] = hall.world.published(nord, hidden)
    [other] = hall.world.published(hall.company("Suedbank"), {"name": "Ring", "tags": ["siskin guild", "onboarding"]})
    told = ["Nordwerk podcast", "price lists and discounts", "onboarding"]
    hall.register("Nordwerk", "Alex", community_id=one, themes=told)
    hall.register("Suedbank", "Kim", community_id=other, themes=told)
    hall.register("Ostnetz", "Robin", themes=told)

    [[group]] = [one["groups"] for one in hall.seat(rotations=1)["plan"]]

    shown = f"{group['shared']} {group['theme']} {group['opening_question']}".lower()
    assert group["theme"] == "Onboarding"
    assert [word for word in ("nordwerk", "siskin guild", "price", "discount") if word in shown] == []


def test_five_people_do_not_fit_into_groups_of_four_and_are_told_what_would_do(hall: Hall) -> None:
    hall.crowd(5, companies=5)

    strict = hall.ask(group_size=4, min_size=4, max_size=4)
    usual = hall.seat(group_size=4, rotations=1)
    german = hall.world.organizer.post(
        f"/v1/meetups/{hall.meetup_id}/seatings",
        json={"min_size": 4, "max_size": 4},
        headers={"Accept-Language": "de"},
    )

    assert refused(strict) == (409, "group-sizes-do-not-fit")
    assert strict.json()["detail"] == (
        "5 people cannot sit in groups of 4 to 4. Allow groups of 4 to 5, or seat 4 or 8 people."
    )
    assert german.json()["detail"].startswith("5 Menschen lassen sich nicht in Gruppen von 4 bis 4 platzieren.")
    assert [len(group) for group in seats(usual, 1)] == [5]


def test_too_few_and_nobody_are_refused(hall: Hall) -> None:
    assert refused(hall.ask()) == (409, "nobody-to-seat")

    hall.crowd(2, companies=2)

    assert refused(hall.ask()) == (409, "too-few-to-seat")


@pytest.mark.parametrize(
    ("wish", "status", "slug"),
    [
        ({"rotations": 0}, 422, "invalid-input"),
        ({"rotations": 7}, 422, "invalid-input"),
        ({"group_size": 2}, 422, "invalid-input"),
        ({"max_size": 7}, 422, "invalid-input"),
        ({"group_size": 4, "min_size": 5}, 422, "group-sizes-out-of-order"),
        ({"group_size": 5, "max_size": 4}, 422, "group-sizes-out-of-order"),
        ({"apart": [["reg_1"]]}, 422, "invalid-input"),
        ({"apart": [["reg_1", "reg_1"]]}, 422, "apart-from-itself"),
        ({"apart": [["reg_1", "reg_2"]]}, 422, "not-to-be-seated"),
        ({"people": "all"}, 422, "invalid-input"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_nothing_is_queued(
    hall: Hall, wish: dict[str, object], status: int, slug: str
) -> None:
    hall.crowd(6, companies=3)

    assert refused(hall.ask(**wish)) == (status, slug)

    assert done(hall.world.organizer.get(f"/v1/meetups/{hall.meetup_id}/seatings"))["items"] == []


@pytest.mark.parametrize(
    "status", [MeetupStatus.DRAFT, MeetupStatus.CANCELLED, MeetupStatus.ARCHIVED], ids=lambda one: one.value
)
def test_a_meetup_that_does_not_take_place_is_not_seated(hall: Hall, status: MeetupStatus) -> None:
    hall.crowd(6, companies=3)
    hall.change_meetup(status=status)

    assert refused(hall.ask()) == (409, "meetup-not-seated")


def test_a_meetup_is_seated_until_half_a_day_after_its_end(hall: Hall) -> None:
    hall.crowd(6, companies=3)
    hall.change_meetup(status=MeetupStatus.HELD)

    hall.go(MEETUP + timedelta(hours=14))
    in_time = hall.ask()
    hall.computed(in_time)
    hall.go(MEETUP + timedelta(hours=14, seconds=1))

    assert in_time.status_code == 202
    assert refused(hall.ask()) == (409, "meetup-not-seated")


def test_only_who_has_a_place_is_seated_and_on_the_day_only_who_is_there(hall: Hall) -> None:
    ids = hall.crowd(9, companies=9)
    hall.change(ids[0], status=RegistrationStatus.WAITING)
    hall.change(ids[1], status=RegistrationStatus.OFFERED)
    hall.change(ids[2], attended=False)

    assert everybody(hall.seat(rotations=1), 1) == sorted(ids[2:])
    assert everybody(hall.seat(rotations=1, people="present"), 1) == sorted(ids[3:])


def test_who_cancels_before_the_worker_comes_is_left_out(hall: Hall) -> None:
    ids = hall.crowd(9, companies=9)

    queued = hall.ask(rotations=1)
    hall.change(ids[4], status=RegistrationStatus.CANCELLED)
    seating = hall.computed(queued)

    assert everybody(seating, 1) == sorted({*ids} - {ids[4]})
    assert seating["people"] == 8


def test_a_seating_that_has_become_impossible_says_why_and_what_would_do(hall: Hall) -> None:
    ids = hall.crowd(8, companies=8)

    queued = hall.ask(rotations=1, min_size=4, max_size=4)
    hall.change(ids[4], status=RegistrationStatus.CANCELLED)
    failed = hall.computed(queued)
    german = hall.world.organizer.get(f"/v1/seatings/{failed['id']}", headers={"Accept-Language": "de"}).json()

    assert (failed["status"], failed["plan"], failed["figures"]) == ("failed", [], None)
    assert failed["problem"] == (
        "7 people cannot sit in groups of 4 to 4. Allow groups of 3 to 4, or seat 4 or 8 people."
    )
    assert german["problem"].startswith("7 Menschen lassen sich nicht")


def test_who_cannot_be_kept_apart_is_named_to_who_organizes(hall: Hall) -> None:
    ids = hall.crowd(4, companies=4)

    failed = hall.seat(rotations=1, min_size=4, apart=[[ids[0], ids[1]]])

    assert failed["status"] == "failed"
    assert "It is about Guest0 (House 1), Guest1 (House 2): take a pair" in failed["problem"]


def test_while_one_is_computed_no_other_one_is_asked_for(hall: Hall) -> None:
    hall.crowd(6, companies=3)

    first, second = hall.ask(), hall.ask()

    assert refused(second) == (409, "seating-under-way")
    assert first.json()["id"] in second.json()["detail"]


def test_the_newest_that_is_done_counts(hall: Hall) -> None:
    hall.crowd(6, companies=3)
    seatings = [hall.seat(), hall.seat(rotations=1), hall.ask().json()]

    listed = done(hall.world.organizer.get(f"/v1/meetups/{hall.meetup_id}/seatings"))["items"]

    assert [(one["id"], one["current"]) for one in listed] == [
        (seatings[2]["id"], False),
        (seatings[1]["id"], True),
        (seatings[0]["id"], False),
    ]


def test_a_list_takes_as_many_statements_for_three_as_for_one(hall: Hall, client_queries: list[str]) -> None:
    ids = hall.crowd(6, companies=3)
    address = f"/v1/meetups/{hall.meetup_id}/seatings"
    hall.seat()
    client_queries.clear()
    hall.world.organizer.get(address)
    for_one = len(client_queries)
    hall.seat()
    hall.seat(apart=[[ids[0], ids[1]], [ids[0], ids[2]], [ids[0], ids[3]], [ids[0], ids[4]], [ids[0], ids[5]]])

    client_queries.clear()
    listed = done(hall.world.organizer.get(address))["items"]

    assert [one["status"] for one in listed] == ["failed", "done", "done"]
    # Those who cannot be kept apart are named with one more, for however many seatings.
    assert len(client_queries) <= for_one + 1


def test_a_seating_takes_as_many_statements_for_many_groups_as_for_few(hall: Hall, client_queries: list[str]) -> None:
    hall.crowd(6, companies=3)
    few = hall.seat(rotations=1)
    client_queries.clear()
    hall.world.organizer.get(f"/v1/seatings/{few['id']}")
    for_few = len(client_queries)
    hall.register_all([(f"House {number % 6 + 1}", f"Further{number}", {}) for number in range(30)])
    many = hall.seat(rotations=3)

    client_queries.clear()
    hall.world.organizer.get(f"/v1/seatings/{many['id']}")

    assert len(client_queries) == for_few


def test_the_groups_are_a_file_whose_cells_are_no_formulas(hall: Hall) -> None:
    ids = [
        hall.register("=Nordwerk", "@Alex", themes=["-onboarding"]),
        hall.register("Suedbank", "Kim", themes=["-onboarding"]),
        hall.register("Ostnetz", "+Robin", themes=["-onboarding"]),
    ]
    seating = hall.seat(rotations=1)

    answer = hall.world.organizer.get(f"/v1/seatings/{seating['id']}/groups.csv")
    header, *rows = csv.reader(io.StringIO(answer.text))

    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert header == [
        "rotation",
        "table",
        "theme",
        "language",
        "opening_question",
        "first_name",
        "company",
        "registration_id",
    ]
    assert [row[5:] for row in rows] == [
        ["'@Alex", "'=Nordwerk", ids[0]],
        ["Kim", "Suedbank", ids[1]],
        ["'+Robin", "Ostnetz", ids[2]],
    ]
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]


def test_there_is_no_file_and_no_address_of_cards_before_there_are_groups(hall: Hall) -> None:
    hall.crowd(6, companies=3)
    queued = hall.ask().json()

    assert queued["cards_url"] is None
    assert refused(hall.world.organizer.get(f"/v1/seatings/{queued['id']}/groups.csv")) == (409, "seating-not-done")


def test_who_has_cancelled_is_erased_or_forgotten_leaves_a_free_seat(hall: Hall) -> None:
    ids = hall.crowd(6, companies=6)
    seating = hall.seat(rotations=1)
    hall.change(ids[0], status=RegistrationStatus.CANCELLED)
    with hall.world.database.session() as session:
        erased = session.get_one(Registration, ids[1]).person_id
        session.delete(session.get_one(Registration, ids[2]))
        kept = session.get_one(Person, erased).company_id
    hall.world.caller(Role.COORDINATOR, kept).post(f"/v1/people/{erased}/erase")

    shown = done(hall.world.organizer.get(f"/v1/seatings/{seating['id']}"))
    file = hall.world.organizer.get(f"/v1/seatings/{seating['id']}/groups.csv")

    members = [member for group in shown["plan"][0]["groups"] for member in group["members"]]
    assert Counter(member["first_name"] is None for member in members) == {True: 3, False: 3}
    free = {member["registration_id"] for member in members if member["company"] is None}
    assert free & set(ids) == {ids[0], ids[2]}
    assert file.status_code == 200


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.PORTAL, Role.PARTICIPANT, Role.MANAGER])
def test_seatings_are_for_who_organizes(hall: Hall, role: Role) -> None:
    ids = hall.crowd(6, companies=3)
    seating = hall.seat()
    company = hall.companies["House 1"]
    person = None
    if role in (Role.PARTICIPANT, Role.MANAGER):
        with hall.world.database.reader() as session:
            person = session.get_one(Registration, ids[0]).person_id
    caller = hall.world.caller(role, company, person_id=person)
    address = f"/v1/seatings/{seating['id']}"

    answers = [
        caller.post(f"/v1/meetups/{hall.meetup_id}/seatings", json={}),
        caller.get(f"/v1/meetups/{hall.meetup_id}/seatings"),
        caller.get(address),
        caller.get(f"{address}/events"),
        caller.get(f"{address}/groups.csv"),
        caller.post(f"{address}/reseat", json={"from_rotation": 2}),
    ]

    assert {refused(answer) for answer in answers} == {(403, "role-not-enough")}
    assert "Guest" not in "".join(answer.text for answer in answers)


def test_what_does_not_exist_is_not_found(hall: Hall) -> None:
    organizer = hall.world.organizer

    assert refused(organizer.post("/v1/meetups/mtp_x/seatings", json={})) == (404, "meetup-not-found")
    assert refused(organizer.get("/v1/meetups/mtp_x/seatings")) == (404, "meetup-not-found")
    assert refused(organizer.get("/v1/seatings/stg_x")) == (404, "seating-not-found")
    assert refused(organizer.get("/v1/seatings/stg_x/events")) == (404, "seating-not-found")
    assert refused(organizer.post("/v1/seatings/stg_x/reseat", json={"from_rotation": 1})) == (
        404,
        "seating-not-found",
    )


def test_its_progress_is_a_stream_that_ends_when_it_is_done(hall: Hall) -> None:
    hall.crowd(6, companies=3)
    seating = hall.seat()

    answer = hall.world.organizer.get(f"/v1/seatings/{seating['id']}/events")

    assert answer.headers["Content-Type"].startswith("text/event-stream")
    assert "event: end" in answer.text
    assert '"stage":"done"' in answer.text


def test_a_community_of_circumstance_gives_no_table_its_theme(hall: Hall) -> None:
    """What it is about would tell something about the two who come for it."""
    come = []
    for company, name in (("Alder", "Rainbow circle"), ("Birch", "Pride round")):
        portal = hall.portal(company)
        document = {"name": name, "kind": "circumstance", "tags": ["gay employees"], "languages": ["en"]}
        made = portal.put("/v1/sources/intranet/communities/one", json=document)
        wish = {"community_ids": [made.json()["id"]], "consent_by": "manager", "circumstance": True}
        published = portal.post("/v1/communities/publish", json=wish)
        assert published.json()["published"] == 1, published.text
        come.append(hall.register(company, f"Of{company}", community_id=made.json()["id"]))
    sam = hall.register("Cedar", "Sam", themes=["podcasts"])

    seating = hall.seat(rotations=1)

    organizer = hall.world.organizer
    told = [
        str(seating),
        str(done(hall.own(sam).get(f"/v1/registrations/{sam}/groups"))),
        organizer.get(f"/v1/seatings/{seating['id']}/groups.csv").text,
        organizer.get(f"/v1/meetups/{hall.meetup_id}/export").text,
        organizer.get(f"/v1/meetups/{hall.meetup_id}/registrations").text,
        hall.world.operator.get(f"/v1/registrations/{come[0]}").text,
        hall.world.client.get(seating["cards_url"].removeprefix(hall.world.settings.public_url)).text,
    ]
    assert [text for text in told[:-1] if come[0] not in text] == []
    for word in ("gay", "rainbow", "pride"):
        assert [text for text in told if word in text.lower()] == []
    assert (seating["plan"][0]["groups"][0]["shared"], seating["figures"]["mean_similarity"]) == ([], 0.0)


@pytest.mark.parametrize(
    ("mean", "at_random", "english", "german"),
    [
        (0.25, 0.1, "2.5 times as much in common", "2,5-mal so viel"),
        (0.105, 0.1, "1.1 times as much in common", "1,1-mal so viel"),
        (0.104, 0.1, "about as much in common as", "etwa so viel wie in ausgelosten"),
        (0.09, 0.1, "about as much in common as", "etwa so viel wie in ausgelosten"),
        (0.0, 0.1, "about as much in common as", "etwa so viel wie in ausgelosten"),
    ],
)
def test_how_much_people_have_in_common_is_told_beside_chance(
    mean: float, at_random: float, english: str, german: str
) -> None:
    stored = FIGURES | {"mean_similarity": mean, "random_similarity": at_random}

    assert english in figures_shown(stored, "en").texts[-1]
    assert german in figures_shown(stored, "de").texts[-1]


@pytest.mark.parametrize("mean", [0.0, 0.1])
def test_where_chance_gives_nothing_in_common_nothing_is_told_of_it(mean: float) -> None:
    shown = figures_shown(FIGURES | {"mean_similarity": mean, "random_similarity": 0.0}, "en")

    assert (shown.times_random, len(shown.texts)) == (None, 3)
