"""Seeds a database with demonstration data and runs a round on it, through the same services as everybody."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Thread

from sqlmodel import Session

from app.access import service as access
from app.access.models import Role
from app.access.schemas import KeyCreate
from app.access.service import SYSTEM
from app.communities import publishing
from app.communities.schemas import Consent
from app.companies import service as companies
from app.companies.models import CompanyStatus
from app.companies.schemas import CompanyCreate
from app.core.database import Database
from app.core.i18n import Language
from app.demo.data import DemoCompany
from app.imports import service as imports
from app.imports.models import Import, ImportFormat
from app.rounds import queries as round_queries
from app.rounds import service as rounds
from app.rounds import telling
from app.rounds.models import Round
from app.rounds.schemas import RoundCreate
from app.rounds.schemas_proposals import ProposalOut

LABEL = "demo"
SOURCE = "demo"
ROUND_TITLE = "Demo round"
_CONSENT = Consent(consent_by="demo data, invented or public")

RunJobs = Callable[[], None]
OnProgress = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class Keys:
    """Plain keys for trying the service out."""

    organizer: str
    portal: str
    portal_company: str


def load(
    database: Database, demo_companies: Sequence[DemoCompany], work: RunJobs, on_progress: OnProgress
) -> tuple[int, int]:
    """Store companies and communities and publish them; how many are new or changed, and how many were refused."""
    changed = refused = 0
    for number, demo in enumerate(demo_companies):
        on_progress(number / len(demo_companies), demo.name)
        with database.session() as session:
            company_id = _company(session, demo)
            content = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in demo.rows).encode()
            queued = imports.create(
                session,
                SYSTEM,
                content=content,
                file_format=ImportFormat.NDJSON,
                source=SOURCE,
                company=company_id,
                dry_run=False,
            )
        work()
        with database.session() as session:
            done = session.get_one(Import, queued.id)
            changed += done.created + done.updated
            refused += done.refused
        external_ids = [str(row["external_id"]) for row in demo.rows]
        for start in range(0, len(external_ids), 1000):
            with database.session() as session:
                publishing.publish_all(session, company_id, SOURCE, external_ids[start : start + 1000], _CONSENT)
    on_progress(1.0, "")
    return changed, refused


def run_round(database: Database, *, anew: bool, language: Language, work: RunJobs, on_progress: OnProgress) -> Round:
    """The demonstration's round: the one that is there, or a new one when there is none or the data has changed."""
    with database.session() as session:
        match_round = round_queries.by_title(session, ROUND_TITLE)
        if match_round is None or anew or match_round.status not in rounds.HAS_PROPOSALS:
            match_round = rounds.create(session, SYSTEM, RoundCreate(title=ROUND_TITLE))
            rounds.start(session, SYSTEM, match_round.id)
    worker = Thread(target=work, name="demo-worker")
    worker.start()
    while worker.is_alive():
        worker.join(0.2)
        with database.reader() as session:
            [seen] = telling.rounds_shown(session, [rounds.get(session, SYSTEM, match_round.id)], language)
        on_progress(seen.progress, seen.stage)
    with database.reader() as session:
        return rounds.get(session, SYSTEM, match_round.id)


def best(database: Database, round_id: str, count: int, language: Language) -> list[ProposalOut]:
    """The tandems of a round that are the likeliest to be good ones."""
    with database.reader() as session:
        match_round = rounds.get(session, SYSTEM, round_id)
        found = round_queries.proposals(session, match_round, limit=count)
        return telling.proposals_shown(session, match_round, found[:count], language)


def make_keys(database: Database, pepper: str) -> Keys:
    """New keys for an organizer and the first company's portal; those of earlier demonstrations are revoked."""
    with database.session() as session:
        access.revoke_labelled(session, LABEL)
        company = companies.active(session)[0]
        organizer = access.create_key(session, SYSTEM, KeyCreate(role=Role.ORGANIZER, label=LABEL), pepper)
        wish = KeyCreate(role=Role.PORTAL, label=LABEL, company_id=company.id)
        portal = access.create_key(session, SYSTEM, wish, pepper)
    return Keys(organizer.plain, portal.plain, company.name)


def _company(session: Session, demo: DemoCompany) -> str:
    company = companies.by_name(session, demo.name)
    if company is None:
        wish = CompanyCreate(name=demo.name, sector=demo.sector, time_zone=demo.time_zone)
        company = companies.create(session, SYSTEM, wish)
    if company.status is CompanyStatus.INVITED:
        companies.activate(session, SYSTEM, company.id)
    session.flush()
    return company.id
