"""A meetup from its draft to the archive: who sees it, what it takes to announce it, what goes when."""

import pytest

from tests.app.meetups.conftest import SPRING, Quarter, done, refused
from tests.world import JsonObject


def test_a_meetup_is_drafted_announced_opened_held_and_archived(quarter: Quarter) -> None:
    draft = quarter.draft()
    announced = quarter.step(draft, "announce")
    opened = quarter.step(draft, "open")
    quarter.go("2027-03-11T17:05:00+01:00")
    held = quarter.step(draft, "hold")
    archived = quarter.step(draft, "archive")

    stages = [one["status"] for one in (draft, announced, opened, held, archived)]
    assert stages == ["draft", "announced", "open", "held", "archived"]
    assert archived["announced_at"] == "2027-01-11T09:00:00Z"
    assert archived["held_at"] == archived["archived_at"] == "2027-03-11T16:05:00Z"
    assert quarter.events(draft["id"]) == [
        "meetup.created",
        "meetup.announced",
        "meetup.changed",
        "meetup.held",
        "meetup.archived",
    ]


def test_a_meetup_is_shown_with_its_local_times_and_the_notice_on_competition_law(quarter: Quarter) -> None:
    agenda = [{"text": "Welcome", "minutes": 15}, {"text": "Our prices", "minutes": 20}]

    draft = quarter.draft(host_company_id=quarter.nordwerk, place="Room 7", agenda=agenda, capacity=40)

    hint = draft["agenda"][1]["hints"][0]
    assert (hint["matched"], hint["topic"]) == ("prices", 1)
    assert draft["notice"].startswith("Competition law")
    assert draft == {
        "id": draft["id"],
        "status": "draft",
        "title": "Spring meetup",
        "language": "en",
        "purpose": "We find partners.",
        "starts_at": "2027-03-11T12:00:00Z",
        "ends_at": "2027-03-11T16:00:00Z",
        "time_zone": "Europe/Berlin",
        "local_start": "2027-03-11T13:00:00",
        "local_end": "2027-03-11T17:00:00",
        "start_remark": None,
        "end_remark": None,
        "online_link": "https://meet.example/secret-room",
        "place": "Room 7",
        "host_company_id": quarter.nordwerk,
        "host_company": "Nordwerk",
        "agenda": [
            {"text": "Welcome", "talk_id": None, "minutes": 15, "hints": []},
            {"text": "Our prices", "talk_id": None, "minutes": 20, "hints": [hint]},
        ],
        "capacity": 40,
        "places_left": 40,
        "limit_per_company": None,
        "registration_until": None,
        "confirm_within_hours": 48,
        "taken": 0,
        "waiting": 0,
        "sequence": 0,
        "people_told": None,
        "cancel_message": None,
        "notice": draft["notice"],
        "created_at": "2027-01-11T09:00:00Z",
        "announced_at": None,
        "held_at": None,
        "archived_at": None,
        "cancelled_at": None,
    }


def test_drafts_links_and_who_waits_are_the_organizers_alone(quarter: Quarter) -> None:
    draft, announced = quarter.draft(title="Secret plans"), quarter.announced(capacity=3)
    quarter.taken(announced, 3, waiting=2)
    dropped = quarter.step(quarter.draft(title="Given up"), "cancel", message="Too few hosts.")
    address = "/v1/meetups"

    seen = [done(caller.get(address))["items"] for caller in (quarter.organizer, quarter.nord)]
    hidden = [quarter.nord.get(f"{address}/{one['id']}") for one in (draft, dropped)]

    assert [len(items) for items in seen] == [3, 1]
    [shown] = seen[1]
    assert shown == quarter.read(announced) | {"online_link": None, "taken": None, "waiting": None}
    assert shown["places_left"] == 0
    assert [refused(one) for one in hidden] == [(404, "meetup-not-found")] * 2
    assert "Secret" not in hidden[0].text
    assert quarter.events(dropped["id"]) == ["meetup.created", "meetup.discarded"]


def test_only_organizers_change_a_meetup_and_what_is_hidden_stays_so(quarter: Quarter) -> None:
    draft, announced = quarter.draft(), quarter.announced()

    assert refused(quarter.nord.post("/v1/meetups", json=SPRING)) == (403, "role-not-enough")
    for verb, body in (("announce", {}), ("open", {}), ("hold", {}), ("archive", {}), ("cancel", {"message": "x"})):
        told = [
            refused(quarter.nord.post(f"/v1/meetups/{one['id']}/{verb}", json=body)) for one in (draft, announced)
        ]
        assert told == [(404, "meetup-not-found"), (403, "role-not-enough")], verb
    told = [refused(quarter.try_change(one, quarter.nord, title="Mine")) for one in (draft, announced)]
    assert told == [(404, "meetup-not-found"), (403, "role-not-enough")]


def test_a_meetup_is_announced_only_where_people_can_go_and_before_it_begins(quarter: Quarter) -> None:
    nowhere, begun = quarter.draft(online_link=None), quarter.draft()
    unsaid = quarter.try_step(nowhere, "announce")
    quarter.change(nowhere, place="Nordwerk, Hamburg")
    announced = quarter.step(nowhere, "announce")
    taken_away = quarter.try_change(announced, place=None)

    quarter.go("2027-03-11T12:00:00+00:00")
    too_late = quarter.try_step(begun, "announce")
    not_opened = quarter.try_step(announced, "open")

    assert refused(unsaid) == refused(taken_away) == (409, "meetup-nowhere")
    assert "online_link" in unsaid.json()["detail"]
    assert refused(too_late) == refused(not_opened) == (409, "meetup-begun")


@pytest.mark.parametrize(
    ("steps", "verb"),
    [
        ([], "open"),
        ([], "hold"),
        ([], "archive"),
        (["announce"], "announce"),
        (["announce", "open"], "open"),
        (["announce", "open"], "archive"),
        (["announce", "cancel"], "open"),
        (["announce", "cancel"], "cancel"),
    ],
)
def test_a_step_at_the_wrong_moment_names_the_right_one(quarter: Quarter, steps: list[str], verb: str) -> None:
    draft = quarter.draft()
    for step in steps:
        quarter.step(draft, step, **_body(step))
    before = quarter.read(draft)

    answer = quarter.try_step(draft, verb, **_body(verb))

    assert refused(answer) == (409, "wrong-meetup-state")
    assert f"The meetup is {before['status']}" in answer.json()["detail"]
    assert quarter.read(draft) == before


def _body(verb: str) -> JsonObject:
    return {"message": "Next time."} if verb == "cancel" else {}


def test_a_meetup_is_held_once_it_has_begun_and_then_neither_changed_nor_cancelled(quarter: Quarter) -> None:
    opened = quarter.opened()
    early = quarter.try_step(opened, "hold")
    quarter.go("2027-03-11T12:00:00+00:00")

    held = quarter.step(opened, "hold")

    assert refused(early) == (409, "meetup-not-begun")
    assert "2027-03-11T12:00Z" in early.json()["detail"]
    assert held["status"] == "held"
    assert refused(quarter.try_change(held, title="Another")) == (409, "wrong-meetup-state")
    assert refused(quarter.try_step(held, "cancel", message="x")) == (409, "wrong-meetup-state")


def test_a_meetup_that_is_over_is_not_cancelled_though_nobody_has_marked_it_as_held(quarter: Quarter) -> None:
    opened, draft = quarter.opened(), quarter.draft()
    quarter.go(opened["ends_at"])

    late = quarter.try_step(opened, "cancel", message="x")

    assert refused(late) == (409, "meetup-over")
    assert "2027-03-11T" in late.json()["detail"]
    assert quarter.read(opened)["cancel_message"] is None
    # Nobody was at a draft.
    assert quarter.step(draft, "cancel", message="x")["status"] == "cancelled"


def test_a_cancelled_meetup_stays_readable_with_its_message(quarter: Quarter) -> None:
    opened = quarter.opened()

    quarter.step(opened, "cancel", message="The house is closed.\nWe meet in June.")

    shown = quarter.read(opened, quarter.nord)
    assert (shown["status"], shown["cancel_message"]) == ("cancelled", "The house is closed.\nWe meet in June.")
    assert shown["sequence"] == 1
    assert refused(quarter.try_change(opened, title="Another")) == (409, "wrong-meetup-state")
    for message in ("", "  ", "x" * 1001):
        assert refused(quarter.try_step(opened, "cancel", message=message)) == (422, "invalid-input")
    assert quarter.events(opened["id"])[-1] == "meetup.cancelled"


def test_the_host_takes_part(quarter: Quarter) -> None:
    invited = quarter.world.company("Invited", active=False)
    draft = quarter.draft(host_company_id=quarter.suedbank)

    unknown = quarter.organizer.post("/v1/meetups", json=SPRING | {"host_company_id": "cmp_nobody"})
    not_yet = quarter.try_change(draft, host_company_id=invited)

    assert refused(unknown) == refused(not_yet) == (422, "meetup-host-unknown")
    assert "cmp_nobody" in unknown.json()["detail"]
    assert quarter.change(draft, host_company_id=None)["host_company"] is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("online_link", "javascript:alert(1)"),
        ("online_link", "meet.example/room"),
        ("time_zone", "Europe/Atlantis"),
        ("language", "klingonisch"),
        ("capacity", 0),
        ("limit_per_company", -1),
        ("confirm_within_hours", 0),
        ("title", ""),
        ("purpose", "x" * 2001),
        ("agenda", [{"text": "Welcome", "minutes": 0}]),
        ("agenda", [{"text": "x", "minutes": 5}] * 41),
        ("surprise", True),
    ],
)
def test_a_value_that_is_not_accepted_is_named_and_nothing_is_stored(
    quarter: Quarter, field: str, value: object
) -> None:
    answer = quarter.organizer.post("/v1/meetups", json=SPRING | {field: value})

    assert refused(answer) == (422, "invalid-input")
    assert answer.json()["errors"][0]["pointer"].startswith(f"/{field}")
    assert done(quarter.organizer.get("/v1/meetups"))["items"] == []


def test_an_item_of_the_agenda_is_a_text_or_an_accepted_talk(quarter: Quarter) -> None:
    def drafted(item: JsonObject) -> tuple[int, str]:
        return refused(quarter.organizer.post("/v1/meetups", json=SPRING | {"agenda": [item | {"minutes": 5}]}))

    assert drafted({}) == drafted({"text": "x", "talk_id": "tlk_x"}) == (422, "agenda-item-unclear")
    assert drafted({"talk_id": "tlk_x"}) == (422, "agenda-talk-not-accepted")


def test_meetups_are_listed_by_their_start_and_filtered(quarter: Quarter) -> None:
    june = quarter.announced(
        title="June", starts_at="2027-06-10T13:00:00", ends_at="2027-06-10T17:00:00", place="House"
    )
    march = quarter.opened(title="March")
    march_too = quarter.opened(title="March too")

    def titles(**query: object) -> list[str]:
        return [one["title"] for one in done(quarter.nord.get("/v1/meetups", params=query))["items"]]

    first = done(quarter.nord.get("/v1/meetups", params={"limit": 2}))
    rest = done(quarter.nord.get("/v1/meetups", params={"limit": 2, "cursor": first["next_cursor"]}))
    assert [one["id"] for one in first["items"] + rest["items"]] == [march["id"], march_too["id"], june["id"]]
    assert rest["next_cursor"] is None
    assert titles(status="announced") == ["June"]
    assert titles(**{"from": "2027-03-11T12:00:01Z"}) == ["June"]
    assert titles(**{"from": "2027-03-11T12:00:00Z", "to": "2027-06-10T11:00:00Z"}) == ["March", "March too"]
    assert refused(quarter.nord.get("/v1/meetups", params={"from": "2027-03-11"})) == (422, "invalid-input")
    assert refused(quarter.nord.get("/v1/meetups", params={"status": "over"})) == (422, "invalid-input")


def test_a_list_asks_the_same_number_of_questions_however_long_it_is(
    quarter: Quarter, client_queries: list[str]
) -> None:
    def asked() -> int:
        client_queries.clear()
        done(quarter.organizer.get("/v1/meetups"))
        return len(client_queries)

    quarter.announced(host_company_id=quarter.nordwerk)
    one = asked()
    quarter.announced(host_company_id=quarter.suedbank)
    quarter.announced()

    assert asked() == one
