"""Companies and keys from the command line: by name or id, one readable line for each refusal."""

from datetime import timedelta

import pytest

from app.companies.service import ERASED_AFTER
from app.core.clock import now
from app.core.settings import get_settings
from tests.app.cli.conftest import Tandem
from tests.world import World


def test_a_company_is_added_filled_in_and_shown_with_what_is_missing(tandem: Tandem, world: World) -> None:
    added = tandem("company", "add", "Nordwerk", "--sector", "machinery", "--invite-only")
    company_id = added.stdout.strip()

    changed = tandem("company", "update", "Nordwerk", "--imprint", "Hafenstr. 1", "--mail-domain", "nordwerk.example")
    tandem("company", "activate", company_id)

    assert (changed.exit_code, changed.stdout) == (0, "")
    assert "Still to be filled in: privacy_notice" in changed.stderr
    shown = world.operator.get(f"/v1/companies/{company_id}").json()
    assert (shown["status"], shown["imprint"], shown["mail_domains"], shown["missing"]) == (
        "active",
        "Hafenstr. 1",
        ["nordwerk.example"],
        ["privacy_notice"],
    )
    assert "privacy_notice" in tandem("company", "show", "Nordwerk").stdout


def test_outside_development_a_company_that_lacks_something_stays_invited(
    tandem: Tandem, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TANDEM_ENVIRONMENT", "production")
    monkeypatch.setenv("TANDEM_KEY_PEPPER", "p" * 32)
    get_settings.cache_clear()

    added = tandem("company", "add", "Nordwerk", "--sector", "machinery")
    activated = tandem("company", "activate", "Nordwerk")

    assert world.operator.get(f"/v1/companies/{added.stdout.strip()}").json()["status"] == "invited"
    assert "fill in: mail_domains, imprint, privacy_notice" in added.stderr
    assert (activated.exit_code, activated.stdout) == (2, "")
    assert activated.stderr.count("\n") == 1


def test_leaving_tells_the_day_of_erasure_and_asks_first(tandem: Tandem, world: World) -> None:
    company_id = world.company()
    day = str((now() + ERASED_AFTER).date())

    refused = tandem("company", "leave", "Nordwerk", stdin="n\n")
    still = world.operator.get(f"/v1/companies/{company_id}").json()["status"]
    left = tandem("company", "leave", "Nordwerk", "--yes")

    assert (refused.exit_code, day in refused.stderr, still) == (1, True, "active")
    assert (left.exit_code, day in left.stderr) == (0, True)
    assert world.operator.get(f"/v1/companies/{company_id}").json()["status"] == "leaving"


def test_proximity_is_told_and_decided(tandem: Tandem, world: World) -> None:
    own, other = world.company(), world.company("Suedhafen", sector="health")

    decided = tandem("company", "proximity", "Nordwerk", "Suedhafen", "excluded")

    assert decided.exit_code == 0
    answer = world.operator.get(f"/v1/companies/{own}/proximity/{other}").json()
    assert (answer["proximity"], answer["decided"]) == ("excluded", "excluded")
    assert "Suedhafen" in tandem("company", "proximity", "Nordwerk").stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("company", "show", "Nobody"), "There is no company Nobody. List them with: tandem company list"),
        (("company", "show", "Nobody", "--lang", "de"), "Es gibt kein Unternehmen Nobody."),
        (("company", "add", "X", "--sector", "Not One"), "sector: is not a sector"),
        (("key", "create", "--role", "portal", "--company", "Nobody"), "There is no company Nobody."),
        (("key", "rotate", "key_1"), "There is no key key_1"),
        (("key", "revoke", "key_1", "--lang", "de"), "Fehler:"),
        (("export", "people", "--company", "Nobody"), "There is no company Nobody."),
        (("export", "proposals", "--round", "rnd_1"), "There is no round rnd_1."),
        (("related", "cmt_1"), "There is no community cmt_1"),
        (("search", "x", "--company", "Nobody"), "There is no company Nobody."),
        (("import", "show", "imp_1"), "There is no import imp_1"),
    ],
)
def test_each_refusal_is_one_line_on_standard_error(tandem: Tandem, arguments: tuple[str, ...], told: str) -> None:
    done = tandem(*arguments)

    assert (done.exit_code, done.stdout) == (2, "")
    assert told in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_database_that_is_away_is_told_without_a_traceback(tandem: Tandem, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TANDEM_DATABASE_URL", "postgresql+psycopg://nobody@127.0.0.1:1/none")
    get_settings.cache_clear()

    done = tandem("company", "list")

    assert done.exit_code == 2
    assert done.stderr.startswith("error: The database does not do that")
    assert done.stderr.count("\n") == 1


def test_settings_that_are_refused_are_told(tandem: Tandem, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TANDEM_ENVIRONMENT", "production")
    get_settings.cache_clear()

    done = tandem("company", "list")

    assert (done.exit_code, "TANDEM_KEY_PEPPER" in done.stderr) == (2, True)


def test_a_key_stands_alone_on_standard_output_and_works(tandem: Tandem, world: World) -> None:
    world.company()

    made = tandem("key", "create", "--role", "portal", "--company", "Nordwerk", "--expires-in-days", 2)

    key = made.stdout.removesuffix("\n")
    assert made.stderr == ""
    me = world.client.get("/v1/me", headers={"Authorization": f"Bearer {key}"}).json()
    shown = world.operator.get(f"/v1/keys/{me['key_id']}").json()
    assert me["role"] == "portal"
    assert shown["expires_at"][:10] == str((now() + timedelta(days=2)).date())


def test_a_rotated_key_is_printed_and_the_old_one_stops_with_the_overlap(tandem: Tandem, world: World) -> None:
    old = tandem("key", "create", "--role", "organizer").stdout.strip()
    key_id = world.client.get("/v1/me", headers={"Authorization": f"Bearer {old}"}).json()["key_id"]

    rotated = tandem("key", "rotate", key_id, "--overlap-hours", 0)

    def status(key: str) -> int:
        return world.client.get("/v1/companies", headers={"Authorization": f"Bearer {key}"}).status_code

    assert (status(rotated.stdout.strip()), rotated.stdout.count("\n")) == (200, 1)
    assert old not in tandem("key", "list").stdout
    assert tandem("key", "revoke", key_id).exit_code == 0
    assert "revoked" in tandem("key", "list").stdout


@pytest.mark.parametrize(
    "command",
    [
        *(
            (one,)
            for one in ("serve", "worker", "migrate", "company", "key", "import", "export", "search", "related")
        ),
        *(("company", one) for one in ("add", "list", "show", "activate", "leave", "update", "proximity")),
        *(("key", one) for one in ("create", "list", "rotate", "revoke")),
        *(("import", one) for one in ("file", "list", "show")),
        *(("export", one) for one in ("communities", "companies", "people", "proposals")),
    ],
)
def test_every_command_has_a_help_page(tandem: Tandem, command: tuple[str, ...]) -> None:
    done = tandem(*command, "--help")

    assert done.exit_code == 0
    assert "Usage:" in done.stdout
