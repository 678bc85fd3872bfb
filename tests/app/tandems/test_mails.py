"""Who is told what, when: each in the own language, masked until all have said yes, and never why it is over."""

from collections.abc import Mapping
from datetime import timedelta

import pytest
import time_machine
from sqlmodel import col, select

from app.access.models import Role
from app.core import links
from app.core.clock import now
from app.notifications import outbox
from app.notifications.models import Channel, EndpointStatus, Message, WebhookEndpoint
from app.tandems import service as tandems
from app.tandems.models import SuggestionOrigin
from tests.app.tandems.conftest import PEPPER, Two, document, offer, post, told, work
from tests.world import World

ALEX = {"email": "alex@nordwerk.example", "first_name": "Alex", "language": "de"}
DANA = {"email": "dana@nordwerk.example", "first_name": "Dana", "language": "en", "deputy": True}
KIM = {"email": "kim@suedbank.example", "first_name": "Kim", "language": "en"}


def spoken_for(world: World, sectors: tuple[str, str] = ("machinery", "banking")) -> Two:
    nord, sued = world.company("Nordwerk", sector=sectors[0]), world.company("Suedbank", sector=sectors[1])
    [of_nord] = world.published(nord, document("Chart Circle", managers=[ALEX, DANA]))
    openly = {"formats_practised": ["knowledge_cafe"], "stage": "live", "size_band": "100-499", "managers": [KIM]}
    [of_sued] = world.published(sued, document("Diagrammkreis", topics=["data literacy", "Diagramme"], **openly))
    return Two(world, nord, sued, of_nord, of_sued)


@pytest.fixture
def met(world: World) -> Two:
    """Two communities, each with people who speak for it."""
    return spoken_for(world)


@pytest.fixture
def near(world: World) -> Two:
    """As `met`, of one sector: both companies have coordinators who approve, one also a deputy."""
    near = spoken_for(world, ("machinery", "machinery"))
    coordinators(near, near.nord, {"email": "robin@nordwerk.example", "first_name": "Robin", "language": "de"})
    boss = {"email": "boss@suedbank.example", "first_name": "Bo"}
    deputy = {"email": "vice@suedbank.example", "first_name": "Vic", "deputy": True}
    coordinators(near, near.sued, boss, deputy)
    return near


def coordinators(two: Two, company_id: str, *contacts: Mapping[str, object]) -> None:
    address = f"/v1/companies/{company_id}/coordinators"
    named = two.world.operator.put(address, json={"coordinators": contacts}, headers={"If-Match": "*"})
    assert named.status_code == 200, named.text


def both_say_yes(two: Two) -> str:
    suggestion_id = two.suggest()
    for portal in (two.portal_nord, two.portal_sued):
        two.answer(portal, suggestion_id, "yes")
    return suggestion_id


def test_a_suggestion_asks_everybody_who_speaks_for_a_side_in_the_own_language(met: Two) -> None:
    with time_machine.travel("2026-11-24T09:00:00Z", tick=False):
        suggestion_id = met.suggest()
        posted = post(met.world)
        again = post(met.world)

        assert told(posted) == [("suggestion.opened", name) for name in ("alex", "dana", "kim")]
        assert again == []
        german, _, english = posted
        assert german.letter.subject == "Ein möglicher Partner für Chart Circle"
        assert german.letter.paragraphs == (
            "Es gibt eine Community eines anderen Unternehmens, die zu Chart Circle passen könnte. Keine von beiden "
            "sieht, wer die andere ist, bevor beide Ja gesagt haben.",
            "Was schon verraten werden darf: Themen: data literacy, Diagramme. Sprachen: Englisch. Mitglieder: "
            "100-499. Branche: banking. Phase: im laufenden Betrieb. Formate: Wissenscafé.",
            "Wie sicher wir sind, dass die beiden zusammenpassen: gut.",
            "Warum die beiden voneinander lernen könnten:",
        )
        assert german.letter.points == ("Gemeinsame Themen: charts / Diagramme, data",)
        assert german.letter.after == (
            "Wie es weitergeht: Sie sagen Ja, jetzt nicht oder Nein, bis 8. Dezember 2026.",
            "Ein Nein braucht keine Begründung, und die andere Seite erfährt nichts davon.",
        )
        assert "until December 8, 2026" in english.letter.after[0]
        assert "Suedbank" not in german.text
        assert "Diagrammkreis" not in german.text
        [answer] = german.letter.actions
        token = answer.url.removeprefix("https://tandem.example/answers/")
        side = met.portal_nord.get(f"/v1/suggestions/{suggestion_id}").json()["side"]
        suggestion, named, person_id = links.opened("answer", token, PEPPER)
        assert (suggestion, named, person_id[:4]) == (suggestion_id, side, "per_")
    with time_machine.travel("2026-12-08T09:00:00Z", tick=False), pytest.raises(links.LinkExpired):
        links.opened("answer", token, PEPPER)


def test_whoever_has_asked_by_itself_is_not_asked(met: Two) -> None:
    suggestion_id = met.suggest(origin=SuggestionOrigin.SPONTANEOUS, round_id=None)
    met.answer(met.portal_nord, suggestion_id, "yes")

    assert told(post(met.world)) == [("suggestion.opened", "kim")]


def test_who_takes_over_is_asked_what_is_still_open_and_nobody_twice(met: Two) -> None:
    met.suggest()
    post(met.world)
    lee = {"email": "lee@suedbank.example", "first_name": "Lee", "language": "en"}

    def speak(*managers: Mapping[str, object]) -> list[tuple[str, str]]:
        wish = {"managers": list(managers)}
        met.portal_sued.patch(f"/v1/communities/{met.of_sued}", json=wish, headers={"If-Match": "*"})
        return told(post(met.world))

    assert speak(KIM, lee) == [("suggestion.opened", "lee")]
    assert speak(lee) == []


def test_what_was_answered_before_the_mail_goes_out_is_not_asked_any_more(met: Two) -> None:
    suggestion_id = met.suggest()
    work(met.world)
    met.answer(met.portal_nord, suggestion_id, "yes")

    assert told(post(met.world)) == [("suggestion.opened", "kim")]


def test_who_does_not_speak_for_the_community_any_more_hears_nothing(met: Two) -> None:
    met.suggest()
    work(met.world)
    address = f"/v1/communities/{met.of_nord}"
    met.portal_nord.patch(address, json={"managers": [ALEX]}, headers={"If-Match": "*"})

    assert told(post(met.world)) == [("suggestion.opened", "alex"), ("suggestion.opened", "kim")]


def test_two_times_yes_introduce_everybody_to_each_other(met: Two) -> None:
    both_say_yes(met)

    posted = post(met.world)

    assert told(posted) == [("tandem.introduced", name) for name in ("alex", "dana", "kim")]
    german, _, english = posted
    assert german.letter.subject == "Chart Circle und Diagrammkreis sind ein Tandem"
    assert german.letter.paragraphs[1:3] == (
        "Chart Circle: Alex <alex@nordwerk.example>, Dana <dana@nordwerk.example>",
        "Diagrammkreis: Kim <kim@suedbank.example>",
    )
    assert "Leitfaden zum Kartellrecht" in german.text
    assert english.letter.subject == "Diagrammkreis and Chart Circle are a tandem"
    assert english.letter.points == ("Shared themes: charts / Diagramme, data",)


def test_nobody_is_introduced_once_the_tandem_is_closed(met: Two) -> None:
    tandem_id = met.tandem()
    work(met.world)
    met.portal_nord.post(f"/v1/tandems/{tandem_id}/close")

    assert [one for one in told(post(met.world)) if one[0] == "tandem.introduced"] == []


@pytest.mark.parametrize("said", ["no", "not_now"])
def test_the_other_side_hears_that_it_is_over_and_never_why(met: Two, said: str) -> None:
    suggestion_id = met.suggest()
    post(met.world)
    met.answer(met.portal_sued, suggestion_id, said, reason="Too far away for us.", why=["other"])

    posted = post(met.world)

    assert told(posted) == [("suggestion.withdrawn", "alex"), ("suggestion.withdrawn", "dana")]
    assert posted[1].text == (
        "No longer open: the suggestion for Chart Circle\nThis suggestion is no longer open. That has many possible "
        "causes and says nothing about you.\nFurther suggestions will come. You need not do anything."
    )


def test_of_a_round_that_is_taken_back_only_those_hear_who_knew_of_it(met: Two) -> None:
    met.suggest()
    post(met.world)
    [second] = met.world.published(met.sued, document("Second", managers=[KIM]))
    [fourth] = met.world.published(met.nord, document("Fourth", managers=[ALEX]))
    with met.database.session() as session:
        tandems.open_many(session, [offer(fourth, second)])
    work(met.world)
    with met.database.session() as session:
        tandems.withdraw_of_round(session, "rnd_1")

    posted = post(met.world)

    assert told(posted) == [("suggestion.withdrawn", name) for name in ("alex", "dana", "kim")]
    assert all("Second" not in one.text and "Fourth" not in one.text for one in posted)


def test_who_was_silent_until_the_end_is_left_in_peace(met: Two) -> None:
    suggestion_id = met.suggest()
    post(met.world)
    met.answer(met.portal_nord, suggestion_id, "yes")

    with time_machine.travel(now() + timedelta(days=14, minutes=1), tick=False):
        posted = post(met.world)

    assert told(posted) == [("suggestion.not_come_about", "alex"), ("suggestion.not_come_about", "dana")]
    assert posted[1].letter.paragraphs[0].startswith("Thank you for your yes.")


def test_coordinators_are_asked_with_both_names_then_their_deputy_then_reminded(near: Two) -> None:
    start = now()
    suggestion_id = both_say_yes(near)
    at_once = post(near.world)
    steps = {}
    for days in (6, 8, 12):
        with time_machine.travel(start + timedelta(days=days), tick=False):
            steps[days] = told(post(near.world))

    assert told(at_once) == [("suggestion.approval", "boss"), ("suggestion.approval", "robin")]
    boss, robin = at_once
    assert boss.letter.subject == "To be approved: Diagrammkreis and Chart Circle (Nordwerk)"
    assert robin.letter.subject == "Zur Freigabe: Chart Circle und Diagrammkreis (Suedbank)"
    assert f"/v1/suggestions/{suggestion_id}/approve" in boss.text
    assert "@" not in boss.text
    assert steps == {
        6: [],
        8: [("suggestion.approval", "vice")],
        12: [("suggestion.approval_reminder", name) for name in ("boss", "robin", "vice")],
    }


def test_after_a_pause_of_the_service_each_is_told_once_and_late(near: Two) -> None:
    start = now()
    both_say_yes(near)
    post(near.world)

    with time_machine.travel(start + timedelta(days=12), tick=False):
        late, again = told(post(near.world)), told(post(near.world))

    assert late == [("suggestion.approval", "vice")] + [
        ("suggestion.approval_reminder", name) for name in ("boss", "robin", "vice")
    ]
    assert again == []


def test_after_a_pause_of_the_service_the_question_comes_without_its_reminder(met: Two) -> None:
    start = now()
    met.suggest()

    with time_machine.travel(start + timedelta(days=8), tick=False):
        met.world.worker.run_until_idle()

    subjects = sorted(str(one["subject"]).strip() for one in met.world.mails())
    assert subjects == [
        "A possible partner for Chart Circle",
        "A possible partner for Diagrammkreis",
        "Ein möglicher Partner für Chart Circle",
    ]


def test_until_when_is_told_where_the_community_is(met: Two) -> None:
    with time_machine.travel("2026-11-24T03:00:00Z", tick=False):
        for portal, community in ((met.portal_nord, met.of_nord), (met.portal_sued, met.of_sued)):
            change = {"time_zone": "America/Los_Angeles"}
            portal.patch(f"/v1/communities/{community}", json=change, headers={"If-Match": "*"})
        met.suggest()

        english = post(met.world)[-1]

    # Half past seven in the evening of the day before, there.
    assert "until December 7, 2026" in english.text


def test_who_has_approved_is_not_asked_again(near: Two) -> None:
    start = now()
    suggestion_id = both_say_yes(near)
    approve = {"approve": True}
    near.world.caller(Role.COORDINATOR, near.sued).post(f"/v1/suggestions/{suggestion_id}/approve", json=approve)

    with time_machine.travel(start + timedelta(days=12), tick=False):
        asked = told(post(near.world))

    assert asked == [("suggestion.approval", "robin"), ("suggestion.approval_reminder", "robin")]


@pytest.mark.parametrize("how", ["refused", "silent"])
def test_what_coordinators_do_not_approve_did_not_come_about_for_both_sides(near: Two, how: str) -> None:
    start = now()
    suggestion_id = both_say_yes(near)
    post(near.world)
    later = start + timedelta(days=14, minutes=1)
    if how == "refused":
        coordinator, later = near.world.caller(Role.COORDINATOR, near.nord), start + timedelta(days=1)
        coordinator.post(f"/v1/suggestions/{suggestion_id}/approve", json={"approve": False})

    with time_machine.travel(later, tick=False):
        posted = post(near.world)

    assert told(posted) == [("suggestion.not_come_about", name) for name in ("alex", "dana", "kim")]


def test_coordinators_read_no_words_by_which_the_partner_names_itself(near: Two) -> None:
    nord, sued = ("a", "b") if near.of_nord < near.of_sued else ("b", "a")
    terms = [{nord: "data", sued: "data"}, {nord: "courses", sued: "Suedbank Academy"}]
    suggestion_id = near.suggest(reasons=[{"kind": "theme", "terms": terms, "share": 0.6}])
    for portal in (near.portal_nord, near.portal_sued):
        near.answer(portal, suggestion_id, "yes")

    points = {one.to: one.letter.points for one in post(near.world)}

    courses = "courses / Suedbank Academy" if nord == "a" else "Suedbank Academy / courses"
    assert points == {
        "robin@nordwerk.example": ("Gemeinsame Themen: data",),
        "boss@suedbank.example": (f"Shared themes: data, {courses}",),
    }


def test_a_company_whose_only_coordinator_is_a_deputy_asks_that_one_at_once(near: Two) -> None:
    coordinators(near, near.nord, {"email": "vice@nordwerk.example", "first_name": "Vic", "deputy": True})
    both_say_yes(near)

    assert told(post(near.world)) == [("suggestion.approval", "boss"), ("suggestion.approval", "vice")]


def test_companies_are_told_by_webhook_of_their_own_side_only(near: Two) -> None:
    endpoints = {near.nord: "whe_nord", near.sued: "whe_sued"}
    with near.database.session() as session:
        for company_id, name in endpoints.items():
            session.add(
                WebhookEndpoint(
                    id=name,
                    company_id=company_id,
                    url="https://x.example",
                    kinds=[],
                    status=EndpointStatus.ACTIVE,
                    secret="x",
                    created_at=now(),
                )
            )
    suggestion_id = both_say_yes(near)
    post(near.world)
    near.world.caller(Role.COORDINATOR, near.nord).post(
        f"/v1/suggestions/{suggestion_id}/approve", json={"approve": False}
    )
    post(near.world)

    with near.database.reader() as session:
        events = session.exec(
            select(Message).where(col(Message.channel) == Channel.WEBHOOK).order_by(col(Message.id))
        ).all()
    own = {"whe_nord": near.of_nord, "whe_sued": near.of_sued}
    assert {one.template for one in events} == {
        "suggestion.opened",
        "suggestion.awaiting_coordinator",
        "suggestion.ended",
    }
    assert len(events) == 6
    for one in events:
        assert one.ids == {"suggestion_id": suggestion_id, "community_id": own[str(one.endpoint_id)]}


def test_a_message_that_waits_is_taken_back_when_the_suggestion_is_over(met: Two) -> None:
    suggestion_id = met.suggest()
    work(met.world)
    met.answer(met.portal_nord, suggestion_id, "no")
    work(met.world)

    with met.database.session() as session:
        assert outbox.retract(session, suggestion_id) == 0
    assert post(met.world) == []
