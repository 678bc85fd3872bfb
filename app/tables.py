"""Imports every feature's models, so that alembic and the tests see all tables."""

from sqlmodel import SQLModel

from app.access.models import ApiKey
from app.communities.models import (
    Community,
    CommunityAlias,
    CommunityConsent,
    CommunityManager,
    LearnedPreference,
)
from app.companies.models import Company, CompanyCoordinator, CompanyProximity
from app.core.events import Event
from app.core.idempotency import IdempotencyKey
from app.core.jobs import Job, WorkerSeen
from app.discovery.models import DiscoveryClock, DiscoveryEntry
from app.exchanges.models import Exchange, ExchangeFeedback, Harvest, TandemPulse
from app.guardrails.models import GuardrailNote, GuidelineAcceptance, Objection
from app.imports.models import Import, ImportChange, ImportPayload, ImportRefusal
from app.notifications.models import MailPreference, Message, SenderLease, WebhookEndpoint
from app.people.models import MailDomain, Person
from app.rounds.models import Proposal, Round, RoundDecision, RoundPreview, RoundSnapshot, RoundUnmatched
from app.tandems.models import Suggestion, SuggestionSide, Tandem

metadata = SQLModel.metadata

__all__ = [
    "ApiKey",
    "Community",
    "CommunityAlias",
    "CommunityConsent",
    "CommunityManager",
    "Company",
    "CompanyCoordinator",
    "CompanyProximity",
    "DiscoveryClock",
    "DiscoveryEntry",
    "Event",
    "Exchange",
    "ExchangeFeedback",
    "GuardrailNote",
    "GuidelineAcceptance",
    "Harvest",
    "IdempotencyKey",
    "Import",
    "ImportChange",
    "ImportPayload",
    "ImportRefusal",
    "Job",
    "LearnedPreference",
    "MailDomain",
    "MailPreference",
    "Message",
    "Objection",
    "Person",
    "Proposal",
    "Round",
    "RoundDecision",
    "RoundPreview",
    "RoundSnapshot",
    "RoundUnmatched",
    "SenderLease",
    "Suggestion",
    "SuggestionSide",
    "Tandem",
    "TandemPulse",
    "WebhookEndpoint",
    "WorkerSeen",
    "metadata",
]
