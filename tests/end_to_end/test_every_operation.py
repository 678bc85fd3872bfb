"""Generated requests to every operation: no answer is a 500, and each is one that the OpenAPI document names."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.specs.openapi.checks import positive_data_acceptance

from app.core import jobs
from app.core.settings import Settings
from app.main import create_app
from tests.world import ApiCaller, World

# The operations are listed when tests are collected, before there is a database; each test puts in its own.
application = create_app(Settings(database_url="sqlite:////tmp/c3-tandem-never-opened.db", log_level="error"))
# The rows of an import are looked at later, so that a wrong one is no wrong request; tests of their own send those.
schema = schemathesis.openapi.from_asgi("/openapi.json", application).exclude(operation_id="import_communities")


@pytest.fixture(params=["operator", "portal"])
def caller(request: pytest.FixtureRequest, world: World) -> ApiCaller:
    company_id = world.company()
    world.published(company_id, {"name": "Python circle", "tags": ["python"]})
    jobs.tell_worker_seen(world.database, "w")
    application.state.database, application.state.settings = world.database, world.settings
    return world.operator if request.param == "operator" else world.portal(company_id)


@schema.parametrize()
@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_generated_requests_get_documented_answers(case: Case[Any], caller: ApiCaller) -> None:
    # A cursor or a language tag can be refused although its schema says "string".
    case.call_and_validate(headers=caller.headers, excluded_checks=[positive_data_acceptance])
