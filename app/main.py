"""The web application: routers, error handlers, documentation. Wiring only."""

import gc
import hmac
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Path, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import PlainTextResponse, RedirectResponse
from fastapi_offline import FastAPIOffline
from pydantic import ConfigDict
from pydantic.json_schema import models_json_schema
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.routing import BaseRoute

from app import tables
from app.access.dependencies import RecentKeys
from app.access.routes import router as access_routes
from app.communities.routes import router as community_routes
from app.communities.schemas import CommunityRow
from app.companies.routes import router as company_routes
from app.console.pages import problem_page
from app.console.routes import router as page_routes
from app.console.routes_feed import router as feed_routes
from app.console.routes_meetup import router as meetup_page_routes
from app.core import jobs, logs, migrations
from app.core.bodies import BodyLimit
from app.core.clock import now
from app.core.conditional import Conditional
from app.core.database import Database, DatabaseDep
from app.core.errors import MetricsClosed, NoSuchPath, NotReady, every_problem
from app.core.http import add_error_handlers, problems
from app.core.i18n import LanguageDep, lookup, mark, translate
from app.core.observing import Metrics, Observed
from app.core.openapi import complete
from app.core.rates import RateLimit
from app.core.schemas import Output, ProblemOut
from app.core.settings import Settings, get_settings
from app.discovery.index import DiscoveryIndex
from app.discovery.routes import router as discovery_routes
from app.exchanges.routes import router as exchange_routes
from app.guardrails import terms
from app.guardrails.routes import router as guardrail_routes
from app.imports.routes import router as import_routes
from app.meetups.routes import router as meetup_routes
from app.meetups.routes_feed import router as meetup_feed_routes
from app.notifications.routes import described_events
from app.notifications.routes import router as notification_routes
from app.privacy.routes import router as privacy_routes
from app.programme.routes import router as programme_routes
from app.programme.routes_after import router as summary_routes
from app.programme.routes_meetup import router as planning_routes
from app.registrations.routes import router as registration_routes
from app.registrations.routes_after import router as feedback_routes
from app.rounds.routes import router as round_routes
from app.seatings.routes import router as seating_routes
from app.tandems.routes import router as tandem_routes

assert tables.metadata  # noqa: S101  every table is known before the first query

TITLE = "C3 Tandem"
VERSION = "0.1.0"

_OBJECTS_BEFORE_A_SEARCH = 10_000

DESCRIPTION = """
C3 Tandem pairs related internal communities of different companies into **inspiration tandems**: two communities that
meet regularly to learn from each other, never about anything relevant under competition law.

1. Send your key: `Authorization: Bearer tdm_...` (**Authorize** above). `GET /v1/me` tells who you are.
2. A *portal* stores communities: `PUT /v1/sources/{source}/communities/{external_id}`; many: `POST /v1/imports`.
3. Communities are drafts until somebody of them consents: `POST /v1/communities/publish`.
4. Look who is related: `GET /v1/communities/{id}/related`, `GET /v1/discovery/communities?q=`. Cards are masked.
5. An *organizer* runs a match round: `POST /v1/rounds`, `.../preview`, `.../start`, then reads `.../proposals`,
   `.../unmatched`. `.../release` asks both sides of each pair; `.../withdraw` undoes it until the first yes.
6. A *manager*, or a portal for one, answers: `GET /v1/suggestions`, `POST .../answer`. The partner stays masked, a no
   is never told. Or asks without a round: `POST /v1/communities/{id}/suggestions`.
7. Two times yes make a tandem: `GET /v1/tandems` tells the two, and only them, whom to write to.
8. The two meet: `GET /v1/tandems/{id}/kit`, `POST .../exchanges`, then `.../held`, `.../minutes`, and at the end
   three lines of what they have learned, which become one of `GET /v1/stories` when both release them.

**Errors** are `application/problem+json` (RFC 9457), in German or English by `Accept-Language`; each `type` is an
address that explains it. **Lists** are pages: `?limit=&cursor=`. **Times** are UTC, ids are opaque.

**Retries** are safe: `PUT` and imports can be repeated as they are; any `POST` with an `Idempotency-Key` of your own
does nothing twice for 24 hours. **Changes** name the version that they were made on: send the `ETag` that you read as
`If-Match`. **Long work** answers 202 with `Location`; `.../events` there tells its progress as server-sent events.
**Limits**: `RateLimit` in each answer, 429 with `Retry-After`. **Webhooks** tell what happens as it happens:
`POST /v1/webhooks`.
"""

TAGS = [
    {"name": "communities", "description": "Community profiles: stored by portals, completed by managers."},
    {"name": "imports", "description": "Many communities at once; each row stored whole or refused with what to do."},
    {"name": "discovery", "description": "Related communities of other companies, and search: on demand, masked."},
    {"name": "rounds", "description": "Match rounds: who fits whom, provably best, with reasons."},
    {
        "name": "tandems",
        "description": "Suggestions, masked until all have said yes, and the tandems made of them.",
    },
    {
        "name": "meetups",
        "description": "Cross-company meetups: dates, talks, registrations, and who sits with whom.",
    },
    {
        "name": "guardrail",
        "description": "Competition law inside the flow: hints on texts, the guideline and who accepted it.",
    },
    {"name": "companies", "description": "Participating companies."},
    {"name": "people", "description": "Who speaks for communities."},
    {"name": "access", "description": "Keys and the caller."},
    {"name": "webhooks", "description": "What your portal is told as it happens, and what became of each message."},
    {"name": "service", "description": "Whether the service is there and ready, and what errors mean."},
]


service_routes = APIRouter()


class Health(Output):
    status: str

    model_config = ConfigDict(json_schema_extra={"example": {"status": "ok"}})


class ProblemExplained(Output):
    type: str
    title: str
    status: int
    explanation: str

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "type": "/problems/stale-etag",
                "title": "The resource has changed meanwhile",
                "status": 412,
                "explanation": "Your If-Match does not fit the present version. Read it again, apply your change, "
                "send it again.",
            }
        }
    )


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application, for `uvicorn app.main:create_app --factory` and for tests."""
    settings = settings or get_settings()
    logs.configure(settings.log_level)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        terms.prepare()
        _spare_from_garbage_collection()
        yield
        app.state.discovery.stop()
        app.state.database.dispose()

    # Its own pages would load their scripts from elsewhere: `_pages` does not.
    app = FastAPI(
        title=TITLE,
        version=VERSION,
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
    )
    app.state.settings = settings
    app.state.database = Database(settings.database_url)
    app.state.recent_keys = RecentKeys()
    app.state.metrics = Metrics()
    app.state.problem_page = problem_page
    app.state.discovery = DiscoveryIndex(app.state.database)
    # The last one added stands outermost: what is refused is logged and counted too.
    app.add_middleware(BodyLimit, limit=settings.max_body_bytes, larger={"/v1/imports": settings.max_import_bytes})
    app.add_middleware(Conditional)
    app.add_middleware(
        RateLimit,
        per_minute=settings.rate_limit_per_minute,
        failures_per_minute=settings.rate_limit_failures_per_minute,
    )
    app.add_middleware(Observed, metrics=app.state.metrics)
    add_error_handlers(app)
    app.router.routes.extend(_routes())
    app.openapi = _document  # type: ignore[method-assign]  # how FastAPI wants it extended
    return app


@cache
def _routes() -> list[BaseRoute]:
    """Everything that can be asked, put together once a process: of several applications in one, as in tests, each
    would look through the parameters of all operations anew, 0.1 s at its first request, and never be given up."""
    routers = (
        community_routes,
        discovery_routes,
        import_routes,
        round_routes,
        tandem_routes,
        exchange_routes,
        meetup_routes,
        registration_routes,
        feedback_routes,
        seating_routes,
        meetup_feed_routes,
        programme_routes,
        planning_routes,
        summary_routes,
        company_routes,
        privacy_routes,
        access_routes,
        service_routes,
        notification_routes,
        page_routes,
        meetup_page_routes,
        feed_routes,
        guardrail_routes,
    )
    # The routes themselves: a router that is included looks through its own once more for each request.
    return [*_pages(), *(route for router in routers for route in router.routes)]


def _pages() -> list[BaseRoute]:
    """The documentation to read and try out, with scripts of our own."""
    offline = FastAPIOffline(
        title=TITLE,
        redoc_url=None,
        swagger_ui_parameters={"persistAuthorization": True, "tryItOutEnabled": True, "displayRequestDuration": True},
    )
    return [one for one in offline.routes if getattr(one, "path", None) != offline.openapi_url]


@cache
def _document() -> dict[str, Any]:
    """The OpenAPI document, with the schemas that only references name."""
    document = get_openapi(
        title=TITLE,
        version=VERSION,
        description=DESCRIPTION,
        routes=_routes(),
        webhooks=described_events().routes,
        tags=TAGS,
        license_info={"name": "Apache 2.0", "identifier": "Apache-2.0"},
    )
    _, extra = models_json_schema(
        [(CommunityRow, "validation"), (ProblemOut, "serialization")],
        ref_template="#/components/schemas/{model}",
    )
    return complete(document, extra["$defs"])


@cache
def _spare_from_garbage_collection() -> None:
    """What a process has at its start stays: every full search for garbage would go through it, and a request that
    comes meanwhile waits 0.1 s, or up to 0.45 s while others keep the processor busy.

    Once a process: of several applications in one, as in tests, the later ones are to be collected again.
    """
    gc.collect()
    gc.freeze()
    # What a request has made is mostly gone with it, without a search: a tenth of its time went into looking.
    gc.set_threshold(_OBJECTS_BEFORE_A_SEARCH, *gc.get_threshold()[1:])


@service_routes.get("/", include_in_schema=False)
def read_root() -> RedirectResponse:
    return RedirectResponse("/docs")


@service_routes.get("/healthz", operation_id="read_health", tags=["service"])
def read_health() -> Health:
    """The process answers."""
    return Health(status="ok")


@service_routes.get("/readyz", operation_id="read_readiness", tags=["service"], responses=problems(503))
def read_readiness(database: DatabaseDep, language: LanguageDep, request: Request) -> Health:
    """The database answers and has the right version, and a worker is there."""
    settings: Settings = request.app.state.settings
    missing = _missing(database, settings)
    if missing:
        raise NotReady(
            errors=[{"parameter": name, "detail": translate(detail, language)} for name, detail in missing.items()]
        )
    return Health(status="ready")


@service_routes.get(
    "/metrics",
    operation_id="read_metrics",
    tags=["service"],
    response_class=PlainTextResponse,
    responses=problems(401),
)
def read_metrics(request: Request) -> PlainTextResponse:
    """Counts and durations of this process for Prometheus, by route template: no company, person or key."""
    _let_prometheus_pass(request)
    metrics: Metrics = request.app.state.metrics
    return PlainTextResponse(metrics.as_text(), media_type="text/plain; version=0.0.4; charset=utf-8")


@service_routes.get("/problems/{slug}", operation_id="explain_problem", tags=["service"], responses=problems(404))
def explain_problem(
    slug: Annotated[str, Path(max_length=80, examples=["invalid-input"])],
    language: LanguageDep,
) -> ProblemExplained:
    """What the `type` of an error means."""
    kind = every_problem().get(slug)
    if kind is None:
        raise NoSuchPath
    return ProblemExplained(
        type=f"/problems/{slug}",
        title=translate(kind.title, language),
        status=kind.status,
        explanation=lookup(kind.detail, language),
    )


def _let_prometheus_pass(request: Request) -> None:
    settings: Settings = request.app.state.settings
    if settings.metrics_token is None:
        if settings.environment == "development":
            return
        raise MetricsClosed
    expected = f"Bearer {settings.metrics_token.get_secret_value()}"
    if not hmac.compare_digest(request.headers.get("authorization", "").encode(), expected.encode()):
        raise MetricsClosed


def _missing(database: Database, settings: Settings) -> dict[str, str]:
    """What keeps the service from being ready, by name."""
    try:
        with database.reader() as session:
            session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return {"database": mark("does not answer; see the log of the API process")}
    if not migrations.is_current(database.engine):
        return {"migrations": mark("the database has another version than the code; run `tandem migrate`")}
    with database.reader() as session:
        seen = jobs.last_worker_seen(session)
    if seen is None or (now() - seen).total_seconds() > settings.worker_silent_seconds:
        return {"worker": mark("no worker has been heard of; start `tandem worker` or `tandem serve`")}
    return {}


def print_openapi() -> None:
    """The document as it is kept in docs/openapi.json."""
    sys.stdout.write(json.dumps(_document(), indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    print_openapi()
