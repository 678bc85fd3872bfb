"""`tandem round ...`: draft a round, preview it, run it, look at what came out, decide, release or take it back."""

from collections.abc import Callable
from typing import Annotated

import typer
from rich.markup import escape
from sqlmodel import Session

from app.access.service import SYSTEM, Caller
from app.cli import proposing
from app.cli.following import LEFT, Left, Seen, follow
from app.cli.previewing import RoundId, preview
from app.cli.terminal import (
    AsJson,
    Lang,
    Refused,
    company_named,
    headings,
    listing,
    opened,
    out,
    print_json,
    reading,
    tell,
    writing,
)
from app.core.database import Database
from app.core.i18n import Language, mark, translate
from app.core.settings import get_settings
from app.rounds import decisions, queries, releasing, telling
from app.rounds import service as rounds
from app.rounds.models import DecisionKind, Round, RoundStatus
from app.rounds.releasing import NothingToRelease, RerunNeeded
from app.rounds.schemas import Objective, RoundAsking, RoundCreate, RoundOut, RoundScope, RoundSettings
from app.rounds.schemas_proposals import DecisionCreate

app = typer.Typer(
    no_args_is_help=True,
    help="Match rounds: `create`, `preview`, `start`, `show`, `pin` and `ban`, then `release`.",
)
app.command("preview")(preview)

_UNDER_WAY = (RoundStatus.QUEUED, RoundStatus.RUNNING)

OneSide = Annotated[str, typer.Argument(metavar="A", help="Id of one community.")]
OtherSide = Annotated[str, typer.Argument(metavar="B", help="Id of the other.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


@app.command()
def create(
    title: Annotated[str, typer.Argument(help="What people call the round.")],
    objective: Annotated[
        Objective | None, typer.Option(help="Most good tandems, most communities, or the fairest. Left out: quality.")
    ] = None,
    min_similarity: Annotated[
        float | None, typer.Option(help="Least similarity of a pair, 0 to 1. Left out: 0.1.")
    ] = None,
    cost: Annotated[
        float | None, typer.Option(help="How likely a good tandem a pair must at least be, 0 to 1. Left out: 0.1.")
    ] = None,
    alternates: Annotated[
        int | None, typer.Option(help="Further partners named for each community. Left out: 3.")
    ] = None,
    repeat_after: Annotated[
        int | None, typer.Option(help="Released rounds until a pair may meet again; left out or 0: never.")
    ] = None,
    max_per_company_pair: Annotated[
        int | None, typer.Option(help="Most tandems of the same two companies; left out or 0: any number.")
    ] = None,
    company: Annotated[
        list[str] | None, typer.Option(help="Only this company, by name or id; repeat for several.")
    ] = None,
    answer_within_days: Annotated[
        int, typer.Option(min=1, max=60, help="Days until a suggestion that is not answered ends.")
    ] = 14,
    remind_after_days: Annotated[
        int, typer.Option(min=0, max=59, help="Days until who has not answered is reminded; 0: never.")
    ] = 7,
    lang: Lang = "en",
) -> None:
    """Draft a round; prints its id. Nothing runs before `tandem round start`."""
    wished: dict[str, object] = {
        "objective": objective,
        "min_similarity": min_similarity,
        "cost": cost,
        "alternates": alternates,
        "repeat_after": repeat_after or None,
        "max_per_company_pair": max_per_company_pair or None,
    }
    settings = RoundSettings.model_validate({name: value for name, value in wished.items() if value is not None})
    asking = RoundAsking(answer_within_days=answer_within_days, remind_after_days=remind_after_days or None)
    with writing() as session:
        scope = RoundScope(companies=[company_named(session, one).id for one in company or ()])
        wish = RoundCreate(title=title, settings=settings, asking=asking, scope=scope)
        draft = rounds.create(session, SYSTEM, wish)
    typer.echo(draft.id)


@app.command("list")
def list_rounds(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many.")] = 20,
    as_json: AsJson = False,
    lang: Lang = "en",
) -> None:
    """Rounds, newest first."""
    with reading() as session:
        shown = telling.rounds_shown(session, queries.page(session, after=None, limit=limit)[:limit], lang)
    if as_json:
        print_json({"items": [one.model_dump(mode="json") for one in shown]})
        return
    table = listing("id", *headings(lang, mark("title"), mark("when"), mark("state"), mark("pairs")))
    for one in shown:
        pairs = "" if one.proposals is None else f"{one.proposals:,}"
        table.add_row(one.id, escape(one.title), f"{one.created_at:%Y-%m-%d %H:%M}", one.status.value, pairs)
    out.print(table)


@app.command()
def show(
    round_id: RoundId,
    proposals: Annotated[int, typer.Option(min=0, max=1000, help="How many of the best pairs.")] = 10,
    unmatched: Annotated[int, typer.Option(min=0, max=1000, help="How many of those who stayed alone.")] = 10,
    as_json: AsJson = False,
    lang: Lang = "en",
) -> None:
    """A round: its settings and figures, the best pairs with their reasons, why others stayed alone."""
    with reading() as session:
        match_round = rounds.get(session, SYSTEM, round_id)
        [shown] = telling.rounds_shown(session, [match_round], lang)
        best = queries.proposals(session, match_round, limit=proposals)[:proposals]
        pairs = telling.proposals_shown(session, match_round, best, lang)
        lonely = queries.unmatched(session, match_round, after=None, limit=unmatched)[:unmatched]
        alone = telling.unmatched_shown(session, lonely, lang)
        if not as_json:
            proposing.show_round(session, match_round, shown, lang)
    if as_json:
        print_json(
            {
                "round": shown.model_dump(mode="json"),
                "proposals": [one.model_dump(mode="json") for one in pairs],
                "unmatched": [one.model_dump(mode="json") for one in alone],
            }
        )
        return
    proposing.show_pairs(pairs, lang)
    proposing.show_alone(alone, lang)


@app.command()
def start(round_id: RoundId, lang: Lang = "en") -> None:
    """Run a round, and follow it until its pairs are proposed.

    A running worker does the work; where there is none, this command does.
    """
    _run(round_id, rounds.start, lang)


@app.command()
def rerun(round_id: RoundId, lang: Lang = "en") -> None:
    """Run a proposed round again on the same frozen input, with the pins and bans that it has now."""
    _run(round_id, rounds.rerun, lang)


@app.command()
def cancel(round_id: RoundId, lang: Lang = "en") -> None:
    """Stop a run that waits or is under way: the round is a draft again, or proposed as before."""
    with writing() as session:
        stopped = rounds.cancel(session, SYSTEM, round_id)
    tell(mark("The run is cancelled; the round is {status} again."), lang, status=stopped.status.value)


@app.command()
def pin(round_id: RoundId, a: OneSide, b: OtherSide, lang: Lang = "en") -> None:
    """Want two communities together in any case; shows with the next run. Prints the pin's id."""
    _decide(round_id, DecisionKind.PIN, a, b, lang)


@app.command()
def ban(round_id: RoundId, a: OneSide, b: OtherSide, lang: Lang = "en") -> None:
    """Keep two communities apart in this round: their pair is not released either. Prints the ban's id."""
    _decide(round_id, DecisionKind.BAN, a, b, lang)


@app.command()
def lift(round_id: RoundId, a: OneSide, b: OtherSide, lang: Lang = "en") -> None:
    """Take back the pin or the ban of two communities; shows with the next run."""
    with writing() as session:
        rounds.get(session, SYSTEM, round_id)
        known = queries.decision_about(session, round_id, *sorted((a, b)))
        if known is None:
            raise Refused(mark("Nothing was decided about {a} and {b} in this round."), a=a, b=b)
        decisions.lift(session, SYSTEM, round_id, known.kind, known.id, if_match="*")
    tell(mark("These two are like any other pair again."), lang)


@app.command()
def release(round_id: RoundId, yes: Yes = False, lang: Lang = "en") -> None:
    """Ask the managers of every pair that still can meet, and tell which pairs are left out and why."""
    if not yes:
        with reading() as session:
            pairs, companies = _to_be_asked(session, round_id)
        question = mark(
            "Pairs to be asked: {pairs}, of {companies} companies. Those that cannot meet now are left out. Ask them?"
        )
        typer.confirm(translate(question, lang, pairs=pairs, companies=companies), abort=True, err=True)
    with writing() as session:
        released = releasing.release(session, SYSTEM, round_id)
        [shown] = telling.rounds_shown(session, [released], lang)
        proposing.show_left_out(session, released, lang)
    asked, left_out = (shown.suggestions.total, shown.suggestions.left_out) if shown.suggestions else (0, 0)
    tell(mark("Pairs asked: {asked}; left out: {left_out}."), lang, asked=asked, left_out=left_out)


@app.command()
def withdraw(round_id: RoundId, yes: Yes = False, lang: Lang = "en") -> None:
    """Take a round back for good, until somebody has said yes: its suggestions are no longer open."""
    if not yes:
        with reading() as session:
            [shown] = telling.rounds_shown(session, [rounds.get(session, SYSTEM, round_id)], lang)
        still_open = shown.suggestions.open if shown.suggestions else 0
        question = mark("Take {title} back for good? Open suggestions that end with it: {count}.")
        typer.confirm(translate(question, lang, title=shown.title, count=still_open), abort=True, err=True)
    with writing() as session:
        gone = releasing.withdraw(session, SYSTEM, round_id)
    tell(mark("{title} is withdrawn."), lang, title=gone.title)


def _run(round_id: str, step: Callable[[Session, Caller, str], Round], language: Language) -> None:
    with opened() as database:
        with database.session() as session:
            step(session, SYSTEM, round_id)
        try:
            follow(database, get_settings(), lambda: _seen(_look(database, round_id, language)[1]))
        except Left:
            tell(
                mark(
                    "Stopped. The round stays in the queue, and a worker goes on with it: see `tandem round show "
                    "{round_id}`. Where none is running, start one: tandem worker. To end it: tandem "
                    "round cancel {round_id}"
                ),
                language,
                round_id=round_id,
            )
            raise typer.Exit(LEFT) from None
        match_round, shown = _look(database, round_id, language)
    if shown.problem is not None:
        raise Refused("{problem}", problem=shown.problem)
    if match_round.run != match_round.running:
        raise Refused(mark("The run was cancelled."))
    proposing.show_figures(shown, language)
    tell(
        mark("Look at the pairs with `tandem round show {round_id}`, then ask: tandem round release {round_id}"),
        language,
        round_id=round_id,
    )


def _look(database: Database, round_id: str, language: Language) -> tuple[Round, RoundOut]:
    with database.reader() as session:
        match_round = rounds.get(session, SYSTEM, round_id)
        return match_round, telling.rounds_shown(session, [match_round], language)[0]


def _seen(shown: RoundOut) -> Seen:
    return Seen(shown.stage, shown.progress, shown.status not in _UNDER_WAY)


def _decide(round_id: str, kind: DecisionKind, a: str, b: str, language: Language) -> None:
    with writing() as session:
        decided = decisions.decide(session, SYSTEM, round_id, kind, DecisionCreate(a=a, b=b))
        [shown] = telling.decisions_shown(session, [decided])
        proposed = rounds.get(session, SYSTEM, round_id).rerun_needed
    typer.echo(shown.id)
    text = mark("{a} and {b} stay apart.") if kind is DecisionKind.BAN else mark("{a} and {b} are to be together.")
    tell(text, language, a=f"{shown.a.name} ({shown.a.company})", b=f"{shown.b.name} ({shown.b.company})")
    if proposed:
        tell(mark("It shows after another run: tandem round rerun {round_id}"), language, round_id=round_id)


def _to_be_asked(session: Session, round_id: str) -> tuple[int, int]:
    """How many pairs of how many companies a release would ask, as far as is known before it checks each pair."""
    match_round = rounds.get_in(session, SYSTEM, round_id, RoundStatus.PROPOSED)
    if match_round.rerun_needed:
        raise RerunNeeded(round_id=round_id)
    banned = queries.banned_pairs(session, round_id)
    pairs = [
        (one.a_id, one.b_id)
        for one in queries.every_proposal(session, match_round)
        if (one.a_id, one.b_id) not in banned
    ]
    if not pairs:
        raise NothingToRelease(round_id=round_id)
    cards = queries.cards(session, {side for pair in pairs for side in pair})
    return len(pairs), len({card.company_id for card in cards.values()})
