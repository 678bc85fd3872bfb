"""What an import did, in words: its counts, the rows it refused and why, and for a dry run what it would change."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from rich.markup import escape
from rich.table import Table
from sqlmodel import Session

from app.access.service import SYSTEM
from app.cli.files import written_to
from app.cli.terminal import Refused, out, tell
from app.core.i18n import Language, mark, translate
from app.imports import queries
from app.imports import service as imports
from app.imports.models import Change, Import, ImportStatus
from app.imports.schemas import ImportOut, RefusalOut
from app.imports.writing import guarded

SHOWN = 20
_PAGE = 1000

ENDED = (ImportStatus.DONE, ImportStatus.FAILED)
ALL_STORED, SOME_REFUSED, FAILED = 0, 1, 2


def report(session: Session, import_id: str, refusals_file: Path | None, language: Language) -> int:
    """Tell everything; the code to end with. Raises Refused for an import that failed."""
    found = imports.get(session, SYSTEM, import_id)
    [shown] = imports.shown(session, [found], language)
    if shown.status not in ENDED:
        tell(mark("The import {import_id}: {stage}."), language, import_id=shown.id, stage=shown.stage)
    _tell_counts(shown, language)
    _tell_refusals(session, found, refusals_file, language)
    if shown.dry_run:
        _tell_changes(session, found, language)
    if shown.status is ImportStatus.FAILED:
        raise Refused("{problem}", problem=shown.problem)
    return SOME_REFUSED if shown.refused else ALL_STORED


def _tell_counts(shown: ImportOut, language: Language) -> None:
    title = mark("Dry run {import_id}: nothing is stored.") if shown.dry_run else mark("Import {import_id}:")
    out.print(translate(title, language, import_id=shown.id), soft_wrap=True, highlight=False)
    table = Table(show_header=False)
    table.add_column()
    table.add_column(justify="right")
    counts = {
        mark("rows"): shown.rows,
        mark("new"): shown.created,
        mark("changed"): shown.updated,
        mark("unchanged"): shown.unchanged,
        mark("refused"): shown.refused,
        mark("missing in the file"): shown.missing,
    }
    for text, count in counts.items():
        table.add_row(translate(text, language), "?" if count is None else f"{count:,}")
    out.print(table)


def _tell_refusals(session: Session, found: Import, file: Path | None, language: Language) -> None:
    if file is not None:
        rows = ([str(one.line), one.field, one.pointer, one.problem] for one in _refusals(session, found, language))
        with written_to(file, encoding="utf-8") as (_, writer):
            writer.writerow(["line", "field", "pointer", "problem"])
            writer.writerows([guarded(cell or "") for cell in row] for row in rows)
    first = list(islice(_refusals(session, found, language), SHOWN + 1))
    if not first:
        return
    table = Table(
        translate(mark("line"), language), translate(mark("field"), language), translate(mark("what to do"), language)
    )
    for one in first[:SHOWN]:
        table.add_row(str(one.line), escape(one.field or ""), escape(one.problem))
    out.print(table)
    if len(first) > SHOWN and file is None:
        tell(mark("These are the first {shown}. All of them: --refusals FILE.csv"), language, shown=SHOWN)


def _tell_changes(session: Session, found: Import, language: Language) -> None:
    titles = {
        Change.NEW: mark("Would be new:"),
        Change.CHANGED: mark("Would be changed:"),
        Change.MISSING: mark("Stored, but not in the file; they would stay as they are:"),
    }
    for change, title in titles.items():
        rows = queries.changes(session, found.id, change=change, after=None, limit=SHOWN)
        if not rows:
            continue
        out.print(translate(title, language))
        table = Table("external_id", "name")
        if change is Change.CHANGED:
            table.add_column(translate(mark("fields"), language))
        for one in rows[:SHOWN]:
            fields = [", ".join(one.fields)] if change is Change.CHANGED else []
            table.add_row(escape(one.external_id), escape(one.name), *fields)
        out.print(table)
        if len(rows) > SHOWN:
            tell(
                mark("These are the first {shown}. All of them: GET /v1/imports/{import_id}/changes"),
                language,
                shown=SHOWN,
                import_id=found.id,
            )


def _refusals(session: Session, found: Import, language: Language) -> Iterator[RefusalOut]:
    after: tuple[int, int] | None = None
    while page := queries.refusals(session, found.id, after=after, limit=_PAGE):
        for refusal in page[:_PAGE]:
            yield imports.refusal_shown(refusal, language)
        if len(page) <= _PAGE:
            return
        after = (page[_PAGE - 1].line, page[_PAGE - 1].number)
