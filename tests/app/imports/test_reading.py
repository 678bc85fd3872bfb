"""From bytes to rows: every format, as people's programs write it."""

import csv
import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from app.communities.schemas import PROFILE_FIELDS
from app.imports.cells import guarded
from app.imports.headings import HEADINGS, as_markdown
from app.imports.messages import UnreadableFile, file_problem, row_problem
from app.imports.models import ImportFormat
from app.imports.prose import plain
from app.imports.reading import FileReading
from app.imports.unpacking import is_packed

Documents = list[dict[str, Any]]


def read(content: bytes, file_format: ImportFormat = ImportFormat.CSV) -> Documents:
    """The documents of a file without a fault."""
    found = []
    for row in FileReading(content, file_format).rows():
        assert row.document is not None, row
        found.append(row.document.model_dump(mode="json", exclude_unset=True))
    return found


def refused(content: bytes) -> list[tuple[int, str | None, str]]:
    """Line, heading and problem of what is refused."""
    return [
        (row.line, refusal.heading, row_problem(refusal.kind, refusal.context or {}, "en"))
        for row in FileReading(content, ImportFormat.CSV).rows()
        for refusal in row.refusals
    ]


def failure(content: bytes) -> str:
    """Why the whole file is refused, before the first row."""
    with pytest.raises(UnreadableFile) as caught:
        next(FileReading(content, ImportFormat.CSV).rows())
    return file_problem(caught.value.stored(), "en").partition(" Nothing was stored")[0]


GERMAN = (
    "Externe ID;NAME;Beschreibung;Schlagwoerter;Sprachen;Größe;gegruendet_am;Ansprechpartner E-Mail;"
    "Vorname Ansprechpartner;Stellvertretung 2 E-Mail;stellvertretung_vorname_2;Offen gelistet;Rhythmus;Phase;"
    "Formate\r\n"
    'lauf;Lauftreff;"Wir laufen; bei\r\njedem ""Wetter"" für 5 €.";Laufen|Gesundheit;Deutsch, en;1.234;01.05.2013;'
    "lauf@nordwerk.example;Kim;lauf2@nordwerk.example;Lee;ja;alle 6 Wochen;Erste Schritte;Vortrag / Fragestunde\r\n"
    "leer;Ohne alles" + ";" * 13 + "\r\n"
)
IN_FULL: Documents = [
    {
        "external_id": "lauf",
        "name": "Lauftreff",
        "description": 'Wir laufen; bei\njedem "Wetter" für 5 €.',
        "tags": ["Laufen", "Gesundheit"],
        "languages": ["de", "en"],
        "size_band": "500-1999",
        "founded_year": 2013,
        "listed_openly": True,
        "rhythm_weeks": 6,
        "stage": "first_steps",
        "formats_practised": ["talk", "ama"],
        "managers": [
            {"email": "lauf@nordwerk.example", "first_name": "Kim"},
            {"email": "lauf2@nordwerk.example", "first_name": "Lee", "deputy": True},
        ],
    },
    {"external_id": "leer", "name": "Ohne alles"},
]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("packed", [False, True])
def test_german_headings_words_and_encodings_are_understood(encoding: str, packed: bool) -> None:
    content = GERMAN.encode(encoding)

    assert read(gzip.compress(content) if packed else content) == IN_FULL


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("first_line", ["", "sep={}", '"sep={}"'])
def test_the_separator_is_found(separator: str, line_end: str, first_line: str) -> None:
    lines = [["external_id", "name"], ["a", 'x"y;|,\t'.replace(separator, "")], [], ["", ""], ["b", "B"]]
    said = [first_line.format(separator)] if first_line else []

    content = line_end.join(said + [separator.join(cells) for cells in lines])

    assert [one["external_id"] for one in read(content.encode())] == ["a", "b"]


@pytest.mark.parametrize(
    ("field", "cell", "value"),
    [
        ("tags", "a, b", ["a", "b"]),
        ("tags", "Zahlen, Daten, Fakten;", ["Zahlen, Daten, Fakten"]),
        ("tags", "a;b\nc, d", ["a;b", "c, d"]),
        ("tags", "C/C++ | TCP/IP", ["C/C++", "TCP/IP"]),
        ("offers", "reading charts, and asking", ["reading charts, and asking"]),
        ("seeks", "one; two", ["one", "two"]),
        ("touches", "keine", []),
        ("touches", "Einkauf, Produkt-Roadmap", ["purchasing", "product_roadmap"]),
        ("languages", "Deutsch/Englisch/fr", ["de", "en", "fr"]),
        ("languages", "de-ch", ["de-CH"]),
        ("size_band", "unter 50", "<50"),
        ("size_band", "über 4.000", ">4000"),
        ("size_band", "500 – 1.999", "500-1999"),
        ("size_band", "49", "<50"),
        ("size_band", "4,000", "2000-4000"),
        ("size_band", "12345", ">4000"),
        ("founded_year", "2013", 2013),
        ("founded_year", "1357030800000", 2013),
        ("founded_year", "1357030800", 2013),
        ("founded_year", "2013-01-01T09:00:00Z", 2013),
        ("capacity", "2,0", 2),
        ("ask_not_before", "1.2.2027", "2027-02-01"),
        ("ask_not_before", "2027-02-01", "2027-02-01"),
        ("meeting_minutes", "60 min", 60),
        ("horizon_months", "6 Monate", 6),
        ("listed_openly", "Nein", False),
        ("listed_openly", "x", True),
        ("kind", "BEST PRACTICE", None),
        ("practice", "Best Practice", "best_practice"),
        ("collaboration", "vor Ort", "on_site"),
        ("formats_wanted", "Wissenscafe; Lunch & Learn", ["knowledge_cafe", "lunch_and_learn"]),
        ("description", "R&amp;D for <b>everyone</b>", "R&D for everyone"),
    ],
)
def test_a_cell_is_read_as_people_write_it(field: str, cell: str, value: object) -> None:
    content = f'external_id,name,{field}\na,A,"{cell}"\n'.encode()

    if value is None:
        assert [heading for _, heading, _ in refused(content)] == [field]
        return
    assert read(content) == [{"external_id": "a", "name": "A", field: value}]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (
            b"external_id;name;Beschreibng;visibility\n",
            "Unknown headings: Beschreibng (did you mean Beschreibung?), visibility.",
        ),
        (b"name,tags\n", "A column external_id (in German Externe ID) is missing."),
        (b"id,tags\n", "A column name (in German Bezeichnung) is missing."),
        (b"id,Name,Kennung\n", "The headings id and Kennung both mean external_id."),
        (
            b"id,Name,manager_email,Ansprechpartner E-Mail\n",
            "The headings manager_email and Ansprechpartner E-Mail both mean manager_email.",
        ),
        (b"id,,Name\n", "Column 2 has no heading."),
        (b"id:name\na:A\n", "The first line has one column only, `id:name`."),
        (b"external_id^name\n", "The first line has one column only, `external_id^name`."),
        (b"sep=:\nid:name\n", "The first line says that `:` separates the columns."),
        (b'id,"name\na,A\n', "A quotation mark in the headings (line 1) is never closed."),
        (b"PK\x03\x04...", "The file is a spreadsheet, not CSV."),
        ("id,name\n".encode("utf-16-le"), "The file is not text that can be read as CSV."),
    ],
)
def test_a_file_whose_headings_are_at_fault_fails_as_a_whole(content: bytes, problem: str) -> None:
    assert failure(content) == problem


def test_every_refused_row_of_a_table_is_told_with_its_line_and_heading() -> None:
    content = (
        b"Kennung,Name,Sprachen,E-Mail Manager,Tags\n"
        b'a,"A\non two lines",de,,\n'
        b"b,B,Kauderwelsch,no address,\n"
        b"c,C\n"
        b"d,D,de,,x,y\n"
        b"e,E\0,de,,\n"
        b"a,again,,,\n"
        b",F,de,,\n"
        b"g,G,de,,,,\n"
    )

    assert refused(content) == [
        (4, "Sprachen", "Kauderwelsch is not a language tag; use one like `de`, `en` or `de-CH`"),
        (4, "E-Mail Manager", "is not an e-mail address"),
        (4, "manager_first_name", "is missing; add it"),
        (5, None, "this row has 2 cells for 5 headings; leave cells empty, not out"),
        (
            6,
            None,
            "this row has 6 cells for 5 headings; put cells that contain the separator in quotation marks",
        ),
        (7, None, "this row contains NUL characters; remove them, or export the file again as UTF-8"),
        (8, "Kennung", "the external id a was on line 2 already; keep one of them"),
        (9, "Kennung", "is missing; add it"),
    ]


def test_a_quotation_mark_that_never_closes_stops_only_its_row() -> None:
    content = b'id,name\na,A\nb,"B\nc,C\nd,"D"x\ne,E\n'

    rows = list(FileReading(content, ImportFormat.CSV).rows())

    assert [(row.line, row.external_id) for row in rows if row.document] == [(2, "a"), (4, "c"), (6, "e")]
    assert [(line, problem.partition(";")[0]) for line, _, problem in refused(content)] == [
        (3, "a quotation mark in this row is never closed, or stands inside a cell"),
        (5, "a quotation mark in this row is never closed, or stands inside a cell"),
    ]


def test_a_quotation_mark_that_swallows_a_large_file_costs_no_rows_after_it() -> None:
    lines = [f"c{number},{'x' * 100}" for number in range(5000)]
    lines[10] = 'c10,"open'

    rows = list(FileReading(("id,name\n" + "\n".join(lines)).encode(), ImportFormat.CSV).rows())

    assert [row.line for row in rows if row.document is None] == [12]
    assert len(rows) == 5000


def test_reading_stops_after_a_hundred_rows_of_open_quotation_marks() -> None:
    # Each of these lines opens a cell that the next one closes and opens again: to the end of the file.
    reading = FileReading(b"id,name\n" + b'a;b","\n' * 100_000, ImportFormat.CSV)

    rows = list(reading.rows())

    assert (len(rows), reading.failure and reading.failure.stored()) == (
        100,
        {"kind": "file_quotations", "most": "100", "line": "101"},
    )


def test_one_broken_byte_in_a_utf_8_file_is_told_and_spoils_no_umlaut() -> None:
    content = "id;name\na;Führung\nb;K\xff\nc;Größe\n".encode().replace("\xff".encode(), b"\xff")

    rows = list(FileReading(content, ImportFormat.CSV).rows())

    assert [row.document.name if row.document else None for row in rows] == ["Führung", None, "Größe"]
    assert refused(content) == [
        (3, None, "this row contains bytes that are no text in UTF-8; save the file as UTF-8")
    ]


def test_a_byte_that_windows_1252_does_not_have_is_told() -> None:
    assert refused(b"id;name\na;F\xfchrung\nb;\x81\n") == [
        (3, None, "this row contains bytes that are no text in Windows-1252; save the file as UTF-8")
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("a < b, <3, List<T>, <kim@nordwerk.example>", "a < b, <3, List<T>, <kim@nordwerk.example>"),
        ("AT&T, x?a=1&copy=2", "AT&T, x?a=1&copy=2"),
        (
            "# Titel\n\n* **fett** [hier](https://nordwerk.example)",
            "# Titel\n\n* **fett** [hier](https://nordwerk.example)",
        ),
        ("<p>Hallo&nbsp;Welt &amp; <B>alle</B></p>\n<p>Zwei</p>", "Hallo\xa0Welt & alle\n\nZwei"),
        ("Wir:<ul>\n  <li>eins</li>\n  <li>zwei</li>\n</ul>Ende", "Wir:\n\n- eins\n- zwei\nEnde"),
        ("eins<br>zwei<br/>drei", "eins\nzwei\ndrei"),
        ("a<script>alert('<p>')</script>b<style>p {}</style>c<!-- <p>d</p> -->e", "abce"),
        ("a<script>never closed", "a"),
        ('<a href="javascript:alert(1)" onclick="x()">hier</a><img src=x onerror=alert(1)>', "hier"),
        ("&lt;script&gt; &#228;&#xe4; &#0; &unheard;", "<script> ää \ufffd &unheard;"),
        ("<table><tr><td>a</td><td>b</td></tr></table>", "a b"),
    ],
)
def test_html_becomes_plain_text_with_the_same_lines(text: str, expected: str) -> None:
    assert plain(text) == expected


@pytest.mark.parametrize("text", ["<" * 200_000, "<!--" * 50_000, "<script>" * 30_000, "<p " * 60_000, "&" * 200_000])
def test_no_text_takes_long_to_become_plain(text: str) -> None:
    assert len(plain(text)) <= len(text)


def test_each_profile_field_has_headings_and_the_documentation_lists_them_all() -> None:
    assert set(HEADINGS) == PROFILE_FIELDS | {"external_id"}
    assert as_markdown() in (Path(__file__).parents[3] / "docs" / "importing.md").read_text(encoding="utf-8")


def text_of(alphabet: str) -> st.SearchStrategy[str]:
    return st.text(alphabet, min_size=1, max_size=40).map(lambda text: " ".join(text.split())).filter(bool)


ASCII = "abc XYZ 019 \"';|,\t<>&=#-+@/\\"
ALPHABETS = {
    "utf-8": ASCII + "äöüß€漢🙂é",
    "utf-8-sig": ASCII + "äß漢🙂",
    "utf-16": ASCII + "äß漢🙂",
    "cp1252": ASCII + "äöüß",
}


@st.composite
def tables(draw: st.DrawFn) -> tuple[str, str, str, Documents]:
    """Encoding, separator, line end and documents."""
    encoding = draw(st.sampled_from(sorted(ALPHABETS)))
    words = text_of(ALPHABETS[encoding])
    # Lists are written with line breaks: a value may then contain any separator.
    phrases = st.lists(words, min_size=1, max_size=4)
    optional: dict[str, st.SearchStrategy[Any]] = {
        "description": st.lists(words, min_size=1, max_size=3).map("\n".join),
        "tags": phrases,
        "offers": phrases,
        "listed_openly": st.booleans(),
        "capacity": st.integers(0, 3),
        "founded_year": st.integers(1900, 2100),
        "languages": st.lists(st.sampled_from(["de", "en", "fr"]), min_size=1, unique=True),
        "size_band": st.sampled_from(["<50", "50-99", ">4000"]),
        "stage": st.sampled_from(["idea", "ramp_up"]),
        "touches": st.just([]),
        "managers": st.just([{"email": "a@nordwerk.example", "first_name": "Kim"}]),
    }
    document = st.fixed_dictionaries({"name": words}, optional=optional)
    documents = draw(st.lists(document, min_size=1, max_size=5))
    ids = draw(st.lists(words, min_size=len(documents), max_size=len(documents), unique=True))
    separator = draw(st.sampled_from([",", ";", "\t", "|"]))
    line_end = draw(st.sampled_from(["\n", "\r\n"]))
    return encoding, separator, line_end, [{"external_id": i} | d for i, d in zip(ids, documents, strict=True)]


def cell(value: object) -> str:
    if value == []:
        return "none"
    if isinstance(value, list):
        return "\n".join(value) + "\n"
    return {True: "yes", False: "nein"}[value] if isinstance(value, bool) else str(value)


@settings(max_examples=200, deadline=None)
@given(tables())
def test_whatever_is_written_as_csv_is_read_back(table: tuple[str, str, str, Documents]) -> None:
    encoding, separator, line_end, documents = table
    fields = [field for field in ("external_id", *PROFILE_FIELDS) if any(field in one for one in documents)]
    written = io.StringIO()
    writer = csv.writer(written, delimiter=separator, lineterminator=line_end)
    writer.writerow([*fields, "manager_email", "Vorname Manager"])
    for one in documents:
        contact = one.get("managers", [{"email": "", "first_name": ""}])[0]
        cells = [cell(one[field]) if field in one else "" for field in fields]
        writer.writerow([guarded(text) for text in (*cells, contact["email"], contact["first_name"])])

    from_table = read(written.getvalue().encode(encoding))

    assert from_table == read("\n".join(map(json.dumps, documents)).encode(), ImportFormat.NDJSON)


@settings(max_examples=200, deadline=None)
@given(
    st.binary(max_size=400),
    st.sampled_from([b"", b"id;name\n", b"\xff\xfe", b'id,name\n"', b"\xef\xbb\xbfid;name\n"]),
)
def test_no_bytes_break_the_reader(content: bytes, beginning: bytes) -> None:
    # What is packed has been unpacked once before it is read.
    assume(not is_packed(beginning + content))
    reading = FileReading(beginning + content, ImportFormat.CSV)

    try:
        rows = list(reading.rows())
    except UnreadableFile:
        return

    assert [row.line for row in rows] == sorted({row.line for row in rows})
    assert all(row.document or row.refusals for row in rows)
