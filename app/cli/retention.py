"""`tandem retention`: what is kept for how long, and what would go."""

from typing import Annotated

import typer
from rich.table import Table

from app.access.service import SYSTEM
from app.cli.terminal import Lang, headings, opened, out, tell
from app.core.i18n import mark
from app.core.settings import get_settings
from app.privacy import retention as rules


def retention(
    go: Annotated[bool, typer.Option("--go/--dry-run", help="Let it go now, or only list what would.")] = False,
    lang: Lang = "en",
) -> None:
    """List what is over, with examples; workers let it go once a day."""
    settings = get_settings()
    with opened() as database:
        with database.session() as session:
            told = rules.dry_run(session, SYSTEM, settings, lang)
        table = Table(*headings(lang, mark("what"), mark("after days"), mark("how many"), mark("for example")))
        for one in told.rules:
            table.add_row(one.text, str(one.days), f"{one.count}{'+' if one.more else ''}", "\n".join(one.examples))
        out.print(table)
        if not go:
            tell(mark("Nothing has gone: this was a dry run. Workers let it go once a day; --go does it now."), lang)
            return
        for rule in rules.RULES:
            gone = rules.BATCH
            while gone == rules.BATCH:
                with database.session() as session:
                    gone = rules.let_go(session, rule, settings)
        tell(mark("What was over is gone."), lang)
