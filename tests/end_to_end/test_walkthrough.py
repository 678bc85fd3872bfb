"""The walkthrough, command by command, against a real service: what each role sees at each step, and what not."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.end_to_end.guides import json_documents, outputs_of
from tests.end_to_end.service import ROOT

Shown = dict[str, Any]


def test_each_role_sees_what_the_walkthrough_says(database_url: str, tmp_path: Path) -> None:
    outputs = outputs_of(ROOT / "docs" / "walkthrough.md", database_url, tmp_path)

    _, joined, stored, published, managed, previewed, changed, *further = outputs
    assert joined.split("\n")[:3] == ["Nordwerk AG active", "Südhafen Klinik active", "Westwind GmbH active"]
    assert stored.split() == ["draft"] * 7
    assert published.split() == ["4", "2", "1"]
    assert managed.strip() == "['Chart Readers', 'Green Ward']"
    _previewed_settings_stand_side_by_side(previewed)
    _a_change_names_its_version(changed)
    proposed, rerun, unheard, released, *further = further
    _a_ban_gives_way_to_the_next_best(proposed, rerun)
    _nobody_has_heard_before_the_release(unheard)
    assert json_documents(released)[0]["suggestions"] == {"open": 2, "accepted": 0, "total": 2, "left_out": 0}
    seen_by_kim, seen_by_alex, seen_by_westwind, one_yes, too_late, *further = further
    strangers = _by_company(json_documents(proposed)[0]["items"] + json_documents(rerun)[0]["items"])
    kim_before, alex_before = _before_both_said_yes(seen_by_kim, seen_by_alex, one_yes)
    _nothing_shows_of(strangers["Nordwerk AG"], kim_before)
    _nothing_shows_of(strangers["Südhafen Klinik"], alex_before)
    _an_outsider_sees_nothing(seen_by_westwind, strangers)
    assert _kinds(too_late) == [(409, "somebody-said-yes")]
    accepted, from_outside, said_no, replaced, closed, *further = further
    _the_two_and_only_they_learn_names_and_contacts(accepted, from_outside)
    _a_no_is_told_to_nobody(said_no, replaced, strangers["Nordwerk AG"])
    _not_now_shows_as_no_longer_open(closed)
    again, undone, command_line, ended = further
    _an_undo_ends_what_was_open(again, undone)
    assert "Energy Savers, Nordwerk AG" in command_line
    assert "@" not in command_line
    _a_closed_tandem_shows_no_contacts_of_the_partner(ended)


def _previewed_settings_stand_side_by_side(output: str) -> None:
    assert output.count("event: end") == 1
    [preview] = json_documents(output)
    outcomes = [(one["settings"]["min_similarity"], one["pairs"]) for one in preview["outcomes"]]
    assert outcomes == [(0.65, 1), (0.1, 2)]
    strict, usual = (one["expected"] for one in preview["outcomes"])
    assert 0 < strict < 1 < usual < 2
    assert {one["left_over"] for one in preview["outcomes"][0]["left_over"]} == {None}


def _a_change_names_its_version(output: str) -> None:
    refused, changed = json_documents(output)
    assert (refused["status"], refused["type"]) == (428, "/problems/if-match-required")
    assert (changed["status"], changed["settings"]["min_similarity"]) == ("draft", 0.1)


def _a_ban_gives_way_to_the_next_best(proposed: str, rerun: str) -> None:
    first, alone = json_documents(proposed)
    assert _pairs(first) == [{"Energy Savers", "Green Ward"}, {"Data Literacy Circle", "Chart Readers"}]
    assert all(pair["reasons"] for pair in first["items"])
    assert [pair["strength"]["kind"] for pair in first["items"]] == ["strong", "strong"]
    assert all(0.6 <= pair["probability"] < 1 for pair in first["items"])
    assert {one["community"]["name"] for one in alone["items"]} == {"Repair Cafe", "Bike to Work", "Westwind Choir"}
    [choir] = [one for one in alone["items"] if one["community"]["name"] == "Westwind Choir"]
    assert "Zweck" in choir["changes"][0]["text"]
    [second] = json_documents(rerun)
    assert _pairs(second) == [{"Data Literacy Circle", "Chart Readers"}, {"Repair Cafe", "Green Ward"}]


def _nobody_has_heard_before_the_release(output: str) -> None:
    suggestions, refused = json_documents(output)
    assert suggestions["items"] == []
    assert (refused["status"], refused["type"]) == (403, "/problems/role-not-enough")


def _before_both_said_yes(kim: str, alex: str, one_yes: str) -> tuple[str, str]:
    """All that each of the two managers has seen up to the moment when the first of them has said yes."""
    [for_kim], [for_alex] = json_documents(kim), json_documents(alex)
    assert [one["own"]["name"] for one in for_kim["items"]] == ["Green Ward", "Chart Readers"]
    assert [one["own"]["name"] for one in for_alex["items"]] == ["Data Literacy Circle"]
    assert all(one["reasons"][0]["text"].startswith("Gemeinsame Themen: ") for one in for_kim["items"])
    assert for_alex["items"][0]["reasons"][0]["text"].startswith("Shared themes: ")
    assert {one["strength"]["text"] for one in for_kim["items"]} == {"stark", "einen Blick wert"}
    assert for_alex["items"][0]["strength"]["text"] == "strong"
    assert {one["probability"] for one in for_kim["items"] + for_alex["items"]} == {None}
    answered, unchanged = json_documents(one_yes)
    assert (answered["status"], answered["own_answer"]["answer"]) == ("one_yes", "yes")
    [as_before] = [one for one in for_kim["items"] if one["id"] == unchanged["id"]]
    assert _without_words(unchanged) == _without_words(as_before)
    return kim + repr(unchanged), alex + repr(answered)


def _an_outsider_sees_nothing(output: str, strangers: dict[str, list[str]]) -> None:
    suggestions, missing = json_documents(output)
    assert suggestions["items"] == []
    assert (missing["status"], missing["type"]) == (404, "/problems/suggestion-not-found")
    _nothing_shows_of(strangers["Nordwerk AG"] + strangers["Südhafen Klinik"], output)


def _the_two_and_only_they_learn_names_and_contacts(accepted: str, from_outside: str) -> None:
    for_kim, for_alex = json_documents(accepted)
    assert (for_kim["partner"]["name"], for_kim["partner"]["company"]) == ("Data Literacy Circle", "Nordwerk AG")
    assert _contacts(for_kim["partner"]) == [("Alex", "alex@nordwerk.example")]
    assert (for_alex["partner"]["name"], for_alex["partner"]["company"]) == ("Chart Readers", "Südhafen Klinik")
    assert _contacts(for_alex["partner"]) == [("Kim", "kim@suedhafen.example")]
    for_organizer, missing = json_documents(from_outside)
    assert {side["name"] for side in for_organizer["pair"].values()} == {"Data Literacy Circle", "Chart Readers"}
    assert [side["managers"] for side in for_organizer["pair"].values()] == [None, None]
    assert "@" not in from_outside
    assert (missing["status"], missing["type"]) == (404, "/problems/tandem-not-found")


def _a_no_is_told_to_nobody(said_no: str, replaced: str, nordwerk: Sequence[str]) -> None:
    [own] = json_documents(said_no)
    assert (own["status"], own["own"]["name"]) == ("declined", "Repair Cafe")
    former, still_open = json_documents(replaced)
    [alternate] = still_open["items"]
    assert (former["id"], former["status"], former["own_answer"]) == (own["id"], "replaced", None)
    assert former["next_steps"] == "This suggestion is no longer open. Another one has taken its place."
    assert (alternate["id"], alternate["origin"]) == (former["replaced_by"], "alternate")
    assert (alternate["status"], alternate["own"]["name"]) == ("open", "Green Ward")
    _nothing_shows_of([*nordwerk, "Bike to Work", "declined"], replaced)


def _not_now_shows_as_no_longer_open(output: str) -> None:
    answered, for_nordwerk, match_round = json_documents(output)
    assert answered["status"] == "not_now"
    assert answered["own_answer"] == {
        "answer": "not_now",
        "until": "2199-03-01",
        "reason": "We move house.",
        "why": [],
    }
    assert {one["own"]["name"]: one["status"] for one in for_nordwerk["items"]} == {
        "Bike to Work": "withdrawn",
        "Repair Cafe": "declined",
        "Data Literacy Circle": "accepted",
    }
    _nothing_shows_of(["not_now", "2199", "move house", "Green Ward"], repr(for_nordwerk))
    assert (match_round["status"], match_round["suggestions"]["accepted"]) == ("closed", 1)


def _an_undo_ends_what_was_open(again: str, undone: str) -> None:
    released, still_open = json_documents(again)
    assert (released["status"], released["suggestions"]["open"]) == ("released", 1)
    [suggestion] = still_open["items"]
    taken_back, for_kim = json_documents(undone)
    assert (taken_back["status"], taken_back["suggestions"]["open"]) == ("withdrawn", 0)
    [after] = [one for one in for_kim["items"] if one["id"] == suggestion["id"]]
    assert after["status"] == "withdrawn"
    assert after["next_steps"].startswith("Dieser Vorschlag ist nicht mehr offen.")


def _a_closed_tandem_shows_no_contacts_of_the_partner(output: str) -> None:
    for_kim, for_alex = json_documents(output)
    assert (for_kim["status"], for_kim["partner"]["managers"]) == ("closed", None)
    assert (for_alex["status"], for_alex["partner"]["managers"]) == ("closed", None)


def _by_company(proposals: list[Shown]) -> dict[str, list[str]]:
    """For each company all that would tell who is behind a masked card."""
    words = {
        "Nordwerk AG": ["Nordwerk", "nordwerk.example", "Alex", "We help colleagues", "throwing them away"],
        "Südhafen Klinik": ["Südhafen", "suedhafen.example", "Kim", "for nurses", "on the wards"],
    }
    for side in (side for pair in proposals for side in (pair["a"], pair["b"])):
        words[side["company"]] += [side["id"], side["name"], side["company_id"]]
    return words


def _nothing_shows_of(words: Sequence[str], output: str) -> None:
    assert [word for word in words if word in output] == []


def _without_words(suggestion: Shown) -> Shown:
    """A suggestion without what depends on the language that was asked for."""
    return suggestion | {
        "reasons": [one | {"text": ""} for one in suggestion["reasons"]],
        "strength": suggestion["strength"]["kind"],
        "next_steps": "",
    }


def _pairs(proposals: Shown) -> list[set[str]]:
    return [{pair["a"]["name"], pair["b"]["name"]} for pair in proposals["items"]]


def _contacts(side: Shown) -> list[tuple[str, str]]:
    return [(one["first_name"], one["email"]) for one in side["managers"]]


def _kinds(output: str) -> list[tuple[int, str]]:
    return [(one["status"], one["type"].removeprefix("/problems/")) for one in json_documents(output)]
