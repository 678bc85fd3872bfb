"""What of a person stands in rounds: what it wished for a meetup whose guests were paired, without a name."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from sqlmodel import Session

from app.core.clock import now
from app.registrations import queries as registrations
from app.registrations.models import Registration
from app.rounds import queries
from app.rounds.snapshot import freeze, thaw
from matching.profiles import Profile

Record = tuple[str, dict[str, object]]


def export_person(session: Session, person_id: str) -> Iterator[Record]:
    """Nothing of its own: the wishes are told with the registrations."""
    return iter(())


def erase_person(session: Session, person_id: str) -> None:
    """Take what the person wished out of the frozen input of rounds; such a round cannot run again.

    What was wished earlier and changed since is not known any more, nor for which community it was then. So of all
    wishes of its company's people only those stay that somebody else has now, for the same community. To be called
    while the registrations are still there.
    """
    for snapshot, registration in queries.snapshots_with_wishes_of(session, person_id):
        frozen = thaw(snapshot.content)
        said = _said_by_others(session, registration)
        left = [
            _only(one, said.get(one.id, frozenset())) if one.company == registration.company_id else one
            for one in frozen.profiles
        ]
        if left != frozen.profiles:
            snapshot.content, _ = freeze(left, frozen.past_pairs, frozen.calibration)
            snapshot.erased_at = snapshot.erased_at or now()
            session.add(snapshot)


def _said_by_others(session: Session, registration: Registration) -> Mapping[str, frozenset[str]]:
    """For each community what the others wish who come for it."""
    said: dict[str, set[str]] = {}
    for one in registrations.present(session, registration.meetup_id):
        if one.community_id is not None and one.id != registration.id:
            said.setdefault(one.community_id, set()).update((*one.themes, *one.show, *one.learn))
    return {community_id: frozenset(text.casefold() for text in texts) for community_id, texts in said.items()}


def _only(profile: Profile, said: frozenset[str]) -> Profile:
    """The profile without the wishes that nobody else has."""
    gone = tuple(text for text in profile.unspoken if text.casefold() not in said)
    left = replace(profile, unspoken=gone).spoken
    return replace(left, unspoken=tuple(text for text in profile.unspoken if text not in gone))
