"""From the bytes of a file to checked rows: NDJSON, a JSON array or CSV, plain or gzip. No database."""

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from app.communities.schemas import CommunityDocument, CommunityRow
from app.core.validation import context_of, pointer
from app.imports import cells, headings
from app.imports.headings import Column, Person
from app.imports.messages import UnreadableFile
from app.imports.models import ImportFormat
from app.imports.prose import LISTS_OF_TEXTS, TEXTS, plain
from app.imports.separated import Table
from app.imports.unpacking import opened

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_LONGEST_QUOTE = 300
_MOST_REFUSALS_OF_A_ROW = 20

Context = Mapping[str, str | int | float]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a row is not stored: `field` points to the field, `heading` names its column in a CSV file."""

    kind: str
    field: str | None = None
    context: Context | None = None
    heading: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A row as it was read: its line, and its document or why it is refused."""

    line: int
    external_id: str | None
    document: CommunityDocument | None
    refusals: tuple[Refusal, ...] = ()


@dataclass(frozen=True, slots=True)
class _Found:
    """What stands on a line, before it is checked; `persons` are a CSV row's managers in their order."""

    line: int
    record: object
    refusal: Refusal | None = None
    persons: Sequence[tuple[str, int]] = ()


class FileReading:
    """One pass over a file. `rows()` yields its rows; `external_ids` are those seen so far, refused rows included.

    Where the whole file is at fault, `rows()` raises UnreadableFile before the first row. Where reading has to stop
    later, `rows()` ends and `failure` says why.
    """

    def __init__(self, content: bytes, file_format: ImportFormat) -> None:
        self.external_ids: set[str] = set()
        self.failure: UnreadableFile | None = None
        self._content = content
        self._format = file_format
        self._columns: dict[str | Person, Column] = {}
        self._raw = io.BytesIO()
        self._share: float | None = None

    @property
    def progress(self) -> float:
        """How much of the file has been read, 0 to 1."""
        if self._share is not None:
            return self._share
        return 1.0 if self._raw.closed else self._raw.tell() / max(len(self._content), 1)

    def rows(self) -> Iterator[Row]:
        first_line: dict[str, int] = {}
        for found in self._found():
            row = self._checked(found)
            if row.document is not None and row.external_id is not None:
                first = first_line.setdefault(row.external_id, row.line)
                if first != row.line:
                    context: Context = {"external_id": _storable(row.external_id), "first": first}
                    refusal = Refusal("row_repeated", "/external_id", context, self._heading(found, ("external_id",)))
                    row = Row(row.line, row.external_id, None, (refusal,))
            if row.external_id is not None:
                self.external_ids.add(row.external_id)
            yield row

    def _found(self) -> Iterator[_Found]:
        match self._format:
            case ImportFormat.NDJSON:
                return self._json_lines()
            case ImportFormat.JSON:
                return self._json_array()
            case ImportFormat.CSV:
                return self._table_rows()

    def _checked(self, found: _Found) -> Row:
        if found.refusal is not None:
            return Row(found.line, _external_id(found.record), None, (found.refusal,))
        if not isinstance(found.record, dict):
            return Row(found.line, None, None, (Refusal("row_not_object"),))
        record = _normal(found.record)
        try:
            row = CommunityRow.model_validate(record)
        except ValidationError as error:
            findings = error.errors(include_url=False, include_input=False)
            refused = (self._refusal(found, one) for one in findings[:_MOST_REFUSALS_OF_A_ROW])
            return Row(found.line, _external_id(record), None, tuple(refused))
        return Row(found.line, row.external_id, row)

    def _refusal(self, found: _Found, finding: ErrorDetails) -> Refusal:
        context = {k: _storable(v) if isinstance(v, str) else v for k, v in context_of(finding).items()}
        field = _storable(pointer(finding["loc"])) or None
        return Refusal(finding["type"], field, context, self._heading(found, finding["loc"]))

    def _heading(self, found: _Found, location: Sequence[int | str]) -> str | None:
        """The heading under which the value stands; the one to add where there is no such column."""
        if self._format is not ImportFormat.CSV:
            return None
        target: str | Person = str(location[0])
        match location:
            case ("managers", int(place), str(part)):
                target = Person(*found.persons[place], part)
        return self._columns[target].heading if target in self._columns else headings.name_of(target)

    def _json_lines(self) -> Iterator[_Found]:
        stream, self._raw = opened(self._content)
        for line, raw in enumerate(stream, start=1):
            text = (raw.removeprefix(_BYTE_ORDER_MARK) if line == 1 else raw).rstrip(b"\r\n")
            if not text.strip():
                continue
            try:
                yield _Found(line, json.loads(text.decode("utf-8")))
            except UnicodeDecodeError as error:
                yield _Found(line, None, Refusal("row_not_utf8", None, {"byte": error.start + 1}))
            except (ValueError, RecursionError) as error:
                yield _Found(line, None, Refusal("row_not_json", None, _where(error)))

    def _json_array(self) -> Iterator[_Found]:
        stream, _ = opened(self._content)
        try:
            decoded = json.loads(stream.read().removeprefix(_BYTE_ORDER_MARK).decode("utf-8"))
        except UnicodeDecodeError as error:
            raise UnreadableFile("file_not_utf8", byte=error.start + 1) from error
        except (ValueError, RecursionError) as error:
            line = error.lineno if isinstance(error, json.JSONDecodeError) else 1
            raise UnreadableFile("file_not_json", line=line, **_where(error)) from error
        if not isinstance(decoded, list):
            raise UnreadableFile("file_not_array")
        for number, record in enumerate(decoded, start=1):
            self._share = number / len(decoded)
            yield _Found(number, record)

    def _table_rows(self) -> Iterator[_Found]:
        table = Table(self._content, headings.is_known)
        columns = headings.columns(table.headings)
        self._columns = {column.target: column for column in columns if column.target is not None}
        try:
            for record in table.records():
                self._raw = table.raw
                if record.kind is not None:
                    named = _named(columns, record.cells)
                    yield _Found(record.line, named, Refusal(record.kind, None, record.context))
                else:
                    yield _of_cells(record.line, columns, record.cells)
        except UnreadableFile as failure:
            self.failure = failure


def _external_id(record: object) -> str | None:
    """By which a refused row can still be recognised, so that its community is not taken for missing."""
    external_id = record.get("external_id") if isinstance(record, dict) else None
    return external_id.strip() if isinstance(external_id, str) else None


def _named(columns: Sequence[Column], texts: Sequence[str]) -> dict[str, object]:
    """The external id of a row with too many or too few cells, where it stands in front of what is amiss."""
    place = next(place for place, column in enumerate(columns) if column.target == "external_id")
    return {"external_id": cells.unguarded(texts[place])} if place < len(texts) else {}


def _of_cells(line: int, columns: Sequence[Column], texts: Sequence[str]) -> _Found:
    """A row of a table as a document: empty cells are left out, the cells of a manager come together."""
    document: dict[str, object] = {}
    persons: dict[tuple[str, int], dict[str, object]] = {}
    for column, cell in zip(columns, texts, strict=True):
        if not cell.strip() or column.target is None:
            continue
        text = cells.unguarded(cell)
        if isinstance(column.target, str):
            document[column.target] = cells.value(column.target, text)
        else:
            person = persons.setdefault((column.target.role, column.target.number), {})
            person[column.target.part] = text if column.target.part != "language" else cells.language(text)
    order = sorted(persons, key=lambda person: (person[0] == "deputy", person[1]))
    if order:
        document["managers"] = [persons[one] | ({"deputy": True} if one[0] == "deputy" else {}) for one in order]
    return _Found(line, document, None, order)


def _normal(record: Mapping[str, object]) -> dict[str, object]:
    """The record with plain texts, and with the year of whatever time it was founded at."""
    normal = dict(record)
    for field in TEXTS:
        if isinstance(text := normal.get(field), str):
            normal[field] = plain(text)
    for field in LISTS_OF_TEXTS:
        if isinstance(texts := normal.get(field), list):
            normal[field] = [plain(text) if isinstance(text, str) else text for text in texts]
    if "founded_year" in normal:
        normal["founded_year"] = cells.year(normal["founded_year"])
    return normal


def _where(error: Exception) -> dict[str, str | int]:
    if isinstance(error, json.JSONDecodeError):
        return {"column": error.colno, "reason": error.msg}
    return {"column": 1, "reason": "too deeply nested, or a number of too many digits"}


def _storable(text: str) -> str:
    """What somebody sent, fit to be stored and shown: no control characters, no half characters, not too long."""
    whole = text[:_LONGEST_QUOTE].encode("utf-8", "replace").decode()
    return "".join(character if character.isprintable() else "?" for character in whole)
