"""The pages of a meetup in a real browser, without JavaScript and with the keyboard alone, narrow and wide, in both
languages. `SCREENSHOTS=FOLDER` keeps the pictures."""

from datetime import timedelta
from pathlib import Path

from playwright.sync_api import Browser, Page

from app.core.clock import now
from app.meetups.models import Meetup, MeetupStatus, TalkStatus
from app.registrations import totals
from app.registrations.models import MeetupFeedback, RegistrationStatus, Usefulness
from tests.app.console.gathering import Gathering, gathering
from tests.end_to_end.service import serving
from tests.end_to_end.test_answer_page import NARROW, WIDE, Reader, reading
from tests.world import World

LONG = "Nachhaltigkeitsberichterstattungsverantwortliche"
SCREENS = (("de", NARROW), ("en", NARROW), ("de", WIDE), ("en", WIDE))


def test_somebody_comes_to_a_meetup_without_a_mouse_and_without_javascript_on_any_screen(
    world: World, database_url: str, browser: Browser, tmp_path: Path
) -> None:
    spring = gathering(world)
    start = now().replace(minute=0, second=0, microsecond=0) + timedelta(days=20)
    spring.change(starts_at=start, ends_at=start + timedelta(hours=2), capacity=40, title=f"C3: {LONG}")
    guests = [spring.comes(f"Guest{number}", ("Suedbank", "Westmarkt")[number % 2]) for number in range(5)]
    [community] = world.published(
        spring.companies["Suedbank"], {"name": LONG, "topics": ["data"], "languages": ["de"]}
    )
    spring.talk(f"Was {LONG} gelernt haben", TalkStatus.ACCEPTED, community, "Suedbank", "Guest0")
    with serving(database_url, "--no-worker") as (address, _):
        _registers(spring, browser, tmp_path, address)
        robin = spring.of_address("robin@nordwerk.example")[1].id
        _looks(browser, tmp_path, address, "place-confirm", spring.place(robin), [1, 2])
        _confirms_and_changes_wishes(spring, robin, browser, tmp_path, address)
        seating = spring.seated([[robin, *guests[:3]], guests[3:]], [[robin, *guests[3:]], guests[:3]])
        _looks(browser, tmp_path, address, "meetup", spring.page, [1, 2, 2, 3, 2, 3])
        _looks(browser, tmp_path, address, "cards", spring.cards(seating), [1, 2, 2, 3, 3, 2, 3, 3])
        spring.change(starts_at=now() - timedelta(hours=3), ends_at=now() - timedelta(hours=1))
        spring.change(status=MeetupStatus.HELD, held_at=now())
        _says_how_it_was_and_whom_to_meet_again(spring, robin, browser, tmp_path, address)
        _all_say_that_it_was_useful(spring, guests)
        _looks(browser, tmp_path, address, "place-after", spring.place(robin), [1, 2, 2, 3, 3, 2, 2])
        _looks(browser, tmp_path, address, "summary", f"{spring.page}/summary", [1, 2, 2, 3, 2, 2])


def _registers(spring: Gathering, browser: Browser, folder: Path, address: str) -> None:
    """In German, on a telephone, and with a mistake at first."""
    with reading(browser, folder, address, NARROW) as robin:
        robin.page.goto(f"{spring.page}?lang=de")
        robin.press("a[href='#register']")
        _types(robin, "#first_name", "Robin")
        _types(robin, "#email", "robin@elsewhere.example")
        _types(robin, "#learn", LONG)
        robin.press("#languages-en", "Space")
        robin.press("form button")
        robin.page.locator("[role=alert]").wait_for(timeout=10_000)
        # It is where something is to be changed, and nothing has to be typed again.
        assert robin.page.locator("#email:focus").count() == 1
        assert robin.page.locator("#learn").input_value() == LONG
        assert robin.page.locator("#languages-en").is_checked()
        assert not robin.page.locator("#stays").is_checked()
        robin.takes_picture("meetup-wrong")
        robin.page.locator("#email").fill("robin@nordwerk.example")
        robin.press("form button")
        robin.sees("Fast geschafft: Schauen Sie in Ihr Postfach")
        robin.takes_picture("meetup-inbox")
        # That the form was refused is told of there as well.
        robin.complaints.clear()


def _confirms_and_changes_wishes(
    spring: Gathering, robin_id: str, browser: Browser, folder: Path, address: str
) -> None:
    """In the language that was chosen in the form, on a wide screen that is dark."""
    with reading(browser, folder, address, WIDE, "dark") as robin:
        robin.page.goto(spring.place(robin_id))
        robin.sees("Ein Klick fehlt noch")
        robin.press("button[value=confirm]")
        robin.sees("Sie haben einen Platz")
        robin.press("summary")
        robin.takes_picture("place-dark")
        robin.go_to("#show")
        robin.page.keyboard.type("unser Barcamp")
        robin.press("form:has(#show) button")
        robin.sees("Sie haben einen Platz")
    stored = spring.registration(robin_id)
    assert (stored.status, stored.learn, stored.show) == (
        RegistrationStatus.REGISTERED,
        [LONG],
        ["unser Barcamp"],
    )


def _says_how_it_was_and_whom_to_meet_again(
    spring: Gathering, robin_id: str, browser: Browser, folder: Path, address: str
) -> None:
    with reading(browser, folder, address, NARROW) as robin:
        robin.page.goto(spring.place(robin_id))
        robin.sees("Danke, dass Sie da waren")
        robin.press("button[value=partly]")
        robin.page.locator("#comment").wait_for(timeout=10_000)
        robin.press("#again-1", "Space")
        robin.press("button[value=again]")
        robin.page.locator("#again-1:checked").wait_for(timeout=10_000)
    with spring.world.database.reader() as session:
        assert session.get_one(MeetupFeedback, robin_id).useful is Usefulness.PARTLY


def _all_say_that_it_was_useful(spring: Gathering, guests: list[str]) -> None:
    """And the summary is sent."""
    with spring.world.database.session() as session:
        session.add_all(
            MeetupFeedback(registration_id=one, meetup_id=spring.meetup_id, useful=Usefulness.YES, said_at=now())
            for one in guests
        )
        session.flush()
        meetup = session.get_one(Meetup, spring.meetup_id)
        meetup.summary_told_at = now()
        totals.fix(session, meetup, 5)


def _looks(browser: Browser, folder: Path, address: str, name: str, path: str, headings: list[int]) -> None:
    for language, width in SCREENS:
        with reading(browser, folder, address, width) as reader:
            reader.page.goto(f"{path}?lang={language}")
            reader.takes_picture(f"{name}-{language}-{width}")
            assert reader.page.locator("html").get_attribute("lang") == language
            levels = [int(one.evaluate("one => one.tagName[1]")) for one in reader.page.locator("h1, h2, h3").all()]
            assert levels == headings, name
            _every_field_has_its_label(reader.page)
            _no_name_of_a_figure_is_broken(reader.page)


def _every_field_has_its_label(page: Page) -> None:
    for each in page.locator("input:not([type=hidden]), textarea").all():
        assert page.locator(f"label[for='{each.get_attribute('id')}']").count() == 1
        for told in (each.get_attribute("aria-describedby") or "").split():
            assert page.locator(f"[id='{told}']").count() == 1


def _no_name_of_a_figure_is_broken(page: Page) -> None:
    for each in page.locator(".figures dt").all():
        tops = "[...range.getClientRects()].map(line => line.top)"
        lines = each.evaluate(
            f"one => {{ const range = new Range(); range.selectNodeContents(one); return new Set({tops}).size }}"
        )
        assert lines <= len(each.inner_text().split()), each.inner_text()


def _types(reader: Reader, selector: str, text: str) -> None:
    reader.go_to(selector)
    reader.page.keyboard.type(text)
