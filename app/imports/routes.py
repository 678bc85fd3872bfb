"""HTTP for imports."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from app.access.dependencies import CompanyDep, KeyedRoute, OnceDep, SettingsDep
from app.communities.schemas import Source
from app.core.database import DatabaseDep, ReaderDep, SessionDep
from app.core.errors import Problem
from app.core.http import problems
from app.core.i18n import LanguageDep, mark
from app.core.pagination import PageDep, cut
from app.core.schemas import Id, Page
from app.core.streams import following, stream_of
from app.imports import queries, unpacking
from app.imports import service as imports
from app.imports.examples import BODY
from app.imports.models import Change, ImportFormat, ImportStatus
from app.imports.schemas import ChangeOut, ImportOut, RefusalOut

router = APIRouter(prefix="/v1/imports", tags=["imports"], route_class=KeyedRoute, responses=problems(401, 403))

ImportId = Annotated[Id, Path(description="Id of the import.", examples=["imp_06em2n0u4hsm7bg6m3r8t2f5ac"])]

FORMATS = {
    "application/x-ndjson": ImportFormat.NDJSON,
    "application/json": ImportFormat.JSON,
    "text/csv": ImportFormat.CSV,
}


class UnsupportedFormat(Problem):
    status = 415
    slug = "unsupported-format"
    title = mark("The content type is not supported")
    detail = mark(
        "Send `Content-Type: application/x-ndjson` (one object a line), `application/json` (an array) or `text/csv`."
    )


class UnsupportedEncoding(Problem):
    status = 415
    slug = "unsupported-encoding"
    title = mark("The content encoding is not supported")
    detail = mark("Send the file as it is, or packed with `Content-Encoding: gzip`.")


async def _file(request: Request, configured: SettingsDep) -> tuple[bytes, ImportFormat]:
    """The body as it came, and its format."""
    content_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if content_type not in FORMATS:
        raise UnsupportedFormat
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip", "x-gzip"):
        raise UnsupportedEncoding
    content = await request.body()
    if unpacking.is_packed(content) or (content and encoding != "identity"):
        await run_in_threadpool(unpacking.check, content, configured.max_import_unpacked_bytes)
    return content, FORMATS[content_type]


FileDep = Annotated[tuple[bytes, ImportFormat], Depends(_file)]


@router.post(
    "",
    status_code=202,
    operation_id="import_communities",
    openapi_extra=BODY,
    responses=problems(400, 404, 409, 413, 415, 422),
)
def import_communities(
    caller: CompanyDep,
    file: FileDep,
    session: SessionDep,
    once: OnceDep,
    language: LanguageDep,
    response: Response,
    source: Annotated[
        Source, Query(description="Your name for the system that the rows come from.", examples=["intranet"])
    ],
    company: Annotated[Id | None, Query(description="For operators only: the company meant.")] = None,
    dry_run: Annotated[bool, Query(description="Only tell what would happen.")] = False,
) -> ImportOut:
    """Store many communities at once. Follow `Location` until the status is `done`.

    Each row is stored whole or refused with its line, the field and what to do; refused rows do not stop the others.
    Repeating an import never duplicates: rows are recognised by `external_id`. New communities are drafts. HTML in
    texts becomes plain text. What is no longer in the file is told as missing and stays as it is.
    """
    content, file_format = file
    queued = once.of(
        lambda: imports.create(
            session, caller, content=content, file_format=file_format, source=source, company=company, dry_run=dry_run
        ),
        lambda known: imports.get(session, caller, known),
    )
    response.headers["Location"] = f"/v1/imports/{queued.id}"
    return imports.shown(session, [queued], language)[0]


@router.get("", operation_id="list_imports", responses=problems(422))
def list_imports(session: ReaderDep, caller: CompanyDep, request: PageDep, language: LanguageDep) -> Page[ImportOut]:
    """Imports of your company, newest first."""
    after = request.key(str)
    found = queries.page(session, caller, after=str(after[0]) if after else None, limit=request.limit)
    page, cursor = cut(found, request, lambda one: (one.id,))
    return Page(items=imports.shown(session, page, language), next_cursor=cursor)


@router.get("/{import_id}", operation_id="read_import", responses=problems(404))
def read_import(import_id: ImportId, session: ReaderDep, caller: CompanyDep, language: LanguageDep) -> ImportOut:
    """How far an import is, and what it did."""
    return imports.shown(session, [imports.get(session, caller, import_id)], language)[0]


@router.get(
    "/{import_id}/events",
    operation_id="follow_import",
    response_class=StreamingResponse,
    responses=stream_of(ImportOut) | problems(404),
)
def follow_import(
    import_id: ImportId, database: DatabaseDep, caller: CompanyDep, language: LanguageDep
) -> StreamingResponse:
    """The same as server-sent events, at each change until the import is done or failed."""

    def look() -> ImportOut:
        with database.reader() as session:
            return imports.shown(session, [imports.get(session, caller, import_id)], language)[0]

    look()
    return following(look, lambda shown: shown.status in (ImportStatus.DONE, ImportStatus.FAILED))


@router.get("/{import_id}/refusals", operation_id="list_import_refusals", responses=problems(404, 422))
def list_import_refusals(
    import_id: ImportId, session: ReaderDep, caller: CompanyDep, request: PageDep, language: LanguageDep
) -> Page[RefusalOut]:
    """The rows that were not stored, in the order of the file: line, field, and what to do."""
    after = request.key(int, int)
    owner = imports.get(session, caller, import_id)
    found = queries.refusals(
        session, owner.id, after=(int(after[0]), int(after[1])) if after else None, limit=request.limit
    )
    page, cursor = cut(found, request, lambda refusal: (refusal.line, refusal.number))
    return Page(items=[imports.refusal_shown(refusal, language) for refusal in page], next_cursor=cursor)


@router.get("/{import_id}/changes", operation_id="list_import_changes", responses=problems(404, 422))
def list_import_changes(
    import_id: ImportId,
    session: ReaderDep,
    caller: CompanyDep,
    request: PageDep,
    change: Annotated[Change | None, Query(description="Only these.")] = None,
) -> Page[ChangeOut]:
    """What the import makes, changes (and which fields) and misses; in a dry run, what it would.

    New and changed communities come in the order of the file, then those that are stored but not in the file: nothing
    happens to these. Unchanged ones are only counted.
    """
    after = request.key(int)
    owner = imports.get(session, caller, import_id)
    found = queries.changes(
        session, owner.id, change=change, after=int(after[0]) if after else None, limit=request.limit
    )
    page, cursor = cut(found, request, lambda one: (one.number,))
    return Page(items=[ChangeOut.model_validate(one) for one in page], next_cursor=cursor)
