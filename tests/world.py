"""Companies, keys and communities for tests of the service, made through the service itself."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, Protocol

from httpx2 import Response
from starlette.testclient import TestClient

from app.access import service as access
from app.access.models import Role
from app.access.schemas import KeyCreate
from app.access.service import SYSTEM
from app.companies import service as companies
from app.companies.schemas import CompanyCreate
from app.core.database import Database
from app.core.settings import Settings
from app.main import create_app
from app.worker import Worker

JsonObject = dict[str, Any]


class Works(Protocol):
    def plan(self) -> None: ...

    def work_once(self) -> bool: ...

    def run_until_idle(self) -> None: ...


class World:
    """Everything a test needs to act as somebody."""

    def __init__(self, client: TestClient, database: Database, settings: Settings, worker: Works) -> None:
        self.client = client
        self.database = database
        self.settings = settings
        self.worker = worker
        self.operator = self.caller(Role.OPERATOR)
        self.organizer = self.caller(Role.ORGANIZER)

    def company(self, name: str = "Nordwerk", *, sector: str = "machinery", active: bool = True) -> str:
        """A new company; its id."""
        with self.database.session() as session:
            company = companies.create(session, SYSTEM, CompanyCreate(name=name, sector=sector))
            if active:
                companies.activate(session, SYSTEM, company.id)
        return company.id

    def key(
        self, role: Role, company_id: str | None = None, *, person_id: str | None = None, read_only: bool = False
    ) -> str:
        wish = KeyCreate(role=role, label="test", company_id=company_id, person_id=person_id, read_only=read_only)
        with self.database.session() as session:
            return access.create_key(session, SYSTEM, wish, self.settings.key_pepper.get_secret_value()).plain

    def caller(
        self, role: Role, company_id: str | None = None, *, person_id: str | None = None, read_only: bool = False
    ) -> "ApiCaller":
        key = self.key(role, company_id, person_id=person_id, read_only=read_only)
        return ApiCaller(self.client, {"Authorization": f"Bearer {key}"})

    def portal(self, company_id: str) -> "ApiCaller":
        return self.caller(Role.PORTAL, company_id)

    def published(self, company_id: str, *documents: Mapping[str, object]) -> list[str]:
        """Communities stored by the company's portal and published; their ids."""
        portal = self.portal(company_id)
        ids = []
        for document in documents:
            slug = str(document["name"]).lower().replace(" ", "-")
            stored = portal.put(f"/v1/sources/intranet/communities/{slug}", json=document)
            assert stored.status_code in (200, 201), stored.text
            ids.append(stored.json()["id"])
        report = portal.post("/v1/communities/publish", json={"community_ids": ids, "consent_by": "manager"})
        assert report.json()["published"] == len(ids), report.text
        return ids

    def proposed_round(self, **settings: object) -> JsonObject:
        """A round that has run to its end."""
        created = self.organizer.post("/v1/rounds", json={"title": "Spring", "settings": settings}).json()
        started = self.organizer.post(f"/v1/rounds/{created['id']}/start")
        assert started.status_code == 202, started.text
        self.worker.run_until_idle()
        done: JsonObject = self.organizer.get(f"/v1/rounds/{created['id']}").json()
        return done

    def person(self, company_id: str, first_name: str = "Alex", language: str | None = None) -> str:
        """Somebody of a company; the id."""
        contact = {"email": f"{first_name.lower()}@{company_id}.example", "first_name": first_name}
        made = self.portal(company_id).post("/v1/people", json=contact | {"language": language})
        assert made.status_code == 201, made.text
        return str(made.json()["id"])

    def mails(self) -> list[EmailMessage]:
        """What was mailed, oldest message first."""
        files = sorted(self.settings.mail_folder.glob("*.eml"))
        found = [message_from_bytes(one.read_bytes(), policy=policy.default) for one in files]
        return [mail for mail in found if isinstance(mail, EmailMessage)]

    def imported(
        self, portal: "ApiCaller", content: bytes, content_type: str = "application/x-ndjson", **query: object
    ) -> JsonObject:
        """An import that has run to its end."""
        queued = portal.post(
            "/v1/imports",
            params={"source": "intranet"} | {name: str(value) for name, value in query.items()},
            content=content,
            headers={"Content-Type": content_type},
        )
        assert queued.status_code == 202, queued.text
        self.worker.run_until_idle()
        done: JsonObject = portal.get(queued.headers["Location"]).json()
        return done


@contextmanager
def world_on(settings: Settings) -> Iterator[World]:
    """A world on the database of these settings, with an application and a worker of its own."""
    database = Database(settings.database_url)
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield World(client, database, settings, Worker(database, settings))
    database.dispose()


class ApiCaller:
    """A client that always sends the same key."""

    def __init__(self, client: TestClient, headers: Mapping[str, str]) -> None:
        self._client = client
        self.headers = dict(headers)

    def get(self, path: str, **options: Any) -> Response:
        return self._request("GET", path, **options)

    def post(self, path: str, **options: Any) -> Response:
        return self._request("POST", path, **options)

    def put(self, path: str, **options: Any) -> Response:
        return self._request("PUT", path, **options)

    def patch(self, path: str, **options: Any) -> Response:
        return self._request("PATCH", path, **options)

    def ask(self, method: str, path: str, **options: Any) -> Response:
        return self._request(method, path, **options)

    def _request(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **options: Any
    ) -> Response:
        return self._client.request(method, path, headers=self.headers | dict(headers or {}), **options)


def ndjson(rows: Sequence[Mapping[str, object]]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
