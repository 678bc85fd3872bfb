"""The answer page: what a manager sees and does by a link, and what a link cannot do."""

import io
import re
import sys
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import delete
from sqlmodel import col
from starlette.testclient import TestClient

from app.communities.models import CommunityManager
from app.console import answers
from app.core import links, logs
from app.core.settings import Settings
from app.main import create_app
from app.people.models import Person, PersonStatus
from app.tandems import queries
from app.tandems import service as tandems
from app.tandems.models import Answer, Suggestion, SuggestionSide
from tests.app.console.conftest import Pages, told

FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept-Language": "en"}


def own_side(pages: Pages, suggestion_id: str) -> SuggestionSide:
    with pages.database.reader() as session:
        return queries.sides(session, [suggestion_id])[suggestion_id][pages.side(pages.of_nord)]


def test_a_page_tells_in_the_readers_language_why_who_and_what_next_and_a_get_never_answers(pages: Pages) -> None:
    suggestion_id = pages.suggest()
    link = pages.answer_link(suggestion_id)

    shown = pages.get(link)
    head = pages.world.client.head(link)

    assert (shown.status_code, head.status_code, head.content) == (200, 200, b"")
    assert '<html lang="de">' in shown.text
    assert "Ein mögliches Tandem für Chart &lt;b&gt;Circle&lt;/b&gt;" in shown.text
    text = told(shown)
    for part in (
        "Gemeinsame Themen: charts / Diagramme",
        "Wie sicher das ist: gut",
        "Themen data literacy Sprachen Englisch, Deutsch Größe 100 bis 499 Mitglieder Phase im laufenden Betrieb",
        "Formate, die sie pflegt Vortrag, Fallberatung",
        "Branche ihres Unternehmens Banken",
        "Dann stellt eine Nachricht Sie einander vor",
        "Ein Nein braucht keinen Grund.",
    ):
        assert part in text
    for private in ("Diagrammkreis", "Suedbank", "Private purpose", "sam@", "Sam", "hdl_"):
        assert private not in shown.text
    assert own_side(pages, suggestion_id).answer is None


def test_a_page_may_be_kept_by_nobody_and_runs_nothing(pages: Pages) -> None:
    shown = pages.get(pages.answer_link(pages.suggest()))

    assert {name: shown.headers[name] for name in answers_headers()} == answers_headers()
    assert "<script" not in shown.text
    assert re.findall(r'(?:src|href)="(?![?#])([^"]+)"', shown.text) == [
        re.search(r"\.\./static/style\.css\?\w+", shown.text)[0]  # type: ignore[index]  # it is there
    ]
    assert pages.get("/static/style.css").headers["content-type"].startswith("text/css")


def answers_headers() -> dict[str, str]:
    return {
        "content-security-policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'",
        "referrer-policy": "no-referrer",
        "cache-control": "no-store",
        "x-robots-tag": "noindex",
        "x-content-type-options": "nosniff",
    }


def test_the_language_is_the_one_chosen_then_the_readers_then_the_browsers(pages: Pages) -> None:
    of_kim, of_sam = pages.links(pages.suggest())

    found = [
        re.search('<html lang="(..)">', pages.get(address, language).text)[1]  # type: ignore[index]  # it is there
        for address, language in (
            (of_kim, "en"),
            (f"{of_kim}?lang=en", "de"),
            (f"{of_kim}?lang=xx", "en"),
            (of_sam, "de"),
            (of_sam, "fr"),
        )
    ]

    assert found == ["de", "en", "de", "de", "en"]


def test_two_times_yes_by_link_make_a_tandem_and_the_page_tells_who_it_is(pages: Pages) -> None:
    suggestion_id = pages.suggest()
    of_kim, of_sam = pages.links(suggestion_id)

    first = pages.post(of_kim, answer="yes")
    between = pages.get(f"{of_kim}?lang=en")
    second = pages.post(f"{of_sam}?lang=en", answer="yes")
    after = pages.get(of_kim)

    assert (first.status_code, first.headers["location"]) == (303, of_kim.removeprefix("/answers/"))
    assert second.headers["location"].endswith("?lang=en")
    assert "You have said yes. Thank you!" in told(between)
    assert "Diagrammkreis" not in between.text
    assert told(after).startswith(
        "Sie sind ein Tandem! Chart <b>Circle</b> und Diagrammkreis (Suedbank) treffen sich von nun an."
    )
    side = own_side(pages, suggestion_id)
    assert (side.answered_by, side.answered_as) == (pages.kim, "manager")


def test_not_now_is_taken_with_its_day_and_a_no_with_its_reason(pages: Pages) -> None:
    later, never = pages.suggest(), ""
    day = (datetime.now(UTC) + timedelta(days=40)).date()

    past = pages.post(pages.answer_link(later), answer="not_now", until="2020-01-01")
    put_off = pages.post(pages.answer_link(later), answer="not_now", until=day.isoformat())
    never = pages.suggest()
    # The day belongs to the other button: whoever has filled it in and presses this one means a no.
    declined = pages.post(pages.answer_link(never), answer="no", until="", reason=" <i>Zu</i>\r\nweit ")

    assert (past.status_code, "Dieser Tag ist schon vorbei." in told(past)) == (422, True)
    assert (put_off.status_code, declined.status_code) == (303, 303)
    first, second = own_side(pages, later), own_side(pages, never)
    assert (first.answer, first.until) == (Answer.NOT_NOW, day)
    assert (second.answer, second.reason) == (Answer.NO, "<i>Zu</i>\nweit")
    shown = pages.get(pages.answer_link(never))
    assert "Sie schrieben: <i>Zu</i> weit" in told(shown)
    assert "<form" not in shown.text


def test_why_is_asked_and_taken_where_it_is_known(pages: Pages) -> None:
    suggestion_id = pages.suggest()
    link = pages.answer_link(suggestion_id)

    asked = {code for code in answers.WHYS if f'value="{code}"' in pages.get(link).text}
    said = pages.post(link, answer="no", why=["no_time", "language"])

    assert said.status_code == 303
    assert asked == (set(answers.WHYS) if answers.asks_why() else set())
    if answers.asks_why():
        assert getattr(own_side(pages, suggestion_id), "why", None) == ["no_time", "language"]


def test_the_same_again_changes_nothing_and_another_answer_is_told_that_the_first_stands(pages: Pages) -> None:
    suggestion_id = pages.suggest()
    link = f"{pages.answer_link(suggestion_id)}?lang=en"

    same = [pages.post(link, answer="yes").status_code for _ in range(2)]
    taken_back = pages.post(link, answer="no").status_code
    other = pages.post(link, answer="yes")

    assert (same, taken_back, other.status_code) == ([303, 303], 303, 409)
    assert told(other).startswith("Your side has answered already Thank you for your answer")
    assert own_side(pages, suggestion_id).answer is Answer.NO


def test_a_suggestion_that_is_over_says_so_kindly_and_takes_nothing(pages: Pages) -> None:
    suggestion_id = pages.suggest()
    link = f"{pages.answer_link(suggestion_id)}?lang=en"
    pages.post(pages.answer_link(suggestion_id, person=pages.sam, of=pages.of_sued), answer="no")

    shown, refused = pages.get(link), pages.post(link, answer="yes")

    # Not a word of what the other side has said.
    assert (shown.status_code, told(shown).split(" C3 Tandem")[0]) == (
        410,
        "This suggestion is no longer open That has many possible causes and says nothing about you. Further "
        "suggestions will come.",
    )
    assert refused.status_code == 409
    assert told(refused).startswith("The suggestion is no longer open This suggestion is no longer open")


def test_a_link_ends_with_its_suggestion_and_says_so_in_the_readers_language(pages: Pages) -> None:
    suggestion_id = pages.suggest()
    link = pages.answer_link(suggestion_id)

    with time_machine.travel(datetime.now(UTC) + tandems.Asking().answer_within, tick=False):
        late = [pages.get(link), pages.post(link, answer="yes")]
    with pages.database.session() as session:
        session.execute(delete(Suggestion).where(col(Suggestion.id) == suggestion_id))
    forgotten = pages.get(link)

    assert [(one.status_code, told(one).split(".")[0]) for one in late] == [
        (410, "Dieser Link ist abgelaufen Seine Zeit ist vorbei")
    ] * 2
    assert forgotten.status_code == 410


def test_a_link_that_was_changed_or_is_for_something_else_opens_nothing(pages: Pages) -> None:
    suggestion_id = pages.suggest()
    link = pages.answer_link(suggestion_id)
    body, _, signature = link.removeprefix("/answers/").partition(".")
    of_mail = links.signed("mail", (pages.kim,), pages.pepper)
    other_pepper = links.signed("answer", (suggestion_id, "a", pages.kim), "x")
    tokens = [
        f"{body[:-2]}AA.{signature}",
        f"{body}.{signature[:-2]}AA",
        body,
        of_mail,
        other_pepper,
        "%C3%A9",
        "x" * 3000,
    ]

    answers = [
        ask
        for token in tokens
        for ask in (pages.get(f"/answers/{token}"), pages.post(f"/answers/{token}", answer="no"))
    ]

    assert {(one.status_code, one.headers["content-type"]) for one in answers} == {(404, "text/html; charset=utf-8")}
    assert all("This link does not work" in told(one) for one in answers)
    assert own_side(pages, suggestion_id).answer is None


@pytest.mark.parametrize("way", ["left", "waiting", "erased", "other side"])
def test_only_who_speaks_for_the_community_now_answers(pages: Pages, way: str) -> None:
    suggestion_id = pages.suggest()
    link = pages.answer_link(suggestion_id)
    with pages.database.session() as session:
        person = session.get_one(Person, pages.kim)
        if way == "left":
            session.delete(session.get_one(CommunityManager, (pages.of_nord, person.id)))
        elif way == "other side":
            link = pages.answer_link(suggestion_id, of=pages.of_sued)
        else:
            person.status = PersonStatus(way)
            session.add(person)

    found = [pages.get(link), pages.post(link, answer="yes")]

    assert [one.status_code for one in found] == [404, 404]
    assert all("This link does not work for you any more" in told(one) for one in found)
    assert own_side(pages, suggestion_id).answer is None


def test_a_form_of_another_page_is_not_taken(pages: Pages) -> None:
    suggestion_id = pages.suggest()
    link = pages.answer_link(suggestion_id)

    refused = [
        pages.post(link, headers=headers, answer="yes").status_code
        for headers in (
            {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
            {"Sec-Fetch-Site": "same-site"},
            {"Origin": "https://evil.example"},
        )
    ]
    assert own_side(pages, suggestion_id).answer is None
    taken = [
        pages.post(link, headers=headers, answer="yes").status_code
        for headers in (
            {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
            {"Origin": "null"},
            {"Origin": "http://testserver"},
            {},
        )
    ]

    assert (refused, taken) == ([403, 403, 403], [303, 303, 303, 303])


def test_what_cannot_be_read_is_a_page_too_and_json_elsewhere(pages: Pages) -> None:
    link = f"{pages.answer_link(pages.suggest())}?lang=en"

    answers = [
        pages.post(link, answer="maybe"),
        pages.post(link, answer="no", reason="x" * 501),
        pages.world.client.put(link),
        pages.get("/answers/a/b"),
        pages.world.client.post(link, content=b"answer=no&reason=" + b"x" * 2_000_000, headers=FORM),
    ]

    assert [one.status_code for one in answers] == [422, 422, 405, 404, 413]
    assert all(one.headers["content-type"] == "text/html; charset=utf-8" for one in answers)
    assert all("/docs" not in one.text for one in answers)
    assert pages.get("/answer").headers["content-type"] == "application/problem+json"


def test_guessing_links_ends_soon_and_is_told_as_a_page(pages: Pages, settings: Settings) -> None:
    settings.rate_limit_failures_per_minute = 2
    settings.rate_limit_per_minute = 8
    with TestClient(create_app(settings)) as limited:
        guesses = [limited.get(f"/answers/{number}") for number in range(4)]
        keyed = [limited.get("/answers/x", headers={"Accept-Language": "de"}) for _ in range(6)]

    assert [one.status_code for one in guesses] == [404, 404, 429, 429]
    assert "Many links that do not work were opened" in told(guesses[2])
    assert keyed[-1].status_code == 429
    assert "Aus Ihrem Netz kamen in kurzer Zeit viele Anfragen." in told(keyed[-1])
    assert 1 <= int(keyed[-1].headers["Retry-After"]) <= 60


def test_no_log_and_no_figure_holds_a_link(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    link = pages.answer_link(pages.suggest())
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    logs.configure("debug")

    for _ in range(2):
        pages.get(link)
        pages.post(link, answer="yes")
        pages.get(f"{link}x")
    logged, figures = written.getvalue(), pages.get("/metrics").text

    for text in (logged, figures):
        assert "/answers/{token}" in text
        assert link.removeprefix("/answers/")[:20] not in text
        assert pages.kim not in text
