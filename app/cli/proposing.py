"""What a round came to, as tables: its figures, the best pairs with their reasons, who stayed alone, who is asked."""

from collections.abc import Sequence

from rich.markup import escape
from rich.table import Column, Table
from sqlmodel import Session

from app.cli.terminal import headings, out, tell, told_with_share
from app.core.i18n import Language, mark, translate
from app.rounds import queries, telling
from app.rounds.models import CalibrationSource, DecisionKind, Round
from app.rounds.schemas import RoundAskingOut, RoundOut, RoundSettings, RoundSettingsOut
from app.rounds.schemas_proposals import CommunityCard, ProposalOut, UnmatchedOut

LEFT_OUT_SHOWN = 20

_CALIBRATIONS = {
    CalibrationSource.SHIPPED: mark("as shipped; answers so far: {answers}"),
    CalibrationSource.ANSWERS: mark("from {answers} answers of earlier rounds"),
}


def as_options(settings: RoundSettings | RoundSettingsOut, names: Sequence[str] | None = None) -> str:
    """Settings as one would type them, so that they can be copied; what is unlimited is left out."""
    values = settings.model_dump(mode="json", include=set(names) if names is not None else None)
    return " ".join(f"--{name.replace('_', '-')} {value}" for name, value in values.items() if value is not None)


def show_round(session: Session, match_round: Round, shown: RoundOut, language: Language) -> None:
    """Everything about a round but its pairs."""
    decided = [one.kind for one in queries.decisions(session, match_round.id)]
    rows = [
        ("id", shown.id),
        (mark("title"), shown.title),
        (mark("state"), shown.stage),
        (mark("problem"), shown.problem),
        (mark("settings"), as_options(shown.settings)),
        (mark("how people are asked"), _asking(shown.asking)),
        (mark("who may take part"), _scope(session, shown, language)),
        (mark("pins"), _count(decided.count(DecisionKind.PIN))),
        (mark("bans"), _count(decided.count(DecisionKind.BAN))),
        *_figures(shown),
        (mark("probabilities"), _calibration(shown, language)),
        (mark("snapshot"), shown.snapshot_hash),
        (mark("suggestions"), _suggestions(shown, language)),
    ]
    _print_rows(rows, language)
    if shown.rerun_needed:
        tell(
            mark("A pin, or a ban that was lifted, shows only after another run: tandem round rerun {round_id}"),
            language,
            round_id=shown.id,
        )


def show_figures(shown: RoundOut, language: Language) -> None:
    _print_rows(_figures(shown), language)


def show_pairs(proposals: Sequence[ProposalOut], language: Language) -> None:
    """Pairs with their reasons and what was decided about them."""
    if not proposals:
        return
    ids = [card.id for one in proposals for card in (one.a, one.b)]
    sure, similarity, pair, why = headings(language, mark("how sure"), mark("similarity"), mark("pair"), mark("why"))
    # The ids are what people copy to pin or to ban: they are never cut.
    widest = max(len(one) for one in ids)
    table = Table(sure, Column(similarity, justify="right"), Column(pair, width=widest), why, show_lines=True)
    for one in proposals:
        told = [told_with_share(reason) for reason in one.reasons] + _decided(one, language)
        sides = f"{_card(one.a)}\n{_card(one.b)}"
        table.add_row(how_sure(one), f"{one.similarity:.2f}", sides, escape("\n".join(told)))
    out.print(table)


def how_sure(one: ProposalOut) -> str:
    """The word and the number below it; empty where neither is known."""
    if one.strength is None or one.probability is None:
        return ""
    return f"{escape(one.strength.text)}\n{one.probability:.0%}"


def show_alone(unmatched: Sequence[UnmatchedOut], language: Language) -> None:
    """Communities without a partner: why, the nearest one, and what would change it."""
    if not unmatched:
        return
    community, why, change = headings(language, mark("stayed alone"), mark("why"), mark("what would change it"))
    widest = max(len(one.community.id) for one in unmatched)
    table = Table(Column(community, width=widest), why, change, show_lines=True)
    for one in unmatched:
        why_alone = one.text
        if one.nearest is not None and one.nearest_similarity is not None:
            nearest = mark("Nearest: {name}, {company} ({similarity}).")
            why_alone += "\n" + translate(
                nearest,
                language,
                name=one.nearest.name,
                company=one.nearest.company,
                similarity=f"{one.nearest_similarity:.2f}",
            )
        changes = "\n".join(change.text for change in one.changes)
        table.add_row(_card(one.community), escape(why_alone), escape(changes))
    out.print(table)


def show_left_out(session: Session, match_round: Round, language: Language) -> None:
    """The pairs that a release did not ask, and why."""
    found = queries.proposals(session, match_round, limit=LEFT_OUT_SHOWN, left_out=True)
    if not found:
        return
    table = Table(*headings(language, mark("left out"), mark("why")))
    for one in telling.proposals_shown(session, match_round, found[:LEFT_OUT_SHOWN], language):
        table.add_row(
            escape(f"{one.a.name}, {one.a.company} / {one.b.name}, {one.b.company}"),
            escape(one.left_out.text if one.left_out else ""),
        )
    out.print(table)
    if len(found) > LEFT_OUT_SHOWN:
        tell(
            mark("These are the first {shown}. All of them: GET /v1/rounds/{round_id}/proposals?left_out=true"),
            language,
            shown=LEFT_OUT_SHOWN,
            round_id=match_round.id,
        )


def _figures(shown: RoundOut) -> list[tuple[str, str | None]]:
    """Nothing that is not known yet."""
    if shown.proposals is None:
        return [(mark("communities"), _count(shown.communities))]
    mean = shown.total_similarity / shown.proposals if shown.total_similarity and shown.proposals else None
    return [
        (mark("communities"), _count(shown.communities)),
        (mark("pairs"), _count(shown.proposals)),
        (mark("stayed alone"), _count(shown.unmatched)),
        (mark("good tandems expected"), f"{shown.expected:,.1f}" if shown.expected is not None else None),
        (mark("total similarity"), f"{shown.total_similarity:,.2f}"),
        (mark("mean similarity"), f"{mean:.3f}" if mean is not None else None),
    ]


def _print_rows(rows: Sequence[tuple[str, str | None]], language: Language) -> None:
    table = Table(show_header=False)
    table.add_column()
    table.add_column(overflow="fold")
    for text, value in rows:
        if value is not None:
            table.add_row(translate(text, language), escape(value))
    out.print(table)


def _asking(asking: RoundAskingOut) -> str:
    return f"--answer-within-days {asking.answer_within_days} --remind-after-days {asking.remind_after_days or 0}"


def _scope(session: Session, shown: RoundOut, language: Language) -> str:
    names = queries.companies_by_id(session, shown.scope.companies)
    told = [", ".join(sorted(names.values()))] if names else []
    if shown.scope.communities:
        told.append(translate(mark("{count} communities by id"), language, count=len(shown.scope.communities)))
    return "; ".join(told) or translate(mark("everybody who is published"), language)


def _calibration(shown: RoundOut, language: Language) -> str | None:
    if shown.calibration is None:
        return None
    return translate(_CALIBRATIONS[shown.calibration.source], language, answers=f"{shown.calibration.answers:,}")


def _suggestions(shown: RoundOut, language: Language) -> str | None:
    if shown.suggestions is None:
        return None
    return translate(
        mark("{total} asked: {accepted} accepted, {open} open; {left_out} left out"),
        language,
        **shown.suggestions.model_dump(),
    )


def _decided(one: ProposalOut, language: Language) -> list[str]:
    told = []
    if one.pinned:
        told.append(translate(mark("Pinned."), language))
    if one.left_out is not None:
        told.append(one.left_out.text)
    elif one.dropped:
        told.append(translate(mark("Banned: it will not be asked."), language))
    return told


def _card(card: CommunityCard) -> str:
    return f"{escape(card.name)}, [dim]{escape(card.company)}[/dim]\n{card.id}"


def _count(number: int | None) -> str | None:
    return None if number is None else f"{number:,}"
