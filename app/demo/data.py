"""The data of a demonstration: the example profiles of this project, or a folder with `profiles.jsonl`."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from matching.exceptions import UnreadableProfiles
from matching.profiles import read_profiles

Row = dict[str, object]

_LONGEST_NAME, _LONGEST_TEXT, _MOST_TAGS, _LONGEST_TAG = 200, 20_000, 30, 120


@dataclass(frozen=True, slots=True)
class DemoCompany:
    """A company and the rows of its import."""

    name: str
    sector: str
    time_zone: str
    rows: Sequence[Row]


def example() -> list[DemoCompany]:
    """About 170 German and English profiles of 10 invented companies."""
    folder = files("app.demo")
    companies = json.loads(folder.joinpath("companies.json").read_text(encoding="utf-8"))
    lines = folder.joinpath("communities.ndjson").read_text(encoding="utf-8").splitlines()
    by_company: dict[str, list[Row]] = {}
    for line in lines:
        row = json.loads(line)
        by_company.setdefault(row.pop("company"), []).append(row)
    return [
        DemoCompany(one["name"], one["sector"], one["time_zone"], by_company.get(one["name"], []))
        for one in companies
    ]


def from_folder(folder: Path) -> list[DemoCompany]:
    """The profiles of any folder, a company for each `company` (or `house`) in it.

    Texts longer than the service stores are cut. Raises UnreadableProfiles, naming the line.
    """
    by_company: dict[str, list[Row]] = {}
    profiles = read_profiles(folder / "profiles.jsonl")
    if not profiles:
        raise UnreadableProfiles("profiles.jsonl", None, "holds no profile")
    for profile in profiles:
        row: Row = {
            "external_id": profile.id,
            "name": profile.name.strip()[:_LONGEST_NAME],
            "purpose": profile.purpose[:500] or None,
            "description": profile.description.strip()[:_LONGEST_TEXT] or None,
            "tags": [tag[:_LONGEST_TAG] for tag in profile.tags if tag.strip()][:_MOST_TAGS],
            "offers": list(profile.offers),
            "seeks": list(profile.seeks),
            "languages": list(profile.languages),
            "capacity": profile.capacity,
        }
        by_company.setdefault(profile.company, []).append(row)
    return [DemoCompany(name, "other", "Etc/UTC", rows) for name, rows in sorted(by_company.items())]
