"""Which messages a person wants: chosen on a page, or ended with one click in a mail program."""

import pytest

from app.core import links
from app.notifications import preferences
from app.notifications.models import Wants
from app.people.models import Person, PersonStatus
from tests.app.console.conftest import Pages, told


@pytest.fixture
def link(pages: Pages) -> str:
    return f"/mail/{links.signed('mail', (pages.kim,), pages.pepper)}"


def wanted(pages: Pages) -> Wants:
    with pages.database.reader() as session:
        return preferences.wants(session, [pages.kim])[pages.kim]


def test_a_person_chooses_and_sees_what_is_chosen(pages: Pages, link: str) -> None:
    before = pages.get(link)

    chosen = pages.post(f"{link}?lang=en", wants="needs_me")
    after = pages.get(link)

    assert before.text.count(" checked") == after.text.count(" checked") == 1
    assert 'value="all" required checked' in before.text
    assert 'value="needs_me" required checked' in after.text
    assert told(chosen).startswith("Saved. From now on you get: only what needs me Which messages do you want?")
    assert told(after).startswith("Welche Nachrichten möchten Sie?")
    assert wanted(pages) is Wants.NEEDS_ME


def test_one_click_of_a_mail_program_ends_all_mails_without_a_page_a_cookie_or_a_redirect(
    pages: Pages, link: str
) -> None:
    seen = pages.get(link)
    assert wanted(pages) is Wants.ALL

    client, one_click = pages.world.client, {"List-Unsubscribe": "One-Click"}
    clicked = client.post(link, data=one_click, headers={"Origin": "https://mail.example"}, follow_redirects=False)
    as_parts = client.post(link, files={"List-Unsubscribe": (None, "One-Click")}, follow_redirects=False)

    assert [one.status_code for one in (seen, clicked, as_parts)] == [200, 200, 200]
    assert "set-cookie" not in clicked.headers
    assert wanted(pages) is Wants.NOTHING


def test_nothing_is_chosen_by_others_by_mistake_or_for_somebody_who_is_gone(pages: Pages, link: str) -> None:
    foreign = {"Sec-Fetch-Site": "cross-site"}

    refused = [
        pages.post(link, headers=foreign, wants="nothing"),
        pages.post(link),
        pages.post(link, wants="some"),
        pages.world.client.post(link, data={"List-Unsubscribe": "x"}),
        pages.get(f"/mail/{links.signed('answer', (pages.kim,), pages.pepper)}"),
    ]
    with pages.database.session() as session:
        person = session.get_one(Person, pages.kim)
        person.status = PersonStatus.ERASED
        session.add(person)

    assert [one.status_code for one in refused] == [403, 422, 422, 422, 404]
    assert [pages.get(link).status_code, pages.post(link, wants="nothing").status_code] == [404, 404]
    assert wanted(pages) is Wants.ALL
