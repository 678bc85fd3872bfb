"""`tandem round preview`: several settings computed on one reading of the texts, side by side in one table."""

from collections.abc import Sequence
from itertools import product
from math import ceil, prod
from typing import Annotated

import typer
from rich import box
from rich.table import Table

from app.access.service import SYSTEM
from app.cli.following import LEFT, Left, Seen, follow
from app.cli.proposing import as_options
from app.cli.terminal import AsJson, Lang, Refused, headings, opened, out, print_json, tell
from app.core.database import Database
from app.core.i18n import Language, mark
from app.core.settings import get_settings
from app.rounds import previews
from app.rounds import service as rounds
from app.rounds.models import PreviewStatus
from app.rounds.schemas import Objective, RoundSettings
from app.rounds.schemas_previews import MAX_PREVIEWED, OutcomeOut, PreviewCreate, PreviewOut

_LEVELS = "▁▂▃▄▅▆▇█"
_NONE = "·"

RoundId = Annotated[str, typer.Argument(metavar="ROUND", help="Id of the round, see `tandem round list`.")]
_EACH = "Repeat it to compare several."


def preview(
    round_id: RoundId,
    objective: Annotated[list[Objective] | None, typer.Option(help=_EACH)] = None,
    min_similarity: Annotated[
        list[float] | None, typer.Option(help=f"Least similarity of a pair, 0 to 1. {_EACH}")
    ] = None,
    cost: Annotated[
        list[float] | None, typer.Option(help=f"How likely a good tandem a pair must at least be, 0 to 1. {_EACH}")
    ] = None,
    alternates: Annotated[list[int] | None, typer.Option(help=f"Further partners named, 0 to 9. {_EACH}")] = None,
    repeat_after: Annotated[
        list[int] | None, typer.Option(help=f"Rounds until a pair may meet again; 0: never. {_EACH}")
    ] = None,
    max_per_company_pair: Annotated[
        list[int] | None, typer.Option(help=f"Most tandems of the same two companies; 0: any number. {_EACH}")
    ] = None,
    as_json: AsJson = False,
    lang: Lang = "en",
) -> None:
    """What a round would come to, with every combination of the settings named here (at most 10); nothing changes.

    What is left out is as the round has it. A running worker does the work; where there is none, this command does.
    """
    wished: dict[str, Sequence[object]] = {
        "objective": objective or (),
        "min_similarity": min_similarity or (),
        "cost": cost or (),
        "alternates": alternates or (),
        "repeat_after": [number or None for number in repeat_after or ()],
        "max_per_company_pair": [number or None for number in max_per_company_pair or ()],
    }
    with opened() as database:
        with database.session() as session:
            of_round = previews.settings_of(rounds.get(session, SYSTEM, round_id))
            queued = previews.create(session, SYSTEM, round_id, PreviewCreate(settings=_combined(of_round, wished)))
        try:
            follow(database, get_settings(), lambda: _seen(_shown(database, round_id, queued.id, lang)))
        except Left:
            tell(
                mark(
                    "Stopped. The preview stays in the queue for a worker; what it comes to is then at GET "
                    "/v1/rounds/{round_id}/previews/{preview_id}."
                ),
                lang,
                round_id=round_id,
                preview_id=queued.id,
            )
            raise typer.Exit(LEFT) from None
        done = _shown(database, round_id, queued.id, lang)
    if done.status is PreviewStatus.FAILED:
        raise Refused("{problem}", problem=done.problem)
    if as_json:
        print_json(done.model_dump(mode="json", by_alias=True))
        return
    _show(done, lang)


def _combined(of_round: RoundSettings, wished: dict[str, Sequence[object]]) -> list[RoundSettings]:
    """The round's settings with each combination of what is wished instead. Raises Refused for too many."""
    named = {name: list(dict.fromkeys(values)) for name, values in wished.items() if values}
    count = prod(len(values) for values in named.values())
    if count > MAX_PREVIEWED:
        raise Refused(
            mark("These are {count} combinations, and at most {most} are compared at once. Name fewer values."),
            count=count,
            most=MAX_PREVIEWED,
        )
    return [
        RoundSettings.model_validate(of_round.model_dump() | dict(zip(named, values, strict=True)))
        for values in product(*named.values())
    ]


def _shown(database: Database, round_id: str, preview_id: str, language: Language) -> PreviewOut:
    with database.reader() as session:
        found = previews.get(session, SYSTEM, round_id, preview_id)
        return previews.shown(session, SYSTEM, [found], language)[0]


def _seen(shown: PreviewOut) -> Seen:
    return Seen(shown.stage, shown.progress, shown.status in previews.ENDED)


def _show(done: PreviewOut, language: Language) -> None:
    settings = [outcome.settings.model_dump(mode="json") for outcome in done.outcomes]
    names = list(settings[0])
    differing = [name for name in names if len({str(one[name]) for one in settings}) > 1]
    alike = as_options(done.outcomes[0].settings, [name for name in names if name not in differing])
    tell(
        mark("{communities} communities; the same in every line: {alike}"),
        language,
        communities=done.communities,
        alike=alike,
    )
    figures = headings(
        language,
        mark("pairs"),
        mark("coverage"),
        mark("good ones expected"),
        mark("total"),
        mark("mean"),
        mark("similarity 0 to 1"),
        mark("stay alone"),
    )
    # Without lines between the columns, and narrow, it fits into 80 characters: no bar is cut.
    table = Table(*(name.replace("_", " ") for name in differing), box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for text in figures:
        table.add_column(text, justify="right")
    most = max(one.pairs for outcome in done.outcomes for one in outcome.histogram)
    for outcome, chosen in zip(done.outcomes, settings, strict=True):
        table.add_row(*(_chosen(chosen[name]) for name in differing), *_cells(outcome, most))
    out.print(table)


def _cells(outcome: OutcomeOut, most: int) -> list[str]:
    return [
        f"{outcome.pairs:,}",
        f"{outcome.coverage:.1%}",
        "" if outcome.expected is None else f"{outcome.expected:,.1f}",
        f"{outcome.total_similarity:,.2f}",
        "" if outcome.mean_similarity is None else f"{outcome.mean_similarity:.3f}",
        "".join(_level(one.pairs, most) for one in outcome.histogram),
        f"{sum(alone.communities for alone in outcome.unmatched):,}",
    ]


def _level(pairs: int, most: int) -> str:
    """A tenth of the scale as one character; all lines of a table have the same height for the same number."""
    return _LEVELS[ceil(pairs / most * len(_LEVELS)) - 1] if pairs else _NONE


def _chosen(value: object) -> str:
    return "-" if value is None else str(value)
