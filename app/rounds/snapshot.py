"""The frozen input of a round: what the engine reads of communities, past pairs and answers, as bytes with a hash."""

import gzip
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from zoneinfo import ZoneInfo

from app.communities.models import Participant, formats_in_words
from app.companies.models import Company
from app.rounds.guests import NONE, Wishes
from app.tandems.history import PastPair
from matching.calibration import Calibration
from matching.profiles import Profile, profile_from

# Nine to five, until communities say otherwise.
WORKING_DAY = (9.0, 17.0)

_FIELDS = [field.name for field in fields(Profile)]


@dataclass(frozen=True, slots=True)
class Frozen:
    """What a run works on."""

    profiles: list[Profile]
    past_pairs: list[PastPair]
    calibration: Calibration
    """From score to probability; the shipped one where a snapshot is older than that."""


def profiles_of(
    participants: Sequence[Participant],
    companies: Mapping[str, Company],
    moment: datetime,
    apart: Mapping[str, frozenset[str]],
    committed: Mapping[str, int],
    asks_left: Mapping[str, int] | None = None,
    wishes: Mapping[str, Wishes] | None = None,
) -> list[Profile]:
    """What the engine reads. `moment` decides between summer and winter time; `apart` names for a company those
    that its communities must not meet; `committed` counts a community's open tandems and suggestions; `asks_left`
    tells how many suggestions it still wants, absent: any number; `wishes` of its people are read with its texts and
    never told."""
    by_sector: dict[str, list[str]] = {}
    for company in companies.values():
        by_sector.setdefault(company.sector, []).append(company.id)
    none: frozenset[str] = frozenset()
    wanted, wished = asks_left or {}, wishes or {}
    return [
        _profile(
            one,
            companies[one.company_id],
            by_sector,
            moment,
            apart.get(one.company_id, none),
            max(0, min(one.capacity - committed.get(one.id, 0), wanted.get(one.id, one.capacity))),
            wished.get(one.id, NONE),
        )
        for one in participants
    ]


def freeze(
    profiles: Sequence[Profile], past_pairs: Sequence[PastPair], calibration: Calibration
) -> tuple[bytes, str]:
    """Compressed NDJSON, profiles in the order of ids, then pairs, then the calibration, and the SHA-256 of the text:
    the same input, the same bytes."""
    records: list[dict[str, object]] = [_as_dict(one) for one in sorted(profiles, key=lambda profile: profile.id)]
    records += [
        {"past_pair": [one.a_id, one.b_id], "rounds_ago": one.rounds_ago}
        for one in sorted(past_pairs, key=lambda pair: (pair.a_id, pair.b_id))
    ]
    records.append({"calibration": {"slope": calibration.slope, "intercept": calibration.intercept}})
    text = "".join(json.dumps(record, ensure_ascii=False, sort_keys=True) + "\n" for record in records)
    encoded = text.encode()
    return gzip.compress(encoded, compresslevel=6, mtime=0), hashlib.sha256(encoded).hexdigest()


def thaw(content: bytes) -> Frozen:
    """What was frozen."""
    profiles: list[Profile] = []
    past_pairs: list[PastPair] = []
    calibration = Calibration()
    for line in gzip.decompress(content).splitlines():
        record = json.loads(line)
        if "past_pair" in record:
            a_id, b_id = record["past_pair"]
            past_pairs.append(PastPair(a_id, b_id, record["rounds_ago"]))
        elif "calibration" in record:
            calibration = Calibration(**record["calibration"])
        else:
            profiles.append(profile_from(record))
    return Frozen(profiles, past_pairs, calibration)


def _as_dict(profile: Profile) -> dict[str, object]:
    return {name: getattr(profile, name) for name in _FIELDS}


def _profile(
    community: Participant,
    company: Company,
    by_sector: Mapping[str, Sequence[str]],
    moment: datetime,
    apart: frozenset[str],
    free: int,
    wishes: Wishes,
) -> Profile:
    excluded = set(community.excluded_companies) | apart
    own = {text.casefold() for text in (*community.topics, *community.tags, *community.offers, *community.seeks)}
    wished = dict.fromkeys((*wishes.tags, *wishes.offers, *wishes.seeks))
    for sector in community.excluded_sectors:
        excluded.update(by_sector.get(sector, ()))
    return Profile(
        id=community.id,
        company=community.company_id,
        name=community.name,
        purpose=community.purpose or "",
        description="\n".join(part for part in (community.teaser, community.description) if part),
        tags=(*community.topics, *community.tags, *wishes.tags),
        offers=(*community.offers, *wishes.offers),
        seeks=(*community.seeks, *wishes.seeks),
        target_group=community.target_group or "",
        formats=formats_in_words(community.formats_practised, community.formats_wanted),
        stage=community.stage.value if community.stage else "",
        languages=tuple(community.languages),
        capacity=free,
        working_hours=_working_hours(community.time_zone or company.time_zone, moment),
        excluded_companies=tuple(sorted(excluded)),
        withheld=(company.name,),
        unspoken=tuple(text for text in wished if text.casefold() not in own),
    )


def _working_hours(time_zone: str, moment: datetime) -> tuple[float, float]:
    offset = moment.astimezone(ZoneInfo(time_zone)).utcoffset()
    hours = offset.total_seconds() / 3600 if offset else 0.0
    return WORKING_DAY[0] - hours, WORKING_DAY[1] - hours
