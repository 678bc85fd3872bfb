"""Things that are valid by default; a test names only what matters to it."""

from itertools import count

from matching.profiles import Profile

_number = count(1)


def profile(
    profile_id: str | None = None,
    *,
    company: str = "Nordwerk",
    name: str = "Data Literacy Circle",
    purpose: str = "",
    description: str = "",
    tags: tuple[str, ...] = (),
    offers: tuple[str, ...] = (),
    seeks: tuple[str, ...] = (),
    target_group: str = "",
    formats: tuple[str, ...] = (),
    stage: str = "",
    languages: tuple[str, ...] = (),
    capacity: int = 1,
    working_hours: tuple[float, float] | None = None,
    excluded_companies: tuple[str, ...] = (),
    withheld: tuple[str, ...] = (),
    unspoken: tuple[str, ...] = (),
) -> Profile:
    return Profile(
        id=profile_id or f"p{next(_number):04d}",
        company=company,
        name=name,
        purpose=purpose,
        description=description,
        tags=tags,
        offers=offers,
        seeks=seeks,
        target_group=target_group,
        formats=formats,
        stage=stage,
        languages=languages,
        capacity=capacity,
        working_hours=working_hours,
        excluded_companies=excluded_companies,
        withheld=withheld,
        unspoken=unspoken,
    )
