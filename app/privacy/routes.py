"""HTTP for taking data along."""

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import StreamingResponse

from app.access.dependencies import CompanyDep, KeyedRoute, SettingsDep
from app.core.database import DatabaseDep
from app.core.http import problems
from app.core.i18n import LanguageDep
from app.core.schemas import Id
from app.privacy import service as privacy

router = APIRouter(prefix="/v1", tags=["companies"], route_class=KeyedRoute, responses=problems(401, 403))

CompanyId = Annotated[Id, Path(description="Id of the company.", examples=["cmp_06em2n0u4hsm7bg6m3r8t2f5ac"])]


@router.get(
    "/companies/{company_id}/export",
    operation_id="export_company",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "One JSON object a line, each with its `record`: company, person, key, community, "
            "suggestion, tandem, exchange, harvest, pulse.",
            "content": {"application/x-ndjson": {"schema": {"type": "string"}}},
        },
        **problems(404),
    },
)
def export_company(
    company_id: CompanyId, database: DatabaseDep, caller: CompanyDep, language: LanguageDep, settings: SettingsDep
) -> StreamingResponse:
    """Everything that is stored about your company, to take along; also while it is leaving."""
    return StreamingResponse(
        privacy.export_company(
            database, caller, company_id, pepper=settings.key_pepper.get_secret_value(), language=language
        ),
        media_type="application/x-ndjson",
        headers={"Content-Disposition": 'attachment; filename="c3-tandem-export.ndjson"'},
    )
