"""The organizer's guide to a meetup, command by command, against a real service."""

from pathlib import Path

from tests.end_to_end.guides import outputs_of
from tests.end_to_end.service import ROOT


def test_an_organizer_gets_from_a_plan_to_seated_people_by_the_guide(database_url: str, tmp_path: Path) -> None:
    _, planned, announced, came, moved_up, seated, anew = outputs_of(
        ROOT / "docs" / "meetups.md", database_url, tmp_path
    )

    assert planned.strip() == "4 4 {'draft'}"
    assert announced.split("\n")[:2] == ["draft 12", "announced"]
    assert came.strip().split("\n") == [
        "open",
        *[f"{number} registered None" for number in range(1, 13)],
        "13 waiting full",
        "full 12 1",
    ]
    assert moved_up.split() == ["cancelled", "registered"]
    assert seated.split("\n")[0] == "1"
    assert seated.split("\n")[1].startswith("done ['No two people meet twice.'")
    assert "rotation,table,theme" in seated
    assert anew.strip().split("\n") == ["1", "True 1 11"]
