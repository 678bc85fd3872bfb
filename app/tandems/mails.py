"""What the mails about suggestions and tandems say, written when they are sent: about something that is over, or to
somebody who does not speak for the community any more, nothing is said.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from app.access.models import Role
from app.access.service import Caller
from app.communities import queries as communities
from app.communities.models import Carded, Community, Speaker
from app.companies import coordinators
from app.companies.models import Company
from app.core import links
from app.core.clock import now
from app.core.i18n import Language, mark, translate
from app.notifications.letters import Action, Letter, Reading, Template
from app.people.models import PersonStatus
from app.tandems import queries
from app.tandems.models import (
    Answer,
    Approval,
    SideName,
    Suggestion,
    SuggestionOrigin,
    SuggestionSide,
    SuggestionStatus,
    Tandem,
    TandemStatus,
)
from app.tandems.reasons import Stored, masked, reason_shown
from app.tandems.reminding import TOO_LATE
from app.tandems.schemas import SuggestionOut
from app.tandems.viewing import NEXT_STEPS, Sides, suggestions_shown
from app.tandems.wording import card_in_words, day

OPENED, REMINDER = "suggestion.opened", "suggestion.reminder"
APPROVAL, APPROVAL_REMINDER = "suggestion.approval", "suggestion.approval_reminder"
WITHDRAWN, NOT_COME_ABOUT = "suggestion.withdrawn", "suggestion.not_come_about"
INTRODUCED = "tandem.introduced"

_NEWS = timedelta(days=1)
_NO_REASON = mark("A no needs no reason, and the other side is not told of it.")
_MORE_TO_COME = mark("Further suggestions will come. You need not do anything.")


def _opened(reading: Reading) -> Letter | None:
    known = _to_be_answered(reading)
    if known is None:
        return None
    first = mark(
        "There is a community of another company that may fit {name}. Neither of you sees who the other one is "
        "before both have said yes."
    )
    if known.suggestion.origin is SuggestionOrigin.MEETUP:
        # Not who: the two have said it for their communities, whose managers are free in what they answer.
        first = mark(
            "Two people have met at a meetup and want to meet again: one came for {name}, one for a community of "
            "another company. That may become a tandem of the two communities. Neither of them sees here who the "
            "other one is before both have said yes."
        )
    return _question(reading, known, subject=mark("A possible partner for {name}"), first=first)


def _reminder(reading: Reading) -> Letter | None:
    known = _to_be_answered(reading)
    if known is None or known.suggestion.expires_at - now() <= TOO_LATE:
        return None
    # After a pause of the service the question may have come just now.
    if queries.is_news(reading.session, known.suggestion.id, OPENED, reading.reader.id, now() - _NEWS):
        return None
    return _question(
        reading,
        known,
        subject=mark("Still open until {until}: a possible partner for {name}"),
        first=mark(
            "A suggestion for {name} is still open, and your answer would help the other side to plan. Neither of "
            "you sees who the other one is before both have said yes. This is the only reminder."
        ),
    )


def _approval(reading: Reading) -> Letter | None:
    return _task(
        reading,
        subject=mark("To be approved: {own} and {partner} ({company})"),
        first=mark(
            "{own} of your company and {partner} of {company} would like to form a tandem. Both have said yes, and "
            "your company wants to approve it. The two do not see each other's names before."
        ),
    )


def _approval_reminder(reading: Reading) -> Letter | None:
    return _task(
        reading,
        subject=mark("Still to be approved until {until}: {own} and {partner} ({company})"),
        first=mark(
            "{own} of your company and {partner} of {company} still wait for your company to approve their tandem. "
            "If nobody decides until {until}, it does not come about."
        ),
    )


def _withdrawn(reading: Reading) -> Letter | None:
    name = _own_name(reading)
    if name is None:
        return None
    return Letter(
        subject=_said(reading, mark("No longer open: the suggestion for {name}"), name=name),
        paragraphs=(
            _said(reading, NEXT_STEPS[SuggestionStatus.WITHDRAWN]),
            _said(reading, _MORE_TO_COME),
        ),
    )


def _not_come_about(reading: Reading) -> Letter | None:
    name = _own_name(reading)
    if name is None:
        return None
    return Letter(
        subject=_said(reading, mark("This time it did not come about: the suggestion for {name}"), name=name),
        paragraphs=(
            _said(
                reading,
                mark(
                    "Thank you for your yes. The tandem that was suggested for {name} has not come about in its "
                    "time. That has many possible causes and says nothing about you."
                ),
                name=name,
            ),
            _said(reading, _MORE_TO_COME),
        ),
    )


def _introduced(reading: Reading) -> Letter | None:
    tandem = reading.session.get(Tandem, reading.ids["tandem_id"])
    if tandem is None or tandem.status is TandemStatus.CLOSED:
        return None
    found = _parties(reading, tandem.a_id, tandem.b_id)
    if found is None:
        return None
    suggestion = reading.session.get_one(Suggestion, tandem.suggestion_id)
    return Letter(
        subject=_said(reading, mark("{own} and {partner} are a tandem"), **_names(found)),
        paragraphs=(
            _said(
                reading,
                mark("Both sides have said yes: {own} ({own_company}) and {partner} ({company}) are a tandem now."),
                **_names(found),
            ),
            *(_contacts(reading, one, speakers) for one, speakers in (found.own, found.partner)),
            _said(
                reading,
                mark(
                    "Next, agree on a first hour: get to know each other, tell what you expect, choose one question "
                    "that you share. Whoever reads this first writes first."
                ),
            ),
            _said(
                reading,
                mark(
                    "Before the first meeting somebody of each side accepts the guideline on competition law; your "
                    "portal tells how."
                ),
            ),
            *_introducing(suggestion.reasons, reading),
        ),
        points=_reasons(suggestion.reasons, reading.language),
    )


TEMPLATES: tuple[Template, ...] = (
    Template(OPENED, needs_reader=True, write=_opened),
    Template(REMINDER, needs_reader=True, write=_reminder),
    Template(APPROVAL, needs_reader=True, write=_approval),
    Template(APPROVAL_REMINDER, needs_reader=True, write=_approval_reminder),
    Template(WITHDRAWN, needs_reader=False, write=_withdrawn),
    Template(NOT_COME_ABOUT, needs_reader=False, write=_not_come_about),
    Template(INTRODUCED, needs_reader=True, write=_introduced),
)


@dataclass(frozen=True, slots=True)
class _Known:
    """A suggestion as its side knows it."""

    suggestion: Suggestion
    mine: SuggestionSide
    shown: SuggestionOut

    @property
    def name(self) -> str:
        return self.shown.own.name if self.shown.own else ""


Party = tuple[Carded, Sequence[Speaker]]


@dataclass(frozen=True, slots=True)
class _Parties:
    """The two of a tandem, the reader's own one first, each with who speaks for it."""

    own: Party
    partner: Party


def _to_be_answered(reading: Reading) -> _Known | None:
    """The suggestion that the reader's side has not answered yet, and still can."""
    found = _found(reading)
    if found is None or found[0].status not in (SuggestionStatus.OPEN, SuggestionStatus.ONE_YES):
        return None
    suggestion, sides = found
    mine = sides[SideName(reading.ids["side"])]
    if mine.answer is not None or suggestion.expires_at <= now() or not _speaks(reading, mine.community_id):
        return None
    reader = reading.reader
    caller = Caller(Role.MANAGER, key_id="link", person_id=reader.id, company_id=reader.company_id)
    [shown] = suggestions_shown(reading.session, caller, [suggestion], reading.pepper, reading.language)
    return _Known(suggestion, mine, shown)


def _question(reading: Reading, known: _Known, *, subject: str, first: str) -> Letter:
    language, shown = reading.language, known.shown
    zone = reading.session.get_one(Community, known.mine.community_id).time_zone
    until = day(known.suggestion.expires_at, language, zone)
    about = card_in_words(shown.partner, language) if shown.partner else []
    sure = []
    if shown.strength is not None:
        sure = [_said(reading, mark("How sure we are that the two fit: {strength}."), strength=shown.strength.text)]
    reasons = [one.text for one in shown.reasons]
    return Letter(
        subject=_said(reading, subject, name=known.name, until=until),
        paragraphs=(
            _said(reading, first, name=known.name),
            _said(reading, mark("What may be told of it already: {card}."), card=". ".join(about)),
            *sure,
            *([_said(reading, mark("Why the two may learn from each other:"))] if reasons else []),
        ),
        points=tuple(reasons),
        actions=(Action(_said(reading, mark("Look at it and answer")), _answer_link(reading, known)),),
        after=(
            _said(reading, mark("What happens next: you say yes, not now or no, until {until}."), until=until),
            _said(reading, _NO_REASON),
        ),
    )


def _answer_link(reading: Reading, known: _Known) -> str:
    parts = (known.suggestion.id, known.mine.side.value, reading.reader.id)
    token = links.signed("answer", parts, reading.pepper, until=known.suggestion.expires_at)
    return f"{reading.public_url}/answers/{token}"


def _task(reading: Reading, *, subject: str, first: str) -> Letter | None:
    """What a coordinator is to decide about, with both names: the one who decides has to know about whom."""
    found = _found(reading)
    if found is None or found[0].status is not SuggestionStatus.AWAITING_COORDINATOR:
        return None
    suggestion, sides = found
    mine = sides[SideName(reading.ids["side"])]
    asked = mine.approval is Approval.ASKED and suggestion.expires_at > now()
    if not asked or reading.reader.id not in {one.id for one in coordinators.of(reading.session, mine.company_id)}:
        return None
    until = day(suggestion.expires_at, reading.language, reading.session.get_one(Company, mine.company_id).time_zone)
    own, partner = _in_order(reading, mine.community_id, suggestion)
    names = {"own": own.name, "partner": partner.name, "company": partner.company_name, "until": until}
    # As the side sees them in GET /v1/suggestions: the partner has not been approved yet.
    reasons, _ = masked(suggestion.reasons, suggestion.other, partner, mine.side)
    return Letter(
        subject=_said(reading, subject, **names),
        paragraphs=(
            _said(reading, first, **names),
            *_introducing(reasons, reading),
        ),
        points=_reasons(reasons, reading.language),
        after=(
            _said(
                reading,
                mark(
                    "Approve or refuse it until {until}, in your portal or with POST /v1/suggestions/{suggestion_id}/"
                    "approve. A refusal is not told to the other side."
                ),
                until=until,
                suggestion_id=suggestion.id,
            ),
        ),
    )


def _found(reading: Reading) -> tuple[Suggestion, Sides] | None:
    suggestion = reading.session.get(Suggestion, reading.ids["suggestion_id"])
    if suggestion is None:
        return None
    return suggestion, queries.sides(reading.session, [suggestion.id])[suggestion.id]


def _own_name(reading: Reading) -> str | None:
    """The reader's community of a suggestion; none where the reader does not speak for it any more."""
    found = _found(reading)
    if found is None:
        return None
    mine = found[1][SideName(reading.ids["side"])]
    if mine.answer in (Answer.NO, Answer.NOT_NOW) or not _speaks(reading, mine.community_id):
        return None
    return communities.carded(reading.session, [mine.community_id])[mine.community_id].name


def _parties(reading: Reading, a_id: str, b_id: str) -> _Parties | None:
    """The two of a tandem, the reader's own first; none where the reader speaks for neither any more."""
    own_id, partner_id = (a_id, b_id) if SideName(reading.ids["side"]) is SideName.A else (b_id, a_id)
    if not _speaks(reading, own_id):
        return None
    carded = communities.carded(reading.session, [own_id, partner_id])
    speakers = _active(reading, [own_id, partner_id])
    return _Parties((carded[own_id], speakers.get(own_id, [])), (carded[partner_id], speakers.get(partner_id, [])))


def _in_order(reading: Reading, own_id: str, suggestion: Suggestion) -> tuple[Carded, Carded]:
    carded = communities.carded(reading.session, [suggestion.a_id, suggestion.b_id])
    [partner_id] = {suggestion.a_id, suggestion.b_id} - {own_id}
    return carded[own_id], carded[partner_id]


def _speaks(reading: Reading, community_id: str) -> bool:
    speakers = _active(reading, [community_id])
    return any(one.person_id == reading.reader.id for one in speakers.get(community_id, []))


def _active(reading: Reading, community_ids: Sequence[str]) -> dict[str, list[Speaker]]:
    found = communities.managers_of(reading.session, community_ids)
    return {
        community_id: [one for one in speakers if one.status is PersonStatus.ACTIVE]
        for community_id, speakers in found.items()
    }


def _names(found: _Parties) -> dict[str, str]:
    own, partner = found.own[0], found.partner[0]
    return {
        "own": own.name,
        "own_company": own.company_name,
        "partner": partner.name,
        "company": partner.company_name,
    }


def _contacts(reading: Reading, community: Carded, speakers: Sequence[Speaker]) -> str:
    """Whom to write to, as the two sides see it in GET /v1/tandems."""
    if not speakers:
        return _said(reading, mark("{name}: nobody is named yet to write to."), name=community.name)
    told = ", ".join(f"{one.first_name} <{one.email}>" for one in speakers)
    return _said(reading, mark("{name}: {contacts}"), name=community.name, contacts=told)


def _introducing(reasons: Sequence[Stored], reading: Reading) -> list[str]:
    return [_said(reading, mark("What speaks for the two:"))] if reasons else []


def _reasons(reasons: Sequence[Stored], language: Language) -> tuple[str, ...]:
    return tuple(reason_shown(stored, language).text for stored in reasons)


def _said(reading: Reading, text: str, **values: object) -> str:
    return translate(text, reading.language, **values)
