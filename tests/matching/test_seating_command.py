import json
from pathlib import Path

import pytest

from matching.__main__ import main

ROWS: list[dict[str, object]] = [
    {"id": "a1", "company": "A", "themes": ["Lieferketten"], "languages": ["de", "en"]},
    {"id": "b1", "company": "B", "learn": "supply chains", "lang": "en"},
    {"id": "c1", "company": "C", "show": ["supply chains"], "languages": ["en"]},
    {"id": "a2", "company": "A", "profile": {"id": "choir", "company": "A", "name": "choir"}},
    {"id": "b2", "company": "B", "themes": ["choir"]},
    {"id": "c2", "company": "C", "themes": ["choir"]},
]


def written(folder: Path, rows: list[dict[str, object]]) -> str:
    path = folder / "attendees.ndjson"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def test_seat_writes_one_group_a_line_and_a_summary(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["seat", written(tmp_path, ROWS), "--rotations", "1", "--group-size", "3"]) == 0

    output = capsys.readouterr()
    groups = [json.loads(line) for line in output.out.splitlines()]
    assert [(one["rotation"], one["group"], one["members"]) for one in groups] == [
        (1, 1, ["a1", "b1", "c1"]),
        (1, 2, ["a2", "b2", "c2"]),
    ]
    assert set(groups[0]) == {"rotation", "group", "members", "language", "similarity", "shared"}
    assert groups[0]["language"] == "en"
    assert groups[1]["shared"] == [{"text": "choir", "people": 3, "wanted_by": 0, "shown_by": 0}]
    assert "6 people in 2 groups of 1 rotations" in output.err


def test_seat_keeps_pairs_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, ROWS)

    assert main(["seat", path, "--rotations", "1", "--group-size", "3", "--apart", "a1,b1", "a2,b2"]) == 0

    groups = [set(json.loads(line)["members"]) for line in capsys.readouterr().out.splitlines()]
    assert not any({"a1", "b1"} <= group or {"a2", "b2"} <= group for group in groups)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"company": "A"}, "line 2: `id` is missing"),
        ({"id": "x"}, "line 2: `company` is missing"),
        ({"id": "x", "company": "A", "themes": 3}, "line 2: `tags` is not a list of texts"),
        ({"id": "x", "company": "A", "profile": "choir"}, "line 2: `profile` is not an object"),
        ({"id": "a1", "company": "A"}, "attendee 'a1': the id occurs twice"),
    ],
)
def test_seat_names_the_line_that_cannot_be_read(
    row: dict[str, object], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["seat", written(tmp_path, [ROWS[0], row, *ROWS[1:]])]) == 2

    assert told in capsys.readouterr().err
