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
from app.meetups.models import Meetup, Talk
from app.notifications.models import MailPreference, Message, SenderLease, WebhookEndpoint
from app.people.models import MailDomain, Person
from app.registrations.models import MeetupFeedback, Registration, SentSignUp
from app.rounds.models import Proposal, Round, RoundDecision, RoundPreview, RoundSnapshot, RoundUnmatched
from app.seatings.models import Again, Seating, SeatingGroup
from app.tandems.models import Suggestion, SuggestionSide, Tandem

metadata = SQLModel.metadata

__all__ = [
    "Again",
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
    "Meetup",
    "MeetupFeedback",
    "Message",
    "Objection",
    "Person",
    "Proposal",
    "Registration",
    "Round",
    "RoundDecision",
    "RoundPreview",
    "RoundSnapshot",
    "RoundUnmatched",
    "Seating",
    "SeatingGroup",
    "SenderLease",
    "SentSignUp",
    "Suggestion",
    "SuggestionSide",
    "Talk",
    "Tandem",
    "TandemPulse",
    "WebhookEndpoint",
    "WorkerSeen",
    "metadata",
]
