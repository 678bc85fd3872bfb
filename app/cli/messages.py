"""`tandem message ...` and `tandem webhook list`: what was sent, what was not and why, and sending it again."""

from typing import Annotated

import typer
from rich.markup import escape

from app.access.service import SYSTEM
from app.cli.terminal import Lang, OfCompany, Refused, company_named, headings, listing, out, reading, tell, writing
from app.core.i18n import mark, translate
from app.notifications import queries, service
from app.notifications.models import Message, MessageStatus

app = typer.Typer(no_args_is_help=True, help="Messages: `list`, and `resend` for those that are parked.")
webhooks = typer.Typer(no_args_is_help=True, help="Webhooks of companies: `list`.")

_MOST = 10_000


@app.command("list")
def list_messages(
    status: Annotated[MessageStatus | None, typer.Option(help="Only those that are this.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=_MOST, help="How many.")] = 50,
    lang: Lang = "en",
) -> None:
    """Mails and webhook events, newest first: to whom by id, never what they say."""
    table = listing(
        "id", *headings(lang, mark("what"), mark("to"), mark("state"), mark("tries"), mark("since"), mark("problem"))
    )
    with reading() as session:
        for one in queries.page_of_messages(session, status, limit):
            table.add_row(
                one.id,
                one.template,
                one.person_id or one.endpoint_id,
                one.status.value,
                str(one.attempts),
                f"{one.created_at:%Y-%m-%d %H:%M}",
                escape(one.problem or ""),
            )
    out.print(table)


@app.command()
def resend(
    message_id: Annotated[str, typer.Argument(help="Id of the message, see `tandem message list --status parked`.")],
    lang: Lang = "en",
) -> None:
    """Send a message that is parked or was sent once more."""
    with writing() as session:
        message = session.get(Message, message_id, with_for_update=True)
        if message is None:
            raise Refused(mark("There is no message {message_id}."), message_id=message_id)
        service.again(session, message)
    tell(mark("{message_id} is sent again as soon as a worker runs."), lang, message_id=message_id)


@webhooks.command("list")
def list_webhooks(company: OfCompany = None, lang: Lang = "en") -> None:
    """Where the events of companies go, without the secrets that sign them."""
    table = listing("id", *headings(lang, mark("company"), mark("state"), mark("address"), mark("events")))
    with reading() as session:
        company_id = company_named(session, company).id if company else None
        for one in service.page(session, SYSTEM, company_id, after=None, limit=_MOST):
            table.add_row(
                one.id,
                one.company_id,
                one.status.value,
                escape(one.url),
                ", ".join(one.kinds) or translate(mark("all"), lang),
            )
    out.print(table)
