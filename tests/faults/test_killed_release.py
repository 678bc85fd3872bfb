"""The API killed with kill -9 while it releases a round: every pair was asked or none, and none twice."""

import signal

import httpx2
import pytest
from sqlmodel import Session, col, func, select
from starlette.testclient import TestClient

from app.access import service as access
from app.access.models import Role
from app.access.schemas import KeyCreate
from app.access.service import SYSTEM
from app.core.database import Database
from app.core.events import Event
from app.core.jobs import Job
from app.core.settings import Settings
from app.main import create_app
from app.rounds.models import Proposal, Round, RoundStatus
from app.tandems import service as tandems
from app.tandems.models import Suggestion, SuggestionSide
from tests.end_to_end.service import free_port, wait_for
from tests.faults.doomed import Point, doomed_api


@pytest.fixture
def headers(store: Database) -> dict[str, str]:
    """What an organizer sends, each time again with the same Idempotency-Key."""
    wish = KeyCreate(role=Role.ORGANIZER, label="test")
    with store.session() as session:
        key = access.create_key(session, SYSTEM, wish, Settings().key_pepper.get_secret_value()).plain
    return {"Authorization": f"Bearer {key}", "Idempotency-Key": "release-1"}


def killed_api(store: Database, point: Point, path: str, headers: dict[str, str]) -> None:
    """Send the request to an API that kills itself there; nothing comes back."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    environment = {"TANDEM_DATABASE_URL": store.url, "TANDEM_LOG_LEVEL": "warning"}

    def answers() -> bool:
        try:
            return httpx2.get(address + "/healthz", timeout=5).status_code == 200
        except httpx2.TransportError:
            return False

    with doomed_api(point, environment, port) as child:
        wait_for(answers, "the API to answer")
        with pytest.raises(httpx2.TransportError):
            httpx2.post(address + path, headers=headers, timeout=60)
        child.join(60)
        assert child.exitcode == -signal.SIGKILL


def number_of(session: Session, table: type[Suggestion] | type[SuggestionSide]) -> int:
    return session.exec(select(func.count()).select_from(table)).one()


def number_told(session: Session, kind: str) -> int:
    return session.exec(select(func.count()).select_from(Event).where(col(Event.kind) == kind)).one()


@pytest.mark.parametrize(
    ("point", "released"),
    [
        (Point("open_many", "in"), False),
        (Point("note", "before"), False),
        (Point("note", "after"), True),
        pytest.param(Point("note", "in"), False, marks=pytest.mark.long),
    ],
    ids=str,
)
def test_a_killed_release_asks_every_pair_or_none_and_can_be_sent_again(
    store: Database, undisturbed: str, headers: dict[str, str], point: Point, released: bool
) -> None:
    path = f"/v1/rounds/{undisturbed}/release"

    killed_api(store, point, path, headers)
    with store.reader() as session:
        match_round = session.get_one(Round, undisturbed)
        pairs = match_round.proposals or 0
        assert match_round.status is (RoundStatus.RELEASED if released else RoundStatus.PROPOSED)
        assert number_of(session, Suggestion) == (pairs if released else 0)
        assert number_of(session, SuggestionSide) == (2 * pairs if released else 0)
        assert number_told(session, "suggestion.opened") == (pairs if released else 0)
    with TestClient(create_app(Settings(database_url=store.url, log_level="error"))) as client:
        again = client.post(path, headers=headers)
        once_more = client.post(path, headers=headers | {"Idempotency-Key": "release-2"})

    assert (again.status_code, again.json()["status"]) == (200, "released")
    assert again.json()["suggestions"] == {"open": pairs, "accepted": 0, "total": pairs, "left_out": 0}
    assert (once_more.status_code, once_more.json()["type"]) == (409, "/problems/round-not-proposed")
    with store.reader() as session:
        assert number_of(session, Suggestion) == pairs
        assert number_of(session, SuggestionSide) == 2 * pairs
        assert number_told(session, "suggestion.opened") == pairs
        assert number_told(session, "round.released") == 1
        jobs = (
            select(func.count())
            .select_from(Job)
            .where(col(Job.kind) == tandems.JOB, ~col(Job.subject_id).startswith("clock:"))
        )
        assert session.exec(jobs).one() == 1
        asked = session.exec(select(Proposal.a_id, Proposal.b_id, Proposal.suggestion_id)).all()
        suggested = session.exec(select(Suggestion.a_id, Suggestion.b_id, Suggestion.id)).all()
        assert sorted(asked) == sorted(suggested)
