"""What a file and its rows can have wrong: stored as kinds with their context, put into words when shown."""

import json
from collections.abc import Mapping

from app.core.i18n import Language, mark, translate
from app.core.validation import told

# What only a file can have wrong; fields of a row have the messages of any input.
ROW_MESSAGES: Mapping[str, str] = {
    "row_not_json": mark("this line is not JSON (column {column}: {reason}); write one object a line"),
    "row_not_utf8": mark("this line is not UTF-8 (byte {byte}); save the file as UTF-8"),
    "row_not_object": mark('this row is not an object; write {{"external_id": ..., "name": ...}}'),
    "row_repeated": mark("the external id {external_id} was on line {first} already; keep one of them"),
    "row_quotation": mark(
        "a quotation mark in this row is never closed, or stands inside a cell; close it, or double it where "
        "it is text"
    ),
    "row_endless": mark(
        "this row has more than {most} characters: most likely a quotation mark is never closed; close it, or "
        "shorten the row"
    ),
    "row_nul": mark("this row contains NUL characters; remove them, or export the file again as UTF-8"),
    "row_not_text": mark("this row contains bytes that are no text in {encoding}; save the file as UTF-8"),
    "row_too_wide": mark(
        "this row has {cells} cells for {headings} headings; put cells that contain the separator in quotation marks"
    ),
    "row_too_narrow": mark("this row has {cells} cells for {headings} headings; leave cells empty, not out"),
}
FILE_MESSAGES: Mapping[str, str] = {
    "file_not_json": mark(
        "The file is not JSON (line {line}, column {column}: {reason}). Nothing was stored: mend it "
        "and send it again, or send NDJSON, where a broken line stops only itself."
    ),
    "file_not_utf8": mark(
        "The file is not UTF-8 (byte {byte}). Nothing was stored: save it as UTF-8, send it again."
    ),
    "file_not_array": mark("The file is not a JSON array. Nothing was stored: put the rows between [ and ]."),
    "file_is_json": mark(
        "The file looks like JSON. Nothing was stored: send it with `Content-Type: application/x-ndjson` (one object "
        "a line) or `application/json` (an array)."
    ),
    "file_spreadsheet": mark(
        "The file is a spreadsheet, not CSV. Nothing was stored: save it as CSV (UTF-8) and send that."
    ),
    "file_not_text": mark(
        "The file is not text that can be read as CSV. Nothing was stored: save it as CSV in UTF-8 and send it again."
    ),
    "file_one_column": mark(
        "The first line has one column only, {heading}. Nothing was stored: separate the columns by comma, "
        "semicolon, tab or |, and put the headings into the first line."
    ),
    "file_separator": mark(
        "The first line says that {separator} separates the columns. Nothing was stored: use comma, semicolon, tab "
        "or |."
    ),
    "file_heading_quotation": mark(
        "A quotation mark in the headings (line {line}) is never closed. Nothing was stored: close it, send the file "
        "again."
    ),
    "file_heading_empty": mark(
        "Column {column} has no heading. Nothing was stored: name the column or remove it. The list of headings is "
        "in docs/importing.md and at /docs, import_communities."
    ),
    "file_heading_twice": mark(
        "The headings {first} and {second} both mean {field}. Nothing was stored: keep one of the two columns."
    ),
    "file_heading_missing": mark(
        "A column {field} (in German {german}) is missing. Nothing was stored: add it; each row needs it."
    ),
    "file_headings_unknown": mark(
        "Unknown headings: {unknown}. Nothing was stored: rename these columns or remove them. The list of headings "
        "is in docs/importing.md and at /docs, import_communities."
    ),
    "file_quotations": mark(
        "{most} rows have quotation marks that do not close, so reading stopped on line {line}. Rows before it were "
        "handled as counted; mend the file and send it again."
    ),
    "worker_lost": mark("The import was given up after several tries. Rows stored so far remain; send it again."),
}
_UNKNOWN_HEADING = mark("{heading} (did you mean {nearest}?)")


class UnreadableFile(Exception):
    """The file as a whole cannot be read: kind and context of its message."""

    def __init__(self, kind: str, **context: str | int) -> None:
        super().__init__(kind)
        self.kind = kind
        self.context = context

    def stored(self) -> dict[str, str]:
        """As it is kept with the import."""
        return {"kind": self.kind} | {key: str(value) for key, value in self.context.items()}


def unknown_headings(nearest: Mapping[str, str | None]) -> UnreadableFile:
    """Headings that are not known, each with the known one that is most like it."""
    return UnreadableFile("file_headings_unknown", unknown=json.dumps(list(nearest.items())))


def file_problem(stored: Mapping[str, str], language: Language) -> str:
    """Why a whole import failed, in words."""
    context: dict[str, object] = {key: value for key, value in stored.items() if key != "kind"}
    if stored["kind"] == "file_headings_unknown":
        context["unknown"] = ", ".join(
            translate(_UNKNOWN_HEADING, language, heading=heading, nearest=nearest) if nearest else heading
            for heading, nearest in json.loads(stored["unknown"])
        )
    return translate(FILE_MESSAGES[stored["kind"]], language, **context)


def row_problem(kind: str, context: Mapping[str, object], language: Language) -> str:
    """Why a row was refused, in words."""
    if kind in ROW_MESSAGES:
        return translate(ROW_MESSAGES[kind], language, **context)
    return told(kind, context, language)
