"""The answer page in a real browser, without JavaScript and with the keyboard alone, narrow and wide, in both
languages. `SCREENSHOTS=FOLDER` keeps the pictures."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page

from app.core import links
from app.core.clock import now
from app.exchanges.models import ExchangeStatus
from app.tandems import queries
from app.tandems.models import Answer, SuggestionSide
from tests.app.console.conftest import Pages, made
from tests.end_to_end.service import serving
from tests.world import World

NARROW, WIDE = 390, 1280


@dataclass
class Reader:
    """Somebody who has no mouse."""

    page: Page
    folder: Path
    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def go_to(self, selector: str) -> None:
        """Press Tab until this is focused, and visibly so."""
        for _ in range(40):
            self.page.keyboard.press("Tab")
            focused = self.page.locator(f"{selector}:focus-visible")
            if focused.count():
                assert focused.evaluate("one => getComputedStyle(one).outlineStyle") == "solid"
                return
        raise AssertionError(f"the keyboard does not reach {selector}")

    def press(self, selector: str, key: str = "Enter") -> None:
        self.go_to(selector)
        self.page.keyboard.press(key)

    def sees(self, heading: str) -> None:
        self.page.get_by_role("heading", level=1, name=heading).wait_for(timeout=10_000)

    def takes_picture(self, name: str) -> None:
        """And looks whether anything stands out at the side, of the page or of the box that it is in."""
        widths = self.page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        assert widths[0] <= widths[1], name
        assert self.page.evaluate(_STANDING_OUT) == [], name
        self.page.screenshot(path=self.folder / f"{name}.png", full_page=True)


_STANDING_OUT = """
[...document.querySelectorAll("main :is(h1, h2, h3, p, li, dt, dd, td, th, label, button)")].filter(one => {
    const text = new Range()
    text.selectNodeContents(one)
    const end = one.parentElement.getBoundingClientRect().right + 1
    return [...text.getClientRects()].some(line => line.right > end)
}).map(one => one.innerText)
"""


@pytest.fixture
def pages(world: World) -> Pages:
    return made(world)


@contextmanager
def reading(
    browser: Browser, folder: Path, address: str, width: int, scheme: Literal["light", "dark"] = "light"
) -> Iterator[Reader]:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, java_script_enabled=False, color_scheme=scheme, base_url=address
    )
    page = context.new_page()
    folder = Path(os.environ.get("SCREENSHOTS", folder))
    reader = Reader(page, folder)
    page.on("request", lambda request: reader.asked.append(request.url))
    page.on(
        "console", lambda said: reader.complaints.append(said.text) if said.type in ("error", "warning") else None
    )
    yield reader
    context.close()
    assert [url for url in reader.asked if not url.startswith(address)] == []
    assert reader.complaints == []


def own_side(pages: Pages, suggestion_id: str) -> SuggestionSide:
    with pages.database.reader() as session:
        return queries.sides(session, [suggestion_id])[suggestion_id][pages.side(pages.of_nord)]


def test_a_manager_answers_without_a_mouse_and_without_javascript_on_any_screen(
    pages: Pages, database_url: str, browser: Browser, tmp_path: Path
) -> None:
    tandem_id = pages.tandem()
    exchange_id = pages.exchange(tandem_id, status=ExchangeStatus.HELD)
    with serving(database_url, "--no-worker") as (address, _):
        _says_yes_and_takes_it_back(pages, browser, tmp_path, address)
        _puts_it_off(pages, browser, tmp_path, address)
        suggestion_id = pages.suggest()
        side = pages.side(pages.of_nord).value
        others = {
            "mail": (pages.kim,),
            "useful": (exchange_id, side, pages.kim),
            "pulse": (tandem_id, side, pages.kim, "1"),
            "answers": ("broken",),
        }
        addresses = {name: f"/{name}/{links.signed(name, parts, pages.pepper)}" for name, parts in others.items()}
        for language, width in (("de", NARROW), ("en", NARROW), ("de", WIDE), ("en", WIDE)):
            with reading(browser, tmp_path, address, width) as kim:
                _opens(kim, "answer", pages.answer_link(suggestion_id), language, width)
                levels = [int(one.evaluate("one => one.tagName[1]")) for one in kim.page.locator("h1, h2, h3").all()]
                assert levels == [1, 2, 2, 2, 2, 3, 3, 3]
        for language, width in (("de", NARROW), ("en", WIDE)):
            with reading(browser, tmp_path, address, width) as kim:
                for name, link in addresses.items():
                    _opens(kim, name, link, language, width)
                kim.page.goto(addresses["mail"])
                kim.press("input[name=wants]:checked", "ArrowDown")
                kim.press("button")
                kim.page.locator(".notice").wait_for(timeout=10_000)
                kim.takes_picture(f"saved-{width}")
                # A page that is not found is told of there as well.
                kim.complaints.clear()


def _opens(kim: Reader, name: str, link: str, language: str, width: int) -> None:
    kim.page.goto(f"{link}?lang={language}")
    kim.takes_picture(f"{name}-{language}-{width}")
    assert kim.page.locator("html").get_attribute("lang") == language
    for each in kim.page.locator("input:not([type=hidden]), textarea").all():
        assert kim.page.locator(f"label[for={each.get_attribute('id')}]").count() == 1


def _says_yes_and_takes_it_back(pages: Pages, browser: Browser, folder: Path, address: str) -> None:
    """In German, which is Kim's language, on a telephone."""
    suggestion_id = pages.suggest()
    with reading(browser, folder, address, NARROW) as kim:
        kim.page.goto(pages.answer_link(suggestion_id))
        kim.sees("Ein mögliches Tandem für Chart <b>Circle</b>")
        kim.press("form:has(input[value=yes]) button", "Space")
        kim.sees("Sie haben Ja gesagt. Danke!")
        assert own_side(pages, suggestion_id).answer is Answer.YES
        kim.press("summary")
        kim.takes_picture("take-back")
        kim.go_to("#reason")
        kim.page.keyboard.type("Im Frühjahr wieder.")
        kim.press("form:has(input[value=no]) button")
        kim.sees("Danke für Ihre Antwort")
        kim.takes_picture("said-no")
    said = own_side(pages, suggestion_id)
    assert (said.answer, said.reason) == (Answer.NO, "Im Frühjahr wieder.")


def _puts_it_off(pages: Pages, browser: Browser, folder: Path, address: str) -> None:
    """In English, which Kim chooses on the page, on a wide screen that is dark."""
    suggestion_id = pages.suggest()
    day = (now() + timedelta(days=400)).date()
    with reading(browser, folder, address, WIDE, "dark") as kim:
        kim.page.goto(pages.answer_link(suggestion_id))
        kim.press("header a")
        kim.sees("A possible tandem for Chart <b>Circle</b>")
        kim.takes_picture("dark")
        kim.go_to("#until")
        kim.page.locator("#until").fill(day.isoformat())
        kim.press("form:has(input[value=not_now]) button")
        kim.sees("Thank you for your answer")
    said = own_side(pages, suggestion_id)
    assert (said.answer, said.until) == (Answer.NOT_NOW, day)
