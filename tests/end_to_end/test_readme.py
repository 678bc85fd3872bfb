"""The commands of the README, in its order, against a real service: what it promises is what a reader sees."""

from pathlib import Path

from tests.end_to_end.guides import json_documents, outputs_of
from tests.end_to_end.service import ROOT


def test_the_readmes_commands_do_what_it_says(database_url: str, tmp_path: Path) -> None:
    outputs = outputs_of(ROOT / "README.md", database_url, tmp_path)

    answers = json_documents("\n".join(outputs))
    refusals = next(one for one in answers if one.get("items") and "line" in one["items"][0])
    assert [(row["line"], row["field"]) for row in refusals["items"]] == [(3, "/name")]
    proposed = next(one for one in answers if one.get("status") == "proposed")
    assert (proposed["communities"], proposed["proposals"], proposed["unmatched"]) == (3, 1, 1)
    [pair] = next(one for one in answers if one.get("items") and "similarity" in one["items"][0])["items"]
    assert {pair["a"]["name"], pair["b"]["name"]} == {"Data Literacy Circle", "Chart readers"}
    shown = " ".join(term["a"].lower() for reason in pair["reasons"] for term in reason["terms"])
    assert "data literacy" in shown
    assert "charts" in shown
    [alone] = next(one for one in answers if one.get("items") and "changes" in one["items"][0])["items"]
    assert alone["community"]["name"] == "Lauftreff"
    assert "Zweck" in alone["changes"][0]["text"]
