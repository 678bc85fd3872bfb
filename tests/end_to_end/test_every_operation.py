"""Generated requests of every role to every operation: no answer is a 500, each is one that the document names."""

import re
from typing import Any
from zlib import crc32

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case, HookContext
from schemathesis.specs.openapi.checks import positive_data_acceptance

from app.access.models import Role
from app.core import jobs
from app.core.settings import Settings
from app.main import create_app
from tests.world import ApiCaller, World

# The operations are listed when tests are collected, before there is a database; each test puts in its own.
application = create_app(
    Settings(
        database_url="sqlite:////tmp/c3-tandem-never-opened.db",
        log_level="error",
        rate_limit_per_minute=10_000_000,
        rate_limit_failures_per_minute=10_000_000,
    )
)
# A stream ends when its work does, and generated imports have no worker. The rows of a file are looked at later, so
# that a wrong one is no wrong request. Tests of their own send those.
schema = schemathesis.openapi.from_asgi("/openapi.json", application).exclude(
    operation_id=["import_communities", "follow_import", "follow_round"]
)

# Ids of the world of the test that runs: a made-up id is a 404 before anything else is looked at.
REAL_IDS: dict[str, str] = {}
FEW, MANY = 50, 200
ID = r"[A-Za-z0-9_]{1,60}"


@schema.hook
def map_path_parameters(context: HookContext, path_parameters: dict[str, Any] | None) -> dict[str, Any] | None:
    """Two of three generated ids become real ones; those that are no ids at all stay as they are."""
    if path_parameters is None:
        return None
    return {
        name: REAL_IDS[name]
        if name in REAL_IDS and re.fullmatch(ID, str(value)) and crc32(repr(value).encode()) % 3
        else value
        for name, value in path_parameters.items()
    }


@pytest.fixture(params=list(Role))
def caller(request: pytest.FixtureRequest, world: World) -> ApiCaller:
    company_id = world.company()
    kim = {"email": "kim@own.example", "first_name": "Kim"}
    [community_id] = world.published(company_id, {"name": "Python circle", "tags": ["python"], "managers": [kim]})
    other_id = world.company("Other", sector="health")
    world.published(other_id, {"name": "Ring", "tags": ["python"]})
    portal = world.portal(company_id)
    REAL_IDS.clear()
    REAL_IDS.update(
        company_id=company_id,
        other_id=other_id,
        community_id=community_id,
        source="intranet",
        external_id="python-circle",
        import_id=world.imported(portal, b'{"external_id": "x"}')["id"],
        round_id=world.proposed_round()["id"],
        person_id=portal.get("/v1/people").json()["items"][0]["id"],
        key_id=world.operator.post(
            "/v1/keys", json={"role": "portal", "label": "x", "company_id": company_id}
        ).json()["id"],
    )
    jobs.tell_worker_seen(world.database, "w")
    application.state.database, application.state.settings = world.database, world.settings
    application.state.recent_keys.forget()
    role: Role = request.param
    person = REAL_IDS["person_id"]
    owner = company_id if role in (Role.COORDINATOR, Role.PORTAL) else None
    return world.caller(role, owner, person_id=person if role in (Role.MANAGER, Role.PARTICIPANT) else None)


def answered_as_documented(case: Case[Any], caller: ApiCaller) -> None:
    # A cursor or a language tag can be refused although its schema says "string".
    case.call_and_validate(headers=caller.headers, excluded_checks=[positive_data_acceptance])


@schema.parametrize()
@settings(max_examples=FEW, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_generated_requests_get_documented_answers(case: Case[Any], caller: ApiCaller) -> None:
    answered_as_documented(case, caller)


@pytest.mark.long
@schema.parametrize()
@settings(max_examples=MANY, deadline=None, suppress_health_check=list(HealthCheck))
def test_many_generated_requests_get_documented_answers(case: Case[Any], caller: ApiCaller) -> None:
    answered_as_documented(case, caller)
