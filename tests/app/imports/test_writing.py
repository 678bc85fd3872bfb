"""A profile written as CSV is read back as it was, and no spreadsheet takes a cell of it for a formula."""

import csv
import io
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.communities.models import CommunityStatus, Format, SensitiveTopic, SizeBand
from app.communities.schemas import CommunityOut, CommunityRow
from app.core.clock import now
from app.imports import writing
from app.imports.cells import guarded, unguarded
from app.imports.headings import SKIPPED
from app.imports.models import ImportFormat
from app.imports.reading import FileReading
from app.people.models import PersonStatus

DANGEROUS = ["=1+1", "+49 421", "-2", "@SUM(A1)", "\tcmd", "\rcmd", "\ncmd", "＝1", "＋1", "－1", "＠1"]
NOTHING: dict[str, Any] = {
    name: None for name in CommunityOut.model_fields if name not in CommunityRow.model_fields
} | {"touches": None, "managers": []}


def stored(row: CommunityRow) -> CommunityOut:
    """The row as it is shown once it is stored."""
    speakers = [
        one.model_dump() | {"person_id": "per_1", "status": PersonStatus.ACTIVE} for one in row.managers or ()
    ]
    state = {"id": "cmt_1", "company_id": "cmp_1", "status": CommunityStatus.PUBLISHED, "version": 1}
    times = {"created_at": now(), "updated_at": now(), "entered_by_manager": ["offers"], "also_known_as": []}
    return CommunityOut.model_validate(NOTHING | row.model_dump() | state | times | {"managers": speakers})


def written(row: CommunityRow, separator: str = ",") -> bytes:
    file = io.StringIO()
    writer = csv.writer(file, delimiter=separator, lineterminator="\r\n")
    speakers = row.managers or []
    places = (sum(not one.deputy for one in speakers), sum(one.deputy for one in speakers))
    writer.writerow(writing.columns(*places))
    writer.writerow(writing.row(stored(row), "Nordwerk", *places))
    return file.getvalue().encode()


def read_back(content: bytes) -> CommunityRow:
    [row] = FileReading(content, ImportFormat.CSV).rows()
    assert row.refusals == ()
    assert isinstance(row.document, CommunityRow)
    return row.document


texts = st.text("ab Z09'\";|,\t\n\r<>&=#-+@/\\äß漢🙂", min_size=1, max_size=40).map(str.strip).filter(bool)
html = st.sampled_from(
    ["<b>a</b>", "a &amp; b", "&lt;p&gt;", "a<br>b", "none", "keine", "-", "'=", "a|b", "a;b", "1/2"]
)
# A table's line ends are one and the same to an import; no identifier has any.
names = (texts | html).map(lambda text: " ".join(text.split()))
phrases = st.lists(texts | html, max_size=4)
rows = st.fixed_dictionaries(
    {"external_id": names, "name": texts | html},
    optional={
        "purpose": texts | html,
        "description": texts | html,
        "platform": texts,
        "topics": phrases,
        "tags": phrases,
        "offers": phrases,
        "languages": st.lists(st.sampled_from(["de", "en", "de-CH", "zh-Hans"]), max_size=3),
        "formats_wanted": st.lists(st.sampled_from(Format), max_size=3),
        "wished_sectors": st.lists(st.sampled_from(["none", "health", "x_y"]), max_size=2),
        "touches": st.lists(st.sampled_from(SensitiveTopic), max_size=2),
        "size_band": st.sampled_from(SizeBand),
        "founded_year": st.integers(1900, 2100),
        "capacity": st.integers(0, 3),
        "rhythm_weeks": st.sampled_from([4, 6, 8]),
        "listed_openly": st.booleans(),
        "asks_per_quarter": st.integers(0, 20),
        "ask_not_before": st.dates(date(2000, 1, 1), date(2199, 12, 31)),
        "managers": st.lists(
            st.fixed_dictionaries(
                {
                    "email": st.sampled_from(["a@x.example", "=b@x.example", "c@x.example"]),
                    "first_name": st.sampled_from(["Kim", "-Bo", "Ann; Lee"]),
                    "deputy": st.booleans(),
                }
            ),
            min_size=1,
            max_size=3,
        ),
    },
)


def plainly(row: CommunityRow) -> dict[str, Any]:
    """What is compared when the row is stored: managers by their address, in no order."""
    values = row.model_dump()
    return values | {"managers": sorted(map(str, values["managers"] or ()))}


@settings(max_examples=300, deadline=None)
@given(rows, st.sampled_from([",", ";", "\t"]))
def test_whatever_is_stored_is_read_back_from_its_export(record: dict[str, Any], separator: str) -> None:
    row = CommunityRow.model_validate(record)

    assert plainly(read_back(written(row, separator))) == plainly(row)


@pytest.mark.parametrize("text", DANGEROUS)
def test_no_cell_begins_as_a_formula_does_and_the_apostrophe_goes_when_it_is_read(text: str) -> None:
    assert guarded(text) == "'" + text
    assert unguarded(guarded(text)) == text
    assert unguarded(guarded("'" + text)) == "'" + text


@pytest.mark.parametrize("text", ["'tis", "''", "'", "a=b", "1-2", "", "x@y"])
def test_other_cells_stay_as_they_are(text: str) -> None:
    assert (guarded(text), unguarded(text)) == (text, text)


def test_every_cell_of_a_community_is_guarded() -> None:
    formula = "=HYPERLINK(1)"
    row = CommunityRow.model_validate(
        {
            "external_id": formula,
            "name": formula,
            "tags": [formula, "b"],
            "managers": [{"email": "=a@x.example", "first_name": formula}],
        }
    )

    cells = writing.row(stored(row), formula, 1, 0)

    assert [cell for cell in cells if cell.startswith("=")] == []
    assert sum(cell.startswith("'=") for cell in cells) == 6


def test_every_column_that_is_not_of_a_profile_is_passed_over() -> None:
    content = written(CommunityRow(external_id="a", name="A"))

    assert set(SKIPPED) <= set(content.decode().splitlines()[0].split(","))
    assert read_back(content) == CommunityRow(external_id="a", name="A", capacity=1, listed_openly=False)


def test_a_row_that_is_refused_is_still_known_by_its_guarded_external_id() -> None:
    reading = FileReading(b"external_id,name\n'=a,A,too,wide\n'=b,\n", ImportFormat.CSV)

    assert [row.refusals[0].kind for row in reading.rows()] == ["row_too_wide", "missing"]
    assert reading.external_ids == {"=a", "=b"}
