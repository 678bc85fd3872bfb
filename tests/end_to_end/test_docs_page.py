"""The documentation page in a real browser: it works behind a firewall, for it asks no other host for anything."""

import os
from pathlib import Path

from playwright.sync_api import Browser

from tests.end_to_end.service import serving


def test_the_docs_page_shows_every_operation_and_asks_no_other_host(database_url: str, browser: Browser) -> None:
    asked: list[str] = []
    complaints: list[str] = []
    with serving(database_url, "--no-worker") as (address, _):
        page = browser.new_page(viewport={"width": 1280, "height": 1600})
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.goto(f"{address}/docs")
        page.wait_for_selector("#operations-rounds-start_round", timeout=30_000)
        operations = page.locator(".opblock").count()
        page.locator("#operations-service-read_health .opblock-summary").click()
        page.locator("#operations-service-read_health button.execute").click()
        page.wait_for_selector("#operations-service-read_health .live-responses-table .response-col_status")
        status = page.locator("#operations-service-read_health .live-responses-table .response .response-col_status")
        shown = status.first.inner_text()
        if os.environ.get("SCREENSHOTS"):
            page.screenshot(path=Path(os.environ["SCREENSHOTS"]) / "docs.png")
        page.close()

    others = [url for url in asked if not url.startswith((address, "data:"))]
    assert others == []
    assert complaints == []
    assert operations > 30
    assert shown.startswith("200")
