"""Imports every feature's models, so that alembic and the tests see all tables."""

from sqlmodel import SQLModel

from app.access.models import ApiKey
from app.communities.models import Community, CommunityManager
from app.companies.models import Company
from app.core.events import Event
from app.core.jobs import Job, WorkerSeen
from app.discovery.models import DiscoveryClock, DiscoveryEntry
from app.imports.models import Import, ImportPayload, ImportRefusal
from app.people.models import Person
from app.rounds.models import Proposal, Round, RoundSnapshot, RoundUnmatched

metadata = SQLModel.metadata

__all__ = [
    "ApiKey",
    "Community",
    "CommunityManager",
    "Company",
    "DiscoveryClock",
    "DiscoveryEntry",
    "Event",
    "Import",
    "ImportPayload",
    "ImportRefusal",
    "Job",
    "Person",
    "Proposal",
    "Round",
    "RoundSnapshot",
    "RoundUnmatched",
    "WorkerSeen",
    "metadata",
]
