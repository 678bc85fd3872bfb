"""Texts for people: each in both languages, nothing stale, the right one for the caller."""

import ast
import string
from importlib.resources import files
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from starlette.testclient import TestClient

import app
from app.core.errors import every_problem
from app.core.i18n import preferred_language, translate
from tests.world import World


def marked_texts() -> set[str]:
    """Every text inside `mark(...)` in the service's code."""
    found = set()
    for path in Path(app.__path__[0]).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "mark":
                found.add(ast.literal_eval(node.args[0]))
    return found


def german() -> dict[str, str]:
    content = files("app").joinpath("locale", "de", "LC_MESSAGES", "messages.po").read_bytes()
    from io import BytesIO

    catalogue = read_po(BytesIO(content), locale="de")
    return {str(message.id): str(message.string) for message in catalogue if message.id}


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_text_has_a_german_translation_and_no_translation_is_left_over() -> None:
    assert set(german()) == marked_texts()
    assert all(german().values())


def test_translations_have_the_placeholders_of_their_text() -> None:
    assert {text for text, translated in german().items() if placeholders(text) != placeholders(translated)} == set()


def test_every_problem_says_what_happened_and_what_to_do() -> None:
    for slug, kind in every_problem().items():
        assert kind.title, slug
        assert kind.detail, slug
        assert 400 <= kind.status <= 599


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("de", "de"),
        ("de-AT,en;q=0.5", "de"),
        ("fr, de;q=0.3, en;q=0.7", "en"),
        ("fr", "en"),
        ("en;q=0, de;q=0.1", "de"),
        ("de;q=nonsense", "en"),
        ("*", "en"),
    ],
)
def test_the_language_is_the_callers_choice(header: str | None, language: str) -> None:
    assert preferred_language(header) == language


def test_braces_of_a_text_are_shown_once() -> None:
    text = 'this row is not an object; write {{"external_id": ..., "name": ...}}'

    assert translate(text, "de").endswith('{"external_id": ..., "name": ...}')


def test_the_type_of_an_error_resolves_to_its_explanation_in_both_languages(client: TestClient, world: World) -> None:
    error = client.get("/v1/companies").json()

    english = client.get(error["type"]).json()
    german_text = client.get(error["type"], headers={"Accept-Language": "de"}).json()

    assert english["title"] == error["title"]
    assert german_text["title"] == "Ein Schlüssel wird gebraucht"
    for slug in every_problem():
        assert client.get(f"/problems/{slug}").status_code == 200
    assert client.get("/problems/unheard-of").status_code == 404


def test_choices_reasons_and_forms_are_told_in_german_too(world: World) -> None:
    portal = world.portal(world.company())
    german = {"Accept-Language": "de"}
    address = "/v1/sources/intranet/communities/x"

    choice = portal.put(address, json={"name": "x", "rhythm_weeks": 5}, headers=german).json()
    form = portal.put(address, json={"name": "x", "excluded_companies": ["Nordwerk AG"]}, headers=german).json()
    broken = portal.put(address, content=b'{"name": }', headers=german | {"Content-Type": "application/json"}).json()

    assert choice["errors"][0]["detail"] == "muss eines von 4, 6 oder 8 sein"
    assert form["errors"][0]["detail"].startswith("ist keine ID; senden Sie eine")
    assert "erwartet wird ein Wert" in broken["detail"]
