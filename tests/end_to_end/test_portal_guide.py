"""The portal's guide, command by command, against a real service: what it promises is what its reader sees."""

import json
from pathlib import Path

from tests.end_to_end.guides import json_documents, outputs_of
from tests.end_to_end.service import ROOT


def test_the_guides_commands_do_what_it_says(database_url: str, tmp_path: Path) -> None:
    outputs = outputs_of(ROOT / "docs" / "portal.md", database_url, tmp_path)

    _, me, put, looked, stored, published, lived, entered, found, round_, *tandem, synced = outputs
    assert json.loads(me)["role"] == "portal"
    assert json.loads(put)["status"] == "draft"
    assert "event: end" in looked
    _, changes, refusals = json_documents(looked.split("event: end", 1)[1])
    assert {(one["external_id"], one["change"]) for one in changes["items"]} == {
        ("data-literacy", "changed"),
        ("lauftreff", "new"),
    }
    [refused] = refusals["items"]
    assert (refused["line"], refused["field"]) == (4, "Name")
    assert json.loads(stored)["status"] in ("queued", "running", "done")
    assert json.loads(published)["published"] == 2
    assert [one["status"] for one in json_documents(lived)] == ["paused", "published", "published"]
    assert json.loads(entered)["offers"] == ["a learning path for reading charts"]
    *_, related, cards = json_documents(found)
    assert [one["card"]["name"] for one in related["items"]] == [None]
    assert "charts" in related["items"][0]["themes_shared"]
    assert cards["corrected"] == [{"from": "litercy", "to": "literacy"}]
    assert [one["handle"] for one in cards["items"]] == [related["items"][0]["card"]["handle"]]
    assert "event: end" in round_
    assert '"proposals":1' in round_
    *_, proposals, unmatched, released = json_documents(round_)
    assert {side["name"] for pair in proposals["items"] for side in (pair["a"], pair["b"])} == {
        "Data Literacy Circle",
        "Chart readers",
    }
    assert [one["community"]["name"] for one in unmatched["items"]] == ["Lauftreff"]
    assert (released["status"], released["suggestions"]["open"]) == ("released", 1)
    asked, met, feed, by_handle, lawful = tandem
    waiting, answered = json_documents(asked)
    assert [one["status"] for one in waiting["items"]] == ["open"]
    assert (answered["status"], answered["partner"]["name"]) == ("one_yes", None)
    [together] = json_documents(met)[0]["items"]
    assert (together["own"]["name"], together["partner"]["name"]) == ("Data Literacy Circle", "Chart readers")
    assert [one["email"] for one in together["partner"]["managers"]] == ["charts@suedhafen.example"]
    assert json.loads(feed)["url"].endswith(".ics")
    assert json.loads(by_handle)["type"] == "/problems/no-place-left"
    checked, guideline, accepted = json_documents(lawful)
    assert [[one["topic"] for one in text["hints"]] for text in checked["texts"]] == [[1], []]
    assert (accepted["version"], accepted["recorded_by"]) == (guideline["version"], "portal")
    assert "'updated': 1" in synced
    assert "line 2, /languages/0: deutsch is not a language tag" in synced
    assert synced.rstrip().endswith("ended with 1")
