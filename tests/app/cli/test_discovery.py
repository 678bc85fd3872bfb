"""`tandem search` and `tandem related`: the cards that the API shows to the same company, and no more."""

import json

import pytest

from tests.app.cli.conftest import Tandem
from tests.world import World

OWN = {"name": "Data circle", "purpose": "Reading charts of sustainable supply chains", "languages": ["en"]}
OTHER = {
    "name": "Secret Suedhafen circle",
    "purpose": "Confidential wording",
    "tags": ["supply chains", "charts"],
    "languages": ["en"],
}


@pytest.fixture
def communities(world: World) -> tuple[str, str]:
    """Of Nordwerk and of Suedhafen, which shows themes only."""
    own, other = world.company(), world.company("Suedhafen", sector="health")
    world.worker.run_until_idle()
    return world.published(own, OWN)[0], world.published(other, OTHER)[0]


def test_search_shows_the_same_masked_cards_as_the_api(
    tandem: Tandem, world: World, communities: tuple[str, str]
) -> None:
    found = tandem("search", "supply", "chain", "--company", "Nordwerk", "--json")

    company = world.operator.get(f"/v1/communities/{communities[0]}").json()["company_id"]
    answer = world.portal(company).get("/v1/discovery/communities", params={"q": "supply chain"}).json()
    assert json.loads(found.stdout) == {"items": answer["items"], "corrected": []}
    assert [card["themes"] for card in answer["items"]] == [["supply chains", "charts"]]
    assert "Secret" not in found.output + tandem("search", "supply", "--company", "Nordwerk").output


def test_related_shows_the_same_as_the_api_also_of_a_draft(
    tandem: Tandem, world: World, communities: tuple[str, str]
) -> None:
    found = tandem("related", communities[0], "--json")

    company = world.operator.get(f"/v1/communities/{communities[0]}").json()["company_id"]
    answer = world.portal(company).get(f"/v1/communities/{communities[0]}/related").json()
    assert json.loads(found.stdout) == {"items": answer["items"]}
    assert len(answer["items"]) == 1
    table = tandem("related", communities[0], "--lang", "de").stdout
    assert f"{answer['items'][0]['similarity']:.2f}" in table
    assert "Secret" not in table + found.output
    assert "Confidential" not in table + found.output


def test_a_slip_of_the_pen_and_nothing_found_are_told_beside_the_result(
    tandem: Tandem, communities: tuple[str, str]
) -> None:
    slip = tandem("search", "chrats", "--company", "Nordwerk")
    nothing = tandem("search", "zzzzzzzz", "--company", "Nordwerk", "--lang", "de")

    assert "Searched for charts instead of chrats." in slip.stderr
    assert (nothing.exit_code, nothing.stdout, nothing.stderr) == (0, "", "Nichts wurde gefunden.\n")


def test_filters_that_are_not_understood_are_refused(tandem: Tandem, communities: tuple[str, str]) -> None:
    language = tandem("search", "charts", "--company", "Nordwerk", "--language", "klingonisch")
    long = tandem("search", "x" * 301, "--company", "Nordwerk")

    assert (language.exit_code, "is not a language tag" in language.stderr) == (2, True)
    assert (long.exit_code, "1 to 300" in long.stderr) == (2, True)
